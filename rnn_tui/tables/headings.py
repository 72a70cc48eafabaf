"""Which lines name the columns: those whose cells are unlike the cells below them."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.lines import Lines, Positions
from rnn_tui.tables.numbers import is_missing, is_plain, looks_like_number
from rnn_tui.tables.times import looks_like_time

_MOST_LINES = 10  # of a header
_LOOKED_AT = 100  # rows
_LEAST_ROWS = 8  # below a first one, to say that it is unlike them
_FAR = 2  # times the range of a column: so far outside is no usual value
_VERY_FAR = 20  # the same where there are fewer rows
_MOSTLY = 0.8  # of a column's values


@dataclass(frozen=True, slots=True)
class Heading:
    """The lines that name the columns.

    Attributes:
        lines: how many they are.
        found: whether something names the columns, be it a comment.
        names: one for each column, "" where there is none.
        notes: what was assumed.
    """

    lines: int
    found: bool
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


class Cells:
    """Lines split into cells, one at a time."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        """Split `lines` at a character, or not at all."""
        self.lines = lines
        self.delimiter = delimiter
        self._texts: list[str] | None = None

    @classmethod
    def of_texts(cls, texts: list[str], delimiter: str) -> Cells:
        """Return texts to be split; "blanks" stands for runs of blanks and tabs."""
        empty = np.zeros(0, np.intp)
        cells = cls(Lines(b"", empty, empty, empty, any('"' in text for text in texts)), delimiter)
        cells._texts = texts
        return cells

    def split(self, index: int) -> list[str]:
        """Return the cells of a line."""
        text = self.lines.text(index) if self._texts is None else self._texts[index]
        mark = self.delimiter
        if mark == "blanks":
            if not self.lines.quoted:
                return text.split()
            text, mark = " ".join(text.split()), " "
        if not self.lines.quoted:
            return text.split(mark) if mark else [text]
        try:
            return next(csv.reader([text], delimiter=mark or "\x1f"), [""])
        except csv.Error:  # a cell of more than 128 KiB
            return text.split(mark) if mark else [text]


def classes(cells: Sequence[str]) -> list[str]:
    """Return of each cell what it can be alone: "e"mpty or missing, "n"umber, "t"ime, other "x"."""
    return [_class(cell) for cell in cells]


def _class(cell: str) -> str:
    if is_missing(cell):
        return "e"
    if is_plain(cell):
        return "n"
    if looks_like_time(cell):
        return "t"
    return "n" if looks_like_number(cell) else "x"


def column_kinds(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the class that most cells of each column have."""
    kinds = []
    for column in range(width):
        found = Counter(classes([row[column] for row in rows if column < len(row)]))
        del found["e"]
        kind, count = max(found.items(), key=lambda item: item[1], default=("x", 0))
        kinds.append(kind if count > 0.5 * sum(found.values()) else "x")
    return kinds


