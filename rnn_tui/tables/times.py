"""Times as people write them, a column at once: 2019-01-31, 31/01/2019 14:00, 2019Q1, Jan 2019."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.tables.numbers import MISSING

if TYPE_CHECKING:
    import polars as pl

_MONTHS = (
    "jan january januar janv janvier ene enero",
    "feb february februar févr fév février febrero",
    "mar march märz mär mrz maerz mars marzo",
    "apr april avr avril abr abril",
    "may mai mayo",
    "jun june juni juin junio",
    "jul july juli juil juillet julio",
    "aug august août aout ago agosto",
    "sep sept september septembre septiembre",
    "oct october okt oktober octobre octubre",
    "nov november novembre noviembre",
    "dec december dez dezember déc décembre dic diciembre",
)
_MONTH_NUMBERS = {name: n for n, names in enumerate(_MONTHS, 1) for name in names.split()}
MONTH_NAMES = frozenset(_MONTH_NUMBERS)
"""The names of months, in lower case."""
_WEEKDAY = (
    r"(?i:mon|tues?|wed(?:nes)?|thur?s?|fri|satur|sat|sun|mo|di|mi|do|fr|sa|so|montag|dienstag"
    r"|mittwoch|donnerstag|freitag|samstag|sonntag)(?i:day)?\.?"
)
_WORD = r"\p{L}{3,10}"
_ZONE = r"Z|z| ?UTC| ?GMT| ?[-+][0-9]{2}:?[0-9]{2}| ?[-+][0-9]{2}"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_TIME = rf"(?:(?:[Tt]|,? +){_CLOCK})?(?P<zone>{_ZONE})?"
_YEAR = r"(?P<year>[0-9]{4})"
_SHORT_OR_LONG = r"(?P<year>[0-9]{4}|[0-9]{2})"
_CLOCK_MARKS = {10: b" T", 13: b":", 16: b":"}
_FAMILIES = {
    "ymd": rf"{_YEAR}[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}}){_TIME}",
    "compact": (
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
        r"(?:[Tt ](?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2}):?(?P<second>[0-9]{2})?)"
        rf"(?P<zone>{_ZONE})?"
    ),
    "dots": rf"(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.{_SHORT_OR_LONG}{_TIME}",
    "either": rf"(?P<a>[0-9]{{1,2}})[-/](?P<b>[0-9]{{1,2}})[-/]{_YEAR}{_TIME}",
    "short": rf"(?P<a>[0-9]{{1,2}})[-/](?P<b>[0-9]{{1,2}})[-/](?P<c>[0-9]{{2}}){_TIME}",
    "named day": rf"(?P<day>[0-9]{{1,2}})[. /-]*(?P<name>{_WORD})[., /-]*{_SHORT_OR_LONG}{_TIME}",
    "day named": rf"(?P<name>{_WORD})\.? +(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,? +{_YEAR}{_TIME}",
    "named": rf"(?P<name>{_WORD})[., /-]*{_SHORT_OR_LONG}",
    "year named": rf"{_YEAR}[., /-]*(?P<name>{_WORD})(?:[ /-](?P<day>[0-9]{{1,2}}))?",
    "ctime": rf"(?P<name>{_WORD}) +(?P<day>[0-9]{{1,2}}) {_CLOCK} (?:UTC |GMT )?{_YEAR}",
    "month": rf"{_YEAR}(?: ?[-/Mm:])(?P<month>[0-9]{{1,2}})",
    "month year": rf"(?P<month>[0-9]{{1,2}})[-/]{_YEAR}",
    "quarter": rf"{_YEAR}[- ]?[Qq](?P<quarter>[1-4])",
    "quarter year": rf"[Qq](?P<quarter>[1-4])[-/ ]*{_YEAR}",
    "week": rf"{_YEAR}-?W(?P<week>[0-9]{{2}})(?:-?(?P<weekday>[1-7]))?",
    "clock": _CLOCK,
    "clock with points": r"(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\.(?P<second>[0-9]{2})",
}
_PATTERNS = {name: rf"^(?:{_WEEKDAY},? +)?{text}$" for name, text in _FAMILIES.items()}
_PYTHON = {
    name: re.compile(text.replace(r"\p{L}", r"[^\W\d_]")) for name, text in _PATTERNS.items()
}

Stamps = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]
YEAR_FIRST = "the year first"


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """A column read as times.

    Attributes:
        readings: in words and as datetime64 each, with NaT where nothing is read; several where
            the cells do not decide: 01/02/2019.
        missing: [N] where a word says that there is none.
        clock: whether these are times of a day only.
        notes: what was assumed.
    """

    readings: tuple[tuple[str, Stamps], ...]
    missing: npt.NDArray[np.bool_]
    clock: bool = False
    notes: tuple[str, ...] = ()


def looks_like_time(cell: str) -> bool:
    """Return whether a cell, alone, is written like a time; a number such as 2019 is not."""
    cell = cell.strip()
    return any(_matches(name, cell) for name in _FAMILIES)


def _matches(name: str, cell: str) -> bool:
    found = _PYTHON[name].match(cell)
    if not found:
        return False
    word = found.groupdict().get("name")
    return word is None or word.lower() in _MONTH_NUMBERS


def read_times(cells: pl.Series) -> Times | None:
    """Return the cells read as times; None if some cell that is not missing is none.

    One way of writing must fit all cells: it is taken from the first.
    """
    if (fixed := _read_fixed(cells)) is not None:
        return fixed
    texts = cells.fill_null("").str.strip_chars()
    missing = texts.str.to_lowercase().is_in(sorted(MISSING))
    first = texts.filter(~missing).head(1).to_list()
    if not first:
        return None
    for name in _FAMILIES:
        if _matches(name, first[0]):
            found = _read_family(name, texts, missing)
            if found is not None:
                return found
    return None


def _read_fixed(cells: pl.Series) -> Times | None:
    """Return cells that are all like 2019-01-31 or like 31.01.2019, with a time of day or without.

    These are by far the most frequent, and NumPy reads a million of them in no time. None if one is
    not, or none is in the calendar.
    """
    if not len(cells) or cells.null_count():
        return None
    lengths = cells.str.len_bytes()
    width = int(lengths[0])
    if width not in (10, 16, 19) or lengths.min() != lengths.max():
        return None
    joined = cells.str.join("")[0].encode()
    columns = np.ascontiguousarray(np.frombuffer(joined, np.uint8).reshape(-1, width).T)
    year_first = columns[4, 0] in b"-/"
    mark = 4 if year_first else 2
    marks = {mark: b"-/" if year_first else b"./-", mark + 3: b"-/" if year_first else b"./-"}
    marks |= {at: allowed for at, allowed in _CLOCK_MARKS.items() if at < width}
    if any(columns[at, 0] not in allowed for at, allowed in marks.items()):
        return None
    if any((columns[at] != columns[at, 0]).any() for at in marks):
        return None
    digits = columns - np.uint8(48)
    if any(digits[at].max() > 9 for at in range(width) if at not in marks):
        return None
    clock = _fixed_clock(digits, width)
    if clock is None:
        return None
    readings = []
    for words, places in _fixed_orders(year_first, chr(columns[2, 0])):
        days = _days_of_runs(_number(digits, *places))
        if days is not None:
            stamps = days if width == 10 else np.asarray(days.astype("M8[s]") + clock)
            readings.append((words, stamps))
    return Times(tuple(readings), np.zeros(len(cells), np.bool_)) if readings else None


def _fixed_orders(year_first: bool, mark: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return each possible order of a date's digits: the places of year, month and day."""
    if year_first:
        return [("", (0, 1, 2, 3, 5, 6, 8, 9))]
    day_first = (6, 7, 8, 9, 3, 4, 0, 1)
    if mark == ".":
        return [("", day_first)]
    return [("the day first", day_first), ("the month first", (6, 7, 8, 9, 0, 1, 3, 4))]


