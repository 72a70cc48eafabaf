r"""The lines of a text, and its quotes.

A line may go on over an end of line that stands between quotes; `protect_quotes` makes a blank of
such an end, so that from then on a line is a row. Nothing here knows what separates the cells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rnn_tui.files.data_file import DataError
from rnn_tui.files.regular_file import size_text

LONGEST = 2**20
"""Bytes of the longest line that is read; a row of more would be a million cells."""
_NEWLINE, _QUOTE, _BLANK, _TAB = 10, 34, 32, 9
_BESIDE_QUOTE = np.isin(np.arange(256), np.frombuffer(b'\n,;|\t "', np.uint8))
"""By byte: whether it stands beside a quote that begins or ends a cell."""

Positions = npt.NDArray[np.intp]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    r"""A text as lines.

    Attributes:
        data: the text in UTF-8; its lines end with \n, the last one too.
        starts: [L] where each line begins.
        ends: [L] where it ends, before its \n.
        numbers: [L] its number in the file, from 1.
        quoted: whether quotes protect what stands between them.
    """

    data: bytes
    starts: Positions
    ends: Positions
    numbers: Positions
    quoted: bool

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, index: int) -> str:
        """Return one line."""
        return self.data[self.starts[index] : self.ends[index]].decode()

    def first_bytes(self) -> Bytes:
        """Return the first byte of each line, [L]; that of an empty line is its end."""
        return np.frombuffer(self.data, np.uint8)[self.starts]


def split_lines(path: str, data: bytes) -> Lines:
    """Return the lines of a text.

    Raises:
        DataError: a line is too long, or a quote is not closed.
    """
    if not data.endswith(b"\n"):
        data += b"\n"
    array = np.frombuffer(data, np.uint8)
    starts, ends = _bounds(array)
    longest = int((ends - starts).argmax())
    if ends[longest] - starts[longest] > LONGEST:
        reason = f"line {longest + 1} has more than {size_text(LONGEST)}, so it is no table"
        raise DataError("--data", path, reason)
    numbers = np.arange(1, len(ends) + 1)
    if b'"' in data:
        data = _without_quotes_in_comments(data, starts, ends)
    if b'"' not in data:
        return Lines(data, starts, ends, numbers, False)
    return _with_quotes(path, Lines(data, starts, ends, numbers, True))


def _without_quotes_in_comments(data: bytes, starts: Positions, ends: Positions) -> bytes:
    """Return the text without the quotes of the comments above the table, where they mean none."""
    changed = bytearray(data)
    for start, end in zip(starts[:1000].tolist(), ends[:1000].tolist(), strict=True):
        line = data[start:end].lstrip()
        if line.startswith((b"#", b"%", b"//")):
            changed[start:end] = data[start:end].replace(b'"', b"'")
        elif line:
            break
    return bytes(changed)


def _with_quotes(path: str, lines: Lines) -> Lines:
    """Return the lines where quotes protect ends of lines and blanks stand beside no quote."""
    array = np.frombuffer(lines.data, np.uint8)
    quotes = np.flatnonzero(array == _QUOTE)
    before = np.where(quotes > 0, array[np.maximum(quotes - 1, 0)], _NEWLINE)
    beside = _BESIDE_QUOTE[before]
    if not (beside & (before != _QUOTE)).any():  # as in 5" pipe: no cell begins so
        return Lines(lines.data, lines.starts, lines.ends, lines.numbers, False)
    if len(quotes) % 2:
        raise _not_closed(path, lines, quotes)
    opening, closing = quotes[0::2], quotes[1::2]
    after = array[np.minimum(closing + 1, len(array) - 1)]
    wrong = ~(beside[0::2] & _BESIDE_QUOTE[after])
    if wrong.any():
        raise _not_closed(path, lines, opening[wrong])
    odd = inside_quotes(array)[lines.ends]
    if not odd.any() and not _has_blanks_beside(lines.data):
        return replace(lines, quoted=True)
    changed = array.copy()
    changed[lines.ends[odd]] = _BLANK
    keep = _without_blanks_beside(changed, opening, closing)
    kept = changed if keep is None else changed[keep]
    first = np.concatenate(([True], ~odd[:-1]))  # lines of the file with which a row begins
    return Lines(kept.tobytes(), *_bounds(kept), lines.numbers[first], True)


def inside_quotes(array: Bytes) -> npt.NDArray[np.bool_]:
    """Return of each byte whether it stands within quotes."""
    count = np.cumsum(array == _QUOTE, dtype=np.uint8)  # it goes round, but stays odd or even
    return (count & 1).view(np.bool_)


def _has_blanks_beside(data: bytes) -> bool:
    """Return whether a blank stands between a quote and a delimiter, or so it seems."""
    marks = (b",", b";", b"|")
    return (
        any(m + b' "' in data or b'" ' + m in data for m in marks)
        or b'" \n' in data
        or (b'\n "' in data)
    )


def _without_blanks_beside(
    array: Bytes, opening: Positions, closing: Positions
) -> npt.NDArray[np.bool_] | None:
    """Return which bytes to keep: all but the blanks between a delimiter and a quote."""
    data = array.tobytes()
    before = [m.span() for m in re.finditer(rb"(?<=[,;|\n]) +(?=\")", data)]
    after = [m.span() for m in re.finditer(rb"(?<=\") +(?=[,;|\n])", data)]
    if not before and not after:
        return None
    known_opening, known_closing = set(opening.tolist()), set(closing.tolist())
    keep = np.ones(len(array), np.bool_)
    for start, end in before:
        keep[start:end] = end not in known_opening
    for start, end in after:
        keep[start:end] = start - 1 not in known_closing
    return keep


def _not_closed(path: str, lines: Lines, quotes: Positions) -> DataError:
    """Return the error for quotes that do not enclose a cell, naming the first such line."""
    array = np.frombuffer(lines.data, np.uint8)
    inside = np.add.reduceat(array == _QUOTE, lines.starts) % 2 == 1
    line = int(inside.argmax()) if inside.any() else int(np.searchsorted(lines.ends, quotes[0]))
    reason = f"line {line + 1} has a quote that is not closed or stands inside a cell"
    return DataError("--data", path, f"{reason}; within quotes a quote is written twice")


def blanks_to_tabs(lines: Lines) -> Lines:
    """Return the lines with each run of blanks and tabs outside quotes made one tab."""
    data = lines.data
    if b" \n" in data or b"\t\n" in data:
        data = re.sub(rb"[ \t]+(?=\n)", b"", data)
    array = np.frombuffer(data, np.uint8)
    blank = (array == _BLANK) | (array == _TAB)
    if lines.quoted:
        quotes = np.flatnonzero(array == _QUOTE)
        places = np.flatnonzero(blank)
        blank[places[np.searchsorted(quotes, places) % 2 == 1]] = False
    before = np.concatenate(([True], blank[:-1] | (array[:-1] == _NEWLINE)))
    changed = np.where(blank, np.uint8(_TAB), array)[~(blank & before)]
    return Lines(changed.tobytes(), *_bounds(changed), lines.numbers, lines.quoted)


def _bounds(array: Bytes) -> tuple[Positions, Positions]:
    """Return where the lines begin and end."""
    ends = np.flatnonzero(array == _NEWLINE)
    return np.concatenate(([0], ends[:-1] + 1)), ends
