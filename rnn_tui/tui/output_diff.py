"""Output to the terminal, reduced to the cells that differ from those already on it.

Textual sends every line that changed as a whole, and every piece of a line with its full style. On
a slow link that is most of the bytes. `OutputDiff` keeps a copy of the terminal's cells and of its
current style, and sends the difference. Sequences that are not listed here are sent unchanged;
since they may have changed any cell, all cells count as unknown afterwards.

Escape sequences (ECMA-48 and "XTerm Control Sequences"; CSI is ESC [):

    CUP, cursor position         CSI row ; column H    counted from 1. Textual sends it before every
                                                       line; sent here to move to another row
    CHA, cursor to column        CSI column G          sent here to move within a row: it is shorter
    SGR, colours and attributes  CSI codes m           style of the text that follows; codes below
    alternate screen             CSI ? 1049 h          on; also 47 and 1047. Off: l instead of h.
                                                       All cells are others afterwards
    synchronised output          CSI ? 2026 h          begin. End: l instead of h. The terminal
                                                       shows the output in between all at once
    other private modes          CSI ? numbers h       on: mouse, cursor, pasting, … Off: l instead
                                                       of h. No cell changes
    keyboard protocols           CSI < or = or > …     of kitty and xterm; no cell changes
    strings                      ESC ] P X ^ or _ …    OSC, DCS, SOS, PM, APC: titles, clipboard,
                                                       queries; no cell changes
    line feed                    LF                    end of a line in Textual's output, which then
                                                       gives the position of the next one

Codes of SGR (a sequence holds any number of them, separated by semicolons):

    0                              default style
    1 2 3 4 5 6 7 8 9 21 53        attributes on: see `ATTRIBUTE_OFF`
    22 23 24 25 27 28 29 55        attributes off
    30 … 37  90 … 97               foreground, one of 16 colours;  39 the default
    40 … 47  100 … 107             background, one of 16 colours;  49 the default
    38;5;n  48;5;n                 foreground, background: one of 256 colours
    38;2;r;g;b  48;2;r;g;b         foreground, background: red, green, blue
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from textual.driver import Driver

from rnn_tui.tui.lines import text_width

BEGIN_SYNCHRONISED, END_SYNCHRONISED = "\x1b[?2026h", "\x1b[?2026l"
ALTERNATE_SCREEN_MODES = {"47", "1047", "1049"}

# SGR codes.
RESET, DEFAULT_FOREGROUND, DEFAULT_BACKGROUND = 0, 39, 49
EXTENDED_FOREGROUND, EXTENDED_BACKGROUND, OF_256 = 38, 48, 5
BOLD, DIM, ITALIC, UNDERLINE, BLINK, FAST_BLINK, REVERSE, HIDDEN, STRUCK = range(1, 10)
DOUBLE_UNDERLINE, OVERLINE = 21, 53
ATTRIBUTE_OFF = {  # code that turns an attribute on → code that turns it off
    BOLD: 22,
    DIM: 22,
    ITALIC: 23,
    UNDERLINE: 24,
    BLINK: 25,
    FAST_BLINK: 25,
    REVERSE: 27,
    HIDDEN: 28,
    STRUCK: 29,
    DOUBLE_UNDERLINE: 24,
    OVERLINE: 55,
}
INVISIBLE_ON_BLANK = {BOLD, DIM, ITALIC, BLINK, FAST_BLINK, HIDDEN}

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
# Sequences that change no cell, except for modes of the alternate screen.
CELLS_UNCHANGED = re.compile(r"\x1b\[\?(?P<modes>[0-9;]+)[hl]|\x1b\[[<>=?]|\x1b[\]PX^_]")

REMEMBERED = 256  # pieces of lines, a screen or two of them; their cells take 2 KiB each or so
MAX_REWRITE = 4  # bytes of unchanged text: rewriting them is no longer than a jump over them


def move_to(row: int, column: int) -> str:
    """Return CUP, the sequence that moves the cursor; rows and columns count from 1."""
    return f"\x1b[{row};{column}H"


def move_to_column(column: int) -> str:
    """Return CHA, the sequence that moves the cursor within its row."""
    return f"\x1b[{column}G"


def set_style(codes: Iterable[str]) -> str:
    """Return SGR, the sequence that sets colours and attributes."""
    return f"\x1b[{';'.join(codes)}m"


@dataclass(frozen=True, eq=False)
class TextStyle:
    """Colours and attributes of text, as SGR codes; "" is the default colour.

    Equal styles are one object, made by `_style`: most of the time here is spent comparing them.
    """

    foreground: str = ""
    background: str = ""
    attributes: frozenset[int] = frozenset()


@cache
def _style(
    foreground: str = "", background: str = "", attributes: frozenset[int] = frozenset()
) -> TextStyle:
    """Return the one object for this style."""
    return TextStyle(foreground, background, attributes)


DEFAULT = _style()
Cell = tuple[str, TextStyle]


class OutputDiff:
    """Follows all output to the terminal; `encode` leaves out what changes nothing there."""

    def __init__(self) -> None:
        self._pending_begin = ""  # BEGIN_SYNCHRONISED, not sent until there is something to send
        self.forget()

    def forget(self) -> None:
        """Forget all cells, so that everything drawn from now on is sent."""
        self._rows: dict[int, list[Cell | None]] = {}  # by row, from 1; an unknown cell is None
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
        out: list[str] = []
        for parameters, final, other, control, text in TOKEN.findall(data):
            if final == "m":
                self._style = _apply_codes(self._style, parameters)
            elif final == "H":
                row, _, column = parameters.partition(";")
                self._target = (int(row or 1), int(column or 1))
            elif control:
                self._handle_control(control, out)
            elif other:
                self._send_unchanged(other, out)
            if text:
                self._write(text, out)
        if self._target is not None and self._target != self._cursor:
            self._move(*self._target, out)
        sent = "".join(out)
        if sent and self._pending_begin:
            sent, self._pending_begin = self._pending_begin + sent, ""
        return sent

    def _handle_control(self, characters: str, out: list[str]) -> None:
        """Drop line feeds: Textual ends lines with one, then sends the position of the next."""
        if characters.strip("\n"):
            self._send_unchanged(characters, out)
        self._target = None

    def _send_unchanged(self, sequence: str, out: list[str]) -> None:
        """Send `sequence` as it is, in the default style as Textual would."""
        if self._terminal_style not in (None, DEFAULT):
            out.append(set_style([str(RESET)]))
            self._terminal_style = DEFAULT
        out.append(sequence)
        match = CELLS_UNCHANGED.match(sequence)
        if match is None or ALTERNATE_SCREEN_MODES & set((match["modes"] or "").split(";")):
            self.forget()

    def _write(self, text: str, out: list[str]) -> None:
        """Send those characters of `text` that differ from the cells on the terminal."""
        cells = _cells(text, self._style)
        if self._target is None or cells is None:
            self._write_whole(text, out)
            return
        row, column = self._target
        start = column - 1
        known = self._rows.setdefault(row, [])
        end = start + len(cells)
        known.extend([None] * (end - len(known)))
        before = known[start:end]
        if before != cells:
            # In the first frame all cells are new, so there is no need to compare them.
            ranges = _differences(before, cells) if any(before) else ((0, len(cells)),)
            for first, stop in ranges:
                self._write_cells(row, column + first, text[first:stop], out)
            known[start:end] = cells
        self._target = (row, column + len(text))

    def _write_whole(self, text: str, out: list[str]) -> None:
        """Send text whose characters cannot be assigned to cells one by one."""
        if self._target is None:
            self._rows.clear()
            out.append(_style_sequence(self._terminal_style, self._style) + text)
        else:
            row, column = self._target
            width = text_width(text)
            # The cells before and behind may hold the other half of a wide character.
            unknown = range(max(column - 2, 0), column + width)
            known = self._rows.setdefault(row, [])
            known.extend([None] * (unknown.stop - len(known)))
            known[unknown.start : unknown.stop] = [None] * len(unknown)
            self._move(row, column, out)
            out.append(_style_sequence(self._terminal_style, self._style) + text)
            self._target = (row, column + width)
        self._terminal_style, self._cursor = self._style, None

    def _write_cells(self, row: int, column: int, text: str, out: list[str]) -> None:
        """Send `text`, one cell a character, and before it what it takes of place and style."""
        if self._cursor != (row, column):
            self._move(row, column, out)
        old, new = self._terminal_style, self._style
        same = old == new or (
            old is not None
            and not text.strip(" ")
            and _visible_on_blank(old) == _visible_on_blank(new)
        )
        if not same:
            out.append(_style_sequence(old, new))
            self._terminal_style = new
        out.append(text)
        self._cursor = (row, column + len(text))

    def _move(self, row: int, column: int, out: list[str]) -> None:
        """Move the terminal's cursor, by the shorter sequence."""
        if self._cursor is not None and self._cursor[0] == row:
            out.append(move_to_column(column))
        else:
            out.append(move_to(row, column))
        self._cursor = (row, column)


