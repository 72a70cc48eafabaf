"""The name of the value that is pointed at, with its number, in large over the panels."""

from __future__ import annotations

from textual.geometry import Region

from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.big.block_text import BlockSize, block_lines
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.marks import ValueCell

HEADER = 2  # lines
LARGE = (150, 44)  # columns of the terminal from which on it is twice as large; lines


def drawn_name(cell: ValueCell, width: int, *, ascii: bool) -> Lines:
    """Return the name and the number of a cell, as large as there is room for across the screen."""
    written = in_ascii if ascii else str
    text: Line = (
        (written(cell.name), "accent"),
        (" = ", "dim"),
        (written(cell.number), "strong"),
    )
    whole = "".join(part for part, _ in text)
    for across in (2, 1) if width >= LARGE[0] else (1,):
        size = BlockSize(across, 1 if ascii else across, ascii)
        if size.width(whole) + 4 <= width:
            return tuple((("  ", ""), *line, ("  ", "")) for line in block_lines((text,), size))
    return ((("  ", ""), *text, ("  ", "")),)


def place_of_name(lines: Lines, marked: int, width: int, height: int) -> Region:
    """Return where the name stands: at the right, far from the line that has the value.

    Args:
        lines: the name.
        marked: the line of the screen with the value.
        width: columns of the terminal.
        height: its lines.
    """
    across, down = max(map(cell_width, lines)), len(lines)
    above = marked > height / 2
    y = HEADER + 1 if above else max(height - 1 - down, 0)
    return Region(max(width - across, 0), y, min(across, width), down)
