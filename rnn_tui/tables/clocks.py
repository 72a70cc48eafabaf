"""Numbers that count rows or time: 1, 2, 3, years, 20190131, seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.digit_times import digit_times, is_clock_name, is_date_name
from rnn_tui.tables.numbers import Numbers
from rnn_tui.tables.times import Stamps, date_of, goes_evenly

if TYPE_CHECKING:
    import polars as pl

_PARTS: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(
        ("year", "years", "yr", "jahr", "jahre", "année", "annee", "año", "ano", "anno"),
        ("year", 1000, 2999),
    ),
    **dict.fromkeys(("month", "mo", "mon", "monat", "mois", "mes", "mnth"), ("month", 1, 12)),
    **dict.fromkeys(("day", "tag", "jour", "dia", "día", "dayofmonth"), ("day", 1, 31)),
    **dict.fromkeys(("hour", "hr", "stunde", "heure", "hora", "hh"), ("hour", 0, 24)),
    **dict.fromkeys(("minute",), ("minute", 0, 59)),
    **dict.fromkeys(("weekday", "dayofweek", "day_of_week", "dow", "wochentag"), ("weekday", 0, 7)),
    **dict.fromkeys(("week", "weekofyear", "kw"), ("week", 0, 53)),
    **dict.fromkeys(("dayofyear", "doy", "day_of_year"), ("doy", 1, 366)),
    **dict.fromkeys(("quarter",), ("quarter", 1, 4)),
}
"""By name, in lower case: which part of a time a column of whole numbers holds, from, to."""
_TIME_NAMES = frozenset({
    "time", "timestamp", "datetime", "date", "date_time", "epoch", "unix", "unixtime", "unix_time",
    "ts", "zeit", "datum", "zeitstempel", "fecha", "temps", "elapsed", "utc",
})  # fmt: skip
_ROW_NAMES = frozenset({
    "", "index", "idx", "id", "no", "no.", "nr", "nr.", "num", "number", "row", "rownames",
    "row_number", "#", "n", "record", "unnamed: 0", "obs", "rowid",
    "row_id", "sample", "i", "lfd",
    "lfd.",
})  # fmt: skip
_WEAK_TIME_NAMES = frozenset({"t", "sec", "secs", "seconds", "s", "ms", "step", "steps", "x"})
_EPOCHS = ((1, 1e8, 5e9, "s"), (10**3, 1e11, 5e12, "ms"), (10**6, 1e14, 5e15, "us"),
           (10**9, 1e17, 5e18, "ns"))  # fmt: skip
_NICE_STEPS = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
               604800)  # fmt: skip
_FEWEST_MONTHS = 4  # rows
_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}

_LETTERS = {
    "year": ("yyyy", "yy", "yr"), "month": ("mm", "mo"), "day": ("dd", "dy"),
    "hour": ("hh", "hr"), "minute": ("mm", "mn", "mi", "min"),
}  # fmt: skip
_DAY_ORDERS = (("year", "month", "day"), ("day", "month", "year"), ("month", "day", "year"))
_RANGES: dict[str, tuple[float, float]] = {part: (low, high) for part, low, high in _PARTS.values()}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """What a column of numbers counts.

    Attributes:
        kind: "time" or "row number".
        part: the part of a time, where it is only one.
        readings: its times, in words and as datetime64 each, several where the digits do not
            decide; none where the numbers themselves are to be taken.
        notes: what was assumed, to be read after the column's name.
        only_even: whether nothing but its values says so: beside a time it is a column of values.
        of_day: whether its times are those of a day only.
    """

    kind: Literal["time", "row number"]
    part: str = ""
    readings: tuple[tuple[str, Stamps], ...] = ()
    notes: tuple[str, ...] = ()
    only_even: bool = False
    of_day: bool = False


def part_of(name: str) -> str:
    """Return the part of a time that a column of this name holds: "year", "month", …, or ""."""
    return _PARTS.get(name.strip().lower(), ("", 0, 0))[0]


def parts_side_by_side(names: Sequence[str]) -> dict[int, str]:
    """Return the parts of one time that columns side by side hold: YYYY, MM, DD, hh and mm.

    Letters such as "mm" say month, minute and millimetre: only their place tells.

    Args:
        names: of all columns.

    Returns:
        By index of the column: "year", "month", "day", "hour", "minute".
    """

    def fits(at: int, part: str) -> bool:
        word = names[at].strip().lstrip("#").lower() if at < len(names) else ""
        return word in _LETTERS[part] or (bool(word) and part_of(word) == part)

    for at in range(len(names) - 2):
        for order in _DAY_ORDERS:
            if all(fits(at + n, part) for n, part in enumerate(order)):
                found = {at + n: part for n, part in enumerate(order)}
                for n, part in enumerate(("hour", "minute"), 3):
                    if not fits(at + n, part):
                        break
                    found[at + n] = part
                return found
    return {}


def holds_part(part: str, values: Floats) -> bool:
    """Return whether all numbers can be this part of a time; a year may have two digits."""
    low, high = _RANGES[part]
    if part == "year" and len(values) and values.max() < 100:
        low = 0
    return bool(((values >= low) & (values <= high) & (values == np.floor(values))).all())


def numeric_clock(name: str, cells: pl.Series, numbers: Numbers) -> Clock | None:
    """Return what a column of numbers counts; None if it is a column of values.

    Args:
        name: its name in the header; "" where there is none.
        cells: what is written.
        numbers: what was read.
    """
    if numbers.bad.any():
        return None
    values = numbers.values[~numbers.missing] if numbers.missing.any() else numbers.values
    word = name.strip().lower()
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    whole = bool((values == np.floor(values)).all())
    complete = len(values) == len(numbers.values)
    if whole:
        if complete and numbers.plain:
            named = word in _TIME_NAMES or word in _PARTS
            digits = digit_times(cells, values, named, is_date_name(word), is_clock_name(word))
            if digits is not None:
                of_day, notes = digits.of_day, (digits.note,)
                return Clock("time", readings=digits.readings, notes=notes, of_day=of_day)
        if word in _PARTS:
            part, low, high = _PARTS[word]
            if low <= values.min() and values.max() <= high:
                return Clock("time", part)
        if not complete:
            return None
        if found := _epoch(word, values) or _spreadsheet_days(word, values):
            return found
    if not complete:
        return None
    with np.errstate(over="ignore"):
        steps = np.diff(values)
    if not np.isfinite(steps).all():
        return None
    return (
        _month_before_point(cells)
        or _month_after_point(cells, steps)
        or _counted(word, values, steps, whole)
    )


def _counted(word: str, values: Floats, steps: Floats, whole: bool) -> Clock | None:
    """Return the clock of numbers that rise or fall evenly, or are named like a time."""
    one_way = bool((steps > 0).all() or (steps < 0).all())
    step = float(np.median(steps)) if one_way else 0.0
    even = one_way and float(np.abs(steps - step).max()) <= 1e-6 * abs(step)
    if whole and even and abs(step) == 1 and len(values) > 2:
        year = values.min() >= 1500 and values.max() <= 2200 and word not in _ROW_NAMES
        return Clock("time", "year") if year else Clock("row number")
    years = whole and len(values) > 7 and values.min() >= 1500 and values.max() <= 2200
    if years and np.count_nonzero(np.abs(steps) == 1) >= 0.8 * len(steps):  # of several series
        return Clock("time", "year")
    if word in _ROW_NAMES and whole and ((one_way and word) or _is_shuffled(values)):
        return Clock("row number")
    if word in _TIME_NAMES:
        return Clock("time")
    if one_way and len(values) > 7 and values.min() >= 1500 and values.max() <= 2200:
        return Clock("time", notes=("has years, so it is taken for a time",), only_even=True)
    if one_way and word in _WEAK_TIME_NAMES:
        return Clock("time", only_even=word == "x")  # x of x and y; beside a date a value
    nearly = one_way and float(np.abs(steps - step).max()) <= 0.02 * abs(step)
    if nearly and len(values) > 3:
        note = "rises or falls evenly, so it is taken for a time"
        return Clock("time", notes=(note,), only_even=True)
    return None


def _is_shuffled(values: Floats) -> bool:
    """Return whether whole numbers are those from the least to the largest, in any order."""
    low, high = float(values.min()), float(values.max())
    return high - low == len(values) - 1 and len(np.unique(values)) == len(values)


def _epoch(word: str, values: Floats) -> Clock | None:
    """Return the clock of seconds, milliseconds … since 1970."""
    for per_second, low, high, unit in _EPOCHS:
        if not (low <= values.min() and values.max() <= high):
            continue
        steps = np.diff(values)
        one_way = bool((steps > 0).all() or (steps < 0).all())
        step = abs(float(np.median(steps))) / per_second
        if word in _TIME_NAMES or (one_way and step in _NICE_STEPS):
            stamps = values.astype(np.int64).astype(f"M8[{unit}]")
            if unit in ("ms", "us", "ns") and not (values % per_second).any():
                stamps = stamps.astype("M8[s]")
            note = f"has {_WORDS[unit]} since 1970"
            return Clock("time", readings=(("", stamps),), notes=(note,))
    return None


def _spreadsheet_days(word: str, values: Floats) -> Clock | None:
    """Return the clock of days since 1900 in a column that is named like a time."""
    if word not in _TIME_NAMES or values.min() < 20_000 or values.max() > 60_000:
        return None
    days = np.datetime64("1899-12-30") + values.astype(np.int64).astype("m8[D]")
    note = "has days since 1900, as spreadsheets count them"
    return Clock("time", readings=(("", days),), notes=(note,))


def _month_after_point(cells: pl.Series, steps: Floats) -> Clock | None:
    """Return the clock of cells such as 2019.01 that rise or fall."""
    import polars as pl

    if cells.dtype != pl.String or not ((steps > 0).all() or (steps < 0).all()):
        return None
    texts = cells.str.strip_chars()
    if not texts.str.contains(r"^(?:1[5-9]|2[01])[0-9]{2}\.(?:0[1-9]|1[0-2])$").all():
        return None
    year = np.asarray(texts.str.slice(0, 4).cast(pl.Int64).to_numpy())
    month = np.asarray(texts.str.slice(5, 2).cast(pl.Int64).to_numpy())
    days = date_of(year, month, np.ones_like(year))
    if days is None:
        return None
    note = "has months such as 2019.01"
    return Clock("time", readings=(("", days.astype("M8[M]")),), notes=(note,))


def _month_before_point(cells: pl.Series) -> Clock | None:
    """Return the clock of cells such as 01.2019 that rise or fall as months."""
    import polars as pl

    if cells.dtype != pl.String or len(cells) < _FEWEST_MONTHS:
        return None
    pattern = r"^\s*(0?[1-9]|1[0-2])\.((?:1[89]|2[01])[0-9]{2})\s*$"
    if not cells.head(_FEWEST_MONTHS).str.contains(pattern).all():
        return None
    parts = cells.str.extract_groups(pattern).struct.unnest()
    month, year = (parts[name].cast(pl.Int64) for name in parts.columns)
    if month.null_count():
        return None
    days = date_of(np.asarray(year), np.asarray(month), np.ones(len(cells), np.int64))
    if days is None or len(month.unique()) < 2:
        return None
    months = days.astype("M8[M]")
    steps = np.diff(months).astype(np.int64)
    if not ((steps > 0).all() or (steps < 0).all() or goes_evenly(np.sort(months))):
        return None
    return Clock("time", readings=(("", months),), notes=("has months such as 01.2019",))
