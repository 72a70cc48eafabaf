"""Output to the terminal, reduced to the cells that differ from those already on it.

Textual sends every line that changed as a whole, and every piece of a line with its full style. On
a slow link that is most of the bytes. `OutputDiff` keeps a copy of the terminal's cells and of its
current style, and sends the difference, all cells of one style after each other. Sequences
that are not listed here are sent unchanged; since they may have changed any cell, all cells count
as unknown afterwards.

Escape sequences (ECMA-48 and "XTerm Control Sequences"; CSI is ESC [):

    CUP, cursor position         CSI row ; column H    counted from 1. Textual sends it before every
                                                       line; sent here to move to another row
    CUF, cursor to the right     CSI columns C         sent here to move within a row: it is shorter
    CUU, CUD, up and down        CSI rows A or B       likewise to move to a row near by; then CUF
    CUB, to the left             CSI columns D         or CUB, or as many backspaces
    ECH, erase characters        CSI columns X         sent here in place of blanks, where they get
                                                       the background of the style
    SGR, colours and attributes  CSI codes m           style of the text that follows: `text_style`
    alternate screen             CSI ? 1049 h          on; also 47 and 1047. Off: l instead of h.
                                                       All cells are others afterwards
    synchronised output          CSI ? 2026 h          begin. End: l instead of h. The terminal
                                                       shows the output in between all at once
    other private modes          CSI ? numbers h       on: mouse, cursor, pasting, … Off: l instead
                                                       of h. No cell changes
    keyboard protocols           CSI < or = or > …     of kitty and xterm; no cell changes
    queries                      CSI numbers n or c    of state, place and kind; no cell changes
    strings                      ESC ] P X ^ or _ …    OSC, DCS, SOS, PM, APC: titles, clipboard,
                                                       queries; no cell changes
    line feed                    LF                    end of a line in Textual's output, which then
                                                       gives the position of the next one
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain, compress
from operator import is_not
from typing import NamedTuple

from textual.driver import Driver

from rnn_tui.tui.ascii_text import cells_in_ascii
from rnn_tui.tui.lines import text_width
from rnn_tui.tui.text_style import (
    DEFAULT,
    END_OF_STYLE,
    INVISIBLE_ON_BLANK,
    TextStyle,
    apply_codes,
    change_of_style,
    on_blank,
)

BEGIN_SYNCHRONISED, END_SYNCHRONISED = "\x1b[?2026h", "\x1b[?2026l"
ALTERNATE_SCREEN_MODES = {"47", "1047", "1049"}

# One sequence or control characters, and the text that follows; or text alone. Groups: parameters
# and final character of CUP or SGR, any other escape sequence, control characters, text.
TOKEN = re.compile(
    r"(?:\x1b\[([0-9;]*)([Hm])"
    r"|(\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b.)"
    r"|([\x00-\x1a\x1c-\x1f\x7f]+)"
    r"|(?=[^\x00-\x1f\x7f]))"
    r"([^\x00-\x1f\x7f]*)",
    re.DOTALL,
)
# What Textual's output mostly consists of: a position, text in some styles, the end of a line.
LINE = re.compile(
    r"\x1b\[([0-9]+);([0-9]+)H([^\x00-\x1f\x7f]*(?:\x1b\[[0-9;]*m[^\x00-\x1f\x7f]*)*)(\n?)"
)
# Sequences that change no cell, except for modes of the alternate screen.
CELLS_UNCHANGED = re.compile(
    r"\x1b\[\?(?P<modes>[0-9;]+)[hl]|\x1b\[[<>=?]|\x1b\[[0-9;]*[cn]|\x1b[\]PX^_]"
)

BLANKS = re.compile(" {6,}")  # as many as can be longer than to erase them

AFTER_BLANKS = re.compile(r"(?<= )(?=[^ ])")

REMEMBERED = 256  # pieces of lines, a screen or two of them; their cells take 1 KiB each or so
REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)  # two of them are a flag


def move_to(row: int, column: int) -> str:
    """Return CUP, the sequence that moves the cursor; rows and columns count from 1."""
    if column > 1:
        return f"\x1b[{row};{column}H"
    return f"\x1b[{row}H" if row > 1 else "\x1b[H"


@cache
def move_right(columns: int) -> str:
    """Return CUF, the sequence that moves the cursor within its row."""
    return f"\x1b[{columns}C" if columns > 1 else "\x1b[C"


@cache
def move_by(rows: int, columns: int) -> str:
    """Return the sequences that move the cursor to another row: below is more, above is less."""
    count = f"{abs(rows)}" if abs(rows) > 1 else ""
    vertical = f"\x1b[{count}{'B' if rows > 0 else 'A'}"
    if columns > 0:
        return vertical + move_right(columns)
    left = -columns
    return vertical + ("\b" * left if left <= 4 else f"\x1b[{left}D")


class ScreenCell(NamedTuple):
    """A cell of the terminal. Equal cells are one object, made by `CellsOfStyle`.

    Attributes:
        text: the character; "" in the second cell of a wide one.
        style: its style.
        wide: the wide character of which this is the second cell.
    """

    text: str
    style: TextStyle
    wide: str = ""


class CellsOfStyle(dict[str, tuple[ScreenCell, ...] | None]):
    """The cells that a character fills, or None if that depends on those beside it."""

    def __init__(self, style: TextStyle) -> None:
        self._style = style

    def __missing__(self, character: str) -> tuple[ScreenCell, ...] | None:
        width = text_width(character)
        cells: tuple[ScreenCell, ...] | None = None
        if character == " ":
            cells = (ScreenCell(character, on_blank(self._style)),)
        elif width and ord(character) not in REGIONAL_INDICATORS:
            second = ScreenCell("", self._style, character)
            cells = (ScreenCell(character, self._style), second)[:width]
        self[character] = cells
        return cells


class Piece(NamedTuple):
    """Neighbouring cells of one style."""

    row: int
    start: int
    stop: int


class OutputDiff:
    """Follows all output to the terminal; `encode` leaves out what changes nothing there.

    What is to change is collected first, then sent style by style, each from top to bottom: to
    move to the next cell of a style takes 4 to 8 bytes, to set a colour 19.

    Attributes:
        ascii: nothing but ASCII is sent.
        erases: the terminal gives what it erases the background of the style.
    """

    def __init__(self) -> None:
        self.ascii = self.erases = False
        self._pending_begin = ""  # BEGIN_SYNCHRONISED, not sent until there is something to send
        self.forget()

    def forget(self) -> None:
        """Forget all cells, so that everything drawn from now on is sent."""
        self._rows: dict[
            int, list[ScreenCell | None]
        ] = {}  # by row, from 1; an unknown cell is None
        self._changed: dict[int, list[int]] = {}  # by row: cells that are still to be sent
        self._to_come: dict[int, set[int]] = {}  # by row: cells that other styles will be sent for
        self._cursor: tuple[int, int] | None = None  # the terminal's: row and column
        self._target: tuple[int, int] | None = None  # row and column of the next text
        self._terminal_style: TextStyle | None = None
        self._style = DEFAULT  # of the next text

    def forget_cursor(self) -> None:
        """Forget where the terminal's cursor is."""
        self._cursor = None

    def encode(self, data: str) -> str:
        """Return what to send in place of `data` so that the terminal shows the same."""
        if data == BEGIN_SYNCHRONISED:
            self._pending_begin = data
            return ""
        if data == END_SYNCHRONISED:
            begun, self._pending_begin = not self._pending_begin, ""
            return data if begun else ""
        if self.ascii:
            data = cells_in_ascii(data)
        out: list[str] = []
        end = 0
        for line in LINE.finditer(data):
            if line.start() > end:
                self._follow(data[end : line.start()], out)
            end = line.end()
            cells = _line(line[3]) if self._style is DEFAULT else None
            if cells is None:
                self._follow(line[0], out)
                continue
            row, column = int(line[1]), int(line[2])
            self._write(row, column, cells, out)
            self._target = None if line[4] else (row, column + len(cells))
        self._follow(data[end:], out)
        self._send_changes(out)
        if self._target is not None:
            self._move(*self._target, out)
        sent = "".join(out)
        if sent and self._pending_begin:
            sent, self._pending_begin = self._pending_begin + sent, ""
        return sent

    def _follow(self, data: str, out: list[str]) -> None:
        """Follow output token by token."""
        for parameters, final, other, control, text in TOKEN.findall(data):
            if final == "m":
                self._style = apply_codes(self._style, parameters)
            elif final == "H":
                row, _, column = parameters.partition(";")
                self._target = (int(row or 1), int(column or 1))
            elif control:
                self._handle_control(control, out)
            elif other:
                self._send_unchanged(other, out)
            if text:
                self._write_text(text, out)

    def _handle_control(self, characters: str, out: list[str]) -> None:
        """Drop line feeds: Textual ends lines with one, then sends the position of the next."""
        if characters.strip("\n"):
            self._send_unchanged(characters, out)
        self._target = None

    def _send_unchanged(self, sequence: str, out: list[str]) -> None:
        """Send `sequence` as it is, in the default style as Textual would."""
        self._send_changes(out)
        if self._target is not None:  # it may be about the place of the cursor
            self._move(*self._target, out)
        if self._terminal_style not in (None, DEFAULT):
            out.append(END_OF_STYLE)
            self._terminal_style = DEFAULT
        out.append(sequence)
        match = CELLS_UNCHANGED.match(sequence)
        if match is None or ALTERNATE_SCREEN_MODES & set((match["modes"] or "").split(";")):
            self.forget()

    def _write_text(self, text: str, out: list[str]) -> None:
        """Note which cells `text` changes, or send it."""
        cells = _cells(text, self._style)
        if self._target is None or cells is None:
            words = [text] if self._target is None else _words(text)
            if len(words) == 1:
                self._write_whole(text, out)
            for word in words[len(words) == 1 :]:  # should one be wider, the others are in place
                self._write_text(word, out)
            return
        row, column = self._target
        self._write(row, column, cells, out)
        self._target = (row, column + len(cells))

    def _write(self, row: int, column: int, cells: list[ScreenCell], out: list[str]) -> None:
        """Note which of the terminal's cells differ from `cells`."""
        start, end = column - 1, column - 1 + len(cells)
        known = self._row(row, end)
        before = known[start:end]
        if before == cells:
            return
        if halves := _other_halves(known, start, end):  # which the terminal then changes
            self._send_changes(out)
            for place in halves:
                known[place] = None
        changed = compress(range(start, end), map(is_not, before, cells))
        self._changed.setdefault(row, []).extend(changed)
        known[start:end] = cells

    def _row(self, row: int, end: int) -> list[ScreenCell | None]:
        """Return the cells of a row, at least so many."""
        known = self._rows.setdefault(row, [])
        if len(known) < end:
            known.extend([None] * (end - len(known)))
        return known

    def _write_whole(self, text: str, out: list[str]) -> None:
        """Send text whose characters cannot be assigned to cells one by one."""
        self._send_changes(out)
        if self._target is None:
            self._rows.clear()
        else:
            row, column = self._target
            width = text_width(text)
            # The cell before may be changed by a combining character, those behind if the
            # terminal takes another width: marks of Indian scripts are a cell in some.
            wider = sum(not text_width(each) for each in text)
            start, end = max(column - 2, 0), column + width + wider
            known = self._row(row, end)
            for place in (*range(start, end), *_other_halves(known, start, end)):
                known[place] = None
            self._move(row, column, out)
            self._target = (row, column + width)
        sequence, self._terminal_style = change_of_style(self._terminal_style, self._style)
        out.append(sequence + text)
        self._cursor = None

    def _send_changes(self, out: list[str]) -> None:
        """Send the cells that have changed, style by style."""
        if not self._changed:
            return
        pieces = self._pieces()
        self._to_come = {row: {*places} for row, places in self._changed.items()}
        self._changed = {}
        while pieces:
            old = self._terminal_style
            style = min(pieces, key=lambda new: len(change_of_style(old, new)[0]))
            sequence, self._terminal_style = change_of_style(old, style)
            out.append(sequence)
            here, blanks = pieces.pop(style), on_blank(style)
            if blanks in pieces:
                here = sorted(here + pieces.pop(blanks))
            for piece in here:
                self._to_come[piece.row].difference_update(range(piece.start, piece.stop))
                self._send_piece(piece, out)
        self._to_come = {}

    def _pieces(self) -> dict[TextStyle, list[Piece]]:
        """Return what has changed by style; a blank has the style of a neighbour if that fits."""
        pieces: dict[TextStyle, list[Piece]] = {}
        for row in sorted(self._changed):
            known = self._rows[row]
            start = stop = -1
            style = DEFAULT
            for place in sorted(set(self._changed[row])):
                cell = known[place]
                assert cell is not None  # only cells that were drawn have changed
                new = cell.style
                if place == stop and (new is style or new is on_blank(style)):
                    stop += 1
                elif place == stop and on_blank(new) is style:
                    stop, style = stop + 1, new
                else:
                    if stop > 0:
                        pieces.setdefault(style, []).append(Piece(row, start, stop))
                    start, stop, style = place, place + 1, new
            if stop > 0:
                pieces.setdefault(style, []).append(Piece(row, start, stop))
        return pieces

    def _send_piece(self, piece: Piece, out: list[str]) -> None:
        """Move the cursor to cells and send their characters."""
        row, start, stop = piece
        self._move(row, start + 1, out)
        text = "".join([cell.text for cell in self._rows[row][start:stop] if cell])
        # Terminals do not agree on how wide a character is.
        if len(text) != stop - start:
            out.append(text)
            self._cursor = None
            return
        if self._erases_blanks():
            written = 0
            for blanks in BLANKS.finditer(text):
                erased, length = f"\x1b[{len(blanks[0])}X", len(blanks[0])
                moved = move_right(length) if blanks.end() < len(text) else ""
                if len(erased) + len(moved) < length:
                    out += [text[written : blanks.start()], erased, moved]
                    written = blanks.end()
                    if not moved:  # the cursor stays before them
                        self._cursor = (row, start + blanks.start() + 1)
                        return
            text = text[written:]
        out.append(text)
        self._cursor = (row, stop + 1)

    def _erases_blanks(self) -> bool:
        """Return whether erased cells look like blanks in the terminal's style."""
        style = self._terminal_style
        return self.erases and style is not None and style.attributes <= INVISIBLE_ON_BLANK

    def _move(self, row: int, column: int, out: list[str]) -> None:
        """Move the terminal's cursor, by the shortest sequence."""
        if self._cursor == (row, column):
            return
        if self._cursor is not None and self._cursor[0] == row and self._cursor[1] < column:
            out.append(self._move_right(row, self._cursor[1] - 1, column - 1))
        else:
            out.append(self._move_far(row, column))
        self._cursor = (row, column)

    def _move_far(self, row: int, column: int) -> str:
        """Return what moves the terminal's cursor to another row, or to the left."""
        direct = move_to(row, column)
        # Behind the last cell of a row, terminals do not agree on where the cursor is.
        if self._cursor is None or self._cursor[1] > len(self._rows.get(self._cursor[0], ())):
            return direct
        rows, columns = row - self._cursor[0], column - self._cursor[1]
        return min(direct, move_by(rows, columns), key=len) if rows else direct

    def _move_right(self, row: int, start: int, stop: int) -> str:
        """Return what moves the cursor within a row: the characters there, if that is shorter.

        Of a cell that is still to be sent in another style that is a blank.
        """
        sequence = move_right(stop - start)
        style = self._terminal_style
        if stop - start > len(sequence) or style is None:
            return sequence
        same = (style, on_blank(style))
        to_come = self._to_come.get(row, ())
        text = ""
        for place, cell in enumerate(self._rows.get(row, [])[start:stop], start):
            if place in to_come:
                text += " "
            elif cell and cell.style in same:
                text += cell.text
        fits = len(text) == stop - start and len(text.encode()) <= len(sequence)
        return text if fits else sequence


