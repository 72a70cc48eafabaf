"""Values that are missing: refused, dropped, or filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.columns import Column
from rnn_tui.tables.table import TableProblem

Mask = npt.NDArray[np.bool_]


def missing_problem(columns: Sequence[Column], line: Callable[[int], str]) -> TableProblem | None:
    """Return the problem of values that are missing while nobody said what to do."""
    counts = [(column, int(np.count_nonzero(column.missing))) for column in columns]
    counts = [(column, count) for column, count in counts if count]
    if not counts:
        return None
    texts = []
    for column, count in counts:
        row = int(column.missing.argmax())
        cell = column.cells[row]
        shown = repr(str(cell).strip()) if cell is not None and str(cell).strip() else "empty"
        values = f"{count:,} values are" if count > 1 else "1 value is"
        first = "the first on " if count > 1 else ""
        texts.append(f"{values} missing in {column.name!r}, {first}{line(row)} ({shown})")
    return TableProblem("; ".join(texts) + "; say --missing drop, previous or interpolate")


def ends_with_sum(values: npt.NDArray[np.float64]) -> bool:
    """Return whether the last value is the sum of the others, as below a table in a spreadsheet."""
    if len(values) < 5 or not values[-1] > values[:-1].max():
        return False
    total = float(np.nansum(values[:-1]))
    return abs(float(values[-1]) - total) <= 1e-6 * abs(total)


def fill(
    values: npt.NDArray[np.float64], missing: Mask, how: str
) -> tuple[npt.NDArray[np.float64], str]:
    """Return values in order of time with the missing ones filled in, or "" and why it cannot be.

    Args:
        values: [N]; NaN where one is missing.
        missing: [N].
        how: "previous" or "interpolate".
    """
    known = np.flatnonzero(~missing)
    if not len(known):
        return values, "all values are missing"
    first, last = int(known[0]), int(known[-1])
    if first > 0:
        count = f"first {first:,} values are" if first > 1 else "first value is"
        return values, f"its {count} missing, so there is none before; say --missing drop"
    if how == "interpolate" and last < len(values) - 1:
        rest = len(values) - 1 - last
        count = f"last {rest:,} values are" if rest > 1 else "last value is"
        return (
            values,
            f"its {count} missing, so there is none after; say --missing drop or previous",
        )
    if how == "previous":
        places = np.where(missing, 0, np.arange(len(values)))
        return values[np.maximum.accumulate(places)], ""
    return np.interp(np.arange(len(values)), known, values[known]), ""
