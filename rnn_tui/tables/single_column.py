"""Reading one column of numbers from a CSV file."""

from __future__ import annotations

import codecs
import csv
import io
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.files.data_file import CHUNK, DataError, data_chunks, shown_name
from rnn_tui.files.limits import memory_limit, over_limit
from rnn_tui.files.regular_file import size_text
from rnn_tui.settings import quote

_DELIMITERS = "\t;,"  # in this order when two split the rows equally well: 1,5;2,5 means ";"
_SAMPLE = 50  # first rows, from which the delimiter is found
_LONGEST_LINE = 2**20  # bytes; a row of more would be a million cells
_BYTES_OF_ROW = 40  # that a number takes at most: read, in units, and while these are computed
_MOST_NAMED = 20  # columns that an error message names at most
_HINT = "write numbers like 1234.5, with a point and no other separators"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: its name in the header, or "column 0" if there is no header.
        values: [N] float64, all finite.
    """

    name: str
    values: npt.NDArray[np.float64]


def read_column(path: str, column: str = "") -> Column:
    """Read one column of numbers from a UTF-8 text file.

    Cells are separated by commas, semicolons or tabs (whichever splits the first rows evenly) and
    may be quoted; blank lines are skipped. The first row is a header if none of its cells is a
    number.

    Args:
        path: the file.
        column: a name from the header, else a number counted from 0; if empty, the first column
            that has a number in the first row after the header.

    Raises:
        DataError: the file cannot be read or has no such column of finite numbers.
    """
    return _Table(path, _read_table(path)).column(column)


class _Bytes(io.RawIOBase):
    """The content of a file that was read in chunks, as a file again; the chunks are not copied."""

    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._next = self._used = 0  # the number of the chunk to go on with, and its bytes read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from one chunk and return the number of bytes; 0 at the end."""
        if self._next == len(self._chunks):
            return 0
        chunk = self._chunks[self._next]
        part = chunk[self._used : self._used + len(buffer)]
        buffer[: len(part)] = part
        self._used += len(part)
        if self._used == len(chunk):
            self._next, self._used = self._next + 1, 0
        return len(part)


