"""The cells of a table as columns, with the library that splits them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.files import guard
from rnn_tui.files.data_file import DataError
from rnn_tui.files.limits import memory_limit, over_limit
from rnn_tui.tables import library, parquet_child
from rnn_tui.tables.content import Content, to_text
from rnn_tui.tables.headings import Cells
from rnn_tui.tables.layout import WIDEST, Layout, find_layout, ragged
from rnn_tui.tables.lines import inside_quotes, split_lines
from rnn_tui.tables.table import TableOptions

if TYPE_CHECKING:
    import polars as pl

_BYTES_OF_ROW = 40  # that a number takes at most: read, in units, and while these are computed
_BYTES_OF_CELL = 24  # as text, besides its characters
_SINGLE = "\x1f\x1e\x1d\x1c\x01"  # one of these "separates" the only cell of a row
_TEXT_OPTIONS = ("encoding", "delimiter", "decimal", "thousands", "skip_rows")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The cells of a table.

    Attributes:
        columns: text or, from Parquet, of any type; [N] each.
        names: of the columns; "" where there is none.
        layout: of the text they are from; None for Parquet.
        encoding: of the text.
        notes: what was assumed.
    """

    columns: list[pl.Series]
    names: tuple[str, ...]
    layout: Layout | None
    encoding: str
    notes: list[str]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0])

    def line(self, row: int) -> str:
        """Return where a row stands: "line 12", or "row 11" where there are no lines."""
        if self.layout is None:
            return f"row {row + 1}"
        return f"line {int(self.layout.lines.numbers[self.layout.rows[row]])}"


def read_frame(options: TableOptions, content: Content) -> Frame:
    """Return the cells of a file.

    Raises:
        DataError: it is no table.
    """
    if content.is_parquet:
        return _parquet(options, content.data)
    data, encoding = to_text(options.path, content.data, options.encoding)
    layout = find_layout(options, split_lines(options.path, data))
    notes = [*layout.notes]
    if content.packed:
        notes.insert(0, "the file is packed with gzip")
    if not options.encoding and encoding != "utf-8":
        notes.insert(0, f"its encoding is {encoding}")
    return Frame(_split(options.path, layout), layout.names, layout, encoding, notes)


def _split(path: str, layout: Layout) -> list[pl.Series]:
    """Return the columns of a text's rows.

    Raises:
        DataError: a row has too many cells or too few, or they need too much memory.
    """
    count, width = len(layout.rows), layout.width
    data = _body(layout)
    needed = count * (_BYTES_OF_ROW + _BYTES_OF_CELL * width) + 3 * len(data)
    if needed > (most := memory_limit()):
        reason = f"its {count:,} rows need {over_limit(needed, most)}"
        raise DataError("--data", path, reason)
    separator = layout.separator or next((m for m in _SINGLE if m.encode() not in data), "")
    if not separator:
        raise DataError("--data", path, "it holds control characters, so it is no table of text")
    if layout.separator and _count_of(separator, data, layout) != (width - 1) * count:
        _check_width(path, layout)  # if the count is right, a short row would mean a long one too
    try:
        frame = _split_text(path, data, separator, layout.lines.quoted)
    except DataError:
        if layout.separator:
            _check_width(path, layout)
        raise
    if frame.shape != (count, width):
        reason = f"{count:,} lines give {frame.shape[0]:,} rows of {frame.shape[1]:,} cells"
        raise DataError("--data", path, f"{reason} instead of {width:,}")
    return frame.get_columns()


def _split_text(path: str, data: bytes, separator: str, quoted: bool) -> pl.DataFrame:
    """Return the cells of lines, all as text; empty ones are empty and not null."""
    library.prepare()
    import polars as pl

    with library.errors_as(path, "its lines cannot be split into cells"):
        return pl.read_csv(
            data, has_header=False, infer_schema=False, separator=separator,
            quote_char='"' if quoted else None, empty_string_is_null=False,
        )  # fmt: skip


def _body(layout: Layout) -> bytes:
    """Return the bytes of the rows alone."""
    lines, rows = layout.lines, layout.rows
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    first = rows[np.concatenate(([0], breaks))]
    last = rows[np.concatenate((breaks - 1, [len(rows) - 1]))]
    pieces = zip(lines.starts[first], lines.ends[last], strict=True)
    return b"".join(lines.data[start : end + 1] for start, end in pieces)


def _count_of(separator: str, data: bytes, layout: Layout) -> int:
    """Return how many separators stand outside quotes."""
    if not layout.lines.quoted:
        return data.count(separator.encode())
    array = np.frombuffer(data, np.uint8)
    return int(np.count_nonzero((array == ord(separator)) & ~inside_quotes(array)))


def _check_width(path: str, layout: Layout) -> None:
    """Refuse rows that have too many cells or too few, naming the first."""
    mark = layout.separator.encode()
    lines = layout.lines
    array = np.frombuffer(lines.data, np.uint8)
    places = np.flatnonzero(array == mark[0])
    if lines.quoted:
        places = places[~inside_quotes(array)[places]]
    bounds = np.searchsorted(places, np.stack([lines.starts[layout.rows], lines.ends[layout.rows]]))
    wrong = np.flatnonzero(bounds[1] - bounds[0] != layout.width - 1)
    if len(wrong):
        cells = Cells(lines, layout.separator)
        raise DataError("--data", path, ragged(cells, int(layout.rows[wrong[0]]), layout.width))


def _parquet(options: TableOptions, data: bytes) -> Frame:
    """Return the columns of a Parquet file.

    Raises:
        DataError: it is damaged, or an option is given that is only for text.
    """
    default = TableOptions("")
    for name in _TEXT_OPTIONS:
        if getattr(options, name) != getattr(default, name):
            option = "--" + name.replace("_", "-")
            reason = "has no effect on a Parquet file, which says this itself"
            raise DataError(option, str(getattr(options, name)), reason)
    library.prepare()
    import polars as pl

    most = max(0, memory_limit() - 2 * len(data)) // (_BYTES_OF_ROW + _BYTES_OF_CELL)
    with library.errors_as(options.path, "the Parquet file is damaged or breaks off"):
        if guard.installed():  # no process may be started; only the server's owner names files
            frame = pl.read_parquet(data)
        else:
            frame = pl.read_ipc(_converted(options.path, data, most))
    if not frame.height or not frame.width:
        raise DataError("--data", options.path, "the Parquet file has no rows")
    return Frame(frame.get_columns(), tuple(frame.columns), None, "parquet", [])


def _converted(path: str, data: bytes, most: int) -> bytes:
    """Return a Parquet file in a form that is known to be whole.

    Raises:
        DataError: it is damaged or too large.
    """
    import subprocess

    command = [sys.executable, "-P", parquet_child.__file__, str(WIDEST), str(most)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode == parquet_child.TOO_WIDE:
        raise DataError("--data", path, f"it has more than {WIDEST:,} columns")
    if done.returncode == parquet_child.TOO_LARGE:
        reason = f"it has more than {most:,} cells, for which the memory is not enough"
        raise DataError("--data", path, f"{reason} (--max-memory)")
    if done.returncode:
        raise DataError("--data", path, "the Parquet file is damaged or breaks off")
    return done.stdout
