"""Tables of numbers behind what is drawn, as CSV whose numbers read back to the same bits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Cell = float | int | str | None
"""A number, a text, or None where there is nothing, which is an empty cell."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberTable:
    """Columns of one length, each with a heading that names what it holds and its unit.

    Attributes:
        columns: the columns by their headings, from the left.
    """

    columns: Mapping[str, Sequence[Cell] | np.ndarray[Any, Any]]

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


def _texts(column: Iterable[object]) -> Iterator[str]:
    """Yield the texts of a column."""
    return map(_text, column)


def _text(value: object) -> str:
    """Return a cell as text; a number of single precision has the digits of the same double.

    So whoever reads it as a double, or as a single, gets the same bits.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return repr(float(value))  # type: ignore[arg-type]  # all else is a number


def joined(
    key: str,
    parts: Iterable[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]],
) -> NumberTable:
    """Return one table of series that need not be known at the same places.

    Args:
        key: the heading of the places.
        parts: a heading, the places, rising, and the values there. Where there is no value, the
            cell is empty.
    """
    parts = list(parts)
    places = np.unique(np.concatenate([at for _, at, _ in parts])) if parts else np.zeros(0)
    columns: dict[str, Sequence[Cell] | np.ndarray[Any, Any]] = {
        key: [int(each) if float(each).is_integer() else float(each) for each in places]
    }
    for heading, at, values in parts:
        cells: list[Cell] = [None] * len(places)
        for place, value in zip(np.searchsorted(places, at).tolist(), values, strict=True):
            cells[place] = value
        columns[heading] = cells
    return NumberTable(columns)
