"""A clock goes on as it went: days, hours, months by their ends, working days, and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_tui.tables.future_times import future_times, time_texts

DAYS = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
WORK = DAYS[np.is_busday(DAYS)]

CLOCKS: dict[str, tuple[object, list[str], str]] = {
    "daily": (DAYS, ["2024-03-01", "2024-03-02"], "daily"),
    "hourly": (
        np.arange("2024-02-28T00", "2024-02-29T00", dtype="datetime64[h]"),
        ["2024-02-29 00:00", "2024-02-29 01:00"],
        "hourly",
    ),
    "minutes": (
        ["2024-01-01T23:30", "2024-01-01T23:45"],
        ["2024-01-02 00:00", "2024-01-02 00:15"],
        "every 15 minutes",
    ),
    "weekly": (["2024-01-01", "2024-01-08"], ["2024-01-15", "2024-01-22"], "weekly"),
    "ends of months": (
        ["2023-12-31", "2024-01-31", "2024-02-29"],
        ["2024-03-31", "2024-04-30"],
        "monthly",
    ),
    "the 30th": (["2023-12-30", "2024-01-30"], ["2024-02-29", "2024-03-30"], "monthly"),
    "quarters": (["2024-01-01", "2024-04-01"], ["2024-07-01", "2024-10-01"], "quarterly"),
    "years": (["2022-01-01", "2023-01-01"], ["2024-01-01", "2025-01-01"], "yearly"),
    "working days": (WORK[:-1], ["2024-02-29", "2024-03-01"], "Monday to Friday"),
    "after a Friday": (WORK[:-4], ["2024-02-26", "2024-02-27"], "Monday to Friday"),
    "with holidays": (
        np.delete(WORK, [5, 20]),
        ["2024-03-01", "2024-03-04"],
        "Monday to Friday",
    ),
    "days missing": (np.delete(DAYS, [5, 6, 9]), ["2024-03-01", "2024-03-02"], "daily as a rule"),
    "one time": (["2024-01-01"], ["2024-01-02", "2024-01-03"], "daily, as nothing says otherwise"),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_goes_on(name: str) -> None:
    times, expected, rhythm = CLOCKS[name]
    found, how = future_times(np.array(times, dtype="datetime64"), 2)
    assert (time_texts(found), how) == (expected, rhythm)


def test_numbers_go_on_by_their_usual_step() -> None:
    found, how = future_times(np.array([1749.0, 1749.5, 1750.0]), 2)
    assert (time_texts(found), how) == (["1750.5", "1751"], "every 0.5")
