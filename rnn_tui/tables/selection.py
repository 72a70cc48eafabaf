"""Which columns are learned and read, found by what the user names or by what the table holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.files.data_file import shown_name
from rnn_tui.settings import quote
from rnn_tui.tables.columns import Column
from rnn_tui.tables.table import TableOptions, TableProblem
from rnn_tui.tables.time_column import TimeColumn

_TIME_OR_CODE = r"[0-9][-/:][0-9]|^\s*[A-Za-z]{1,4}[-_]?[0-9]+\s*$"
_NEARLY = r"^\s*[(+−-]?\s*[^0-9\s]{0,4}\s*[(+−-]?\s*[0-9][0-9.,' ]*\s*\S{0,4}\s*\S{0,4}$"
_MOST_NAMED = 20  # columns that a message names at most
_WIDE_NAMES = 5  # columns named by times in a table that lies on its side


@dataclass(frozen=True, slots=True)
class ColumnSelection:
    """The columns that a run uses.

    Attributes:
        targets: those to predict.
        inputs: those that the network reads.
        problems: why there are none.
    """

    targets: tuple[Column, ...] = ()
    inputs: tuple[Column, ...] = ()
    problems: tuple[TableProblem, ...] = ()


def find_column(
    name: str, option: str, path: str, columns: Sequence[Column], header: bool
) -> Column | TableProblem:
    """Return the column that the user names, or why there is none.

    A name from the header comes first, then one that differs only in capitals, then a number
    counted from 0.
    """
    wanted = name.strip()
    for fold in (str, str.casefold):
        found = [c for c in columns if fold(c.own_name) == fold(wanted) and c.own_name]
        found = found or [c for c in columns if fold(c.name) == fold(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            at = ", ".join(str(column.index) for column in found)
            reason = f"{shown_name(path)} has this name on columns {at}; give the number"
            return TableProblem(reason, option, wanted)
    if wanted in map(str, range(len(columns))):
        return columns[int(wanted)]
    return TableProblem(f"{shown_name(path)} {_listed(columns, header)}", option, wanted)


def select(
    options: TableOptions, columns: Sequence[Column], time: TimeColumn, header: bool
) -> ColumnSelection:
    """Return the columns to learn and to read."""
    problems: list[TableProblem] = []
    targets = _named(options.target, "--target", options.path, columns, header, problems)
    inputs = _named(options.inputs, "--inputs", options.path, columns, header, problems)
    if not options.target:
        found = _only_numbers(columns, time, options)
        if isinstance(found, TableProblem):
            problems.append(found)
        else:
            targets = [found]
    if problems:
        return ColumnSelection(problems=tuple(problems))
    return ColumnSelection(tuple(targets), tuple(inputs or targets))


def _named(
    names: Sequence[str], option: str, path: str, columns: Sequence[Column], header: bool,
    problems: list[TableProblem],
) -> list[Column]:  # fmt: skip
    """Return the columns that an option names; what is wrong with them goes into `problems`."""
    chosen: list[Column] = []
    for name in names:
        found = find_column(name, option, path, columns, header)
        if isinstance(found, TableProblem):
            problems.append(found)
        elif found in chosen:
            problems.append(TableProblem(f"the column {found.name!r} is named twice", option, name))
        elif found.problem:
            problems.append(TableProblem(found.problem))
        elif found.numbers is None:
            kind = "times" if found.kind == "time" else "text"
            cell = str(found.cells.head(1).to_list()[0])[:40]
            reason = f"{shown_name(path)} holds {kind} there, no numbers: {cell!r}"
            problems.append(TableProblem(reason, option, name))
        else:
            chosen.append(found)
    return chosen


def _only_numbers(
    columns: Sequence[Column], time: TimeColumn, options: TableOptions
) -> Column | TableProblem:
    """Return the only column of numbers that is neither time nor row number."""
    used = set(time.used)
    found = [c for c in columns if c.kind == "number" and c.index not in used]
    if len(found) > 1 and options.inputs:
        names = {name.strip().casefold() for name in options.inputs}
        found = [c for c in found if c.name.casefold() not in names] or found
    if len(found) == 1:
        if found[0].problem:
            return TableProblem(found[0].problem)
        strange = next((c for c in columns if c.index not in used and _is_nearly_number(c)), None)
        if strange is not None:
            cell = str(strange.cells.head(1).to_list()[0])[:40]
            return TableProblem(
                f"{strange.name!r} is written like numbers, such as {cell!r}, but cannot be "
                f"read so; say with --target whether {found[0].name!r} is to be learned"
            )
        return found[0]
    if found:
        names_text = _names(found)
        return TableProblem(
            f"it has {len(found)} columns of numbers, {names_text}; say which with --target"
        )
    counted = [c for c in columns if c.numbers is not None]
    if len(columns) == 1 and counted and not time.used:
        return counted[0]  # it only counts, but there is nothing else
    if counted:
        kinds = ", ".join(f"{c.name!r} ({c.kind})" for c in counted[:_MOST_NAMED])
        reason = f"no column holds values, only times and row numbers: {kinds}"
        return TableProblem(f"{reason}; name it with --target if it is to be learned")
    first = ", ".join(quote(str(c.cells.head(1).to_list()[0])[:40]) for c in columns[:_MOST_NAMED])
    return TableProblem(f"no column holds numbers: the first row has {first}")


def _is_nearly_number(column: Column) -> bool:
    """Return whether most cells of a text are digits with something beside them, as in 2.5M."""
    if column.kind != "text" or column.numbers is not None:
        return False
    cells = column.cells.drop_nulls()
    texts = cells.filter(cells.str.contains("[0-9]"))
    like = texts.str.contains(_NEARLY) & ~texts.str.contains(_TIME_OR_CODE)
    return len(cells) > 0 and bool(like.sum() > 0.5 * len(cells)) and texts.n_unique() > 1


def lies_on_side(
    columns: Sequence[Column], rows: int, is_time: Sequence[bool]
) -> TableProblem | None:
    """Return the problem of a table whose columns are the times.

    Args:
        columns: all of them.
        rows: how many rows there are.
        is_time: of each column, whether its name is a time or a year.
    """
    named = [c for c, time in zip(columns, is_time, strict=True) if time and c.kind != "time"]
    if len(named) >= _WIDE_NAMES and len(named) >= 0.5 * len(columns):
        first, last = named[0].name, named[-1].name
        return TableProblem(
            f"the table lies on its side: its columns are the times {first} to {last}; transpose "
            "it, so that each time is a row"
        )
    if rows <= 3 and len(columns) >= 20 and len(columns) > 5 * rows:
        return TableProblem(
            f"the table seems to lie on its side: {rows} row{'s' if rows > 1 else ''} of "
            f"{len(columns)} columns; transpose it, so that each time is a row"
        )
    return None


def _names(columns: Sequence[Column]) -> str:
    named = ", ".join(quote(column.name) for column in columns[:_MOST_NAMED])
    more = len(columns) - _MOST_NAMED
    return named + (f" and {more} more" if more > 0 else "")


def _listed(columns: Sequence[Column], header: bool) -> str:
    """Return what the table has instead of a column that is not there."""
    width = len(columns)
    numbered = f"numbered 0 to {width - 1}" if width > 1 else "number 0"
    if not header:
        plural = "columns" if width > 1 else "column"
        return f"has no header and no such column; it has {width} {plural}, {numbered}"
    return f"has no such column; it has {_names(columns)} ({numbered})"