def _read_table(path: str) -> list[bytes]:
    """Return the content of a file, in chunks, after checking that it can be a table of text.

    Raises:
        DataError: it cannot be read, is not UTF-8, or would take too much memory.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunks: list[bytes] = []
    rows = 1
    open_line = 0  # bytes of the line that has not ended yet
    try:
        for chunk in data_chunks(path):
            decoder.decode(chunk)
            chunks.append(chunk)
            rows += chunk.count(b"\n")
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            open_line = open_line + len(chunk) if last < 0 else len(chunk) - last
            if open_line > _LONGEST_LINE:
                reason = f"line {rows} has more than {size_text(_LONGEST_LINE)}"
                raise DataError("--data", path, f"{reason}, so it is no table")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        reason = f"not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8"
        raise DataError("--data", path, reason) from None
    needed, most = rows * _BYTES_OF_ROW + sum(map(len, chunks)), memory_limit()
    if needed > most:
        reason = f"its {rows:,} lines need {over_limit(needed, most)}"
        raise DataError("--data", path, reason)
    return chunks


class _Table:
    """The text of a CSV file: its delimiter, its header if it has one, and its rows."""

    def __init__(self, path: str, chunks: list[bytes]) -> None:
        """Find the delimiter, the header and the width of the rows."""
        self._path = path
        self._chunks = chunks
        self._delimiter = _find_delimiter(chunks)
        rows = list(islice(self._rows(), 2))
        if not rows:
            raise self._error("the file is empty")
        _, first = rows[0]
        self._width = len(first)
        self._has_header = not any(map(_is_number, first))
        self._names = [cell.strip() for cell in first] if self._has_header else []
        if self._has_header:
            rows = rows[1:]
        if not rows:
            raise self._error("there is a header but no row below it")
        line, self._first = rows[0]
        self._check_width(self._first, 1, line)

    def column(self, name_or_number: str) -> Column:
        """Return one column, by name or number; if empty, the first that has numbers."""
        wanted = name_or_number.strip()
        index = self._find(wanted) if wanted else self._first_numeric()
        name = self._names[index] if self._has_header else ""
        name = name or f"column {index}"
        return Column(name, np.frombuffer(self._numbers(index, name), dtype=np.float64))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the cells of every row that is not blank."""
        reader = csv.reader(
            _lines(self._chunks),
            delimiter=self._delimiter,
            skipinitialspace=True,
            strict=True,
        )
        try:
            for row in reader:
                if len(row) > 1 or (row and row[0].strip()):
                    yield reader.line_num, row
        except csv.Error as error:
            reason = str(error).replace("\t", "\\t")  # a delimiter that is meant to be seen
            raise self._error(f"line {reader.line_num} is not CSV ({reason})") from None

    def _numbers(self, index: int, name: str) -> array[float]:
        rows = self._rows()
        if self._has_header:
            next(rows)
        numbers = array("d")
        width = self._width
        for line, row in rows:
            if len(row) != width:
                self._check_width(row, len(numbers) + 1, line)
            try:
                number = float(row[index])
            except ValueError:
                raise self._not_a_number(name, len(numbers) + 1, line, row[index]) from None
            if not math.isfinite(number):
                raise self._not_a_number(name, len(numbers) + 1, line, row[index])
            numbers.append(number)
        return numbers

    def _check_width(self, row: list[str], number: int, line: int) -> None:
        if len(row) != self._width:
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            where = _where(number, line)
            raise self._error(f"{where} has {cells} where the first row has {self._width}")

    def _find(self, wanted: str) -> int:
        if self._names.count(wanted) == 1:
            return self._names.index(wanted)
        if self._names.count(wanted) > 1:
            at = [str(i) for i, name in enumerate(self._names) if name == wanted]
            reason = f"{self._file} has this name on columns {', '.join(at)}; give the number"
            raise DataError("--column", wanted, reason)
        if wanted in map(str, range(self._width)):
            return int(wanted)
        raise DataError("--column", wanted, f"{self._file} {self._columns}")

    @property
    def _file(self) -> str:
        return shown_name(self._path)

    @property
    def _columns(self) -> str:
        numbered = f"numbered 0 to {self._width - 1}" if self._width > 1 else "number 0"
        if not self._has_header:
            plural = "columns" if self._width > 1 else "column"
            return f"has no header and no such column; it has {self._width} {plural}, {numbered}"
        named = ", ".join(map(quote, self._names[:_MOST_NAMED]))
        more = len(self._names) - _MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"has no such column; it has {named}{rest} ({numbered})"

    def _first_numeric(self) -> int:
        for index, cell in enumerate(self._first):
            if _is_number(cell):
                return index
        cells = ", ".join(map(quote, self._first[:_MOST_NAMED]))
        raise self._error(f"no column holds numbers: the first row has {cells}; {_HINT}")

    def _not_a_number(self, name: str, row: int, line: int, cell: str) -> DataError:
        where = f"{_where(row, line)} of {quote(name)}"
        if not cell.strip():
            return self._error(f"{where} is empty; every row needs a number")
        if _is_number(cell):
            return self._error(f"{where} is {quote(cell)}; numbers must be finite")
        return self._error(f"{where} is {quote(cell)}, which is not a number; {_HINT}")

    def _error(self, reason: str) -> DataError:
        return DataError("--data", self._path, reason)


def _find_delimiter(chunks: list[bytes]) -> str:
    """Return the delimiter that splits most of the first rows into as many cells as the first.

    If none splits the first row, there is only one column. Tab, the first in order, then leaves its
    cells whole, so that a decimal comma is refused as text instead of making a second column.
    """
    agreeing = {delimiter: _agreeing_rows(chunks, delimiter) for delimiter in _DELIMITERS}
    return max(agreeing, key=agreeing.__getitem__)


def _agreeing_rows(chunks: list[bytes], delimiter: str) -> int:
    """Return how many of the first rows have as many cells as the first; 0 if it has only one."""
    reader = csv.reader(_lines(chunks), delimiter=delimiter, skipinitialspace=True)
    try:
        widths = [len(row) for row in islice(filter(None, reader), _SAMPLE)]
    except csv.Error:
        return 0
    return widths.count(widths[0]) if widths and widths[0] > 1 else 0


def _lines(chunks: list[bytes]) -> io.TextIOWrapper:
    """Return the text as an iterator over its lines; a byte order mark is not part of it."""
    raw = io.BufferedReader(_Bytes(chunks), CHUNK)
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _where(row: int, line: int) -> str:
    return f"row {row} (line {line})"
