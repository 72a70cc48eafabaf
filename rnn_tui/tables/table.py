"""What is asked of a table, and what has been read of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

ColumnKind = Literal["number", "time", "row number", "text"]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the user says about a table; an empty text leaves it to be found.

    Attributes:
        path: the file; "-" is standard input.
        target: the columns to predict.
        inputs: the columns that the network reads; empty: the targets.
        time: the column that says when.
        missing: what to do where a value is missing: "refuse", "drop", "previous", "interpolate".
        delimiter: what separates the cells of a line.
        decimal: "." or ",".
        thousands: what groups digits: ".", ",", "'", "_", a blank, or "none".
        encoding: a name that Python knows.
        skip_rows: lines to skip at the start, before the header.
    """

    path: str
    target: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    time: str = ""
    missing: str = "refuse"
    delimiter: str = ""
    decimal: str = ""
    thousands: str = ""
    encoding: str = ""
    skip_rows: int = 0


@dataclass(frozen=True, slots=True)
class TableProblem:
    """Why nothing can be learned from a table.

    Attributes:
        text: the reason.
        option: the option to blame; "" for --data.
        value: its value; "" for the file.
    """

    text: str
    option: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column, as `rnn-tui inspect` tells of it.

    Attributes:
        name: from the header, or "column 0" where there is none.
        kind: what its cells are.
        missing: how many of its cells are empty or a word for missing.
        first: its first value in order of time, in the file's units, once missing values are dealt
            with; a text where it is no number, None where there is none.
        last: its last one.
        low: the smallest number; None where it has no numbers.
        high: the largest one.
    """

    name: str
    kind: ColumnKind
    missing: int
    first: float | str | None
    last: float | str | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that has been read: N rows in order of time.

    Attributes:
        path: the file.
        rows: N, after missing values have been dealt with.
        columns: all of its columns, in the file's order.
        targets: names of the columns to predict; empty where no choice could be made.
        inputs: names of the columns that the network reads.
        values: by name, the columns named in `targets` and `inputs`, [N] float64 each, all finite,
            in the file's units.
        time: the name of the column that says when; None where there is none.
        times: [N] datetime64 or float64, rising; None where there is no such column.
        notes: what was found and assumed, a sentence each.
        problems: why nothing can be learned from it, a sentence each; empty where it can.
        encoding: of the file.
        delimiter: what separates its cells.
        decimal: its decimal mark.
        header: whether a line names the columns.
        skipped: lines before the header that are no rows.
        digest: SHA-256 of the file's bytes, in hexadecimal.
        blamed: the same problems, each with the option that it is about.
    """

    path: str
    rows: int
    columns: tuple[ColumnReport, ...]
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    values: dict[str, npt.NDArray[np.float64]]
    time: str | None
    times: npt.NDArray[Any] | None
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    encoding: str
    delimiter: str
    decimal: str
    header: bool
    skipped: int
    digest: str
    blamed: tuple[TableProblem, ...] = ()
