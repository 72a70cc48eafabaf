"""From a file to a `Table`: read, judged, put in order, and every assumption said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.files.data_file import DataError
from rnn_tui.settings import Settings
from rnn_tui.tables.columns import Column, examine_columns
from rnn_tui.tables.content import read_content
from rnn_tui.tables.frame import Frame, read_frame
from rnn_tui.tables.gaps import ends_with_sum, fill, missing_problem
from rnn_tui.tables.names import split_names
from rnn_tui.tables.order import find_order
from rnn_tui.tables.selection import ColumnSelection, find_column, lies_on_side, select
from rnn_tui.tables.table import ColumnReport, Table, TableOptions, TableProblem
from rnn_tui.tables.time_column import TimeColumn, find_time
from rnn_tui.tables.times import MONTH_NAMES, looks_like_time

__all__ = ["read_table", "split_names", "table_options", "usable"]

Rows = npt.NDArray[np.intp] | None


def table_options(settings: Settings) -> TableOptions:
    """Return what the settings of a run say about its table."""
    return TableOptions(
        path=settings.data,
        target=split_names(settings.target),
        inputs=split_names(settings.inputs),
        time=settings.time.strip(),
        missing=settings.missing,
        delimiter=settings.delimiter,
        decimal=settings.decimal,
        thousands=settings.thousands,
        encoding=settings.encoding,
        skip_rows=settings.skip_rows,
    )


def usable(table: Table) -> Table:
    """Return the table itself.

    Raises:
        DataError: nothing can be learned from it; the message is its first problem.
    """
    if table.blamed:
        first = table.blamed[0]
        raise DataError(first.option or "--data", first.value or table.path, first.text)
    return table


def read_table(options: TableOptions) -> Table:
    """Read a table.

    Args:
        options: the file, and what the user says about it.

    Returns:
        The table; where nothing can be learned from it, `Table.problems` says why.

    Raises:
        DataError: the file cannot be read, or is no table.
    """
    content = read_content(options.path)
    frame = read_frame(options, content)
    return _Reader(options, frame).table(content.digest)


class _Reader:
    """One table while it is being read."""

    def __init__(self, options: TableOptions, frame: Frame) -> None:
        self._options = options
        self._frame = frame
        self._header = frame.layout is None or frame.layout.header
        self._columns = examine_columns(frame, options)
        self._problems: list[TableProblem] = []
        self._notes: list[str] = list(frame.notes)

    def table(self, digest: str) -> Table:
        """Return the table."""
        frame, options = self._frame, self._options
        time = self._time()
        selection = self._select(time)
        rows = self._rows(time, selection)
        used = dict.fromkeys((*selection.targets, *selection.inputs))
        values = {column.name: self._values(column, rows) for column in used}
        self._notes += [note for column in used for note in column.notes]
        usable_now = not self._problems
        stamps = time.stamps if time.stamps is None or rows is None else time.stamps[rows]
        layout = frame.layout
        return Table(
            path=options.path,
            rows=frame.rows if rows is None else len(rows),
            columns=tuple(self._report(column, rows, values) for column in self._columns),
            targets=tuple(column.name for column in selection.targets),
            inputs=tuple(column.name for column in selection.inputs),
            values=values if usable_now else {},
            time=time.name or None if self._says_when(time) else None,
            times=stamps if self._says_when(time) else None,
            notes=tuple(dict.fromkeys(_sentence(note) for note in self._notes)),
            problems=tuple(_sentence(each.text) for each in self._problems),
            encoding=frame.encoding,
            delimiter=layout.delimiter if layout else "",
            decimal=self._decimal(used),
            header=self._header,
            skipped=layout.skipped if layout else 0,
            digest=digest,
            blamed=tuple(self._problems),
        )

    def _says_when(self, time: TimeColumn) -> bool:
        """Return whether it is a time and not a mere row number."""
        if not time.used:
            return False
        column = self._columns[time.used[0]]
        return (column.kind != "row number" and not time.undated) or bool(self._options.time)

    def _time(self) -> TimeColumn:
        options = self._options
        chosen: Column | None = None
        if options.time:
            found = find_column(options.time, "--time", options.path, self._columns, self._header)
            if isinstance(found, TableProblem):
                self._problems.append(found)
            else:
                chosen = found
        time = find_time(self._columns, chosen)
        self._notes += time.notes
        if time.problem:
            self._problems.append(TableProblem(time.problem))
        return time

    def _select(self, time: TimeColumn) -> ColumnSelection:
        options = self._options
        names = [self._is_time_name(column) for column in self._columns]
        side = lies_on_side(self._columns, self._frame.rows, names) if not options.target else None
        if side:
            self._problems.append(side)
            return ColumnSelection()
        selection = select(options, self._columns, time, self._header)
        self._problems += selection.problems
        if not options.target:
            only_counts = [each for each in selection.targets if each.kind == "row number"]
            self._notes += [f"{each.name!r} only counts its rows" for each in only_counts]
        return selection

    @staticmethod
    def _is_time_name(column: Column) -> bool:
        name = column.own_name
        year = len(name) == 4 and name.isascii() and name.isdigit() and "1500" <= name <= "2200"
        return year or looks_like_time(name) or name.lower() in MONTH_NAMES

    def _rows(self, time: TimeColumn, selection: ColumnSelection) -> Rows:
        """Return the rows to use, in order of time; None for all as they stand."""
        frame, options = self._frame, self._options
        used = dict.fromkeys((*selection.targets, *selection.inputs))
        keep = np.ones(frame.rows, np.bool_)
        none = _unknown(time.stamps)
        if none is not None:
            keep &= ~none
            count, row = int(np.count_nonzero(none)), int(none.argmax())
            if options.missing != "drop":
                times = f"{count:,} times are" if count > 1 else "1 time is"
                reason = f"{times} missing in {time.name!r}, the first on {frame.line(row)}"
                self._problems.append(
                    TableProblem(f"{reason}; --missing drop leaves these rows out")
                )
        if options.missing == "drop":
            for column in used:
                keep &= ~column.missing
            if (count := frame.rows - int(np.count_nonzero(keep))) > 0:
                rows = f"{count:,} rows are" if count > 1 else "1 row is"
                self._notes.append(f"{rows} left out because a value is missing")
        elif options.missing == "refuse" and (problem := missing_problem(list(used), frame.line)):
            self._problems.append(problem)
        left = None if keep.all() else np.flatnonzero(keep)
        if left is not None and not len(left):
            self._problems.append(TableProblem("no row is left: a value is missing in each"))
            return left
        return self._in_order(time, left)

    def _in_order(self, time: TimeColumn, left: Rows) -> Rows:
        if time.stamps is None or time.problem:
            return left
        frame, within, columns = self._frame, time, self._columns
        if left is not None:
            within = replace(time, stamps=time.stamps[left])
            columns = [replace(column, cells=column.cells[left]) for column in columns]

        def line(row: int) -> str:
            return frame.line(row if left is None else int(left[row]))

        order = find_order(within, columns, line, not self._says_when(time))
        self._notes += order.notes
        if order.problem:
            self._problems.append(TableProblem(order.problem))
        if order.rows is None or left is None:
            return left if order.rows is None else order.rows
        return np.asarray(left[order.rows])

    def _values(self, column: Column, rows: Rows) -> npt.NDArray[np.float64]:
        """Return a used column in order of time, its missing values filled in."""
        values, missing = column.values(), column.missing
        if ends_with_sum(values):
            self._problems.append(
                TableProblem(
                    f"the last value of {column.name!r} is the sum of all others: a total or a "
                    "value, and nothing decides; if it is a total, remove that line"
                )
            )
        if rows is not None:
            values, missing = values[rows], missing[rows]
        how = self._options.missing
        if how in ("previous", "interpolate") and missing.any():
            values, reason = fill(values, missing, how)
            if reason:
                self._problems.append(TableProblem(f"{column.name!r}: {reason}"))
            else:
                count = int(np.count_nonzero(missing))
                done = "repeat the one before" if how == "previous" else "are interpolated"
                self._notes.append(f"missing values of {column.name!r} {done}: {count:,}")
        return np.ascontiguousarray(values)

    def _decimal(self, used: Sequence[Column] | dict[Column, None]) -> str:
        for column in used:
            if column.numbers is not None:
                return column.numbers.marks.decimal
        return "."

    def _report(
        self, column: Column, rows: Rows, filled: dict[str, npt.NDArray[np.float64]]
    ) -> ColumnReport:
        """Return what is told of a column."""
        count = int(np.count_nonzero(column.missing))
        if column.numbers is not None and column.times is None:
            values = filled.get(column.name)
            if values is None:
                values = column.values() if rows is None else column.values()[rows]
            finite = values[np.isfinite(values)] if count or column.problem else values
            if not len(finite) or not np.isfinite(finite[[0, -1]]).all():
                return ColumnReport(column.name, column.kind, count, None, None, None, None)
            first, last = float(finite[0]), float(finite[-1])
            low, high = float(finite.min()), float(finite.max())
            return ColumnReport(column.name, column.kind, count, first, last, low, high)
        ends = self._ends(column, rows)
        return ColumnReport(column.name, column.kind, count, *ends, None, None)

    @staticmethod
    def _ends(column: Column, rows: Rows) -> tuple[str | None, str | None]:
        if not len(column.cells) or (rows is not None and not len(rows)):
            return None, None
        first, last = (0, -1) if rows is None else (int(rows[0]), int(rows[-1]))
        cells = [column.cells[first], column.cells[last]]
        before, after = (None if cell is None else str(cell).strip() for cell in cells)
        return before, after


def _unknown(stamps: npt.NDArray[Any] | None) -> npt.NDArray[np.bool_] | None:
    """Return where no time is known; None if it is everywhere."""
    if stamps is None:
        return None
    none = np.isnat(stamps) if stamps.dtype.kind == "M" else np.isnan(stamps)
    return none if none.any() else None


def _sentence(text: str) -> str:
    """Return a note as a sentence."""
    return text if text.endswith((".", "…")) else text + "."
