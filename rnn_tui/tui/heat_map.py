"""Heat maps: a cell for each entry of a matrix.

A cell is the bar of its entry (`rnn_tui.tui.bars`): its height is the magnitude, its texture and
hue the sign. Where there are colours, its ground has the hue too, in four strengths. So the picture
is the same without colours, in 16 of them and in ASCII.

A matrix that is larger than its place is shown a page at a time (`page_of`), so that nothing moves
while the selection moves on a page; or each cell stands for a block of entries (`strongest`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array
from rnn_tui.tui.bars import LEAST, BarGlyphs, BarScale
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fit, text_width
from rnn_tui.tui.marks import named_role
from rnn_tui.tui.number_format import NOT_FINITE, number

STRENGTHS = 4  # of the grounds


@dataclass(frozen=True, slots=True)
class CellSize:
    """How large an entry is drawn: cells of the terminal across, and lines."""

    width: int = 1
    height: int = 1


SINGLE = CellSize()
WIDE_ENOUGH = 60  # cells of a panel from which on no line of a heat map's panel is too long


def heat_role(role: str, hue: str, share: float) -> str:
    """Return `role` on the ground of a hue.

    Args:
        role: of the text.
        hue: that of the ground: positive, negative, gradient or gate.
        share: how strong, from 0, which has no ground, to 1.
    """
    strength = min(int(-(-share * STRENGTHS // 1)), STRENGTHS)
    return f"heat-{hue}{strength}-{role}" if strength > 0 else role


def heat_lines(
    values: Array,
    scale: BarScale,
    glyphs: BarGlyphs,
    *,
    size: CellSize = SINGLE,
    selected: tuple[int, int] | None = None,
    known: npt.NDArray[np.bool_] | None = None,
    name: Callable[[int, int], str] | None = None,
) -> Lines:
    """Return the cells of a matrix, `size.height` lines for each row.

    Args:
        values: the matrix [rows, columns].
        scale: what the bars are measured by.
        glyphs: what they are drawn with.
        size: of a cell.
        selected: row and column of the entry that is marked; None for none.
        known: [rows, columns] or [columns], where there is a value: all others are blank.
        name: names the entry in a row and column, where somebody points at one; None: none is.
    """
    levels = len(glyphs.positive)
    codes = _codes(values, scale, levels * size.height)
    if known is not None:
        codes = np.where(known, codes, _BLANK)
    lines: list[Line] = []
    for row, numbers in enumerate(codes.tolist()):
        chosen = selected[1] if selected is not None and selected[0] == row else -1
        for up in reversed(range(size.height)):
            cells = _cells(scale.signed, glyphs, size, up)
            line = _line(numbers, cells, chosen, named=name is not None)
            if name is not None:
                names = [name(row, column) for column in range(len(numbers))]
                line = _with_names(line, names, values[row], numbers)
            lines.append(line)
    return tuple(lines)


def _with_names(line: Line, names: list[str], values: Array, codes: Sequence[int]) -> Line:
    """Return a line of one run a cell with their names, which stand in the blanks of a cell too."""
    runs: list[Run] = []
    for (text, role), name, value, code in zip(line, names, values, codes, strict=True):
        if code == _BLANK:
            runs.append((text, role))
        else:
            runs.append((text, named_role(role, name, number(float(value)))))
    return tuple(runs)


_BAD, _BLANK = 1 << 20, 1 << 21  # codes of what is not finite, and of what is not known


def _codes(values: Array, scale: BarScale, levels: int) -> npt.NDArray[np.int64]:
    """Return the height of each entry's bar, below 0 where the entry is.

    It is what `BarScale.height` is for each of them.
    """
    with np.errstate(all="ignore"):
        sizes = np.abs(values.astype(np.float64))
        if not scale.largest:
            shares = np.zeros(values.shape)
        elif scale.decades:
            shares = 1 + (np.log10(sizes) - np.log10(scale.largest)) / scale.decades
        else:
            shares = sizes / scale.largest
        shares = np.clip(np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    heights = np.maximum(np.rint(levels * shares), 1) * (shares >= LEAST)
    codes = np.where(values < 0, -heights, heights).astype(np.int64)
    return np.where(np.isfinite(values), codes, _BAD)


class _Cells(dict[int, Run]):
    """The run of one cell by its code, made when it is first needed."""

    def __init__(self, signed: bool, glyphs: BarGlyphs, size: CellSize, up: int) -> None:
        """Make the cells of the line that is `up` lines above the lowest of a row."""
        super().__init__()
        self._signed, self._glyphs, self._size, self._up = signed, glyphs, size, up

    def __missing__(self, code: int) -> Run:
        run = self[code] = self._run(code)
        return run

    def role(self, code: int) -> str:
        """Return the role of the cell's sign."""
        if code in (_BAD, _BLANK):
            return "error" if code == _BAD else ""
        if not code:
            return "dim"
        return "gate" if not self._signed else "negative" if code < 0 else "positive"

    def _run(self, code: int) -> Run:
        glyphs, size, role = self._glyphs, self._size, self.role(code)
        if code in (_BAD, _BLANK):
            return (NOT_FINITE if code == _BAD else " ") * size.width, role
        levels = len(glyphs.positive)
        height = min(max(abs(code) - levels * self._up, 0), levels)
        drawn = glyphs.negative if code < 0 else glyphs.positive
        none = glyphs.nothing if not code and not self._up else " "
        glyph = drawn[height - 1] if height else none
        return glyph * size.width, heat_role(role, role, abs(code) / (levels * size.height))


