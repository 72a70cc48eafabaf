"""From a file to a `Table`."""

from __future__ import annotations

import csv
import hashlib

from rnn_tui.files.data_file import DataError, data_chunks
from rnn_tui.settings import Settings
from rnn_tui.tables.single_column import read_column
from rnn_tui.tables.table import ColumnReport, Table, TableOptions


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


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of columns in `text`, separated by commas; quotes protect a comma.

    ``A,"b,c"`` names A and b,c.
    """
    rows = list(csv.reader([text], skipinitialspace=True))
    names = [name.strip() for name in rows[0]] if rows else []
    return tuple(name for name in names if name)


def usable(table: Table) -> Table:
    """Return the table itself.

    Raises:
        DataError: nothing can be learned from it; the message is its first problem.
    """
    if table.problems:
        raise DataError("--data", table.path, table.problems[0])
    return table


def read_table(options: TableOptions) -> Table:
    """Read a table.

    Args:
        options: the file, and what the user says about it.

    Returns:
        The table; where nothing can be learned from it, `Table.problems` says why.

    Raises:
        DataError: the file cannot be read at all.
    """
    digest = hashlib.sha256()
    for chunk in data_chunks(options.path):
        digest.update(chunk)
    found = [read_column(options.path, name) for name in (options.target or ("",))]
    targets = tuple(column.name for column in found)
    found += [read_column(options.path, name) for name in options.inputs]
    inputs = tuple(column.name for column in found[len(targets) :]) or targets
    values = {column.name: column.values for column in found}
    reports = tuple(
        ColumnReport(name, "number", 0, float(v[0]), float(v[-1]), float(v.min()), float(v.max()))
        for name, v in values.items()
    )
    return Table(
        path=options.path,
        rows=len(found[0].values),
        columns=reports,
        targets=targets,
        inputs=inputs,
        values=values,
        time=None,
        times=None,
        notes=(),
        problems=(),
        encoding="utf-8",
        delimiter=",",
        decimal=".",
        header=True,
        skipped=0,
        digest=digest.hexdigest(),
    )
