"""The order of the rows in time: sorted, each time once, and what is missing from the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.columns import Column
from rnn_tui.tables.time_column import TimeColumn
from rnn_tui.tables.times import Stamps

_LEAST_SHARE = 0.5  # of the steps that are equal, where a clock counts as regular
_SHOWN = 3  # gaps that are named


@dataclass(slots=True, eq=False)
class Order:
    """The order of the rows.

    Attributes:
        rows: the rows in order of time; None where they stand in it already.
        notes: what was found.
        problem: why there is no order.
    """

    rows: npt.NDArray[np.intp] | None = None
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def find_order(
    time: TimeColumn, columns: Sequence[Column], line: Callable[[int], str], numbered: bool
) -> Order:
    """Return the order of the rows.

    Args:
        time: what says when.
        columns: all columns, among which one may say which series a row belongs to.
        line: names the line of a row, for messages.
        numbered: whether the rows are only numbered, so that no row is missing from a clock.
    """
    order = Order()
    stamps = time.stamps
    if stamps is None or len(stamps) < 2:
        return order
    steps = np.diff(stamps)
    zero = steps.dtype.type(0)
    if not bool((steps > zero).all()):
        order = _sorted(time, stamps, steps, columns, line)
    if order.problem:
        return order
    in_order = stamps if order.rows is None else stamps[order.rows]
    if not numbered:
        order.notes += _gaps(time.name, in_order)
    return order


def _sorted(
    time: TimeColumn, stamps: Stamps, steps: Stamps,
    columns: Sequence[Column], line: Callable[[int], str],
) -> Order:  # fmt: skip
    """Return the order of rows that do not stand in it."""
    zero = steps.dtype.type(0)
    if bool((steps < zero).all()):
        note = f"the file runs backwards in {time.name!r}; its rows are sorted by it"
        return Order(np.arange(len(stamps))[::-1], [note])
    rows = np.argsort(stamps, kind="stable")
    twice = np.flatnonzero(np.diff(stamps[rows]) == zero)
    if len(twice):
        summer = _clock_set_back(stamps, steps, rows, twice)
        if summer:
            return Order(None, [summer])
        return Order(problem=_stacked(time, stamps, rows, twice, columns, line))
    first = int((steps < zero).argmax()) + 1
    note = f"its rows are not in order of {time.name!r} ({line(first)} is the first); sorted by it"
    return Order(rows, [note])


def _clock_set_back(
    stamps: Stamps, steps: Stamps, rows: npt.NDArray[np.intp], twice: npt.NDArray[np.intp]
) -> str:
    """Return what is to be said where an hour stands twice at the end of daylight saving.

    The rows then stay as they are. "" where that is not so.
    """
    if stamps.dtype.kind != "M" or stamps.dtype == "M8[D]" or stamps.dtype == "M8[M]":
        return ""
    seconds = steps.astype("m8[s]").astype(np.int64)
    back = np.flatnonzero(seconds <= 0)
    double = stamps[rows[twice]].astype("M8[s]")
    hours = (double - double.astype("M8[D]")).astype(np.int64) // 3600
    months = double.astype("M8[M]").astype(np.int64) % 12 + 1
    days = len(np.unique(double.astype("M8[D]")))
    usual = int(np.median(seconds))
    good = (
        0 < usual <= 3600
        and bool((hours <= 3).all())
        and bool(np.isin(months, (3, 4, 9, 10, 11)).all())
        and days == len(back)
        and len(twice) == days * (3600 // usual)
        and bool((seconds[back] == usual - 3600).all())
    )
    if not good:
        return ""
    first = np.datetime_as_string(double[0], unit="m").replace("T", " ")
    return f"the hour of {first} stands twice, as at the end of daylight saving; its rows stay so"


def _stacked(
    time: TimeColumn, stamps: Stamps, rows: npt.NDArray[np.intp], twice: npt.NDArray[np.intp],
    columns: Sequence[Column], line: Callable[[int], str],
) -> str:  # fmt: skip
    """Return the problem of times that stand on several rows, naming a column that tells why."""
    first, second = int(rows[twice[0]]), int(rows[twice[0] + 1])
    times = len(np.unique(stamps[rows[twice]]))
    shown = _shown(stamps[first])
    count = f"{times:,} times stand" if times > 1 else "1 time stands"
    where = f"{shown} on {line(first)} and {line(second)}"
    text = f"{count} on several rows of {time.name!r}: {where}"
    for column in columns:
        if column.index in time.used or column.kind == "time":
            continue
        cells = column.cells
        different = cells.n_unique()
        if not 1 < different <= max(2, len(cells) // 2) or (
            column.kind == "number" and different > 100
        ):
            continue
        codes = np.unique(np.array([str(cell) for cell in cells]), return_inverse=True)[1]
        pairs = np.lexsort((codes, stamps))
        same = (stamps[pairs][1:] == stamps[pairs][:-1]) & (codes[pairs][1:] == codes[pairs][:-1])
        if not same.any():
            return (
                f"{text}; {different:,} series seem to be stacked, and {column.name!r} to "
                "say which; keep the rows of one"
            )
    return f"{text}; keep one row for each time"


def _gaps(name: str, stamps: Stamps) -> list[str]:
    """Return what is to be said of rows that are missing from a regular clock."""
    if stamps.dtype.kind != "M" or len(stamps) < 4:
        return _gaps_of_numbers(name, stamps)
    if stamps.dtype == "M8[D]" and (stamps == stamps.astype("M8[M]").astype("M8[D]")).all():
        stamps = stamps.astype("M8[M]")
    steps = np.diff(stamps).astype(np.int64)
    step, share = _usual(steps)
    if step <= 0 or share < _LEAST_SHARE:
        return [f"the steps of {name!r} differ; each row counts as one step"]
    more = np.maximum(steps // step - 1, 0)
    weekdays = stamps.dtype == "M8[D]" and step == 1 and not _weekend(stamps).any()
    if weekdays:
        all_days = np.busday_count(stamps[:-1], stamps[1:]) - 1
        more = np.maximum(all_days, 0)
    return _say_gaps(name, more, lambda at: _shown(stamps[at]), "weekday" if weekdays else "row")


def _gaps_of_numbers(name: str, stamps: Stamps) -> list[str]:
    if stamps.dtype.kind != "f" or len(stamps) < 4:
        return []
    steps = np.diff(stamps)
    step, share = _usual(steps)
    if step <= 0 or share < _LEAST_SHARE:
        return []
    more = np.maximum(np.rint(steps / step) - 1, 0).astype(np.int64)
    return _say_gaps(name, more, lambda at: f"{stamps[at]:g}", "row")


def _usual(steps: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Return the most frequent step, and its share."""
    if bool((steps == steps[0]).all()):
        return float(steps[0]), 1.0
    values, counts = np.unique(steps, return_counts=True)
    most = int(counts.argmax())
    return float(values[most]), float(counts[most]) / len(steps)


def _say_gaps(
    name: str, more: npt.NDArray[np.int64], shown: Callable[[int], str], noun: str
) -> list[str]:
    count = int(more.sum())
    if not count:
        return []
    places = np.flatnonzero(more)
    after = ", ".join(shown(int(at)) for at in places[:_SHOWN])
    rest = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    are = f"{count:,} {noun}s are" if count > 1 else f"1 {noun} is"
    return [f"{are} missing from the regular clock of {name!r}, after {after}{rest}; not filled in"]


def _weekend(days: Stamps) -> npt.NDArray[np.bool_]:
    return np.asarray((days.astype(np.int64) + 3) % 7 > 4)


def _shown(stamp: object) -> str:
    if isinstance(stamp, np.datetime64):
        text = str(stamp).replace("T", " ")
        return text.removesuffix(":00") if text.count(":") == 2 else text
    return f"{float(stamp):g}"  # type: ignore[arg-type]  # no date, so a number
