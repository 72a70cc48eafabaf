"""Random tables whose truth is known: kinds × dialects × values.

`make_case` returns a file and the values that must come of it, in order of time; a reader may also
refuse it in one line, but for a case that must be refused reading is wrong.
"""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Chance = random.Random


@dataclass
class Case:
    """A file and what must come of it.

    Attributes:
        content: the file's bytes.
        options: what the user says, as `TableOptions` has it.
        values: the target's values in order of time; None where it must be refused.
        kind: what is special about it.
    """

    content: bytes
    options: dict[str, Any]
    values: list[float] | None
    kind: str


@dataclass
class Draft:
    """A table before it is written.

    Attributes:
        values: in order of time, as text in the plain way of writing.
        others: texts of further columns, by name.
    """

    values: list[float]
    stamps: list[datetime]
    written: list[str]
    times: list[str]
    name: str
    time_name: str
    delimiter: str = ","
    end: str = "\n"
    header: bool = True
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    more: dict[str, list[str]] = field(default_factory=dict)
    encode: Callable[[str], bytes] = str.encode
    options: dict[str, Any] = field(default_factory=dict)
    quote_all: bool = False
    trailing: str = ""
    order: list[int] | None = None
    value_first: bool = False
    refuse: bool = False
    head_lines: list[list[str]] = field(default_factory=list)
    with_time: bool = True


