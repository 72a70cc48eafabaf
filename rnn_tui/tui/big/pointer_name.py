"""The name of the value that is pointed at, with its number, in large over the panels."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from textual.geometry import Region

from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.big.block_text import BlockSize, block_lines
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.marks import ValueCell

HEADER = 2  # lines
LARGE = (150, 44)  # columns of the terminal from which on it is twice as large; lines
BLANKS = " ─═-="  # of a panel's title, too
FOCUS = 4  # times as much in the panel with the focus
TIMESTEPS = 1_000  # times as much as other numbers
NEVER = 1_000_000
STEPS = 10  # in which what is hidden is told apart, so that the name seldom goes elsewhere

Ink = np.ndarray[Any, np.dtype[np.int64]]


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


Part = tuple[Region, Lines, bool]
"""A widget's place on the screen, what it shows, and whether it has the focus."""


def place_of_name(
    lines: Lines, parts: Iterable[Part], marked: int, size: tuple[int, int]
) -> Region:
    """Return where the name hides least: never the line of the value, nor timesteps if it can.

    What was before does not matter: a place that one comes back to looks the same.

    Args:
        lines: the name.
        parts: what is on the screen.
        marked: the line of the screen with the value.
        size: columns of the terminal, and its lines.
    """
    width, height = size
    across, down = min(max(map(cell_width, lines)), width), len(lines)
    ink = _ink(parts, size)
    if 0 <= marked < height:
        ink[marked] += NEVER
    sums = np.pad(ink, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    hidden = sums[down:, across:] - sums[:-down, across:] - sums[down:, :-across]
    hidden = (hidden + sums[:-down, :-across])[HEADER : max(height - down, HEADER + 1)]
    if not hidden.size:
        return Region(max(width - across, 0), max(height - 1 - down, 0), across, down)
    hidden = -(-hidden // max(across * down // STEPS, 1))
    rows, columns = np.nonzero(hidden == hidden.min())
    best = max(zip(abs(rows + HEADER + down / 2 - marked), columns, rows, strict=True))
    return Region(int(best[1]), int(best[2]) + HEADER, across, down)


def _ink(parts: Iterable[Part], size: tuple[int, int]) -> Ink:
    """Return how much it matters that a cell of the screen is seen."""
    ink = np.zeros((size[1], size[0]), dtype=np.int64)
    for region, lines, focus in parts:
        for y, line in enumerate(lines, region.y):
            if not 0 <= y < size[1]:
                continue
            text = "".join(part for part, _ in line)
            weight = TIMESTEPS if _has_timesteps(text) else FOCUS if focus else 1
            seen = [weight * (each not in BLANKS) for each in text]
            row = ink[y, max(region.x, 0) : region.right]
            row[: len(seen)] = seen[: len(row)]
    return ink


def _has_timesteps(text: str) -> bool:
    """Return whether a line is one of timesteps: numbers that rise."""
    words = re.findall(r"[^\s‹›<>\[\]]+", text)
    numbers = [int(word) for word in words if word.isdecimal()]
    rise = all(one < other for one, other in itertools.pairwise(numbers))
    return rise and len(numbers) >= 3 and 3 * len(numbers) > 2 * len(words)
