"""Which rows come first: each way of writing times is sorted right, left as it is or refused."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.reading import read_table, usable
from rnn_tui.tables.table import Table, TableOptions

DAYS = [date(2023, 1, 1) + timedelta(n) for n in range(70)]
HOURS = [datetime(2023, 1, 1) + timedelta(hours=n) for n in range(70)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table") / "t.csv"


def read(path: Path, header: str, times: Sequence[str], **options: Any) -> Table:
    """Read rows of which the values are 0.5, 2.5, 1.5, 3.5, … in the file's order."""
    values = _values(len(times))
    rows = [f"{time};{value}" for time, value in zip(times, values, strict=True)]
    path.write_text("\n".join([f"{header};x", *rows]) + "\n")
    return usable(read_table(TableOptions(str(path), **options)))


def _values(count: int) -> list[float]:
    return [n + 0.5 + (n % 2) - (n % 3) for n in range(count)]


@pytest.mark.parametrize("form", ["%y/%m/%d", "%y.%m.%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"])
@pytest.mark.parametrize("count", [20, 70])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("times", [DAYS, HOURS], ids=["days", "hours"])
def test_dates_of_two_digits(
    path: Path, form: str, count: int, backwards: bool, times: list[date]
) -> None:
    form += " %H:%M" * (times is HOURS)
    written = [each.strftime(form) for each in times[:count]]
    table = read(path, "date", written[::-1] if backwards else written)
    assert table.times is not None
    assert list(table.times.astype("M8[s]").astype(object)) == [
        datetime(each.year, each.month, each.day, getattr(each, "hour", 0))
        for each in times[:count]
    ]
    values = _values(count)
    assert list(table.values["x"]) == (values[::-1] if backwards else values)


@pytest.mark.parametrize("form", ["%y/%m/%d", "%d/%m/%y"])
def test_days_without_weekends_in_any_order(path: Path, form: str) -> None:
    days = [each for each in DAYS if each.weekday() < 5]
    days = days[::2] + days[1::2]
    table = read(path, "date", [each.strftime(form) for each in days])
    assert table.times is not None
    assert list(table.times.astype(object)) == sorted(days)


def test_dates_of_two_digits_that_nothing_decides(path: Path) -> None:
    with pytest.raises(DataError, match="nothing decides"):
        read(path, "date", [f"01/01/{n:02}" for n in range(1, 12)])