def find_heading(
    path: str, cells: Cells, body: Positions, width: int, narrow: bool, comment: list[str]
) -> Heading:
    """Return which of the first lines name the columns.

    Args:
        path: the file, for messages.
        cells: the lines, to be split.
        body: the lines of the table.
        width: how many cells a row has.
        narrow: whether the first line names all columns but one.
        comment: the comment above the table, if there is one.

    Raises:
        DataError: the first line can be a name or a value, and nothing decides.
    """
    count = len(body)
    looked = np.union1d(np.arange(min(count, _LOOKED_AT)),
                        np.arange(0, count, -(-count // _LOOKED_AT)))  # fmt: skip
    rows = [cells.split(int(index)) for index in body[looked]]
    rows = [row for n, row in enumerate(rows) if len(row) == width or (narrow and n == 0)]
    if narrow:
        return _narrow(path, rows, cells, int(body[0]))
    below = rows[min(_MOST_LINES, len(rows) // 2) :] if len(rows) > 1 else []
    kinds = column_kinds(below, width)
    first = rows[0]
    if not below:
        found = bool(first) and set(classes(first)) <= {"x"}
        return Heading(1, True, _clean(first)) if found else _without(width, comment, cells)
    if not _names_columns(path, rows, below, kinds):
        return _without(width, comment, cells)
    names = _clean(first)
    lines = 1
    while lines < min(_MOST_LINES, len(rows) - 1) and _is_heading(rows[lines], kinds):
        more = _clean(rows[lines])
        names = tuple(name or other for name, other in zip(names, more, strict=True))
        lines += 1
    notes = []
    if lines > 1:
        number = int(cells.lines.numbers[body[0]])
        notes.append(
            f"lines {number} to {number + lines - 1} are a header; the first names the columns"
        )
    elif set(classes(first)) & {"n", "t"}:
        notes.append(f"its first line names the columns: {', '.join(map(repr, first[:8]))}")
    return Heading(lines, True, names, tuple(notes))


def _narrow(path: str, rows: list[list[str]], cells: Cells, line: int) -> Heading:
    """Return the header with a name too few: for a last column that is empty, or the first."""
    below = rows[1:]
    if all(not row[-1].strip() for row in below):
        return Heading(1, True, (*_clean(rows[0]), ""))
    kinds = column_kinds(below, len(below[0]))
    if kinds[0] == "t" and kinds[1] == "t" and cells.delimiter == "\t":  # date and time of day
        names = _clean(rows[0])
        return Heading(1, True, (names[0], f"{names[0]} (time of day)", *names[1:]))
    first = [row[0].strip() for row in below]
    if kinds[0] == "t" or len(set(first)) < len(first):
        number, found = int(cells.lines.numbers[line]), len(rows[0])
        reason = f"the header (line {number}) has {found} of the rows' {len(below[0])} cells"
        if cells.delimiter == ",":
            reason += "; a number with a decimal comma must stand in quotes"
        raise DataError("--data", path, reason)
    return Heading(1, True, ("", *_clean(rows[0])), ("its first column has no name",))


def _names_columns(
    path: str, rows: list[list[str]], below: list[list[str]], kinds: list[str]
) -> bool:
    """Return whether the first row is unlike those below it."""
    first = rows[0]
    own = classes(first)
    if all(kind == "x" for kind in kinds):
        return set(own) <= {"x", "e"}
    if ("t", "t") in zip(kinds, own, strict=True):
        return False  # a time above times is a row, whatever else is in it
    for kind, cell_kind in zip(kinds, own, strict=True):
        if kind != "x" and cell_kind not in (kind, "e"):
            return True
    for column, kind in enumerate(kinds):
        if first[column].strip() == "" and kind != "x":
            values = [row[column] for row in below]
            if all(value.strip() for value in values) and (kind == "t" or _counts(values)):
                return True
            if len(rows) > _LEAST_ROWS and _are_keys([row[column] for row in rows[1:]]):
                raise _either(path, first)
    numbers = [_whole(cell) for cell in first]
    if _are_names(first) and not any(_are_names(row) for row in below[:20]):
        return True
    if numbers == list(range(len(first))):
        return _default_names(path, first, rows[1:])
    if _could_be_names(first, rows[1:]):
        raise _either(path, first)
    return False


def _default_names(path: str, first: list[str], below: list[list[str]]) -> bool:
    """Return whether a first row 0, 1, 2 … is the header that pandas writes for no names.

    Raises:
        DataError: it can also be a row.
    """
    if all(_whole(cell) is None for row in below for cell in row if not is_missing(cell)):
        return True
    if len(first) == 1:
        values = [v for v in (_number(row[0]) for row in below) if v is not None]
        low, high = min(values, default=0.0), max(values, default=0.0)
        if not low - (high - low) <= 0 <= high + (high - low):
            return True
        steps = [abs(b - a) for a, b in pairwise(values)]
        if steps and abs(values[0]) <= max(steps):
            return False  # it goes on from 0 as it goes on later
    raise _either(path, first)


def _either(path: str, first: list[str]) -> DataError:
    """Return the error for a first line that can be a header or a row."""
    shown = ",".join(first[:_MOST_LINES]) + (",…" if len(first) > _MOST_LINES else "")
    reason = f"its first line, {shown}, can be a header or a row, and nothing decides"
    return DataError(
        "--data", path, f"{reason}; write names above it, or skip it with --skip-rows 1"
    )


def _could_be_names(first: list[str], below: list[list[str]]) -> bool:
    """Return whether whole numbers of a first row can be names: they are unlike what is below.

    One of them lies far outside its column; or they count, or one is a year, above decimals.
    """
    numbers = [_whole(cell) for cell in first]
    if len(below) < 2 or None in numbers:
        return False
    far = decimals = False
    for number, cells in zip(numbers, zip(*below, strict=True), strict=True):
        assert number is not None
        values = np.array([v for v in map(_number, cells) if v is not None and math.isfinite(v)])
        if len(values) < 2:
            continue
        steps = np.diff(values)
        if steps[0] and number == values[0] - steps[0] and (steps[:_MOST_LINES] == steps[0]).all():
            return False  # the column counts, and the first row with it
        low, high = float(values.min()), float(values.max())
        enough = len(values) >= _LEAST_ROWS
        reach = (_FAR if enough else _VERY_FAR) * (high - low)
        far |= high > low and not low - reach <= number <= high + reach
        decimals |= len(values) >= _LEAST_ROWS and bool(
            np.count_nonzero(values % 1) >= _MOSTLY * len(values)
        )
    known = [number for number in numbers if number is not None]
    count = len(known) > 1 and set(np.diff(known).tolist()) == {1}
    year = len(known) == 1 and 1900 <= known[0] <= 2100
    return far or (decimals and (count or year))


def _is_heading(row: list[str], kinds: list[str]) -> bool:
    """Return whether a row below the first one is part of the header, such as units."""
    labels = [cell.strip() for kind, cell in zip(kinds, row, strict=True) if kind == "x"]
    if any(label and label[0] not in "([" for label in labels):
        return False
    pairs = [(kind, own) for kind, own in zip(kinds, classes(row), strict=True) if kind != "x"]
    return not any(own in ("n", "t") for _, own in pairs) and any(own == "x" for _, own in pairs)


def _without(width: int, comment: list[str], cells: Cells) -> Heading:
    """Return no header, or the names that a comment holds."""
    if comment:
        mark = cells.delimiter
        for names in (comment[0].split(mark) if mark else [comment[0]], comment[0].split()):
            if len(names) == width and set(classes(names)) <= {"x"}:
                return Heading(
                    0, True, _clean(names), ("the comment above the table names its columns",)
                )
    return Heading(
        0, False, ("",) * width, ("no line names its columns, so they are numbered from 0",)
    )


def _clean(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in names)


def _whole(cell: str) -> int | None:
    cell = cell.strip()
    return int(cell) if cell.isascii() and cell.lstrip("-").isdigit() and len(cell) < 16 else None


def _number(cell: str) -> float | None:
    """Return the number of a cell, to compare it: a comma is taken for the decimal mark."""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _counts(cells: list[str]) -> bool:
    """Return whether cells are whole numbers that all rise or all fall."""
    numbers = [_whole(cell) for cell in cells]
    known = [n for n in numbers if n is not None]
    if len(known) < len(numbers):
        return False
    steps = np.diff(np.array(known, dtype=np.float64))
    return len(steps) == 0 or bool((steps > 0).all() or (steps < 0).all())


def _are_keys(cells: list[str]) -> bool:
    """Return whether cells are whole numbers that all differ, as the shuffled numbers of rows."""
    numbers = [_whole(cell) for cell in cells]
    return None not in numbers and len(set(numbers)) == len(numbers)


def _are_names(cells: Sequence[str]) -> bool:
    """Return whether the whole numbers of a row go up evenly, as years that name columns do."""
    numbers = [number for number in map(_whole, cells) if number is not None]
    if len(numbers) < 3 or set(np.diff(numbers).tolist()) != {numbers[1] - numbers[0] or None}:
        return False
    years = min(numbers) >= 1500 and max(numbers) <= 2200
    counted = numbers == list(range(len(cells))) and len(cells) > 3
    return years or counted or len(numbers) > 5
