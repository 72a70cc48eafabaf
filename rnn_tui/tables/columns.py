"""What each column of a table is: numbers, times, row numbers or text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.clocks import holds_part, numeric_clock, part_of, parts_side_by_side
from rnn_tui.tables.frame import Frame
from rnn_tui.tables.marks import decide
from rnn_tui.tables.numbers import (
    MISSING,
    Marks,
    Numbers,
    examine_commas,
    examine_parts,
    examine_plain,
    is_plain,
    read,
)
from rnn_tui.tables.table import ColumnKind, TableOptions
from rnn_tui.tables.times import Stamps, Times, looks_like_time, month_numbers, read_times

if TYPE_CHECKING:
    import polars as pl

_LEAST_SHARE = 0.5  # of a column's cells that are numbers, where it counts as one of numbers
_SUSPICIOUS = (-99.0, -99.9, -999.0, -999.9, -999.99, -9999.0, -99999.0, 9999.0, 99999.0)


@dataclass(slots=True, eq=False)
class Column:
    """One column while the table is being read.

    Attributes:
        index: its place in the file, from 0.
        name: what it is called; no two columns have one name.
        own_name: its name in the header; "" where there is none.
        cells: what stands in the file.
        kind: what its cells are.
        numbers: its cells as numbers, where most are.
        times: its cells as times, where all are.
        part: which part of a time a column of numbers holds: "year", "month", "day", …; else "".
        problem: why it cannot be used, where that is so.
        only_even: whether it counts as a time only because its numbers go evenly.
    """

    index: int
    name: str
    own_name: str
    cells: pl.Series
    kind: ColumnKind = "text"
    numbers: Numbers | None = None
    times: Times | None = None
    part: str = ""
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    only_even: bool = False

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Where a value is missing, [N]."""
        if self.numbers is not None:
            return self.numbers.missing
        if self.times is not None:
            return self.times.missing
        return _missing_texts(self.cells)

    def values(self) -> npt.NDArray[np.float64]:
        """Return its numbers, NaN where there is none."""
        assert self.numbers is not None
        return self.numbers.values

    def stamps(self) -> Stamps:
        """Return its times, or its numbers where these count time."""
        if self.times is not None:
            return self.times.readings[0][1]
        return self.values()


def examine_columns(frame: Frame, options: TableOptions) -> list[Column]:
    """Return what the columns are."""
    names = _names(frame)
    columns = [
        Column(index, name, own, cells)
        for index, (name, own, cells) in enumerate(
            zip(names, frame.names, frame.columns, strict=True)
        )
    ]
    for column in columns:
        _examine(column)
    found = [column for column in columns if column.numbers is not None]
    delimiter = frame.layout.delimiter if frame.layout else ","
    examined = [column.numbers for column in found if column.numbers is not None]
    marks = decide(examined, options.decimal, options.thousands, delimiter)
    for column, mark in zip(found, marks, strict=True):
        _read(column, mark, frame)
    for column in columns:
        _judge(column, frame)
    _judge_parts(columns)
    return columns


def _names(frame: Frame) -> list[str]:
    """Return a name for each column, no two alike."""
    taken: dict[str, int] = {}
    names = []
    for index, own in enumerate(frame.names):
        name = own or f"column {index}"
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return names


def _examine(column: Column) -> None:
    """Find out whether a column holds numbers or times."""
    import polars as pl

    cells = column.cells
    if cells.dtype != pl.String:
        _examine_typed(column)
        return
    plain = examine_plain(cells)
    if plain is not None:
        if plain.count:
            column.numbers = plain
        return
    column.numbers = examine_commas(cells)
    if column.numbers is not None:
        return
    column.times = read_times(cells)
    if column.times is not None:
        column.kind = "time"
        return
    parts = examine_parts(cells)
    written = len(cells) - int(np.count_nonzero(parts.missing))
    if written and parts.count >= _LEAST_SHARE * written:
        column.numbers = parts


def _examine_typed(column: Column) -> None:
    """Take a column of Parquet as what its type says."""
    import polars as pl

    cells = column.cells
    missing = cells.is_null().to_numpy()
    if cells.dtype in (pl.Date, pl.Datetime):
        if isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone:
            column.notes.append(f"its times are of the zone {cells.dtype.time_zone}")
            cells = cells.dt.replace_time_zone(None)
        stamps = cells.to_physical().fill_null(0).to_numpy().astype(np.int64)
        unit = "D" if cells.dtype == pl.Date else str(getattr(cells.dtype, "time_unit", "us"))
        result = stamps.astype(f"M8[{unit}]")
        if missing.any():
            result[missing] = np.datetime64("NaT")
        column.times, column.kind = Times((("", result),), missing), "time"
    elif cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
        values = cells.cast(pl.Float64).fill_null(np.nan).to_numpy()
        column.numbers = Numbers(values, np.isnan(values), np.zeros(len(values), np.bool_))
        column.numbers.point = True
    elif cells.dtype in (pl.Categorical, pl.Enum):
        column.cells = cells.cast(pl.String)
        _examine(column)
    else:
        column.cells = cells.cast(pl.String, strict=False) if not cells.dtype.is_nested() else (
            pl.Series(["…"] * len(cells)))  # fmt: skip


