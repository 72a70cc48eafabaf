"""What was read of the user's file and what is learned of it: for `inspect`, ``train`` and the app.

Example:
    >>> report = DataReport("a.csv", "series", rows=58, values=58, targets=("load",))
    >>> report.to_json()["target"]
    'load'
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.files.data_file import shown_name

if TYPE_CHECKING:
    from rnn_tui.tables.table import ColumnReport, Table

MOST_COLUMNS = 200
"""Columns that a screen shows, or a list to choose from has."""

_NAMES = 4  # of columns that one line names
_WORDS = {"\t": "tab", " ": "blanks"}
_SIGNS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "|", " ": "blanks"}


@dataclass(frozen=True, slots=True)
class DataReport:
    """What a file is, as it was read, and what is learned of it.

    Attributes:
        path: the file.
        task: "series" for a table, "text" for a text.
        rows: of a table; of a text its lines.
        values: how many values of each target there are once missing ones are dealt with; of a
            text its tokens.
        targets: names of the columns that are predicted; none for a text.
        inputs: names of the columns that the network reads.
        time: the name of the column that says when; None where there is none.
        columns: all columns of a table.
        notes: what was found and assumed, a sentence each.
        problems: why nothing can be learned, a sentence each.
        encoding: of the file.
        delimiter: what separates the cells of a table.
        decimal: its decimal mark.
        header: whether a line names its columns.
        skipped: lines before the header.
        trained: rows, or tokens, that are trained on; 0 where that is not known.
        tested: those that are kept for testing, the last ones.
        tokens: what a text is cut into: "chars", "words" or "bytes".
        vocabulary: how many different tokens of a text the network knows.
        different: how many it has.
    """

    path: str
    task: str
    rows: int = 0
    values: int = 0
    targets: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    time: str | None = None
    columns: tuple[ColumnReport, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    header: bool = False
    skipped: int = 0
    trained: int = 0
    tested: int = 0
    tokens: str = ""
    vocabulary: int = 0
    different: int = 0

    def refused(self, problem: str) -> DataReport:
        """Return the report with one problem more, unless it is said there."""
        if any(each.rstrip(".") in problem for each in self.problems):
            return self
        return replace(self, problems=(*self.problems, problem))

    def noted(self, *notes: str) -> DataReport:
        """Return the report with more notes, before the others."""
        return replace(self, notes=(*filter(None, notes), *self.notes))

    def shortened(self) -> DataReport:
        """Return the report with no more columns than a screen shows."""
        if len(self.columns) <= MOST_COLUMNS:
            return self
        return replace(self, columns=self.columns[:MOST_COLUMNS])

    def to_json(self) -> dict[str, Any]:
        """Return what `rnn-tui inspect --json` prints."""
        target: object = self.targets[0] if len(self.targets) == 1 else list(self.targets) or None
        known: dict[str, Any] = {
            "file": self.path,
            "task": self.task,
            "rows": self.rows,
            "values": self.values,
            "target": target,
            "inputs": list(self.inputs),
            "time": self.time,
            "columns": [_column(each) for each in self.columns],
            "notes": list(self.notes),
            "problems": list(self.problems),
            "encoding": self.encoding or None,
            "split": {"trained": self.trained, "tested": self.tested} if self.trained else None,
        }
        if self.task == "text":
            own = ("tokens", "vocabulary", "different", "")
        else:
            own = ("delimiter", "decimal", "header", "skipped")
        return {**known, **{name: getattr(self, name) for name in filter(None, own)}}

    @property
    def first_line(self) -> str:
        """What was read, in one line."""
        read = f"read {shown_name(self.path)}:"
        if self.task == "text":
            encoding = f", {self.encoding}" if self.encoding else ""
            return (
                f"{read} a text of {counted(self.values, self._token)} in "
                f"{counted(self.rows, 'line')}{encoding}"
            )
        names = [_printable(each.name) for each in self.columns]
        listed = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
        return (
            f"{read} a table, {counted(self.rows, 'row')} of {counted(len(names), 'column')} "
            f"({listed}){self._form}{self._times}"
        )

    @property
    def second_line(self) -> str:
        """What is learned of it and what was assumed, in one line."""
        return self.learned + "".join(f"; {each.rstrip('.')}" for each in self.notes)

    @property
    def learned(self) -> str:
        """What is learned of it, in one line."""
        if self.task == "text":
            what = f"learns {counted(self.vocabulary, f'different {self._token}')}"
            unit = ""
        else:
            what = f"learns {_and(self.targets)}{self._range}"
            if self.inputs and self.inputs != self.targets:
                what += f" from {_and(self.inputs)}"
            unit = " rows"
        split = f"; trained on {self.trained:,}{unit}, tested on the last {self.tested:,}"
        return f"{what}{split if self.trained else ''}"

    @property
    def notice(self) -> str:
        """What the first screen says in one line: what is learned; the form says all of it."""
        named = _printable(self.targets[0]) if len(self.targets) == 1 else ""
        several = f"learns {counted(len(self.targets), 'column')}" if self.targets else ""
        learned = f"learns {named}" if named else several
        split = f", the last {self.tested:,} tested" if self.trained else ""
        notes = f"o: {counted(len(self.notes), 'note')}" if self.notes else ""
        read = counted(self.values, "row" if self.task == "series" else self._token)
        name = shown_name(self.path)
        return " · ".join(filter(None, (f"{name}: {read}{split}", learned, notes)))

    @property
    def drawn_from(self) -> str:
        """What windows are drawn from: "46 of 58 rows"."""
        of = counted(self.values, "row" if self.task == "series" else self._token)
        return f"{self.trained:,} of {of}"

    @property
    def found(self) -> tuple[tuple[str, str], ...]:
        """What was found in the file, by the setting that could have said it."""
        names = {
            "encoding": self.encoding,
            "target": ", ".join(self.targets),
            "inputs": ", ".join(self.inputs) if self.inputs != self.targets else "",
            "time": self.time or "",
            "delimiter": _WORDS.get(self.delimiter, self.delimiter),
            "decimal": self.decimal,
        }
        return tuple((name, text) for name, text in names.items() if text)

    @property
    def _token(self) -> str:
        return {"words": "word", "bytes": "byte"}.get(self.tokens, "character")

    @property
    def _form(self) -> str:
        parts = [self.encoding]
        if self.delimiter:
            sign = _SIGNS.get(self.delimiter, self.delimiter)
            parts.append(f"separated by {sign}")
        if self.decimal == ",":
            parts.append("decimal commas")
        if self.columns and not self.header:
            parts.append("no header")
        if self.skipped:
            parts.append(f"{counted(self.skipped, 'line')} before it skipped")
        return "".join(f", {each}" for each in parts if each)

    @property
    def _times(self) -> str:
        for each in self.columns:
            if each.name == self.time and each.first is not None:
                span = f"{shown_value(each.first)} to {shown_value(each.last)}"
                return f"; time: {_printable(each.name)}, {span}"
        if self.time:  # several columns together
            return f"; time: {_printable(self.time)}"
        parts = any(each.kind == "time" for each in self.columns)  # hours, months without a year
        return "; no column of dates" if parts else "; no column of times"

    @property
    def _range(self) -> str:
        for each in self.columns:
            if len(self.targets) == 1 and each.name == self.targets[0] and each.low is not None:
                return f", {shown_value(each.low)} to {shown_value(each.high)}"
        return ""


def report_of_table(table: Table, task: str = "series") -> DataReport:
    """Return the report of a table that has been read."""
    return DataReport(
        path=table.path,
        task=task,
        rows=table.rows,
        values=table.rows,
        targets=table.targets,
        inputs=table.inputs,
        time=table.time,
        columns=table.columns,
        notes=table.notes,
        problems=table.problems,
        encoding=table.encoding,
        delimiter=table.delimiter,
        decimal=table.decimal,
        header=table.header,
        skipped=table.skipped,
    )


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "1,258 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown_value(value: float | str | None) -> str:
    """Return a cell's value as people read it: at most 7 digits, "–" where there is none."""
    if value is None:
        return "–"
    return _printable(value) if isinstance(value, str) else f"{value:.7g}"


def _column(column: ColumnReport) -> dict[str, Any]:
    """Return a column as JSON has it."""
    return {
        "name": column.name,
        "kind": column.kind,
        "missing": column.missing,
        "first": _finite(column.first),
        "last": _finite(column.last),
        "min": _finite(column.low),
        "max": _finite(column.high),
    }


def _finite(value: float | str | None) -> float | str | None:
    """Return a value that JSON can hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _and(names: tuple[str, ...]) -> str:
    shown = [_printable(name) for name in names]
    if len(shown) > _NAMES:
        return f"{', '.join(shown[:_NAMES])} and {len(shown) - _NAMES} more"
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)
