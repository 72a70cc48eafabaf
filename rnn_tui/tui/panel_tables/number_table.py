"""Tables of numbers behind what is drawn, as CSV whose numbers read back to the same bits."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

CHUNK = 65_536  # cells of an array that are converted at once
Cell = float | int | str | None
"""A number, a text, or None where there is nothing, which is an empty cell."""
CellColumn = Sequence[Cell] | np.ndarray[Any, Any]


class ComputedColumn(Sequence[Cell]):
    """A column whose cells are computed when they are read: there may be a million."""

    def __init__(self, size: int, cell: Callable[[int], Cell]) -> None:
        """Have `size` cells; `cell` gives each, from 0."""
        self._size, self._cell = size, cell

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> Cell: ...

    @overload
    def __getitem__(self, place: slice) -> list[Cell]: ...

    def __getitem__(self, place: int | slice) -> Cell | list[Cell]:
        """Return a cell, or several."""
        if isinstance(place, slice):
            return [self._cell(k) for k in range(*place.indices(self._size))]
        if not 0 <= place < self._size:
            raise IndexError(place)
        return self._cell(place)


@dataclass(frozen=True, slots=True, eq=False)
class NumberTable:
    """Columns of one length, each with a heading that names what it holds and its unit.

    Attributes:
        columns: the columns by their headings, from the left.
        name: what it is beside the panel's main table, which has no name: "strips".
    """

    columns: Mapping[str, CellColumn]
    name: str = ""

    @property
    def rows(self) -> int:
        """The number of rows, without the headings."""
        return max((len(column) for column in self.columns.values()), default=0)

    def csv(self) -> str:
        """Return the table as CSV: RFC 4180 with line feeds, numbers in full."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*map(_texts, self.columns.values()), strict=True))
        return text.getvalue()


Tables = tuple[NumberTable, ...]
"""The tables of a panel, the main one first; none where it shows no numbers yet."""


def _texts(column: Iterable[object]) -> Iterator[str]:
    """Return the texts of a column, those of an array of numbers quickly."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiu":
        return _texts_of_array(column)
    return map(_text, column)


def _texts_of_array(column: np.ndarray[Any, Any]) -> Iterator[str]:
    """Yield the same texts of an array as `_text` returns, quickly: of Python's own numbers."""
    text = repr if column.dtype.kind == "f" else str
    for first in range(0, len(column), CHUNK):
        part = column[first : first + CHUNK]
        yield from map(text, (part.astype(np.float64) if text is repr else part).tolist())


def _text(value: object) -> str:
    """Return a cell as text; a number of single precision has the digits of the same double.

    So whoever reads it as a double, or as a single, gets the same bits.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    assert isinstance(value, float | np.floating), value
    return repr(float(value))


def known(values: np.ndarray[Any, Any]) -> list[Cell]:
    """Return numbers, nothing in place of those that are not known (NaN)."""
    return [None if math.isnan(value) else value for value in values]


def joined_at(key: str, parts: Iterable[tuple[str, CellColumn, CellColumn]]) -> NumberTable:
    """Return one table of series that need not be known at the same places.

    Args:
        key: the heading of the places.
        parts: a heading, the places, rising, and the values there. Where there is no value, the
            cell is empty. A heading that comes again gets a number.
    """
    parts = list(parts)
    if not parts:
        return NumberTable({})
    places = np.unique(np.concatenate([np.asarray(at, dtype=np.float64) for _, at, _ in parts]))
    whole = bool((places == np.floor(places)).all())
    columns: dict[str, CellColumn] = {key: places.astype(np.int64) if whole else places}
    for heading, at, values in parts:
        cells: list[Cell] = [None] * len(places)
        for place, value in zip(
            np.searchsorted(places, np.asarray(at)).tolist(), values, strict=True
        ):
            cells[place] = value
        columns[unused(heading, columns)] = cells
    return NumberTable(columns)


def unused(heading: str, columns: Mapping[str, object]) -> str:
    """Return a heading that no column has yet: with a number, if need be."""
    names = [heading, *(f"{heading} ({k})" for k in range(2, len(columns) + 3))]
    return next(name for name in names if name not in columns)


def one(columns: Mapping[str, CellColumn], name: str = "") -> Tables:
    """Return the tables of a panel that has one."""
    table = NumberTable(columns, name)
    return (table,) if table.rows else ()
