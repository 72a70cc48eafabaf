"""The rows that the code of an update takes in a panel, and which of them are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rnn_tui.source_code.listing.lines import ListedLine, folded
from rnn_tui.source_code.listing.update import ListedUpdate, listed_lines

GUTTER = 3  # cells of the mark before the code
COLUMN, GAP = 56, 2  # cells of a column at least where there are several, and between them


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A row: a line of code, or a part of one that has no room in one row.

    Attributes:
        number: the line's, from 0.
        text: what is drawn.
        first: whether the line begins here.
    """

    number: int
    text: str
    first: bool


@dataclass(frozen=True, slots=True, eq=False)
class CodeRows:
    """The code of an update in rows of a certain width.

    Attributes:
        lines: the lines of code.
        rows: all rows.
        blocks: rows that are seen together if there is room: those of a loop over the timesteps,
            or of a pass outside of it, as their first and the one after their last.
    """

    lines: tuple[ListedLine, ...]
    rows: tuple[CodeRow, ...]
    blocks: tuple[tuple[int, int], ...]

    def seen(self, mark: int | None, height: int) -> list[int]:
        """Return which rows are drawn in `height` lines: all, or those around a line.

        They depend on the block that the line is in alone, unless that has no room: then it is
        drawn page by page, a loop below its head.

        Args:
            mark: the number of the line; None for the first one.
            height: at least 1.
        """
        count = len(self.rows)
        if count <= height:
            return list(range(count))
        first, stop = self._block_of(mark or 0)
        if stop - first <= height:
            first = min(max(first - (height - (stop - first)) // 2, 0), count - height)
            return list(range(first, first + height))
        if self.lines[self.rows[first].number].loops and height > 1:
            return [first, *self._page(first + 1, stop, mark, height - 1)]
        return list(self._page(first, stop, mark, height))

    def _block_of(self, mark: int) -> tuple[int, int]:
        """Return the block that a line belongs to."""
        return next(
            (first, stop) for first, stop in self.blocks if mark <= self.rows[stop - 1].number
        )

    def _page(self, first: int, stop: int, mark: int | None, height: int) -> range:
        """Return the page of the rows `first` … `stop` − 1 that has the marked line.

        A page ends with a whole line, if that is no longer than a page; the last one is full.
        """
        start = row = first
        while row < stop:
            number = self.rows[row].number
            end = next((k for k in range(row, stop) if self.rows[k].number != number), stop)
            if end - start > height:
                start = row
            if mark is None or number >= mark:
                break
            row = end
        start = min(start, stop - height)
        return range(start, start + height)


@lru_cache(8)
def code_rows(update: ListedUpdate, dialect: str, width: int) -> CodeRows:
    """Return the code of an update in a panel of `width` cells."""
    lines = listed_lines(update, dialect)
    rows = tuple(
        CodeRow(number, text, part == 0)
        for number, line in enumerate(lines)
        for part, text in enumerate(folded(line, max(width - GUTTER, 1)))
    )
    return CodeRows(lines, rows, tuple(_blocks(lines, rows)))


@dataclass(frozen=True, slots=True, eq=False)
class SeenRows:
    """The rows that a panel draws.

    Attributes:
        whole: the code that they are of.
        columns: the numbers of the rows of each column; there are several where only so all have
            room.
        width: the cells of a column.
    """

    whole: CodeRows
    columns: tuple[tuple[int, ...], ...]
    width: int

    @property
    def all_seen(self) -> bool:
        """Whether no row is left out."""
        return sum(map(len, self.columns)) == len(self.whole.rows)

    def lines_seen(self) -> tuple[int, int]:
        """Return the first and the last line of the page, from 1, without the head of a loop."""
        numbers = self.columns[0]
        first, last = numbers[len(numbers) > 1], numbers[-1]
        return self.whole.rows[first].number + 1, self.whole.rows[last].number + 1


def seen_rows(
    update: ListedUpdate, dialect: str, mark: int | None, width: int, height: int
) -> SeenRows:
    """Return the rows that are drawn in so many cells and lines.

    Args:
        update: what the code is of.
        dialect: the library that it is written for.
        mark: the number of the line that has to be seen; None for none.
        width: cells of the panel.
        height: lines, at least 1.
    """
    for count in range(1, max((width + GAP) // (COLUMN + GAP), 1) + 1):
        each = (width + GAP) // count - GAP
        whole = code_rows(update, dialect, each)
        if len(whole.rows) <= count * height:
            numbers = tuple(range(len(whole.rows)))
            parts = (numbers[first : first + height] for first in range(0, len(numbers), height))
            return SeenRows(whole, tuple(parts), each)
    whole = code_rows(update, dialect, width)
    return SeenRows(whole, (tuple(whole.seen(mark, height)),), width)


def _blocks(lines: Sequence[ListedLine], rows: Sequence[CodeRow]) -> Iterator[tuple[int, int]]:
    """Yield the first row of each block, and the one after its last."""

    def block(row: int) -> tuple[object, bool]:
        line = lines[rows[row].number]
        return line.stage, line.in_loop

    for _, group in groupby(range(len(rows)), block):
        members = list(group)
        yield members[0], members[-1] + 1
