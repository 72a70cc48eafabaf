"""The column that a run of before version 5 was trained on, as the program read tables then.

It took the first column with a number in the first row, unless one was named; it knew commas,
semicolons and tabs, decimal points and UTF-8, and left the rows in the file's order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from rnn_tui.checkpoint.versions import KNOWS_DATA
from rnn_tui.files.data_file import DataError, data_chunks
from rnn_tui.settings import Settings, quote
from rnn_tui.tables.reading import read_table, table_options
from rnn_tui.tensor_files.content import ContentError

_DELIMITERS = "\t;,"  # in this order when two split the rows equally well
_SAMPLE = 50  # first rows, from which the delimiter is found

Numbers = npt.NDArray[np.float64]


def with_earlier_column(settings: Settings) -> Settings:
    """Return the settings of an earlier run of task series, which name the column it learned.

    Raises:
        ContentError: the column is not read as it was then.
        DataError: the file cannot be read.
    """
    try:
        name, delimiter, then = _earlier_column(settings.data, settings.target)
    except DataError:
        raise
    except (ValueError, csv.Error, IndexError, StopIteration):
        reason = (
            f"before format {KNOWS_DATA} rnn-tui read {quote(settings.data)} otherwise, and it "
        )
        reason += "has no such column of numbers any more; --init-from takes the run's weights"
        raise ContentError(reason) from None
    named = settings.with_(target=_written(name))
    separator = {"\t": "tab"}.get(delimiter, delimiter)
    plain = named.with_(delimiter=separator, decimal=".", thousands="none")
    found = ""
    for chosen in (named, plain):
        try:
            table = read_table(table_options(chosen))
        except DataError as error:
            found = found or str(error).partition(": ")[2]
            continue
        now = table.values.get(table.targets[0]) if table.targets else None
        if not table.problems and now is not None and np.array_equal(now, then):
            return chosen
        found = found or (table.problems[0] if table.problems else _difference(then, now))
    raise ContentError(
        f"before format {KNOWS_DATA} rnn-tui read the column {quote(name)} otherwise: {found}; "
        "--init-from takes the run's weights"
    )


def _difference(then: Numbers, now: Numbers | None) -> str:
    """Return how what is read now differs from what was read then."""
    if now is None or len(now) != len(then):
        return f"{len(then):,} rows then, {0 if now is None else len(now):,} now"
    if np.array_equal(np.sort(now), np.sort(then)):
        return "the rows are put in order of time now"
    row = int(np.argmax(now != then))
    return f"row {row + 1} was {then[row]:g}, and is {now[row]:g} now"


def _earlier_column(path: str, wanted: str) -> tuple[str, str, Numbers]:
    """Return the column's name or number, what separated the cells, and its numbers."""
    text = b"".join(data_chunks(path)).decode("utf-8-sig")
    delimiter = max(_DELIMITERS, key=lambda each: _agreeing_rows(text, each))
    rows = list(_rows(text, delimiter, strict=True))
    named = not any(map(_is_number, rows[0]))
    names = [cell.strip() for cell in rows[0]] if named else []
    rows = rows[named:]
    wanted = wanted.strip()
    if not wanted:
        index = next(k for k, cell in enumerate(rows[0]) if _is_number(cell))
    elif names.count(wanted) == 1:
        index = names.index(wanted)
    else:
        index = int(wanted)
    numbers = np.array([float(row[index]) for row in rows])
    name = names[index] if named else ""
    return name if name and names.count(name) == 1 else str(index), delimiter, numbers


def _rows(text: str, delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    """Yield the cells of every row that is not blank."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=strict)
    return (row for row in reader if len(row) > 1 or (row and row[0].strip()))


def _agreeing_rows(text: str, delimiter: str) -> int:
    """Return how many of the first rows have as many cells as the first; 0 if it has only one."""
    try:
        widths = [len(row) for row in islice(_rows(text, delimiter, strict=False), _SAMPLE)]
    except csv.Error:
        return 0
    return widths.count(widths[0]) if widths and widths[0] > 1 else 0


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _written(name: str) -> str:
    """Return a column's name as a setting has it: with quotes around a comma."""
    if name.strip() == name and not set(name) & set(',"'):
        return name
    return '"' + name.replace('"', '""') + '"'