def _stamps(chance: Chance, count: int) -> tuple[list[datetime], str]:
    unit = chance.choice(["day", "hour", "minute", "month", "week"])
    start = datetime(chance.randint(1960, 2024), chance.randint(1, 12), chance.randint(1, 28))
    if unit == "month":
        months = [start.year * 12 + start.month - 1 + n for n in range(count)]
        return [datetime(m // 12, m % 12 + 1, 1) for m in months], unit
    step = {"day": timedelta(1), "hour": timedelta(hours=1), "minute": timedelta(minutes=15),
            "week": timedelta(7)}[unit]  # fmt: skip
    return [start + n * step for n in range(count)], unit


def _values(chance: Chance, count: int, digits: int, level: float) -> list[float]:
    value, values = level, []
    for _ in range(count):
        value += chance.gauss(0, level / 20)
        values.append(round(value, digits))
    return values


def _draft(chance: Chance) -> Draft:
    count = chance.randint(8, 90)
    stamps, unit = _stamps(chance, count)
    digits = chance.choice([0, 1, 2, 2, 4])
    level = chance.choice([3.0, 50.0, 700.0, 20_000.0, 3e6])
    values = _values(chance, count, digits, level)
    sub = unit in ("hour", "minute")
    form = "%Y-%m-%d %H:%M:%S" if sub else "%Y-%m-%d"
    name = chance.choice(["value", "sales", "Load MW", "y", "Price", "T (degC)", "größe"])
    time = chance.choice(["date", "time", "Datum", "timestamp", "", "Month", "t"])
    draft = Draft(values, stamps, [f"{v:.{digits}f}" for v in values],
                  [s.strftime(form) for s in stamps], name, time)  # fmt: skip
    draft.value_first = chance.random() < 0.2
    return draft


def _quoted(cell: str, delimiter: str, always: bool) -> str:
    if always or delimiter in cell or '"' in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _write(draft: Draft, kind: str) -> Case:
    rows: list[list[str]] = []
    columns = [draft.written, *draft.more.values()]
    names = [draft.name, *draft.more]
    if draft.with_time:
        at = len(columns) if draft.value_first else 0
        columns.insert(at, draft.times)
        names.insert(at, draft.time_name)
    count = len(draft.written)
    for index in draft.order or range(count):
        rows.append([column[index] for column in columns])
    head = [names, *draft.head_lines] if draft.header else []
    lines = list(draft.before)
    for row in head + rows:
        cells = [_quoted(cell, draft.delimiter, draft.quote_all) for cell in row]
        lines.append(draft.delimiter.join(cells) + draft.trailing)
    text = draft.end.join([*lines, *draft.after]) + draft.end
    values = None if draft.refuse else draft.values
    return Case(draft.encode(text), draft.options, values, kind)


def _grouped(value: float, digits: int, group: str, decimal: str) -> str:
    text = f"{value:,.{digits}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", group)


def _digits(draft: Draft) -> int:
    return len(draft.written[0].partition(".")[2])


def _comma(draft: Draft, chance: Chance) -> None:
    draft.written = [each.replace(".", ",") for each in draft.written]
    draft.delimiter = chance.choice([";", "\t", ",", "|"])


def _encoding(draft: Draft, chance: Chance) -> None:
    way = chance.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
    if way in ("cp1252", "latin-1"):
        letters = "".join([*draft.written, *draft.times])
        if letters.encode(way, "replace").decode(way) != letters:
            way = "utf-8-sig"
        else:
            draft.options["encoding"] = way
    draft.encode = lambda text: text.encode(way)


def _thousands(draft: Draft, chance: Chance) -> None:
    draft.values = [value * 1000 for value in draft.values]
    digits = _digits(draft)
    draft.values = [round(value, digits) for value in draft.values]
    group, decimal = chance.choice([(",", "."), (".", ","), ("'", "."), ("\u00a0", ","),
                                    ("\u202f", ","), (" ", "."), ("’", ".")])  # fmt: skip
    draft.written = [_grouped(value, digits, group, decimal) for value in draft.values]
    draft.delimiter = chance.choice([";", ",", "\t", "|"])
    draft.encode = str.encode


def _indian(draft: Draft, chance: Chance) -> None:
    draft.values = [round(abs(value) * 1000 + 100_000) * 1.0 for value in draft.values]

    def text(value: float) -> str:
        whole = f"{value:.0f}"
        head, tail = whole[:-3], whole[-3:]
        parts: list[str] = []
        while len(head) > 2:
            parts.insert(0, head[-2:])
            head = head[:-2]
        return ",".join([head, *parts, tail])

    draft.written = [text(value) for value in draft.values]


def _signs(draft: Draft, chance: Chance) -> None:
    middle = sum(draft.values) / len(draft.values)
    digits = _digits(draft)
    draft.values = [round(value - middle, digits) + 0.0 for value in draft.values]
    texts = [f"{abs(value):.{digits}f}" for value in draft.values]
    way = chance.choice(["−{}", "{}-", "({})", "- {}", "-{}"])
    plus = chance.choice(["{}", "+{}"]) if way != "({})" else "{}"
    draft.written = [(way if value < 0 else plus).format(text)
                     for value, text in zip(draft.values, texts, strict=True)]  # fmt: skip


def _units(draft: Draft, chance: Chance) -> None:
    way = chance.choice(["${}", "€{}", "{} €", "{}%", "{} %", "kr {}", "{} kr", "{} kWh", "USD {}"])
    draft.written = [way.format(each) for each in draft.written]


def _exponents(draft: Draft, chance: Chance) -> None:
    form = chance.choice([".4e", ".4E", ".17g"])
    draft.written = [format(value, form) for value in draft.values]
    draft.values = [float(each) for each in draft.written]


def _missing(draft: Draft, chance: Chance) -> None:
    word = chance.choice(
        ["", "NA", "N/A", "null", "NaN", "nan", "None", "?", "-", "–", ".", "#N/A"]
    )
    how = chance.choice(["refuse", "drop", "previous", "interpolate"])
    count = len(draft.values)
    at = sorted(chance.sample(range(1, count - 1), chance.randint(1, 3)))
    for index in at:
        draft.written[index] = word
    draft.options["missing"] = how
    known = [index for index in range(count) if index not in at]
    if how == "refuse":
        draft.refuse = True
    elif how == "drop":
        draft.values = [draft.values[index] for index in known]
    else:
        filled = []
        for index in range(count):
            before = max(k for k in known if k <= index)
            after = min(k for k in known if k >= index)
            low, high = draft.values[before], draft.values[after]
            share = (index - before) / (after - before) if after > before else 0.0
            filled.append(low if how == "previous" else low + share * (high - low))
        draft.values = filled


def _newest_first(draft: Draft, chance: Chance) -> None:
    draft.order = list(reversed(range(len(draft.written))))


def _shuffled(draft: Draft, chance: Chance) -> None:
    draft.order = chance.sample(range(len(draft.written)), len(draft.written))


def _index(draft: Draft, chance: Chance) -> None:
    start = chance.choice([0, 1])
    draft.times = [str(start + n) for n in range(len(draft.written))]
    draft.time_name = chance.choice(["", "No", "index", "Unnamed: 0", "row", "id"])
    draft.value_first = False
    if chance.random() < 0.3:
        _newest_first(draft, chance)


def _years(draft: Draft, chance: Chance) -> None:
    start = chance.randint(1600, 1900)
    draft.times = [str(start + n) for n in range(len(draft.written))]
    draft.time_name = chance.choice(["Year", "year", "Jahr", "", "Anno"])
    if chance.random() < 0.3:
        _newest_first(draft, chance)


def _restamp(form: str, unit: timedelta = timedelta(1)) -> Callable[[Draft, Chance], None]:
    def change(draft: Draft, chance: Chance) -> None:
        start = datetime(chance.randint(1975, 2020), chance.randint(1, 12), chance.randint(1, 28))
        draft.stamps = [start + n * unit for n in range(len(draft.written))]
        draft.times = [stamp.strftime(form) for stamp in draft.stamps]
        draft.time_name = draft.time_name if draft.time_name != "t" else "date"
        if chance.random() < 0.3:
            chance.choice([_newest_first, _shuffled])(draft, chance)

    return change


def _months(draft: Draft, form: str) -> None:
    start = draft.stamps[0]
    months = [start.year * 12 + start.month - 1 + n for n in range(len(draft.written))]
    draft.stamps = [datetime(m // 12, m % 12 + 1, 1) for m in months]
    draft.times = [stamp.strftime(form) for stamp in draft.stamps]


def _month_forms(draft: Draft, chance: Chance) -> None:
    _months(
        draft,
        chance.choice(["%Y-%m", "%b %Y", "%B %Y", "%Y/%m", "%m/%Y", "%b-%y", "%YM%m", "%Y%m"]),
    )


def _quarters(draft: Draft, chance: Chance) -> None:
    start = chance.randint(1950, 2000)
    form = chance.choice(["{}Q{}", "{}-Q{}", "{} Q{}", "Q{1} {0}"])
    form = form.replace("{}", "{0}", 1).replace("{}", "{1}", 1)
    draft.times = [form.format(start + n // 4, n % 4 + 1) for n in range(len(draft.written))]
    if chance.random() < 0.3:
        _newest_first(draft, chance)


def _epoch(draft: Draft, chance: Chance) -> None:
    factor = chance.choice([1, 1000])
    start, step = chance.randint(10**9, 17 * 10**8) // 3600 * 3600, chance.choice([60, 3600, 86400])
    draft.times = [str((start + n * step) * factor) for n in range(len(draft.written))]
    draft.time_name = chance.choice(["time", "timestamp", "date", "ts", "epoch"])
    if chance.random() < 0.3:
        chance.choice([_newest_first, _shuffled])(draft, chance)


def _two_columns(draft: Draft, chance: Chance) -> None:
    _restamp("%H:%M", timedelta(hours=1))(draft, chance)
    draft.more["day"] = [s.strftime(chance.choice(["%Y-%m-%d"])) for s in draft.stamps]
    draft.time_name = "hour of day"


def _parts(draft: Draft, chance: Chance) -> None:
    _restamp("%Y", timedelta(hours=1))(draft, chance)
    draft.time_name = "year"
    for name, form in (("month", "%m"), ("day", "%d"), ("hour", "%H")):
        draft.more[name] = [str(int(s.strftime(form))) for s in draft.stamps]


def _summer(draft: Draft, chance: Chance) -> None:
    """Clock set back: one hour stands twice."""
    start = datetime(2019, 10, 26, chance.randint(0, 23))
    hours, stamps = 0, list[datetime]()
    back = datetime(2019, 10, 27, 3)
    for _ in draft.values:
        stamp = start + timedelta(hours=hours)
        if stamp == back and back not in stamps and stamps.count(back - timedelta(hours=1)) == 1:
            hours -= 1
            stamp = start + timedelta(hours=hours)
        stamps.append(stamp)
        hours += 1
    draft.times = [stamp.strftime("%Y-%m-%d %H:%M") for stamp in stamps]


def _stacked(draft: Draft, chance: Chance) -> None:
    draft.order = None
    half = len(draft.values) // 2
    draft.times = draft.times[:half] * 2
    draft.values, draft.written = draft.values[: 2 * half], draft.written[: 2 * half]
    draft.more["store"] = ["A"] * half + ["B"] * half
    draft.refuse = True


def _either_dates(draft: Draft, chance: Chance) -> None:
    """Days 1 to 12 of one month: day first and month first are both possible."""
    count = min(12, len(draft.values))
    month = chance.randint(1, 12)
    draft.values, draft.written = draft.values[:count], draft.written[:count]
    draft.times = [f"{n + 1:02d}/{month:02d}/2021" for n in range(count)]
    draft.refuse = True


def _either_numbers(draft: Draft, chance: Chance) -> None:
    """Thousands with a point beside numbers below a thousand."""
    draft.values = [float(chance.randint(600, 1400)) for _ in draft.values]
    draft.values[0], draft.values[1] = 970.0, 1001.0
    draft.written = [_grouped(value, 0, ".", ",") for value in draft.values]
    draft.delimiter = chance.choice([";", ",", "\t"])


def _gaps(draft: Draft, chance: Chance) -> None:
    if "missing" in draft.options or draft.refuse:  # the row that matters may go
        return
    draft.order = None
    count = len(draft.written)
    gone = set(chance.sample(range(1, count - 1), min(3, count - 4)))
    for name in ("values", "written", "times"):
        old = getattr(draft, name)
        setattr(draft, name, [old[n] for n in range(count) if n not in gone])


def _comments(draft: Draft, chance: Chance) -> None:
    mark = chance.choice(["#", "%", "//", "# "])
    draft.before = [f"{mark}station {n}, 'a' \"b" for n in range(chance.randint(1, 4))]


def _titles(draft: Draft, chance: Chance) -> None:
    draft.before = ["Monthly figures of the branch", ""][: chance.randint(1, 2)]
    if chance.random() < 0.4:
        draft.before.append("Source: the office")


def _footers(draft: Draft, chance: Chance) -> None:
    draft.after = ["", "Source: the office"][chance.randint(0, 1) :]


def _totals(draft: Draft, chance: Chance) -> None:
    total = f"{sum(draft.values):.2f}"
    cells = [total, "Total"] if draft.value_first else ["Total", total]
    draft.after = [",".join(cells)]


def _header_lines(draft: Draft, chance: Chance) -> None:
    row = ["", "(MW)"] if not draft.value_first else ["(MW)", ""]
    draft.head_lines = [row]
    if chance.random() < 0.4:
        draft.head_lines.append(["Date", ""] if not draft.value_first else ["", "Date"])


def _no_header(draft: Draft, chance: Chance) -> None:
    draft.header = False


def _number_header(draft: Draft, chance: Chance) -> None:
    draft.name = chance.choice(["0", "600000", "1", "2330"])
    draft.time_name = chance.choice(["", "date"])


def _others(draft: Draft, chance: Chance) -> None:
    count = len(draft.written)
    names = ["temp", "note", "volume, total"]
    kinds = [[f"{chance.gauss(0, 9):.3f}" for _ in range(count)],
             [chance.choice(["a, b", 'say "x"', "two\nlines", "", "ok"]) for _ in range(count)],
             [f"{chance.randint(0, 9 * 10**6):,}" for _ in range(count)]]  # fmt: skip
    for at in chance.sample(range(3), chance.randint(1, 3)):
        draft.more[names[at]] = kinds[at]
    draft.options["target"] = (draft.name,)


def _several(draft: Draft, chance: Chance) -> None:
    draft.more["other"] = [f"{chance.gauss(0, 9):.3f}" for _ in draft.written]
    draft.refuse = True


def _only_column(draft: Draft, chance: Chance) -> None:
    draft.with_time = False
    draft.header = chance.random() < 0.7


def _blanks(draft: Draft, chance: Chance) -> None:
    draft.delimiter = chance.choice([" ", "   ", " \t "])
    draft.name, draft.time_name = "load", "date"
    if " " in draft.times[0]:
        draft.times = [each.replace(" ", "T") for each in draft.times]


def _separator_line(draft: Draft, chance: Chance) -> None:
    draft.delimiter = ";"
    draft.before = ["sep=;"]
    draft.written = [each.replace(".", ",") for each in draft.written]


def _skipped(draft: Draft, chance: Chance) -> None:
    draft.before = ["a,b,c", "1,2,3"]
    draft.options["skip_rows"] = 2


def _gzip(draft: Draft, chance: Chance) -> None:
    draft.encode = lambda text: gzip.compress(text.encode())


def _line_ends(draft: Draft, chance: Chance) -> None:
    draft.end = chance.choice(["\r", "\r\n"])


def _suspicious(draft: Draft, chance: Chance) -> None:
    at = chance.randrange(len(draft.values))
    draft.values[at], draft.written[at] = -999.0, "-999"


def _wide(draft: Draft, chance: Chance) -> None:
    start = 1950
    names = ",".join(str(start + n) for n in range(len(draft.values)))
    draft.before = ["Country," + names, "Aland," + ",".join(draft.written)]
    draft.header, draft.refuse = False, True
    draft.written, draft.times = [], []


def _blank_lines(draft: Draft, chance: Chance) -> None:
    end = draft.end
    draft.encode = lambda text: text.replace(end, end * 2).encode()


def _not_a_number(draft: Draft, chance: Chance) -> None:
    at = chance.randrange(3, len(draft.values))
    draft.written[at] = chance.choice(["two", "12x4", "1.2.3", "1,2,3,4", "0x10", "inf", "1e999"])
    draft.refuse = True


def _bad_time(draft: Draft, chance: Chance) -> None:
    draft.times[len(draft.times) // 2] = chance.choice(["2019-02-30", "2019-13-01", "soon"])
    draft.refuse = True


def _mixed_marks(draft: Draft, chance: Chance) -> None:
    draft.written = [f"{abs(v) % 90 + 1:.2f}" for v in draft.values]
    at = chance.randrange(len(draft.values))
    draft.written[at] = draft.written[at].replace(".", ",")
    draft.refuse = True


def _ragged(draft: Draft, chance: Chance) -> None:
    draft.written[chance.randrange(2, len(draft.values))] += "\0more"
    draft.encode = lambda text: text.replace("\0", ",").encode()
    draft.refuse = True


def _two_digit_years(draft: Draft, chance: Chance) -> None:
    _restamp(chance.choice(["%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%y"]))(draft, chance)


def _parquet(draft: Draft, chance: Chance) -> None:
    import polars as pl

    count = len(draft.values)
    order = draft.order or list(range(count))
    frame = pl.DataFrame({
        "when": [draft.stamps[n] for n in order], "y": [draft.values[n] for n in order]
    })  # fmt: skip
    target = io.BytesIO()
    frame.write_parquet(target)
    draft.encode = lambda text: target.getvalue()


KINDS: dict[str, Callable[[Draft, Chance], None]] = {
    "plain": lambda draft, chance: None,
    "decimal comma": _comma,
    "encoding": _encoding,
    "thousands": _thousands,
    "indian grouping": _indian,
    "signs": _signs,
    "units": _units,
    "exponents": _exponents,
    "missing": _missing,
    "newest first": _newest_first,
    "shuffled": _shuffled,
    "index": _index,
    "years": _years,
    "yyyymmdd": _restamp("%Y%m%d"),
    "day first": _restamp("%d/%m/%Y"),
    "month first": _restamp("%m/%d/%Y"),
    "dots": _restamp("%d.%m.%Y %H:%M", timedelta(hours=1)),
    "am and pm": _restamp("%m/%d/%Y %I:%M:%S %p", timedelta(hours=1)),
    "named months": _restamp("%d %b %Y"),
    "American": _restamp("%b %d, %Y"),
    "weekdays": _restamp("%a, %d %B %Y"),
    "zone": _restamp("%Y-%m-%dT%H:%M:%S+02:00", timedelta(minutes=10)),
    "parts of a second": _restamp("%Y-%m-%d %H:%M:%S.%f", timedelta(milliseconds=250)),
    "weeks": _restamp("%G-W%V", timedelta(7)),
    "years of two digits": _two_digit_years,
    "months": _month_forms,
    "quarters": _quarters,
    "epoch": _epoch,
    "date and time": _two_columns,
    "year, month, day": _parts,
    "end of daylight saving": _summer,
    "stacked": _stacked,
    "either date": _either_dates,
    "either number": _either_numbers,
    "gaps": _gaps,
    "comments": _comments,
    "titles": _titles,
    "footers": _footers,
    "totals": _totals,
    "header of several lines": _header_lines,
    "no header": _no_header,
    "number as header": _number_header,
    "other columns": _others,
    "several columns": _several,
    "only column": _only_column,
    "blanks": _blanks,
    "sep line": _separator_line,
    "skipped rows": _skipped,
    "gzip": _gzip,
    "line ends": _line_ends,
    "suspicious": _suspicious,
    "wide": _wide,
    "blank lines": _blank_lines,
    "no number": _not_a_number,
    "no time": _bad_time,
    "mixed marks": _mixed_marks,
    "ragged": _ragged,
    "parquet": _parquet,
}
_GROUPS = (  # one of each group at most, in this order
    ("", "decimal comma", "thousands", "signs", "exponents"),
    ("", "units"),
    ("", "missing", "no number"),
    ("", "index", "years", "yyyymmdd", "day first", "month first", "dots", "named months", "zone",
     "months", "quarters", "epoch", "weekdays", "am and pm", "years of two digits"),
    ("", "gaps", "stacked", "newest first", "shuffled"),
    ("", "comments", "titles", "skipped rows"),
    ("", "footers"),
    ("", "no header", "header of several lines", "number as header"),
    ("", "other columns", "several columns"),
    ("", "line ends"),
    ("", "encoding", "blank lines", "gzip"),
)  # fmt: skip


def make_case(kind: str, chance: Chance) -> Case:
    """Return a random table of a kind; "pair", "triple" and "many" combine several."""
    draft = _draft(chance)
    if kind in ("pair", "triple", "many"):
        groups = {"pair": 2, "triple": 3, "many": len(_GROUPS)}[kind]
        chosen = sorted(chance.sample(range(len(_GROUPS)), groups))
        names = [chance.choice(_GROUPS[at][int(kind != "many") :]) for at in chosen]
        names = [name for name in names if name]
        for name in names:
            KINDS[name](draft, chance)
        return _write(draft, " + ".join(names))
    KINDS[kind](draft, chance)
    if chance.random() < 0.3 and kind not in (
        "blanks",
        "totals",
        "sep line",
        "decimal comma",
        "skipped rows",
    ):
        draft.delimiter = (
            chance.choice([";", "\t", "|", ","]) if draft.delimiter == "," else draft.delimiter
        )
    if kind != "encoding" and chance.random() < 0.2:
        draft.quote_all = True
    return _write(draft, kind)


ALL_KINDS = (*KINDS, "pair", "triple", "many")
