"""The way to the terminal: of what is drawn, only cells that differ from those on it are sent.

Textual sends lines that changed, whole, and every piece of a line with its full style. On a slow
link that is most of what goes out. `OutputDiff` remembers what stands on the terminal and in which
style it writes, and tells the difference. What it does not understand it passes on as it is, and
from then on takes nothing for granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from textual.driver import Driver

from rnn_tui.tui.lines import text_width

# Parameters and final of a new place or style, another sequence, control characters; and, behind
# any of these or alone, text.
TOKEN = re.compile(
    r"(?:\x1b\[([0-9;]*)([Hm])"
    r"|(\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b.)"
    r"|([\x00-\x1a\x1c-\x1f\x7f]+)"
    r"|(?=[^\x00-\x1f\x7f]))"
    r"([^\x00-\x1f\x7f]*)",
    re.DOTALL,
)
MODE = re.compile(r"\x1b\[\?(?P<numbers>[0-9;]+)[hl]|\x1b\[[<>=?]|\x1b[\]PX^_]")
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
SCREENS = {"47", "1047", "1049"}  # modes that bring another screen
REMEMBERED = 256  # pieces of lines, a screen or two of them; their cells take 2 KiB each or so
BRIDGE = 4  # bytes of unchanged text that are rather written again than jumped over
OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 21: 24, 53: 55}
INKLESS = {1, 2, 3, 5, 6, 8}  # attributes that a blank does not show


@dataclass(frozen=True, eq=False)
class Pen:
    """How characters are written: the parameters of colours and attributes; "" is the default.

    Of each there is one object, made by `_pen`: comparing pens is most of what is done here.
    """

    fore: str = ""
    back: str = ""
    attributes: frozenset[int] = frozenset()


@cache
def _pen(fore: str = "", back: str = "", attributes: frozenset[int] = frozenset()) -> Pen:
    return Pen(fore, back, attributes)


PLAIN = _pen()
Cell = tuple[str, Pen]


class OutputDiff:
    """Follows what is sent; `encode` leaves out what makes no difference."""

    def __init__(self) -> None:
        self._sync = ""  # the start of a synchronised update, held until there is something in it
        self.forget()

    def forget(self) -> None:
        """Nothing is known of the terminal any more, so all that is drawn is sent."""
        self._rows: dict[int, list[Cell | None]] = {}  # by row from 1; None is not known
        self._at: tuple[int, int] | None = None  # row and column of its cursor
        self._to: tuple[int, int] | None = None  # where the text to come belongs
        self._pen: Pen | None = None  # the terminal's
        self._style = PLAIN  # of the text to come

    def encode(self, data: str) -> str:
        """What to send for `data`, so that the terminal shows the same as if it were sent whole."""
        if data == SYNC_START:
            self._sync = data
            return ""
        if data == SYNC_END:
            started, self._sync = not self._sync, ""
            return data if started else ""
        out: list[str] = []
        for parameters, final, other, control, text in TOKEN.findall(data):
            if final == "m":
                self._style = _change(self._style, parameters)
            elif final == "H":
                row, _, column = parameters.partition(";")
                self._to = (int(row or 1), int(column or 1))
            elif control:
                self._control(control, out)
            elif other:
                self._pass_on(other, out)
            if text:
                self._write(text, out)
        if self._to is not None and self._to != self._at:
            self._move(*self._to, out)
        sent = "".join(out)
        if sent and self._sync:
            sent, self._sync = self._sync + sent, ""
        return sent

    def _control(self, text: str, out: list[str]) -> None:
        """Textual ends lines with a newline, and then says where the next one begins."""
        if text.strip("\n"):
            self._pass_on(text, out)
        self._to = None

    def _pass_on(self, sequence: str, out: list[str]) -> None:
        """As it is, in the style that Textual leaves behind: none."""
        if self._pen not in (None, PLAIN):
            out.append("\x1b[0m")
            self._pen = PLAIN
        out.append(sequence)
        mode = MODE.match(sequence)
        if mode is None or SCREENS & set((mode["numbers"] or "").split(";")):
            self.forget()

    def _write(self, text: str, out: list[str]) -> None:
        cells = _cells(text, self._style)
        if self._to is None or cells is None:
            self._write_all(text, out)
            return
        row, column = self._to
        start = column - 1
        known = self._rows.setdefault(row, [])
        end = start + len(cells)
        known.extend([None] * (end - len(known)))
        before = known[start:end]
        if before != cells:
            # Of the first frame all is new, which is seen at a glance.
            ranges = _differences(before, cells) if any(before) else ((0, len(cells)),)
            for first, last in ranges:
                self._put(row, column + first, text[first:last], out)
            known[start:end] = cells
        self._to = (row, column + len(text))

    def _write_all(self, text: str, out: list[str]) -> None:
        """Text of which it is not certain where each character comes to stand."""
        if self._to is None:
            self._rows.clear()
            out.append(_turn(self._pen, self._style) + text)
        else:
            row, column = self._to
            width = text_width(text)
            # The cells before and behind may hold the other half of a wide character.
            unknown = range(max(column - 2, 0), column + width)
            known = self._rows.setdefault(row, [])
            known.extend([None] * (unknown.stop - len(known)))
            known[unknown.start : unknown.stop] = [None] * len(unknown)
            self._move(row, column, out)
            out.append(_turn(self._pen, self._style) + text)
            self._to = (row, column + width)
        self._pen, self._at = self._style, None

    def _put(self, row: int, column: int, text: str, out: list[str]) -> None:
        if self._at != (row, column):
            self._move(row, column, out)
        style = self._style
        same = self._pen == style or (
            self._pen is not None and not text.strip(" ") and _blank(self._pen) == _blank(style)
        )
        if not same:
            out.append(_turn(self._pen, style))
            self._pen = style
        out.append(text)
        self._at = (row, column + len(text))

    def _move(self, row: int, column: int, out: list[str]) -> None:
        """There by the shorter way."""
        here = self._at
        if here is not None and here[0] == row:
            out.append(f"\x1b[{column}G")
        else:
            out.append(f"\x1b[{row};{column}H")
        self._at = (row, column)


def with_output_diff(base: type[Driver], wire: OutputDiff) -> type[Driver]:
    """The same driver, but what it writes goes through `wire`."""

    def write(driver: Driver, data: str) -> None:
        if sent := wire.encode(data):
            base.write(driver, sent)

    return type(f"Wired{base.__name__}", (base,), {"write": write})


@lru_cache(REMEMBERED)
def _cells(text: str, pen: Pen) -> list[Cell] | None:
    """What stands on the terminal once `text` is written; None if a character is not one cell."""
    if text_width(text) != len(text):
        return None
    blank = _blank(pen)
    return [(character, blank if character == " " else pen) for character in text]


def _differences(before: list[Cell | None], after: list[Cell]) -> Iterator[tuple[int, int]]:
    """Stretches to be written anew; what lies between two is longer than a jump over it."""
    first = last = -1
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        if first >= 0 and sum(len(cell[0].encode()) for cell in after[last + 1 : place]) > BRIDGE:
            yield first, last + 1
            first = place
        first = place if first < 0 else first
        last = place
    if first >= 0:
        yield first, last + 1


@cache
def _blank(pen: Pen) -> Pen:
    """What of a pen can be seen of a blank."""
    seen = pen.attributes - INKLESS
    return _pen(pen.fore if seen else "", pen.back, seen)


@cache
def _change(pen: Pen, parameters: str) -> Pen:
    """The pen after a sequence that sets styles."""
    fore, back, attributes = pen.fore, pen.back, set(pen.attributes)
    codes = iter(int(code or 0) for code in parameters.split(";"))
    for code in codes:
        if code == 0:
            fore, back, attributes = "", "", set()
        elif code in (38, 48):
            kind = next(codes)
            rest = [next(codes) for _ in range(1 if kind == 5 else 3)]
            colour = ";".join(map(str, (code, kind, *rest)))
            fore, back = (colour, back) if code == 38 else (fore, colour)
        elif 30 <= code <= 39 or 90 <= code <= 97:
            fore = "" if code == 39 else str(code)
        elif 40 <= code <= 49 or 100 <= code <= 107:
            back = "" if code == 49 else str(code)
        elif code in OFF:
            attributes.add(code)
        else:
            attributes -= {on for on, off in OFF.items() if off == code}
    return _pen(fore, back, frozenset(attributes))


@cache
def _turn(old: Pen | None, new: Pen) -> str:
    """The shortest sequence from one pen to another."""
    colours = [colour for colour in (new.fore, new.back) if colour]
    fresh = ["0", *map(str, sorted(new.attributes)), *colours]
    if old is None:
        return f"\x1b[{';'.join(fresh)}m"
    if old == new:
        return ""
    off = {OFF[code] for code in old.attributes - new.attributes}
    kept = {code for code in old.attributes & new.attributes if OFF[code] not in off}
    steps = [str(code) for code in (*sorted(off), *sorted(new.attributes - kept))]
    if old.fore != new.fore:
        steps.append(new.fore or "39")
    if old.back != new.back:
        steps.append(new.back or "49")
    return f"\x1b[{min(';'.join(steps), ';'.join(fresh), key=len)}m"