def _number(digits: npt.NDArray[np.uint8], *places: int) -> npt.NDArray[np.int32]:
    """Return the numbers whose digits stand in these places, [N]."""
    result: npt.NDArray[np.int32] = digits[places[0]].astype(np.int32)
    for place in places[1:]:
        result *= 10
        result += digits[place]
    return result


def _fixed_clock(digits: npt.NDArray[np.uint8], width: int) -> Stamps | None:
    """Return the time of day in seconds; None if there is no such time."""
    if width == 10:
        return np.zeros(1, "m8[s]")
    hour, minute = _number(digits, 11, 12), _number(digits, 14, 15)
    second = _number(digits, 17, 18) if width == 19 else np.zeros(1, np.int32)
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    return np.asarray(((hour * 60 + minute) * 60 + second).astype("m8[s]"))


def _days_of_runs(dates: npt.NDArray[np.int32]) -> Stamps | None:
    """Return the days of numbers such as 20190131, of which many in a row may be equal."""
    first = np.concatenate(([0], np.flatnonzero(dates[1:] != dates[:-1]) + 1))
    once = dates[first].astype(np.int64)
    days = date_of(once // 10000, once // 100 % 100, once % 100)
    if days is None or len(first) == len(dates):
        return days
    return np.repeat(days, np.diff(first, append=len(dates)))


def date_of(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> Stamps | None:
    """Return the days; None if one of them is not in the calendar."""
    if not len(year):
        return None
    if year.min() < 1 or month.min() < 1 or month.max() > 12 or day.min() < 1 or day.max() > 31:
        return None
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days: Stamps = months.astype("M8[D]") + (day - 1).astype("m8[D]")
    return days if bool((days.astype("M8[M]") == months).all()) else None


class _Parts:
    """The pieces that a pattern found in the cells, as numbers; only of the cells with a time."""

    def __init__(self, parts: pl.DataFrame) -> None:
        self._parts = parts
        self.names = frozenset(parts.columns)

    def __len__(self) -> int:
        return len(self._parts)

    def number(self, name: str, default: int = 0) -> npt.NDArray[np.int64]:
        """Return one piece; `default` where it is not written."""
        import polars as pl

        if name not in self.names:
            return np.full(len(self), default, np.int64)
        values = self._parts[name].cast(pl.Int64, strict=False).fill_null(default)
        return np.asarray(values.to_numpy(), np.int64)

    def texts(self, name: str) -> pl.Series:
        """Return one piece as text; empty where it is not written."""
        return self._parts[name].fill_null("")

    def has(self, name: str) -> bool:
        """Return whether some cell has the piece."""
        return name in self.names and self._parts[name].null_count() < len(self)


def _read_family(name: str, texts: pl.Series, missing: pl.Series) -> Times | None:
    """Return cells that are all of one family, read; None if they are not."""
    written = texts.filter(~missing)
    frame = written.str.extract_groups(_PATTERNS[name]).struct.unnest()
    needed = next(each for each in ("year", "a", "hour") if each in frame.columns)
    if frame[needed].null_count():
        return None
    parts = _Parts(frame)
    notes: list[str] = []
    clock = _clock(parts, notes)
    if clock is None:
        return None
    readings: list[tuple[str, Stamps]] = []
    for words, days in _dates(name, parts, notes):
        stamps = days
        if clock.any() or parts.has("hour"):
            stamps = days.astype("M8[s]") + clock if clock.dtype == "m8[s]" else days + clock
        readings.append((words, _placed(stamps, missing)))
    if not readings:
        return None
    return Times(tuple(readings), missing.to_numpy(), name.startswith("clock"), tuple(notes))


def _placed(stamps: Stamps, missing: pl.Series) -> Stamps:
    """Return the times of all cells, NaT where one is missing."""
    if not missing.any():
        return stamps
    result = np.full(len(missing), np.datetime64("NaT"), stamps.dtype)
    result[~missing.to_numpy()] = stamps
    return result


def _clock(parts: _Parts, notes: list[str]) -> Stamps | None:
    """Return the time of day as seconds or microseconds; None if there is no such time."""
    hour, minute, second = (parts.number(each) for each in ("hour", "minute", "second"))
    if parts.has("half"):
        half = parts.texts("half").str.to_lowercase().str.slice(0, 1)
        written = (half != "").to_numpy()
        if (hour[written] > 12).any() or (hour[written] < 1).any():
            return None
        hour = np.where(written, hour % 12 + 12 * (half == "p").to_numpy(), hour)
    if hour.max() > 24 or minute.max() > 59 or second.max() > 60:
        return None
    if (hour == 24).any() and (minute[hour == 24].any() or second[hour == 24].any()):
        return None
    seconds = ((hour * 60 + minute) * 60 + second).astype("m8[s]")
    if parts.has("zone"):
        shift = _zones(parts.texts("zone"), notes)
        if shift is not None:
            seconds = seconds - shift
    if parts.has("part"):
        padded = (parts.texts("part") + "000000").str.slice(0, 6)
        import polars as pl

        micro = np.asarray(padded.cast(pl.Int64).to_numpy(), np.int64)
        if not micro.any():
            return np.asarray(seconds)
        return np.asarray(seconds.astype("m8[us]") + micro.astype("m8[us]"))
    return np.asarray(seconds)


def _zones(zones: pl.Series, notes: list[str]) -> Stamps | None:
    """Return what brings times of several zones to UTC; None where all have the same."""
    import polars as pl

    names = sorted(zones.unique().to_list())
    if len(names) == 1:
        notes.append(f"its times are of the zone {names[0].strip()}")
        return None
    offsets = {name: _offset(name) for name in names}
    notes.append("its times of several zones are brought to UTC")
    seconds = zones.replace_strict(offsets, return_dtype=pl.Int64).to_numpy()
    return np.asarray(np.asarray(seconds, np.int64).astype("m8[s]"))


def _offset(name: str) -> int:
    """Return the seconds that a zone is ahead of UTC."""
    digits = name.strip().replace(":", "")
    if not digits or digits[0] not in "+-":
        return 0
    seconds = int(digits[1:3]) * 3600 + int(digits[3:5] or 0) * 60
    return -seconds if digits[0] == "-" else seconds


def _dates(name: str, parts: _Parts, notes: list[str]) -> list[tuple[str, Stamps]]:
    """Return every way to read the dates, with its name where there are several."""
    if name.startswith("clock"):
        return [("", np.zeros(len(parts), "M8[D]"))]
    if name in ("either", "short"):
        return _either(name, parts, notes)
    year = parts.number("year")
    if name == "dots" and _are_short(parts.texts("year"), parts.texts("day")):
        found = short_dates(parts.number("day"), parts.number("month"), year, notes)
        return [each for each in found if each[0] != "the month first"]
    if "year" in parts.names and (parts.texts("year").str.len_bytes() == 2).any():
        year = full_years(year, notes)
    if parts.has("week"):
        january4 = (year - 1970).astype("M8[Y]").astype("M8[D]") + np.timedelta64(3, "D")
        monday = january4 - ((january4.astype(np.int64) + 3) % 7).astype("m8[D]")
        week, weekday = parts.number("week"), parts.number("weekday", 1)
        if week.min() < 1 or week.max() > 53:
            return []
        return [("", monday + ((week - 1) * 7 + weekday - 1).astype("m8[D]"))]
    if parts.has("name"):
        month = month_numbers(parts.texts("name"))
        if month is None:
            return []
    else:
        month = parts.number("month", 1)
    if "quarter" in parts.names:
        month = parts.number("quarter") * 3 - 2
    days = date_of(year, month, parts.number("day", 1))
    if days is None:
        return []
    return [("", days if parts.has("day") else days.astype("M8[M]"))]


def month_numbers(names: pl.Series) -> npt.NDArray[np.int64] | None:
    """Return the numbers of months that are named; None if one of them is no month."""
    import polars as pl

    lower = names.str.to_lowercase()
    known = {word: _MONTH_NUMBERS.get(word, 0) for word in lower.unique().to_list()}
    if not all(known.values()):
        return None
    return np.asarray(lower.replace_strict(known, return_dtype=pl.Int64).to_numpy(), np.int64)


def _either(name: str, parts: _Parts, notes: list[str]) -> list[tuple[str, Stamps]]:
    """Return the readings of dates such as 01/02/2019 and 01/02/19."""
    a, b = parts.number("a"), parts.number("b")
    if name == "short":
        found = short_dates(a, b, parts.number("c"), notes)
        return found if _are_short(parts.texts("a")) else [
            each for each in found if each[0] != YEAR_FIRST]  # fmt: skip
    year = parts.number("year")
    return _possible([("the day first", (year, b, a)), ("the month first", (year, a, b))])


def _are_short(*pieces: pl.Series) -> bool:
    """Return whether these pieces of all cells have two digits."""
    return all(bool((each.str.len_bytes() == 2).all()) for each in pieces)


def short_dates(
    a: Numbers, b: Numbers, c: Numbers, notes: list[str]
) -> list[tuple[str, Stamps]]:  # fmt: skip
    """Return the readings of dates of three numbers such as 01/02/19, 19/01/31."""
    last = full_years(c, notes)
    return _possible([("the day first", (last, b, a)), ("the month first", (last, a, b)),
                      (YEAR_FIRST, (full_years(a, []), b, c))])  # fmt: skip


def _possible(ways: list[tuple[str, tuple[Numbers, Numbers, Numbers]]]) -> list[tuple[str, Stamps]]:
    """Return the ways in which all dates are in the calendar."""
    found = [(words, date_of(*way)) for words, way in ways]
    return [(words, days) for words, days in found if days is not None]


def full_years(year: npt.NDArray[np.int64], notes: list[str]) -> npt.NDArray[np.int64]:
    """Return years of two digits as those of 1950 to 2049; others as they are."""
    ways = {
        "those from 1950 to 2049": np.where(year < 50, year + 2000, year + 1900),
        "those from 1900 to 1999": year + 1900,
        "those from 2000 to 2099": year + 2000,
    }
    if (year >= 100).any():  # some have four digits
        words, full = next(iter(ways.items()))
        ways = {words: np.where(year < 100, full, year)}
    # The first in which time goes one way, else the first.
    one_way = [words for words, full in ways.items() if _goes_one_way(full)]
    words = one_way[0] if one_way else next(iter(ways))
    notes.append(f"its years of two digits are {words}")
    return ways[words]


def _goes_one_way(years: npt.NDArray[np.int64]) -> bool:
    steps = np.diff(years)
    return bool((steps >= 0).all() or (steps <= 0).all())


def goes_evenly(stamps: Stamps) -> bool:
    """Return whether all steps are equal, in days, in seconds or in months."""
    if stamps.dtype == "M8[D]" and len(set((stamps - stamps.astype("M8[M]")).tolist())) == 1:
        stamps = stamps.astype("M8[M]")
    steps = np.diff(stamps).astype(np.int64)
    return len(steps) > 0 and bool((steps == steps[0]).all()) and steps[0] != 0