def _read(column: Column, mark: Marks | str, frame: Frame) -> None:
    """Read a column's numbers with its marks."""
    assert column.numbers is not None
    column.kind = "number"
    if isinstance(mark, str):
        column.problem = f"{column.name!r}: {mark}"
        column.numbers.values = np.full(frame.rows, np.nan)
        return
    column.numbers = read(column.cells, column.numbers, mark)
    if column.numbers.bad.any():
        row = int(column.numbers.bad.argmax())
        cell = str(column.cells[row]).strip()
        what = "is not a number"
        if is_plain(cell):
            what = _not_so(mark) if math.isfinite(float(cell)) else "is not finite"
        more = int(np.count_nonzero(column.numbers.bad)) - 1
        others = f", as are {more:,} more" if more > 1 else ", as is 1 more" if more else ""
        column.problem = (
            f"{frame.line(row)} of {column.name!r} is {_shown(cell)}, which {what}{others}"
        )
    _note(column, mark, frame.layout is None or frame.layout.delimiter == ",")


def _not_so(mark: Marks) -> str:
    """Return that a plain number is none with the marks that were chosen."""
    if mark.thousands in (".", ","):
        return f"is not a number with {mark.thousands!r} between thousands"
    return f"is not a number with {mark.decimal!r} for decimals"


def _note(column: Column, mark: Marks, usual: bool) -> None:
    """Say how the numbers of a column are written, unless plainly.

    Args:
        column: the column.
        mark: how it was read.
        usual: whether commas separate the cells, so that a point is the decimal mark.
    """
    numbers = column.numbers
    assert numbers is not None
    if not numbers.plain and numbers.unit:
        column.notes.append(f"{column.name!r} is in {numbers.unit}")
    if mark.decimal == "," and numbers.comma:
        column.notes.append(f"{column.name!r} has decimal commas")
    if (numbers.either_point and not usual) or numbers.either_comma:
        sign = "." if numbers.either_point else ","
        what = "the decimal mark" if mark.decimal == sign else "between thousands"
        column.notes.append(f"{sign!r} is {what} of {column.name!r}")
    values = numbers.values
    for value in _SUSPICIOUS:
        at = values == value
        if at.any() and _stands_apart(values, value, at):
            count = int(np.count_nonzero(at))
            column.notes.append(
                f"{value:g} stands {count:,} time{'s' if count > 1 else ''} in {column.name!r} and "
                "is learned as a number; if it means that a value is missing, write NA instead"
            )


def _stands_apart(values: npt.NDArray[np.float64], value: float, at: npt.NDArray[np.bool_]) -> bool:
    """Return whether a value lies far outside the others."""
    others = values[~at & np.isfinite(values)]
    if not len(others):
        return False
    low, high = float(others.min()), float(others.max())
    return not low - (high - low) <= value <= high + (high - low)


def _judge(column: Column, frame: Frame) -> None:
    """Find the numbers that count time or rows, and what was meant to be times."""
    numbers = column.numbers
    if numbers is None:
        if column.times is None:
            _judge_text(column, frame)
        return
    if column.problem or not len(numbers.values):
        return
    clock = numeric_clock(column.own_name, column.cells, numbers)
    if clock is None:
        return
    column.kind, column.part, column.only_even = clock.kind, clock.part, clock.only_even
    if clock.readings:
        column.times = Times(clock.readings, numbers.missing, clock.of_day)
    column.notes += [f"{column.name!r} {note}" for note in clock.notes]


def _judge_parts(columns: list[Column]) -> None:
    """Find a time whose parts stand in columns side by side."""
    parts = parts_side_by_side([column.own_name for column in columns])
    for index, part in parts.items():
        numbers = columns[index].numbers
        if numbers is None or columns[index].problem or not holds_part(part, numbers.values):
            return
    for index, part in parts.items():
        column = columns[index]
        column.kind, column.part, column.times, column.notes = "time", part, None, []
        column.only_even = False


def _judge_text(column: Column, frame: Frame) -> None:
    """Say of a text that was meant to be times which cell is none."""
    sample = column.cells.head(200).to_list()
    written = [cell for cell in sample if cell and cell.strip().lower() not in MISSING]
    if part_of(column.own_name) == "month" and len(written) == len(sample):
        months = month_numbers(column.cells.str.strip_chars())
        if months is not None:
            none = np.zeros(len(months), np.bool_)
            column.numbers = Numbers(months.astype(np.float64), none, none)
            column.kind, column.part = "time", "month"
            return
    good = sum(map(looks_like_time, written))
    if not written or good < 0.8 * len(written):
        return
    column.kind = "time"
    shown = written[0]
    for row, cell in enumerate(column.cells.to_list()):
        if cell is None or cell.strip().lower() in MISSING:
            continue
        if not _same_time(shown, cell):
            column.problem = (
                f"{frame.line(row)} of {column.name!r} is {_shown(cell)}, which is no time like "
                f"{_shown(shown)}"
            )
            return
    column.problem = f"the times of {column.name!r} cannot be read"


def _same_time(first: str, cell: str) -> bool:
    """Return whether two cells together are times of one way of writing."""
    import polars as pl

    return read_times(pl.Series([first, cell])) is not None


def _missing_texts(cells: pl.Series) -> npt.NDArray[np.bool_]:
    import polars as pl

    texts = cells.cast(pl.String, strict=False).fill_null("").str.strip_chars().str.to_lowercase()
    return np.asarray(texts.is_in(sorted(MISSING)).to_numpy())


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")
