"""Lines of a diagram on a grid of cells: where they turn, meet and cross."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Cell = tuple[int, int]  # column, line

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
ACROSS, ALONG = LEFT | RIGHT, UP | DOWN
SIGNS = {
    LEFT: "─",
    RIGHT: "─",
    ACROSS: "─",
    UP: "│",
    DOWN: "│",
    ALONG: "│",
    RIGHT | DOWN: "┌",
    LEFT | DOWN: "┐",
    RIGHT | UP: "└",
    LEFT | UP: "┘",
    RIGHT | ALONG: "├",
    LEFT | ALONG: "┤",
    ACROSS | DOWN: "┬",
    ACROSS | UP: "┴",
    ACROSS | ALONG: "┼",
}
# Where several values go along one line, on their way to the same signs
THICK = dict(zip("─│┌┐└┘├┤┬┴┼", "━┃┏┓┗┛┣┫┳┻╋", strict=True))
# In ASCII a + is a sum, so lines turn and fork by other characters.
IN_ASCII = {
    **dict(zip("─│┌┐└┘├┤┬┴┼", "-|..'':: .':".replace(" ", ""), strict=True)),
    **dict.fromkeys(THICK.values(), "#"),
}


class Wires:
    """Lines that were laid: in each cell, in which directions they go on.

    Lines meet where one of them ends or turns. Two that only pass each other are drawn as the
    vertical one alone.
    """

    def __init__(self) -> None:
        self._directions: dict[Cell, int] = {}
        self._meetings: set[Cell] = set()

    def lay(self, path: Iterable[Cell]) -> list[Cell]:
        """Lay a straight line through neighbouring cells; it meets others at both ends.

        Returns:
            The cells of the line.
        """
        cells = list(path)
        for cell, following in pairwise(cells):
            self._add(cell, _direction(cell, following))
            self._add(following, _direction(following, cell))
        self._meetings.update((cells[0], cells[-1]))
        return cells

    def _add(self, cell: Cell, direction: int) -> None:
        """Let a line go on from `cell` in one more direction."""
        self._directions[cell] = self._directions.get(cell, 0) | direction

    def branch(self, cell: Cell) -> None:
        """Let a line go off to the right of `cell`."""
        self._add(cell, RIGHT)
        self._meetings.add(cell)

    def may_pass(self, cell: Cell, across: bool) -> bool:
        """Return whether a line may pass through `cell`: it is empty, or has one that crosses."""
        known = self._directions.get(cell, 0)
        return known in (0, ALONG if across else ACROSS)

    def sign(self, cell: Cell) -> str:
        """Return the sign that is drawn in `cell`; "" where there is no line."""
        return SIGNS[ALONG] if self.passes(cell) else SIGNS.get(self._directions.get(cell, 0), "")

    def passes(self, cell: Cell) -> bool:
        """Return whether two lines pass each other in `cell`, without meeting."""
        return self._directions.get(cell, 0) == ACROSS | ALONG and cell not in self._meetings

    @property
    def crossings(self) -> int:
        """How often two lines pass each other."""
        return sum(map(self.passes, self._directions))

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._directions)


def directions(line: Sequence[Cell]) -> Iterator[tuple[Cell, int]]:
    """Yield each cell of a line with a direction in which it goes on from there."""
    for cell, following in pairwise(line):
        if cell != following:
            yield cell, _direction(cell, following)
            yield following, _direction(following, cell)


def straight(start: Cell, end: Cell) -> Iterator[Cell]:
    """Yield the cells from `start` to `end`, which are in one row or column, both included."""
    (x, y), (last_x, last_y) = start, end
    step_x, step_y = _sign(last_x - x), _sign(last_y - y)
    yield x, y
    while (x, y) != (last_x, last_y):
        x, y = x + step_x, y + step_y
        yield x, y


def _direction(cell: Cell, other: Cell) -> int:
    """Return the direction from `cell` to its neighbour `other`."""
    (x, y), (other_x, other_y) = cell, other
    if y == other_y:
        return LEFT if other_x < x else RIGHT
    return UP if other_y < y else DOWN


def _sign(number: int) -> int:
    """Return −1, 0 or 1."""
    return (number > 0) - (number < 0)
