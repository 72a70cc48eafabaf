"""The columns of a user's table as lines of text: for `rnn-tui inspect`, and the form."""

from __future__ import annotations

import re

from rnn_tui.tables.table import ColumnReport
from rnn_tui.tasks.data_report import DataReport, shown_value
from rnn_tui.tui.lines import cut, cut_middle, text_width

HEADINGS = ("first", "last", "min", "max")
_LEAST_NAME, _LEAST_NUMBER = 8, 7  # cells
_GAP = "  "
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")
_SECONDS = re.compile(r"([T ]\d\d:\d\d):00(\.0+)?$")


def role(name: str, report: DataReport) -> str:
    """Return what a column is used for: "time", "target", "input", "in+out" or nothing."""
    if name == report.time:
        return "time"
    target, read = name in report.targets, name in report.inputs
    if target and read and report.inputs != report.targets:
        return "in+out"
    return "target" if target else "input" if read else ""


def column_lines(report: DataReport, width: int, most: int | None = None) -> list[str]:
    """Return a heading and a line for each column, none wider than `width`.

    Args:
        report: what was read.
        width: in cells.
        most: how many columns are shown; None for all.
    """
    columns = report.columns[:most]
    if not columns:
        return []
    numbers = [_numbers(each) for each in columns]
    sizes = [max(_LEAST_NUMBER, *(len(row[k]) for row in numbers)) for k in range(4)]
    names = [_printable(each.name) for each in columns]
    kinds = max(len("kind"), *(len(each.kind) for each in columns))
    fixed = len("target") + kinds + len("missing") + sum(sizes) + 7 * len(_GAP)
    widest = max(len("column"), *map(text_width, names))
    room = max(_LEAST_NAME, min(widest, width - fixed))
    area = sum(sizes) + 3 * len(_GAP)
    heading = _GAP.join(f"{each:>{size}}" for each, size in zip(HEADINGS, sizes, strict=True))
    lines = [_line("", _padded("column", room), f"{'kind':<{kinds}}", "missing", heading)]
    for column, name, row in zip(columns, names, numbers, strict=True):
        if any(row):
            cells = _GAP.join(f"{each:>{size}}" for each, size in zip(row, sizes, strict=True))
        else:
            cells = f"{_span(column, area):>{area}}"
        shown = _padded(cut_middle(name, room), room)
        missing = f"{column.missing or '–':>7}" if not column.missing else f"{column.missing:>7,}"
        kind = f"{column.kind:<{kinds}}"
        lines.append(_line(role(column.name, report), shown, kind, missing, cells))
    if len(report.columns) > len(columns):
        lines.append(f"        … and {len(report.columns) - len(columns):,} more columns")
    return [cut(line.rstrip(), width) for line in lines]


def _line(used: str, name: str, kind: str, missing: str, cells: str) -> str:
    return _GAP.join((f"{used:<6}", name, kind, missing, cells))


def _numbers(column: ColumnReport) -> tuple[str, ...]:
    """Return first, last, min and max of a column of numbers; empty texts for any other."""
    if column.kind in ("time", "text") or isinstance(column.first, str):
        return ("",) * 4
    values = (column.first, column.last, column.low, column.high)
    return tuple(map(shown_value, values))


def _span(column: ColumnReport, width: int) -> str:
    """Return "first … last" of a column of times or texts, in at most `width` cells."""
    first, last = (_short(shown_value(each)) for each in (column.first, column.last))
    text = f"{first} … {last}"
    if text_width(text) <= width:
        return text
    half = (width - 3) // 2
    return f"{cut(first, half)} … {cut(last, half)}"


def _short(time: str) -> str:
    """Return a time without what says nothing: midnight, and seconds that are 0."""
    return _SECONDS.sub(r"\1", _MIDNIGHT.sub("", time))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - text_width(text))


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)
