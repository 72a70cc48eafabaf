"""Dates on a chart's x axis: ticks at round times, written short, and single dates as text.

A time is a number of seconds since the beginning of 1970.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rnn_tui.tui.number_format import UNKNOWN

Resolution = Literal["", "Y", "M", "D", "m", "s", "ms"]
"""The finest part of dates that differs, as NumPy names it; "" for numbers that are no dates."""

_RESOLUTIONS: tuple[Resolution, ...] = ("Y", "M", "D", "m", "s")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MONDAY = 4 * _DAY  # the first one of 1970
_YEAR = 365.2425 * _DAY
_SECONDS = (
    *(1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14)),
)  # steps between ticks; then come months and years
_MONTHS = (1, 2, 3, 6, *(12 * n * 10**k for k in range(5) for n in (1, 2, 5)))
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LIMIT = 1e14  # seconds: beyond, NumPy knows no dates

Times = npt.NDArray[Any]


def resolution_of(seconds: Times) -> Resolution:
    """Return the finest part that dates have: "D" where all of them are at midnight."""
    whole = np.floor(seconds)
    if (whole != seconds).any():
        return "ms"
    times = whole.astype(np.int64).astype("datetime64[s]")
    for unit in _RESOLUTIONS:
        if (times.astype(f"datetime64[{unit}]") == times).all():
            return unit
    return "ms"


def date_text(seconds: float, resolution: Resolution) -> str:
    """Return a date: "2019-11", "2019-11-05", "2019-11-05 14:00"."""
    if not abs(seconds) < _LIMIT:
        return UNKNOWN
    time = np.datetime64(round(seconds * 1000), "ms")
    return str(np.datetime_as_string(time, unit=resolution or "s")).replace("T", " ")


def date_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return at most about `most` round times in a range, and how each is written.

    The day or the year that is not written is that of the axis, see `date_words`.
    """
    if not -_LIMIT < low < high < _LIMIT:
        return []
    step = (high - low) / max(most, 1)
    for seconds in _SECONDS:
        if seconds >= step:
            return _clock_ticks(low, high, seconds)
    months = next((each for each in _MONTHS if each * _YEAR / 12 >= step), _MONTHS[-1])
    return _month_ticks(low, high, months)


def date_words(low: float, high: float, most: int) -> str:
    """Return what the ticks of a range leave unsaid: the year, or the day; "" if nothing."""
    if not -_LIMIT < low < high < _LIMIT:
        return ""
    step = (high - low) / max(most, 1)
    if step > _SECONDS[-1]:
        return ""
    unit: Resolution = "Y" if step > _HOUR * 12 else "D"
    first, last = date_text(low, unit), date_text(high, unit)
    return first if first == last else f"{first} … {last}"


def _clock_ticks(low: float, high: float, step: int) -> list[tuple[float, str]]:
    """Return multiples of `step` seconds; weeks begin on Mondays."""
    origin = _MONDAY if step % (7 * _DAY) == 0 else 0
    first, last = math.ceil((low - origin) / step), math.floor((high - origin) / step)
    times = [origin + k * step for k in range(first, last + 1)]
    return [(float(time), _clock_text(time, step)) for time in times]


def _clock_text(time: int, step: int) -> str:
    """Return "5 Nov" for a day, else the time of day; at midnight the day."""
    whole = np.datetime64(time, "s").item()
    if time % _DAY == 0:
        return f"{whole.day} {_NAMES[whole.month - 1]}"
    return f"{whole:%H:%M}" if step >= _MINUTE else f"{whole:%H:%M:%S}"


def _month_ticks(low: float, high: float, months: int) -> list[tuple[float, str]]:
    """Return the beginnings of every so many months: "Nov 2019", or years alone."""
    first = int(np.datetime64(math.floor(low), "s").astype("datetime64[M]").astype(np.int64))
    last = int(np.datetime64(math.floor(high), "s").astype("datetime64[M]").astype(np.int64))
    ticks = []
    year_one = -1970 * 12  # counted from there, every ten years are 1960, 1970, …
    for number in range(first - (first - year_one) % months, last + 1, months):
        time = float(np.datetime64(number, "M").astype("datetime64[s]").astype(np.int64))
        year, month = 1970 + number // 12, number % 12
        if low <= time <= high:
            ticks.append((time, f"{year}" if months % 12 == 0 else f"{_NAMES[month]} {year}"))
    return ticks