@pytest.mark.parametrize("header", ["Date", "time", "when"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("form", [
    "%d%m%Y", "%m%d%Y", "%Y%m%d", "%y%m%d", "%d%m%y", "%Y%m%d%H", "%Y%m%d%H%M", "%y%m%d%H%M",
])  # fmt: skip
def test_times_that_are_digits(path: Path, form: str, header: str, backwards: bool) -> None:
    times = HOURS if "%H" in form else DAYS
    written = [each.strftime(form) for each in times]
    table = read(path, header, written[::-1] if backwards else written)
    assert table.times is not None
    assert table.times.dtype.kind == "M"
    assert list(table.times.astype(object)) == times
    values = _values(len(times))
    assert list(table.values["x"]) == (values[::-1] if backwards else values)
    assert not [note for note in table.notes if "missing" in note]


@pytest.mark.parametrize("numbers", [
    [1_672_531_200 + 3600 * n for n in range(50)],  # seconds since 1970
    [600_000 + 37 * n * n % 991 for n in range(50)],
    [110_101 + n for n in range(20)],
    [5_012_000] * 30,
])  # fmt: skip
def test_numbers_that_are_no_dates(path: Path, numbers: list[int]) -> None:
    table = read(path, "a", [str(each) for each in numbers], target=("x",))
    assert list(table.values["x"]) == _values(len(numbers))
    assert not [note for note in table.notes if "dates" in note or "times such" in note]


def _parts(form: str, times: Sequence[date]) -> list[str]:
    return [each.strftime(form) for each in times]


CYCLES = [
    ("month;day", _parts("%m;%d", DAYS)),
    ("hour;minute", [f"{n // 60};{n % 60}" for n in range(70)]),
    ("hour", [f"{n}" for n in range(24)]),
    ("time", [f"{n // 60}:{n % 60:02}" for n in range(70)]),
]


@pytest.mark.parametrize(("header", "times"), CYCLES)
def test_times_without_a_year_or_day_sort_rows(path: Path, header: str, times: list[str]) -> None:
    forth, back = read(path, header, times), read(path, header, times[::-1])
    assert list(forth.values["x"]) == _values(len(times)) == list(back.values["x"])[::-1]
    assert forth.time is back.time is None
    assert [note for note in back.notes if "backwards" in note]


AROUND = [
    ("month;day", _parts("%m;%d", [DAYS[0] + timedelta(300 + n) for n in range(90)])),
    ("hour;minute", [f"{(n + 300) // 60 % 24};{n % 60}" for n in range(1300)]),
    ("month", [f"{n % 12 + 1}" for n in range(60)]),
    ("quarter", [f"{n % 4 + 1}" for n in range(60)]),
    ("time", [f"{(23 + n // 60) % 24}:{n % 60:02}" for n in range(120)]),
    ("time", [f"{(n // 60 + 7) % 12 + 1}:{n % 60:02}" for n in range(360)]),
]


@pytest.mark.parametrize(("header", "times"), AROUND)
def test_times_that_begin_again_keep_their_order(path: Path, header: str, times: list[str]) -> None:
    table = read(path, header, times)
    assert list(table.values["x"]) == _values(len(times))
    assert [note for note in table.notes if "the rows stay as they are" in note]
    with pytest.raises(DataError, match=r"run backwards .*begin again"):
        read(path, header, times[::-1])


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("header", "form"), [
    ("YYYY;MM;DD;hh", "%Y;%m;%d;%H"),
    ("#YY;MM;DD;hh;mm", "%Y;%m;%d;%H;%M"),
    ("YY;MM;DD;hh;WVHT", "%y;%m;%d;%H;1.5"),
    ("yr;mo;dy;hr;mn", "%Y;%m;%d;%H;%M"),
    ("DD;MM;YYYY;HH;MM", "%d;%m;%Y;%H;%M"),
    ("year;month;day;hour;minute;mm", "%Y;%m;%d;%H;%M;7"),
])  # fmt: skip
def test_parts_of_a_time_side_by_side(path: Path, header: str, form: str, backwards: bool) -> None:
    written = _parts(form, HOURS)
    table = read(path, header, written[::-1] if backwards else written, target=("x",))
    assert table.times is not None
    assert list(table.times.astype(object)) == HOURS


METERS = ["1'200.50", "-60.000", "1000", "0.142857", "1510"]


@pytest.mark.parametrize("first", METERS)
@pytest.mark.parametrize("beside", ["date", "year;month", ""])
def test_a_meter_that_rises_evenly_is_no_time_beside_another(
    path: Path, first: str, beside: str
) -> None:
    start = float(first.replace("'", ""))
    meter = [f"{start + 5 * n:,.6f}".replace(",", "'") for n in range(40)]
    forms = {"date": [str(each) for each in DAYS[:40]],
             "year;month": [f"{2020 + n // 12};{n % 12 + 1}" for n in range(40)],
             "": [""] * 40}  # fmt: skip
    rows = [f"{time};{each}".lstrip(";") for time, each in zip(forms[beside], meter, strict=True)]
    name = "x" if beside else "meter"
    path.write_text("\n".join([f"{beside};{name}".lstrip(";"), *rows]) + "\n")
    table = usable(read_table(TableOptions(str(path))))
    assert table.targets == (name,)
    assert list(table.values[name]) == pytest.approx([start + 5 * n for n in range(40)])
    assert {column.kind for column in table.columns if column.name == name} == {"number"}
    assert not [note for note in table.notes if "taken for a time" in note]
    assert bool([note for note in table.notes if "as if it only counted" in note]) == (not beside)


def test_months_before_their_year(path: Path) -> None:
    months = [f"{n % 12 + 1}{2019 + n // 12}" for n in range(40)]
    for written in (months, [each.zfill(6) for each in months]):
        table = read(path, "Month", written[::-1])
        assert table.times is not None
        assert str(table.times[0]) == "2019-01"
        assert list(table.values["x"]) == _values(40)[::-1]


@pytest.mark.parametrize("start", [0, 23])
@pytest.mark.parametrize("form", ["{:d}{:02d}", "{:02d}{:02d}", "{:02d}{:02d}00"])
def test_times_of_day_that_are_digits(path: Path, form: str, start: int) -> None:
    times = [form.format((start + n // 60) % 24, n % 60) for n in range(120)]
    written = [time.lstrip("0") or "0" if form[2] == "d" else time for time in times]
    table = read(path, "time", written)
    assert table.time is None
    assert list(table.values["x"]) == _values(120)


def test_days_and_times_of_day_that_are_digits(path: Path) -> None:
    table = read(path, "date;time", _parts("%Y%m%d;%H%M", HOURS[::-1]))
    assert table.times is not None
    assert list(table.times.astype(object)) == HOURS


@pytest.mark.parametrize("form", ["{1:02}.{0}", "{1}.{0}", "{0}.{1:02}", "{0}{1:02}"])
@pytest.mark.parametrize("backwards", [False, True])
def test_months_with_a_point(path: Path, form: str, backwards: bool) -> None:
    months = [form.format(1995 + n // 12, n % 12 + 1) for n in range(70)]
    table = read(path, "when", months[::-1] if backwards else months)
    assert table.times is not None
    assert (str(table.times[0]), str(table.times[-1])) == ("1995-01", "2000-10")
    assert list(table.values["x"]) == _values(70)[:: -1 if backwards else 1]


@pytest.mark.parametrize("form", ["{1:02}/{0:02}", "{0:02}-{1:02}"])
def test_unknown_months_that_fall_are_refused(path: Path, form: str) -> None:
    months = [form.format((95 + n // 12) % 100, n % 12 + 1) for n in range(140)]
    with pytest.raises(DataError, match="seem to run backwards"):
        read(path, "when", months[::-1])


def test_times_of_day_that_begin_again_are_no_time_that_is_named(path: Path) -> None:
    times = [f"{(23 + n // 60) % 24}:{n % 60:02}" for n in range(120)]
    with pytest.raises(DataError, match="times of day only, which begin again"):
        read(path, "clock", times, time="clock")