def with_output_diff(base: type[Driver], output_diff: OutputDiff) -> type[Driver]:
    """Return a driver class like `base` whose output goes through `output_diff`."""

    def write(driver: Driver, data: str) -> None:
        if sent := output_diff.encode(data):
            base.write(driver, sent)

    return type(f"Diff{base.__name__}", (base,), {"write": write})


@lru_cache(REMEMBERED)
def _cells(text: str, style: TextStyle) -> list[Cell] | None:
    """Return the cells that `text` fills; None if a character is not exactly one cell wide."""
    if text_width(text) != len(text):
        return None
    blank = _visible_on_blank(style)
    return [(character, blank if character == " " else style) for character in text]


def _differences(before: list[Cell | None], after: list[Cell]) -> Iterator[tuple[int, int]]:
    """Yield first and stop of the ranges to write; between two lie more than MAX_REWRITE bytes."""
    first = last = -1
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        unchanged = after[last + 1 : place]
        if first >= 0 and unchanged and _bytes_of(unchanged) > MAX_REWRITE:
            yield first, last + 1
            first = place
        first = place if first < 0 else first
        last = place
    if first >= 0:
        yield first, last + 1


def _bytes_of(cells: list[Cell]) -> int:
    """Return the bytes that it takes to send the characters of `cells`."""
    return sum(len(character.encode()) for character, _ in cells)