@cache
def _cells(signed: bool, glyphs: BarGlyphs, size: CellSize, up: int) -> _Cells:
    """Return the one table of such cells."""
    return _Cells(signed, glyphs, size, up)


def _line(codes: Sequence[int], cells: _Cells, selected: int, *, named: bool) -> Line:
    """Return the cells of one line; that of `selected` is marked.

    Those of one role are one run, unless they are to be `named`.
    """
    runs: list[Run] = []
    texts, last = "", ""
    for place, code in enumerate(codes):
        text, role = cells[code]
        if place == selected:
            role = f"selected-{cells.role(code) or 'dim'}"
        if role == last and not named:
            texts += text
        else:
            if texts:
                runs.append((texts, last))
            texts, last = text, role
    return (*runs, (texts, last)) if texts else tuple(runs)


# ---------------------------------------------------------------- what stands around it


def row_label(name: str, marked: bool, width: int) -> Line:
    """Return what stands before a row: its name at the right, a marker if it is selected."""
    pad = " " * (width - 3 - text_width(name))
    return ((" ▸" if marked else "  ", "accent"), (f"{pad}{name} ", "strong" if marked else "dim"))


def cut_lines(lines: Lines, width: int) -> Lines:
    """Cut the lines of a heat map's panel that are too long; none is in a wide one."""
    if width >= WIDE_ENOUGH:
        return lines
    return tuple(line if cell_width(line) <= width else fit(line, width) for line in lines)


# ---------------------------------------------------------------- more than there is room for


def page_of(selected: int, count: int, room: int) -> range:
    """Return those of `count` things that are shown where there is room for some of them.

    Pages are those of a fixed grid: the first begins with 0, the last may have less.

    Args:
        selected: the one that must be among them.
        count: how many there are.
        room: how many can be shown, at least 1.
    """
    if count <= room:
        return range(count)
    first = min(max(selected, 0), count - 1) // room * room
    return range(first, min(first + room, count))


def divide(count: int, room: int) -> list[int]:
    """Return the first of each block where `count` things are divided among at most `room`.

    All blocks have as many, but for the last, which may have less.
    """
    each = -(-count // max(room, 1))
    return list(range(0, count, max(each, 1)))


def spread(count: int, room: int) -> list[int]:
    """Return the first of each block where `count` things are spread over all of `room`.

    Blocks differ by one at most.
    """
    blocks = max(min(count, room), 1)
    return [k * count // blocks for k in range(blocks)]


def strongest(values: Array, rows: Sequence[int], columns: Sequence[int]) -> Array:
    """Return the entry of the largest magnitude of each block, with its sign.

    Args:
        values: the matrix [R, C].
        rows: the first row of each block.
        columns: the first column of each block.

    Returns:
        [blocks of rows, blocks of columns]; NaN where one of a block's entries is.
    """
    if len(rows) == values.shape[0] and len(columns) == values.shape[1]:
        return values
    with np.errstate(all="ignore"):
        high, low = values, values
        if len(columns) < values.shape[1]:
            high = np.maximum.reduceat(values, columns, axis=1)
            low = np.minimum.reduceat(values, columns, axis=1)
        if len(rows) < values.shape[0]:
            high = np.maximum.reduceat(high, rows, axis=0)
            low = np.minimum.reduceat(low, rows, axis=0)
        result: Array = np.where(-low > high, low, high)
    return result
