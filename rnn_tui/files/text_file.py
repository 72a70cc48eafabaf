"""A text file as pieces of text: its encoding found or named, its line ends made one kind."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from itertools import chain

from rnn_tui.files.data_file import CHUNK, DataError, data_chunks, shown_name
from rnn_tui.files.limits import data_limit
from rnn_tui.files.regular_file import size_text

_BYTE_ORDER_MARK = "\ufeff"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b"
_UTF_8 = "utf-8"
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})


class TextFile:
    """A text file that is read once, from its beginning.

    Attributes:
        encoding: how its bytes stand for characters, once a piece was read; "" for bytes.
        found: why, in words, where it was found and is not plain UTF-8; "" otherwise.
        line_ends: how many line ends were not a newline and have become one.
    """

    def __init__(self, path: str, encoding: str = "", *, keep_line_ends: bool = False) -> None:
        """Prepare to read; nothing is opened.

        Args:
            path: the file; one that is packed with gzip is unpacked.
            encoding: the name of its encoding; "" if it is to be found.
            keep_line_ends: whether CRLF and CR stay what they are.
        """
        self._path = path
        self._keeps = keep_line_ends
        self.encoding = encoding
        self._binary = False
        self.found = ""
        self.line_ends = 0

    def texts(self, size: int = CHUNK) -> Iterator[str]:
        """Yield the text in pieces; a byte order mark at its start is not part of it.

        Raises:
            DataError: the file cannot be read, or is not in this encoding.
        """
        return self._with_line_ends(self._decoded(size))

    def bytes_as_text(self, size: int = CHUNK) -> Iterator[str]:
        """Yield the bytes in pieces, each byte as the character of its number.

        Raises:
            DataError: the file cannot be read.
        """
        return self._with_line_ends(each.decode("latin-1") for each in self._unpacked(size))

    def _with_line_ends(self, pieces: Iterator[str]) -> Iterator[str]:
        """Make CRLF and CR newlines, unless they are kept; pieces may end between the two."""
        if self._keeps:
            yield from filter(None, pieces)
            return
        translate = IncrementalNewlineDecoder(None, translate=True)
        pending = False  # a CR at the end of the piece before
        for piece in pieces:
            newlines = piece.count("\r")
            translated = translate.decode(piece) if newlines or pending else piece
            self.line_ends += newlines
            pending = piece.endswith("\r") or (pending and not piece)
            if translated:
                yield translated
        if last := translate.decode("", final=True):
            yield last

    def _decoded(self, size: int) -> Iterator[str]:
        """Yield the characters, in pieces of about `size` bytes."""
        content = self._unpacked(size)
        begin = b""
        while len(begin) < 4 and (more := next(content, b"")):
            begin += more
        if not self.encoding:
            self.encoding, self.found = _found(begin)
            self._binary = self.encoding == _UTF_8 and is_binary(begin)
        elif other := other_encoding(self.encoding, begin):
            reason = f"{shown_name(self._path)} is {other}, not {self.encoding}"
            raise DataError("--encoding", self.encoding, reason)
        elif _lacks_its_mark(self.encoding, begin):
            self.encoding, self.found = _without_mark(begin) or ("utf-16-le", "without a mark")
        decoder = codecs.getincrementaldecoder(self.encoding)()
        offset = 0  # of the first byte that is not decoded yet
        begun = False
        for read in chain([begin], content, [b""]):  # the empty one ends the text
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(read, final=not read)
            except UnicodeDecodeError as error:
                at = offset + error.start
                raise self._not_decoded(error.object[error.start], at) from None
            offset += pending + len(read) - len(decoder.getstate()[0])
            if text and not begun:
                begun, text = True, text.removeprefix(_BYTE_ORDER_MARK)
            if text:
                yield text

    def _not_decoded(self, byte: int, offset: int) -> DataError:
        """Return the error for a byte that this encoding does not have there."""
        where = f"byte 0x{byte:02x} at offset {offset} is not"
        if self._binary:
            reason = f"it is no text: it has control characters, and {where} UTF-8"
            return DataError("--data", self._path, f"{reason}; --tokens bytes learns any file")
        if codecs.lookup(self.encoding).name != _UTF_8:
            how = f" ({self.found})" if self.found else ""
            reason = f"{where} {self.encoding}{how}; name another --encoding"
        else:
            reason = f"{where} UTF-8; name its --encoding, such as cp1252, or save it as UTF-8"
        return DataError("--data", self._path, reason)

    def _unpacked(self, size: int) -> Iterator[bytes]:
        """Yield the bytes, unpacked if they are packed with gzip."""
        content = data_chunks(self._path, size)
        first = next(content, b"")
        while 0 < len(first) < len(_GZIP) and (more := next(content, b"")):
            first += more
        content = chain([first], content)
        return self._of_gzip(content, size) if first[:2] == _GZIP else content

    def _of_gzip(self, content: Iterator[bytes], size: int) -> Iterator[bytes]:
        """Yield what is packed, as far as a data file may be long."""
        limit, total = data_limit(), 0
        unpack, whole = zlib.decompressobj(31), False
        try:
            for packed in content:
                whole = whole and not packed
                while packed:
                    unpacked = unpack.decompress(packed, size)
                    total += len(unpacked)
                    if total > limit:
                        reason = f"unpacked it has more than {size_text(limit)} (--max-data)"
                        raise DataError("--data", self._path, reason)
                    if unpacked:
                        yield unpacked
                    packed = unpack.unconsumed_tail
                    if whole := unpack.eof:  # another part may follow
                        packed, unpack = unpack.unused_data.lstrip(b"\0"), zlib.decompressobj(31)
        except zlib.error:
            raise DataError("--data", self._path, "its gzip packing is damaged") from None
        if not whole:
            raise DataError("--data", self._path, "its gzip packing ends too early")


def _found(begin: bytes) -> tuple[str, str]:
    """Return the encoding of a text that begins so, and why, where it is not plain UTF-8."""
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding, "" if encoding == _UTF_8 else "by its byte order mark"
    return _without_mark(begin) or (_UTF_8, "")


def _without_mark(begin: bytes) -> tuple[str, str] | None:
    """Return which UTF-16 it is without a byte order mark; None if it is none.

    Letters of ASCII have a zero byte there, before or after; a text in UTF-8 has none.
    """
    sample = begin[: len(begin) // 2 * 2]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if second > len(sample) // 8 and first <= second // 8:
        return "utf-16-le", "by its zero bytes"
    if first > len(sample) // 8 and second <= first // 8:
        return "utf-16-be", "by its zero bytes"
    return None


def is_binary(sample: bytes) -> bool:
    """Return whether bytes have more control characters than any text, in UTF-8 or the like."""
    return len(sample.translate(None, _CONTROLS)) < 0.98 * len(sample)


def other_encoding(encoding: str, begin: bytes) -> str:
    """Return what a text that begins so is, where it cannot be in the encoding that was named.

    Nearly any bytes can be read as UTF-16 or in an encoding of one byte each, without an error.
    """
    utf_16 = codecs.lookup(encoding).name.startswith("utf-16")
    if not utf_16:
        name = _found(begin[:4])[0] if not begin.startswith(codecs.BOM_UTF8) else ""
        wide = name.startswith(("utf-16", "utf-32")) and not encoding.lower().startswith("utf-32")
        return name.upper() if wide and not begin[:4].isascii() else ""
    if b"\0" in begin:
        return ""
    try:
        codecs.getincrementaldecoder(_UTF_8)().decode(begin)  # it may end within a character
    except UnicodeDecodeError:
        return ""
    return "UTF-8"


def _lacks_its_mark(encoding: str, begin: bytes) -> bool:
    """Return whether an encoding that needs a byte order mark does not have it."""
    marked = begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return codecs.lookup(encoding).name == "utf-16" and not marked
