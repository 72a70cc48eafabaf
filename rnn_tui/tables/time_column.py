"""Which column says when, or which columns together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from rnn_tui.tables.columns import Column
from rnn_tui.tables.times import YEAR_FIRST, Stamps, date_of, full_years, goes_evenly

_MOST_LOOKED_AT = 2000  # rows
_NUMBERS = re.compile("[0-9]+")
_PARTS_OF_YEAR = {
    "quarter": 366 / 4 * 1440, "month": 31 * 1440, "doy": 1440, "week": 7 * 1440, "day": 1440,
    "weekday": 1440, "hour": 60, "minute": 1,
}  # fmt: skip
"""How many minutes each part of a year counts, about; the longest first."""
_BACKWARDS = 2  # times as many steps back as forth: the newest row comes first
_WIDER = 4  # times as long as with another reading are dates that are read wrongly
_MOST_RISES = 0.02  # of the rows
_FEWEST_IN_ORDER = 4  # rows whose order decides between two readings of dates


@dataclass(slots=True, eq=False)
class TimeColumn:
    """What says when.

    Attributes:
        name: of the column, or of several: "date + hour"; "" where nothing says when.
        stamps: [N] datetime64 or float64, NaT or NaN where it is missing; None likewise.
        used: the columns it is made of.
        notes: what was assumed.
        problem: why it cannot be used.
        undated: whether it has no year or no day: it may order rows, but says no time.
    """

    name: str = ""
    stamps: Stamps | None = None
    used: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    undated: bool = False


def find_time(columns: Sequence[Column], chosen: Column | None) -> TimeColumn:
    """Return what says when.

    Args:
        columns: all columns of the table.
        chosen: the one that the user named.
    """
    _take_for_values(columns, chosen)
    if chosen is not None:
        return _chosen(columns, chosen)
    if len(columns) == 1 and columns[0].times is None and not columns[0].part:
        return TimeColumn()  # it may only count, but it is all there is
    times = [column for column in columns if column.kind == "time"]
    clock = next((c for c in times if c.times is not None and c.times.clock), None)
    whole = [c for c in times if not c.part and not (c.times and c.times.clock)]
    if not whole and (joined := _of_parts(times)) is not None:
        return joined
    found = [_of_column(column) for column in whole]
    usable = [each for each in found if _is_unique(each)]
    if usable:
        return _said(usable[0], usable[1:])
    for each in found:
        if (joined := _with_clock(each, times)) is not None:
            return joined
    if found:
        return found[0]
    if (joined := _of_parts(times)) is not None:
        return joined
    if clock is not None:
        return _of_clock(clock)
    numbered = [column for column in columns if column.kind == "row number"]
    if numbered:
        first = numbered[0]
        return TimeColumn(first.name, first.values(), (first.index,))
    if (cyclic := _of_parts_without_year(times)) is not None:
        return cyclic
    for column in columns:
        if column.kind == "text" and column.numbers is None and _falls(column):
            first_cell, last_cell = column.cells.head(1)[0], column.cells.tail(1)[0]
            reason = (
                f"the rows seem to run backwards, {first_cell!r} to {last_cell!r} in "
                f"{column.name!r}, which is no time that is understood; write it as 2019-01-31"
            )
            return TimeColumn(column.name, None, (column.index,), problem=reason)
    return TimeColumn()


def _take_for_values(columns: Sequence[Column], chosen: Column | None) -> None:
    """Make columns that only go evenly columns of values, as a meter's, but for the only time."""
    even = [column for column in columns if column.only_even]
    strong = chosen is not None or any(
        column.kind == "time" and not column.only_even and column.part in ("", "year")
        for column in columns
    )
    for column in even if strong or len(columns) == 1 else even[1:]:
        if column is chosen:
            continue
        column.kind, column.only_even, column.notes = "number", False, []
        if len(columns) == 1:
            column.notes.append(f"{column.name!r} rises or falls evenly, as if it only counted")


def _falls(column: Column) -> bool:
    """Return whether the digits in a column of text fall from row to row, as in 3-12 and 3-11."""
    cells = column.cells.head(_MOST_LOOKED_AT).to_list()
    numbers = [tuple(map(int, _NUMBERS.findall(str(cell)[:40]))) for cell in cells]
    if len(cells) < _FEWEST_IN_ORDER or not all(numbers):
        return False
    for order in (numbers, [each[::-1] for each in numbers]):  # 12/95 and 95/12 are alike
        rises = sum(a <= b for a, b in pairwise(order))  # a year of two digits begins again
        if rises <= _MOST_RISES * len(order):
            return True
    return False


def _of_clock(column: Column) -> TimeColumn:
    """Return times of day without days as what says when, if they go one way."""
    found = _of_column(column)
    if found.problem or found.stamps is None:
        return found
    stays = f"{column.name!r} has times of day only; the rows stay as they are"
    backwards = f"the times of day in {column.name!r} run backwards and begin again; without days "
    return _undated(found, stays, f"{backwards}they cannot be sorted")


