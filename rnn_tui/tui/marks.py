"""Cells that can be pointed at: which value each shows, and how the one that is marked looks.

Where somebody points (`DrawContext.mark`), panels name the cells that show a value (`name_cells`):
the name and the number travel in the role of a run until the lines are whole. There `take_cells`
takes them out again, so that it knows where each cell has come to stand, in ASCII too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rnn_tui.tui.lines import Line, Lines, merge, text_width

_SEPARATOR = "\x1f"  # in a role: before the name of a value, and before its number
_RANGE = re.compile(r"\[(\d+):(\d+)\]")
_HALVES = "▀▄"  # of a cell with two units, which is marked as a whole
MARKED, FADED = "pill-accent", "faded"  # roles


@dataclass(frozen=True, slots=True)
class ValueMark:
    """A value that is pointed at.

    Attributes:
        name: its name, as the screen writes it: ``dh_7[3]``.
        dims: whether all else is dimmed.
    """

    name: str
    dims: bool = False


@dataclass(frozen=True, slots=True)
class ValueCell:
    """A place on a panel that shows a value.

    Attributes:
        name: the value; a cell with several units names a range of them, ``h_7[1:2]``.
        number: what it is, as it is written in large.
        x: its first column in the panel.
        y: its line.
        width: its columns.
    """

    name: str
    number: str
    x: int
    y: int
    width: int

    @property
    def middle(self) -> float:
        """The column of its middle."""
        return self.x + (self.width - 1) / 2

    def shows(self, name: str) -> bool:
        """Return whether it shows the value `name`."""
        return self.name == name or name in _names_of(self.name)


@lru_cache(1024)
def _names_of(name: str) -> frozenset[str]:
    """Return the names of the units in a range of them."""
    found = _RANGE.search(name)
    if found is None:
        return frozenset()
    units = range(int(found[1]), int(found[2]) + 1)
    return frozenset(f"{name[: found.start()]}[{unit}]{name[found.end() :]}" for unit in units)


def named_role(role: str, name: str, number: str) -> str:
    """Return the role of what shows a value, with its name."""
    return f"{role}{_SEPARATOR}{name}{_SEPARATOR}{number}"


def name_cells(line: Line, name: str, number: str) -> Line:
    """Return `line`, all of which shows one value, with its name; blanks around it have none."""
    named: list[tuple[str, str]] = []
    for text, role in line:
        shown = text.strip()
        if not shown:
            named.append((text, role))
            continue
        start = text.index(shown)
        named += [
            (text[:start], role),
            (shown, named_role(role, name, number)),
            (text[start + len(shown) :], role),
        ]
    return tuple(run for run in named if run[0])


def take_cells(lines: Lines) -> tuple[Lines, tuple[ValueCell, ...]]:
    """Return lines without the names in them, and the cells that had names."""
    found: list[ValueCell] = []
    plain: list[Line] = []
    for y, line in enumerate(lines):
        if not any(_SEPARATOR in role for _, role in line):
            plain.append(line)
            continue
        x, runs = 0, []
        for text, role in line:
            width = text_width(text)
            shown, _, rest = role.partition(_SEPARATOR)
            if rest:
                name, _, number = rest.partition(_SEPARATOR)
                last = found[-1] if found else None
                if last is not None and (last.name, last.y, last.x + last.width) == (name, y, x):
                    found[-1] = ValueCell(name, number, last.x, y, last.width + width)
                else:
                    found.append(ValueCell(name, number, x, y, width))
            runs.append((text, shown))
            x += width
        plain.append(merge(runs))
    return tuple(plain), tuple(found)


def with_mark(lines: Lines, cells: Sequence[ValueCell], mark: ValueMark) -> Lines:
    """Return lines with the cells of the mark marked, and all else dimmed if it says so."""
    places: dict[int, list[ValueCell]] = {}
    for cell in cells:
        if cell.shows(mark.name):
            places.setdefault(cell.y, []).append(cell)
    if not places and not mark.dims:
        return lines
    return tuple(_marked(line, places.get(y, ()), mark.dims) for y, line in enumerate(lines))


def _marked(line: Line, cells: Sequence[ValueCell], dims: bool) -> Line:
    """Return a line with these cells of it marked."""
    if not cells and not dims:
        return line
    runs, x = [], 0
    for text, role in line:
        other = FADED if dims else role
        for character in text:
            inside = any(cell.x <= x < cell.x + cell.width for cell in cells)
            shown = " " if inside and character in _HALVES else character
            runs.append((shown, MARKED if inside else other))
            x += text_width(character)
    return merge(runs)


def nearest(cells: Sequence[ValueCell], x: float, y: float) -> ValueCell | None:
    """Return the cell that is nearest to a place; a line counts as two columns."""
    return min(cells, key=lambda cell: abs(cell.middle - x) + 2 * abs(cell.y - y), default=None)


def beside(cells: Sequence[ValueCell], here: ValueCell, across: int, down: int) -> ValueCell:
    """Return the cell one further in a direction; `here` where there is none.

    Args:
        cells: all of a panel.
        here: where one points.
        across: 1 to the right, −1 to the left, else 0.
        down: 1 down, −1 up, else 0.
    """
    if across:
        row = [cell for cell in cells if cell.y == here.y and (cell.x - here.x) * across > 0]
        return min(row, key=lambda cell: abs(cell.x - here.x), default=here)
    ahead = [cell for cell in cells if (cell.y - here.y) * down > 0]
    if not ahead:
        return here
    y = min((cell.y for cell in ahead), key=lambda line: abs(line - here.y))
    row = [cell for cell in ahead if cell.y == y]
    return min(row, key=lambda cell: abs(cell.middle - here.middle))