@cache
def _visible_on_blank(style: TextStyle) -> TextStyle:
    """Return the part of a style that a blank shows."""
    seen = style.attributes - INVISIBLE_ON_BLANK
    return _style(style.foreground if seen else "", style.background, seen)


@cache
def _apply_codes(style: TextStyle, parameters: str) -> TextStyle:
    """Return the style after SGR with these parameters, such as ``1;38;5;17``."""
    foreground, background = style.foreground, style.background
    attributes = set(style.attributes)
    codes = iter(int(code or RESET) for code in parameters.split(";"))
    for code in codes:
        if code == RESET:
            foreground, background, attributes = "", "", set()
        elif code in (EXTENDED_FOREGROUND, EXTENDED_BACKGROUND):
            kind = next(codes)
            components = [next(codes) for _ in range(1 if kind == OF_256 else 3)]
            colour = ";".join(map(str, (code, kind, *components)))
            if code == EXTENDED_FOREGROUND:
                foreground = colour
            else:
                background = colour
        elif 30 <= code <= 39 or 90 <= code <= 97:
            foreground = "" if code == DEFAULT_FOREGROUND else str(code)
        elif 40 <= code <= 49 or 100 <= code <= 107:
            background = "" if code == DEFAULT_BACKGROUND else str(code)
        elif code in ATTRIBUTE_OFF:
            attributes.add(code)
        else:
            attributes -= {on for on, off in ATTRIBUTE_OFF.items() if off == code}
    return _style(foreground, background, frozenset(attributes))


@cache
def _style_sequence(old: TextStyle | None, new: TextStyle) -> str:
    """Return the shortest sequence from style `old` (None: unknown) to style `new`."""
    colours = [colour for colour in (new.foreground, new.background) if colour]
    from_reset = [str(RESET), *map(str, sorted(new.attributes)), *colours]
    if old is None:
        return set_style(from_reset)
    if old == new:
        return ""
    off = {ATTRIBUTE_OFF[code] for code in old.attributes - new.attributes}
    kept = {code for code in old.attributes & new.attributes if ATTRIBUTE_OFF[code] not in off}
    changes = [str(code) for code in (*sorted(off), *sorted(new.attributes - kept))]
    if old.foreground != new.foreground:
        changes.append(new.foreground or str(DEFAULT_FOREGROUND))
    if old.background != new.background:
        changes.append(new.background or str(DEFAULT_BACKGROUND))
    return min(set_style(changes), set_style(from_reset), key=len)