def _of_parts_without_year(columns: Sequence[Column]) -> TimeColumn | None:
    """Return months, days, hours and minutes together, where no column has the year."""
    parts = {column.part: column for column in reversed(columns)}
    if "month" in parts or "day" in parts:  # these say the same, but begin again elsewhere
        for part in ("quarter", "doy", "week", "weekday"):
            parts.pop(part, None)
    used = [parts[part] for part in _PARTS_OF_YEAR if part in parts]
    if not used or any(column.missing.any() for column in used):
        return None
    weights = [_PARTS_OF_YEAR[part] for part in _PARTS_OF_YEAR if part in parts]
    stamps = sum(
        (weight * column.values() for weight, column in zip(weights, used, strict=True)),
        np.zeros(len(used[0].cells)),
    )
    names = ", ".join(repr(column.name) for column in used)
    name = " + ".join(column.name for column in used)
    found = TimeColumn(name, np.asarray(stamps), tuple(column.index for column in used))
    lacking = "year" if any(part in parts for part in ("month", "quarter", "doy")) else "day"
    stays = f"no {lacking} stands beside {names}; the rows stay as they are"
    backwards = f"the rows run backwards in {names} and begin again; without a {lacking} they "
    return _undated(found, stays, f"{backwards}cannot be sorted")


def _undated(found: TimeColumn, stays: str, backwards: str) -> TimeColumn:
    """Return times that begin again, at midnight or with each year, as far as they order rows.

    Args:
        found: the times.
        stays: the note where the rows are left as they are.
        backwards: the problem where they run backwards, more than once around.
    """
    assert found.stamps is not None
    found.undated = True
    steps = np.diff(found.stamps)
    zero = steps.dtype.type(0)
    falls, rises = np.count_nonzero(steps < zero), np.count_nonzero(steps > zero)
    if len(steps) and len(steps) in (falls, rises):
        return found
    if falls > _BACKWARDS * rises:
        found.problem = backwards
        return found
    return TimeColumn(notes=[stays])


def _chosen(columns: Sequence[Column], chosen: Column) -> TimeColumn:
    if chosen.problem:
        return TimeColumn(chosen.name, None, (chosen.index,), problem=chosen.problem)
    if chosen.times is None and chosen.numbers is None:
        reason = f"{chosen.name!r} (--time) holds neither times nor numbers"
        return TimeColumn(chosen.name, None, (chosen.index,), problem=reason)
    found = _of_column(chosen)
    if not _is_unique(found):
        others = [c for c in columns if c.kind == "time" and c is not chosen]
        joined = _with_clock(found, others) or _of_parts([chosen, *others])
        if joined is not None:
            return joined
    elif chosen.times is not None and chosen.times.clock and not _goes_one_way(found):
        found.problem = f"{chosen.name!r} (--time) has times of day only, which begin again"
    return found


def _goes_one_way(found: TimeColumn) -> bool:
    return found.stamps is None or _is_one_way(found.stamps)


def _of_column(column: Column) -> TimeColumn:
    """Return one column as what says when, with its dates read in one way."""
    found = TimeColumn(column.name, None, (column.index,), list(column.notes), column.problem)
    if column.times is None:
        if not column.problem:
            found.stamps = column.values()
        return found
    found.notes += [f"{column.name!r}: {note}" for note in column.times.notes]
    readings: list[tuple[str, Stamps]] = []
    for words, stamps in column.times.readings:
        if not any(np.array_equal(stamps, other, equal_nan=True) for _, other in readings):
            readings.append((words, stamps))
    if len(readings) > 1:
        decided = _decide(readings)
        if decided is None:
            ways = " or ".join(words for words, _ in readings)
            example = str(column.cells.head(1).to_list()[0])
            found.problem = (
                f"the dates of {column.name!r}, such as {example}, can be read with {ways}, and "
                "nothing decides; write them as 2019-01-31"
            )
            return found
        readings = [decided]
    words, stamps = readings[0]
    found.stamps = stamps
    if len(column.times.readings) > 1 or words:
        found.notes.append(f"the dates of {column.name!r} are read with {words}")
    return found


def _decide(readings: list[tuple[str, Stamps]]) -> tuple[str, Stamps] | None:
    """Return the only reading in which time goes evenly, or else one way; None if not one."""
    for test in (goes_evenly, _is_one_way, _is_even_once_sorted):
        good = [each for each in readings if test(each[1])]
        if len(good) > 1:  # 01/02/19 to 20/02/19 are days, not the 19th of February of each year
            good = [each for each in good if not _is_once_a_year(each[1])] or good
        if len(good) == 1 and len(good[0][1]) >= _FEWEST_IN_ORDER:
            return good[0]
        if len(good) > 1:
            return None
    return _by_span(readings)