def with_output_diff(base: type[Driver], output_diff: OutputDiff) -> type[Driver]:
    """Return a driver class like `base` whose output goes through `output_diff`."""

    def write(driver: Driver, data: str) -> None:
        if sent := output_diff.encode(data):
            base.write(driver, sent)

    return type(f"Diff{base.__name__}", (base,), {"write": write})


def _cells(text: str, style: TextStyle) -> list[ScreenCell] | None:
    """Return the cells that `text` fills; None if they cannot be told character by character."""
    cells = [*map(_cells_of(style).__getitem__, text)]
    return None if None in cells else [*chain.from_iterable(filter(None, cells))]


def _line(text: str) -> list[ScreenCell] | None:
    """Return the cells of text that begins and ends in the default style, None for other text."""
    parts = text.split(END_OF_STYLE)
    if "\x1b" in parts[-1]:
        return None
    cells: list[ScreenCell] = []
    for part in parts:
        here = _styled(part)
        if here is None:
            return None
        cells += here
    return cells


@lru_cache(REMEMBERED)
def _styled(text: str) -> list[ScreenCell] | None:
    """Return the cells of text that begins in the default style; None as `_cells`."""
    style = DEFAULT
    cells: list[ScreenCell] = []
    for parameters, _, _, _, part in TOKEN.findall(text):
        style = apply_codes(style, parameters)
        here = _cells(part, style)
        if here is None:
            return None
        cells += here
    return cells


@cache
def _cells_of(style: TextStyle) -> CellsOfStyle:
    """Return the cells of all characters in a style."""
    return CellsOfStyle(style)


def _words(text: str) -> list[str]:
    """Return the words of a text with the blanks behind them; none begins with a mark."""
    words: list[str] = []
    for word in AFTER_BLANKS.split(text):
        if words and not text_width(word[0]):
            words[-1] += word
        else:
            words.append(word)
    return words


def _other_halves(known: list[ScreenCell | None], start: int, stop: int) -> list[int]:
    """Return where cells before `start` and at `stop` belong to wide characters in between."""
    cells = [(start, start - 1), (stop, stop)]
    return [
        half
        for second, half in cells
        if half >= 0 and second < len(known) and (cell := known[second]) and cell.wide
    ]
