"""How a clock goes on: the times after those of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[Any]
_DAY = np.timedelta64(1, "D")


def future_times(times: Times, count: int) -> tuple[Times, str]:
    """Return the times that follow, and how the clock goes: "every 3,600 s", "monthly".

    Args:
        times: the last times known, rising, datetime64 or float64; at least one.
        count: how many to return.
    """
    if times.dtype.kind != "M":
        return _numbers(times.astype(np.float64), count)
    exact = times.astype("datetime64[us]")
    for follow in (_months, _steady, _business_days, _usual):
        if (found := follow(exact, count)) is not None:
            return found
    return exact[-1] + _DAY * np.arange(1, count + 1), "daily, as nothing says otherwise"


def time_texts(times: Times) -> list[str]:
    """Return times as texts of one form: dates alone where every time is midnight."""
    if times.dtype.kind != "M":
        return [f"{each:.12g}" for each in times.astype(np.float64)]
    exact = times.astype("datetime64[us]")
    for unit in ("D", "m", "s", "ms"):
        rounded = exact.astype(f"datetime64[{unit}]")
        if (rounded == exact).all():
            break
    return [str(each).replace("T", " ") for each in np.datetime_as_string(rounded)]


def _numbers(times: npt.NDArray[np.float64], count: int) -> tuple[Times, str]:
    """Return what follows numbers: one step after the other, the usual one."""
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 1.0
    following = times[-1] + step * np.arange(1, count + 1)
    return following, f"every {step:g}"


def _steady(times: Times, count: int) -> tuple[Times, str] | None:
    """Return what follows times that are equally far apart."""
    steps = np.diff(times)
    if not len(steps) or (steps != steps[0]).any():
        return None
    return times[-1] + steps[0] * np.arange(1, count + 1), _every(steps[0])


def _months(times: Times, count: int) -> tuple[Times, str] | None:
    """Return what follows one time in each month, quarter or year."""
    months = times.astype("datetime64[M]").astype(np.int64)
    steps = np.diff(months)
    if not len(steps) or steps[0] < 1 or (steps != steps[0]).any():
        return None
    days = (times.astype("datetime64[D]") - times.astype("datetime64[M]")).astype(
        np.int64
    )  # from 0
    clock = times - times.astype("datetime64[D]")
    lengths = _month_lengths(months)
    # The 31st of shorter months is their last day; the last of all months may be the 28th to 31st.
    at_end = bool((days == lengths - 1).all())
    wanted = 30 if at_end else int(days.max())
    if (days != np.minimum(wanted, lengths - 1)).any() or (clock != clock[0]).any():
        return None
    following = months[-1] + steps[0] * np.arange(1, count + 1)
    day = np.minimum(wanted, _month_lengths(following) - 1)
    first = following.astype("datetime64[M]").astype("datetime64[D]")
    names = {1: "monthly", 3: "quarterly", 12: "yearly"}
    name = names.get(int(steps[0]), f"every {steps[0]} months")
    return (first + day).astype("datetime64[us]") + clock[0], name


def _month_lengths(months: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the days of each month, counted from January 1970."""
    starts = months.astype("datetime64[M]").astype("datetime64[D]")
    ends = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    lengths: npt.NDArray[np.int64] = (ends - starts).astype(np.int64)
    return lengths


def _business_days(times: Times, count: int) -> tuple[Times, str] | None:
    """Return what follows days without weekends, of which holidays may be missing."""
    dates = times.astype("datetime64[D]")
    clock = times - dates
    if len(dates) < 3 or (clock != clock[0]).any() or not np.is_busday(dates).all():
        return None
    gaps = np.diff(dates).astype(np.int64)
    workdays = np.busday_count(dates[:-1], dates[1:])
    if np.median(gaps) != 1 or (workdays != 1).sum() > len(gaps) // 5:
        return None
    following = np.busday_offset(dates[-1], np.arange(1, count + 1))
    return following.astype("datetime64[us]") + clock[0], "Monday to Friday"


def _usual(times: Times, count: int) -> tuple[Times, str] | None:
    """Return what follows times of which most are equally far apart, or of the median step."""
    steps = np.diff(times)
    if not len(steps):
        return None
    values, counts = np.unique(steps, return_counts=True)
    usual = values[counts.argmax()]
    if 2 * counts.max() > len(steps):
        return times[-1] + usual * np.arange(1, count + 1), f"{_every(usual)} as a rule"
    median = np.sort(steps)[len(steps) // 2]
    following = times[-1] + median * np.arange(1, count + 1)
    return following, f"{_every(median)}, the median, as the clock is not regular"


def _every(step: Any) -> str:
    """Return how far apart times are: "daily", "every 15 minutes"."""
    seconds = float(step / np.timedelta64(1, "s"))
    for size, unit in ((604800.0, "week"), (86400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds and seconds % size == 0:
            number = int(seconds // size)
            name = {"day": "daily"}.get(unit, f"{unit}ly") if number == 1 else ""
            return ("every minute" if name == "minutely" else name) or f"every {number} {unit}s"
    return f"every {seconds:g} s"