def _by_span(readings: list[tuple[str, Stamps]]) -> tuple[str, Stamps] | None:
    """Return the reading that is left once years and days of two digits are told apart.

    Days taken for years spread the rows over decades.
    """
    last = [each for each in readings if each[0] == YEAR_FIRST]
    others = [each for each in readings if each[0] != YEAR_FIRST]
    if not last or not others:
        return None
    span, least = _span(last[0][1]), min(_span(stamps) for _, stamps in others)
    if span * _WIDER <= least:
        return last[0]
    return others[0] if least * _WIDER <= span and len(others) == 1 else None


def _span(stamps: Stamps) -> int:
    days = stamps[~np.isnan(stamps)].astype("M8[D]").astype(np.int64)
    return int(days.max() - days.min()) if len(days) else 0


def _is_once_a_year(stamps: Stamps) -> bool:
    """Return whether all are on one day of the year, and no quarter begins or ends there."""
    days = stamps[~np.isnan(stamps)].astype("M8[D]")
    months = days.astype("M8[M]")
    calendar = set(zip((months.astype(int) % 12).tolist(), (days - months).tolist(), strict=True))
    next_day = days + 1
    first = (days == months) & (months.astype(int) % 3 == 0)
    last = (next_day == next_day.astype("M8[M]")) & (months.astype(int) % 3 == 2)
    return len(calendar) == 1 and not bool((first | last).any())


def _is_even_once_sorted(stamps: Stamps) -> bool:
    return goes_evenly(np.sort(stamps))


def _is_one_way(stamps: Stamps) -> bool:
    steps = np.diff(stamps[~np.isnan(stamps)]).astype(np.int64)
    return bool((steps > 0).all() or (steps < 0).all())


def _is_unique(found: TimeColumn) -> bool:
    if found.stamps is None:
        return False
    steps = np.diff(found.stamps)
    zero = steps.dtype.type(0)
    if bool((steps > zero).all()) or bool((steps < zero).all()):
        return True
    return len(np.unique(found.stamps)) == len(found.stamps)


def _said(first: TimeColumn, others: list[TimeColumn]) -> TimeColumn:
    if others:
        names = ", ".join(repr(each.name) for each in others)
        first.notes.append(f"{first.name!r} is taken for the time, not {names}")
    return first


def _with_clock(found: TimeColumn, times: Sequence[Column]) -> TimeColumn | None:
    """Return days together with the times of day in another column; None if there are none."""
    if found.stamps is None or found.stamps.dtype.kind != "M":
        return None
    for column in times:
        clock: Stamps
        if column.times is not None and column.times.clock:
            clock = column.stamps() - np.datetime64(0, "D")
        elif column.part == "hour" and column.numbers is not None:
            clock = column.values().astype(np.int64).astype("m8[h]").astype("m8[s]")
        else:
            continue
        name = f"{found.name} + {column.name}"
        joined = TimeColumn(name, found.stamps + clock, (*found.used, column.index), found.notes)
        joined.notes.append(f"the time is {found.name!r} and {column.name!r} together")
        return joined
    return None


def _of_parts(times: Sequence[Column]) -> TimeColumn | None:
    """Return the time whose parts stand in several columns: year, month, day, hour, minute."""
    parts = {column.part: column for column in reversed(times) if column.part}
    if "year" not in parts:
        return None
    names = ["year"]
    if "doy" in parts and "month" not in parts:
        names.append("doy")
    elif "quarter" in parts and "month" not in parts:
        names.append("quarter")
    for name in ("month", "day", "hour", "minute"):
        if name in parts and (name == "month" or names[-1] != "year"):
            names.append(name)
    used = [parts[name] for name in names]
    if len(names) == 1:
        year = used[0]
        return TimeColumn(year.name, year.values(), (year.index,), list(year.notes))
    if any(column.missing.any() for column in used):
        return None
    number = {name: parts[name].values().astype(np.int64) for name in names}
    notes = [f"the time is {', '.join(repr(column.name) for column in used)} together"]
    if number["year"].max() < 100:
        said: list[str] = []
        number["year"] = full_years(number["year"], said)
        notes += [f"{used[0].name!r}: {note}" for note in said]
    stamps = _joined(number)
    if stamps is None:
        return None
    name = " + ".join(column.name for column in used)
    return TimeColumn(name, stamps, tuple(column.index for column in used), notes)


def _joined(number: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> Stamps | None:
    ones = np.ones_like(number["year"])
    month = number.get("month", ones)
    if "quarter" in number:
        month = number["quarter"] * 3 - 2
    stamps = date_of(number["year"], month, number.get("day", ones))
    if stamps is None:
        return None
    if "doy" in number:
        return np.asarray(stamps + (number["doy"] - 1).astype("m8[D]"))
    if "hour" in number:
        minutes = number["hour"] * 60 + number.get("minute", 0 * ones)
        return np.asarray(stamps.astype("M8[s]") + (minutes * 60).astype("m8[s]"))
    return stamps if "day" in number else stamps.astype("M8[M]")
