"""The content of a table's file: its bytes, unpacked, and the text that they stand for."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from dataclasses import dataclass

from rnn_tui.files.data_file import CHUNK, DataError, data_chunks, shown_name
from rnn_tui.files.limits import data_limit, memory_limit
from rnn_tui.files.regular_file import size_text
from rnn_tui.files.text_file import is_binary, other_encoding

PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_OTHER_KINDS = (  # the first bytes of what people call a table and what is none here
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet of Excel"),
    (b"%PDF", "a PDF file"),
    (b"SQLite format 3", "a data base"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"ARROW1", "an Arrow file"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"<", "an HTML or XML file"),
    (b"{", "JSON"),
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNPACKED = 2**24  # bytes at once
_SAMPLE = 2**16  # bytes in which zeros show UTF-16 without a byte order mark


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds.

    Attributes:
        data: its bytes, unpacked if they were packed with gzip.
        digest: SHA-256 of the file's own bytes, in hexadecimal.
        packed: whether they were packed.
    """

    data: bytes
    digest: str
    packed: bool

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.data.startswith(PARQUET)


def read_content(path: str) -> Content:
    """Read a file whole; "-" is standard input.

    Raises:
        DataError: it cannot be read, is too large, packed wrongly or empty.
    """
    raw = b"".join(data_chunks(path, 4 * CHUNK))
    digest = hashlib.sha256(raw).hexdigest()
    packed = raw.startswith(_GZIP)
    data = _unpack(path, raw) if packed else raw
    if not data.strip():
        raise DataError("--data", path, "the file is empty")
    _refuse_other_kinds(path, data)
    return Content(data, digest, packed)


def _unpack(path: str, raw: bytes) -> bytes:
    """Return what gzip packed; several parts one after another are joined."""
    limit = min(data_limit(), memory_limit())
    option = "--max-data" if limit == data_limit() else "--max-memory"
    parts: list[bytes] = []
    size = 0
    try:
        while raw.startswith(_GZIP):  # what follows may be padding
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                part = unpacker.decompress(raw, _UNPACKED)
                raw = unpacker.unconsumed_tail
                size += len(part)
                if size > limit:
                    reason = f"it unpacks to more than {size_text(limit)} ({option})"
                    raise DataError("--data", path, reason)
                if not part and not unpacker.eof:
                    raise DataError("--data", path, "the packed file (gzip) breaks off")
                parts.append(part)
            raw = unpacker.unused_data
    except zlib.error:
        raise DataError("--data", path, "the packed file (gzip) is damaged") from None
    return b"".join(parts)


def _refuse_other_kinds(path: str, data: bytes) -> None:
    start = data[:64].lstrip(codecs.BOM_UTF8).lstrip()
    for mark, kind in _OTHER_KINDS:
        if start.startswith(mark):
            raise DataError("--data", path, f"it is {kind}; save the table as CSV or Parquet")


def to_text(path: str, data: bytes, encoding: str) -> tuple[bytes, str]:
    r"""Return the text as UTF-8 whose lines end with \n, and the name of its encoding.

    Args:
        path: the file, for messages.
        data: its bytes.
        encoding: the name that the user gave; "" to find it.

    Raises:
        DataError: the bytes are no text in this encoding, or nothing says in which.
    """
    if encoding:
        text, name = _decode_as(path, data, encoding), codecs.lookup(encoding).name
    else:
        text, name = _decode(path, data)
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise DataError("--data", path, f"line {line} holds a null byte, so it is no table of text")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text, name


def _decode(path: str, data: bytes) -> tuple[bytes, str]:
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            if name == "utf-8":
                return _as_utf8(path, data[len(mark) :]), name
            return _decode_as(path, data, name), name
    if (name := _utf16_by_zeros(data[:_SAMPLE])) and len(data) % 2 == 0:
        return _decode_as(path, data, name), name
    return _as_utf8(path, data), "utf-8"


def _utf16_by_zeros(sample: bytes) -> str:
    """Return "utf-16-le" or "utf-16-be" where nearly every other byte is zero, else ""."""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half >= 2 and odd > 0.8 * half and even == 0:
        return "utf-16-le"
    if half >= 2 and even > 0.8 * half and odd == 0:
        return "utf-16-be"
    return ""


def _as_utf8(path: str, data: bytes) -> bytes:
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if is_binary(data[:_SAMPLE]):
            reason = "it is no table of text: it has control characters and is not UTF-8"
            raise DataError("--data", path, reason) from None
        byte, line = data[error.start], data.count(b"\n", 0, error.start) + 1
        reason = f"line {line} is not UTF-8 text (byte 0x{byte:02x}); say its --encoding"
        raise DataError("--data", path, f"{reason}, such as cp1252 (Western Windows)") from None
    return data


def _decode_as(path: str, data: bytes, encoding: str) -> bytes:
    try:
        known = codecs.lookup(encoding)
        if not getattr(known, "_is_text_encoding", True):
            raise LookupError
    except (LookupError, ValueError):
        reason = "there is no such encoding; use a name such as utf-8, utf-16 or cp1252"
        raise DataError("--encoding", encoding, reason) from None
    try:
        if other := other_encoding(encoding, data[:_SAMPLE]):
            reason = f"{shown_name(path)} is {other}, not {encoding}"
            raise DataError("--encoding", encoding, reason)
        text = known.decode(data, "strict")[0].removeprefix("\ufeff")
        return text.encode()
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = data.count(b"\n", 0, at) + 1
        raise DataError(
            "--encoding", encoding, f"line {line} of {path!r} is not {encoding}"
        ) from None
