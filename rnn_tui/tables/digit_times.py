"""Times written as digits without a mark between them: 20190131, 2019013114, 31012019, 190131."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.times import Stamps, date_of, full_years, goes_evenly, short_dates

if TYPE_CHECKING:
    import polars as pl

_DATE_NAMES = frozenset({"date", "datum", "fecha", "day", "tag", "jour", "jahr_monat_tag"})
_CLOCK_NAMES = frozenset({"time", "zeit", "uhrzeit", "hora", "heure", "hhmm", "hhmmss", "clock"})
_LOOKED_AT = 1000  # rows
_FEWEST_DIFFERENT = 4  # numbers; 5012000 alone may be anything
_FEWEST = 3  # rows
_FEWEST_SHORT = 6  # rows of dates with two digits of the year that the name does not announce

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DigitTimes:
    """Numbers read as times.

    Attributes:
        readings: in words and as datetime64 each; several where the digits do not decide.
        note: what was assumed, to be read after the column's name.
        of_day: whether they are times of a day only.
    """

    readings: tuple[tuple[str, Stamps], ...]
    note: str
    of_day: bool = False


def digit_times(
    cells: pl.Series, values: Floats, named: bool, date: bool, clock: bool
) -> DigitTimes | None:  # fmt: skip
    """Return the times of whole numbers; None if they are none.

    Args:
        cells: what is written.
        values: the numbers.
        named: whether the column is named like a time or a part of it.
        date: whether the column is named like a date.
        clock: whether the column is named like a time of day.
    """
    low, high = values.min(), values.max()
    if clock and low >= 0 and high < 240_000:
        return _times_of_day(cells, values)
    if low < 101 or high > 22001231235959:
        return None
    whole = values.astype(np.int64)
    if low >= 18000101 and high <= 22001231:
        days = _days(whole)
        if days is not None:
            return DigitTimes((("", days),), "has dates such as 20190131")
    if low >= 180001 and high <= 220012 and (months := _months(whole, values, named)) is not None:
        return DigitTimes((("", months),), "has months such as 201901")
    if not (named or date) and len(np.unique(values[:_LOOKED_AT])) < _FEWEST_DIFFERENT:
        return None
    for digits, example in ((10, "2019013112"), (12, "201901311200"), (14, "20190131120000")):
        unit = 10 ** (digits - 8)
        if 18000101 * unit <= low and high < 22001232 * unit and len(values) >= _FEWEST:
            stamps = _with_clock(whole // unit, whole % unit * 10 ** (14 - digits))
            if stamps is not None:
                return DigitTimes((("", stamps),), f"has times such as {example}")
    if low >= 1_01_1800 and high <= 31_12_2200 and len(values) >= _FEWEST:
        return _year_last(whole)
    return _rest(cells, whole, values, named, date)


def _rest(
    cells: pl.Series, whole: Whole, values: Floats, named: bool, date: bool
) -> DigitTimes | None:
    """Return times whose year has two digits, and months before their year."""
    low, high, width = whole.min(), whole.max(), _width(cells, whole)
    if width == 10 and len(whole) >= _FEWEST and (found := _short_with_clock(whole)) is not None:
        return found
    if low >= 1_1800 and high <= 12_2200 and (width == 6 or high >= 10_1800):
        months = _months_first(whole)
        if months is not None and (named or (len(whole) >= _FEWEST_SHORT and goes_evenly(months))):
            return DigitTimes((("", months),), "has months such as 012019")
    return _short(whole, values, date) if width == 6 else None


def is_date_name(word: str) -> bool:
    """Return whether a column of this name, in lower case, holds dates."""
    return word in _DATE_NAMES


def is_clock_name(word: str) -> bool:
    """Return whether a column of this name, in lower case, may hold times of day."""
    return word in _CLOCK_NAMES


def _days(whole: Whole) -> Stamps | None:
    return date_of(whole // 10000, whole // 100 % 100, whole % 100)


def _months(whole: Whole, values: Floats, named: bool) -> Stamps | None:
    """Return months such as 201901, where they rise or the name says so."""
    days = date_of(whole // 100, whole % 100, np.ones_like(whole))
    steps = np.diff(values)
    one_way = bool((steps > 0).all() or (steps < 0).all())
    once = len(values) > 5 and len(np.unique(values)) == len(values)
    return days.astype("M8[M]") if days is not None and (named or one_way or once) else None


def _with_clock(day: Whole, clock: Whole) -> Stamps | None:
    """Return days such as 20190131 with times of day such as 120000."""
    days = _days(day)
    hour, minute, second = clock // 10000, clock // 100 % 100, clock % 100
    if days is None or hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    return np.asarray(days.astype("M8[s]") + ((hour * 60 + minute) * 60 + second).astype("m8[s]"))


def _year_last(whole: Whole) -> DigitTimes | None:
    """Return dates such as 31012019; these can never be taken for 20190131."""
    a, b, year = whole // 10**6, whole // 10000 % 100, whole % 10000
    if year.min() < 1800 or year.max() > 2200:
        return None
    ways = (("the day first", date_of(year, b, a)), ("the month first", date_of(year, a, b)))
    readings = tuple((words, days) for words, days in ways if days is not None)
    return DigitTimes(readings, "has dates such as 31012019") if readings else None


def _short_with_clock(whole: Whole) -> DigitTimes | None:
    """Return times such as 1901311200."""
    years = full_years(whole // 10**8, [])
    stamps = _with_clock(years * 10000 + whole // 10000 % 10000, whole % 10000 * 100)
    return stamps if stamps is None else DigitTimes(
        (("", stamps),), "has times such as 1901311200")  # fmt: skip


def _months_first(whole: Whole) -> Stamps | None:
    """Return months such as 012019; these can never be taken for 190131."""
    year = whole % 10000
    if year.min() < 1800 or year.max() > 2200:
        return None
    days = date_of(year, whole // 10000, np.ones_like(whole))
    return None if days is None else days.astype("M8[M]")


def _times_of_day(cells: pl.Series, values: Floats) -> DigitTimes | None:
    """Return times of day such as 0930 or 093000."""
    whole = values.astype(np.int64)
    if whole.min() >= 10_000 and (days := _short(whole, values, date=False)) is not None:
        return days
    if whole.max() < 2400:
        whole = whole * 100
        padded = _width(cells, whole // 100) == 4 and whole.min() < 100_000
    else:
        padded = _width(cells, whole) == 6 and whole.min() < 100_000
    if not padded and (whole.max() < 10_000 or goes_evenly(values)):
        return None
    stamps = _with_clock(np.full_like(whole, 19700101), whole)
    return stamps if stamps is None else DigitTimes(
        (("", stamps),), "has times of day such as 0930", of_day=True)  # fmt: skip


def _short(whole: Whole, values: Floats, date: bool) -> DigitTimes | None:
    """Return dates such as 190131, where the name says so or only the days are evenly apart."""
    found = short_dates(whole // 10000, whole // 100 % 100, whole % 100, [])
    if not date:
        if len(values) < _FEWEST_SHORT or goes_evenly(values):
            return None
        found = [(words, days) for words, days in found if goes_evenly(days)]
    return DigitTimes(tuple(found), "has dates of six digits, such as 190131") if found else None


def _width(cells: pl.Series, whole: Whole) -> int:
    """Return how many characters every cell has; 0 if they differ."""
    import polars as pl

    if cells.dtype != pl.String:
        return len(str(whole.min())) if len(str(whole.min())) == len(str(whole.max())) else 0
    lengths = cells.str.strip_chars().str.len_bytes()
    return int(lengths[0]) if lengths.min() == lengths.max() else 0
