"""Whether a file is a table or a text, judged by its first lines; in doubt its name decides."""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter
from pathlib import Path

from rnn_tui.files.data_file import DataError, data_head
from rnn_tui.files.text_file import is_binary

_HEAD = 2**16  # bytes that are looked at
_MOST_LINES = 400
_TITLES = 20  # lines before the rows, at most: titles, comments, headers
_DELIMITERS = ("\t", ";", "|", ",")
_MOST = 0.6  # of the lines must be rows: there are footers, too
_BLANKS_MOST = 0.8  # where blanks separate the cells, as they do words
_TABLE_NAMES = (
    ".csv", ".tsv", ".tab", ".psv", ".parquet", ".pq", ".xlsx", ".xls", ".ods", ".arff", ".dat",
)  # fmt: skip
_BINARY = (b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # Parquet and the sheets of spreadsheets
_GZIP = b"\x1f\x8b"
_COMMENT = ("#", "%", "//", "@")
_NUMBER = re.compile(
    r"[-+(]?[$€£¥]?[-+]?(\d[\d., '_\u00a0\u202f]*|[.,]\d+)([eE][-+]?\d+)?\s?[%€$)]?"
)
_TIME = re.compile(r"[\dTZ:./+-]*\d[\dTZ:./+-]*")


def is_table(path: str, encoding: str = "") -> bool:
    """Return whether a file is a table, and no text.

    Args:
        path: the file; "-" is standard input.
        encoding: of its characters, as the user says; "" for what is found.

    Raises:
        DataError: the file cannot be read.
    """
    head = data_head(path, _HEAD)
    name = path.lower().removesuffix(".gz")
    named = name.endswith(_TABLE_NAMES)
    if head.startswith(_BINARY):
        return named or head.startswith(_BINARY[0])
    whole = len(head) < _HEAD
    if head.startswith(_GZIP):
        try:
            unpacked = zlib.decompressobj(31).decompress(head, _HEAD)
        except zlib.error:
            return named
        whole, head = whole and len(unpacked) < _HEAD, unpacked
    if not encoding and is_binary(head) and not _wide_encoding(head):
        return False
    lines = re.split(r"\r\n|\n|\r", _decoded(head, encoding))
    if not whole:
        lines = lines[:-1]  # the last one is cut
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith(_COMMENT)]
    return _looks_like_rows(lines[:_MOST_LINES]) or (named and not _is_prose(lines))


def _wide_encoding(head: bytes) -> str:
    """Return which UTF-16 a file is that begins so, "" for none."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if max(even, odd) > len(head) / 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


def _decoded(head: bytes, encoding: str) -> str:
    """Return the characters of the first bytes, whatever they are."""
    encoding = encoding or _wide_encoding(head) or "utf-8-sig"
    try:
        return head.decode(encoding, errors="replace").removeprefix("\ufeff")
    except (LookupError, UnicodeError):
        return head.decode("latin-1")


def _looks_like_rows(lines: list[str]) -> bool:
    """Return whether most lines, but for titles at the start, are rows with numbers."""
    if lines and lines[0].lower().startswith("sep="):
        return True
    rows = lines[min(len(lines) // 2, _TITLES) :]
    if any(_has_columns([*_cells(rows, each)], _MOST, number=0.0) for each in _DELIMITERS):
        return True
    words = [line.split() for line in rows]
    if words and sum(all(map(_is_value, row)) for row in words) >= _BLANKS_MOST * len(words):
        return any(_is_number(cell) for row in words for cell in row)
    return _has_columns(words, _BLANKS_MOST, number=0.5)


def _cells(rows: list[str], delimiter: str) -> list[list[str]]:
    """Return the cells of each row; a row that cannot be split is one cell."""
    try:
        return list(csv.reader(rows, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return [[row] for row in rows]


def _has_columns(rows: list[list[str]], most: float, number: float) -> bool:
    """Return whether most rows have the same number of cells, and a column of numbers.

    Args:
        rows: their cells.
        most: the share of rows that must have as many cells as most have, and numbers there.
        number: the share of cells that must be numbers or times.
    """
    if not rows:
        return False
    width, alike = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or alike < most * len(rows):
        return False
    kept = [row for row in rows if len(row) == width]
    numbers = [sum(_is_number(row[column]) for row in kept) for column in range(width)]
    values = sum(_is_value(cell) for row in kept for cell in row)
    return max(numbers) >= most * len(kept) and values >= number * width * len(kept)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip().strip('"')) is not None


def _is_value(cell: str) -> bool:
    return _is_number(cell) or _TIME.fullmatch(cell) is not None


def _is_prose(lines: list[str]) -> bool:
    """Return whether lines have no digit: whatever the file is called, it is no table.

    A single line of names is a table without rows.
    """
    if len(lines) == 1 and any(each in lines[0] for each in _DELIMITERS):
        return False
    return bool(lines) and not any(re.search(r"\d", line) for line in lines)


def task_for(path: str, encoding: str = "") -> str:
    """Return the name of the task that learns a file: "series" for a table, otherwise "text".

    Raises:
        DataError: the file cannot be read, or is a checkpoint.
    """
    if _is_checkpoint(data_head(path, 10)):
        raise DataError("--data", path, "it is a checkpoint or a case, which opens without --data")
    return "series" if is_table(path, encoding) else "text"


def _is_checkpoint(head: bytes) -> bool:
    """Return whether a file begins as .safetensors files do: a length, and an object of JSON."""
    return head[8:] == b'{"' and int.from_bytes(head[:8], "little") < 2**32


def said(path: str, task: str) -> str:
    """Return what is said of a choice that nobody made: "prices.csv is a table: --task series"."""
    name = Path(path).name if path != "-" else "standard input"
    shown = name if name.isprintable() else repr(name)
    return f"{shown} is a {'table' if task == 'series' else 'text'}: --task {task}"
