"""An emulated terminal, around pyte.

The alternate screen, synchronised output, queries and sequences that pyte would print are handled
here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import pyte

ALTERNATE_SCREEN = {47, 1047, 1049}
# Private modes that a program may switch on, and must switch off before it ends.
MODES_OFF_AT_EXIT = {
    1000: "mouse clicks",
    1002: "mouse drags",
    1003: "mouse motion",
    1004: "focus reports",
    1006: "mouse in SGR form",
    1015: "mouse in urxvt form",
    1016: "mouse in pixels",
    1049: "alternate screen",
    2004: "bracketed paste",
    2026: "synchronised output",
    2048: "in-band resize",
}
# Private modes that a program may switch off, and must switch on before it ends.
MODES_ON_AT_EXIT = {7: "line wrap", 25: "cursor"}

CSI = re.compile(r"\x1b\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])")
STRING = re.compile(r"\x1b[\]PX^_].*?(?:\x07|\x1b\\)", re.DOTALL)
ESCAPE = re.compile(rf"(?P<csi>{CSI.pattern})|(?P<string>{STRING.pattern})", re.DOTALL)
UNFINISHED = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_](?:(?!\x07|\x1b\\).)*|[ -/]*)?\Z", re.DOTALL
)


class Emulator:
    """An emulated terminal: bytes in, two screens and the state of all modes out."""

    def __init__(
        self, columns: int, rows: int, answer: Callable[[str], object] = lambda text: None
    ) -> None:
        self._answer = answer
        self.main = pyte.Screen(columns, rows)
        self.alternate = pyte.Screen(columns, rows)
        self.modes: dict[int, bool] = {}
        self.kitty_depth = 0
        self._streams = {False: pyte.Stream(self.main), True: pyte.Stream(self.alternate)}
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def on_alternate(self) -> bool:
        """True while a program shows its own screen."""
        return any(self.modes.get(mode, False) for mode in ALTERNATE_SCREEN)

    @property
    def shown(self) -> pyte.Screen:
        """The screen that is visible: the alternate one while a program has switched to it."""
        return self.alternate if self.on_alternate else self.main

    def resize(self, columns: int, rows: int) -> None:
        """Give both screens another size."""
        self.main.resize(rows, columns)
        self.alternate.resize(rows, columns)

    def feed(self, data: bytes) -> None:
        """Process bytes of output; an unfinished sequence at the end waits for the next call."""
        text = self._rest + self._decode(data)
        unfinished = UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        text, self._rest = text[:end], text[end:]
        position = 0
        for escape in ESCAPE.finditer(text):
            self._show(text[position : escape.start()])
            self._process(escape)
            position = escape.end()
        self._show(text[position:])

    def _show(self, text: str) -> None:
        if text:
            self._streams[self.on_alternate].feed(text)

    def _process(self, escape: re.Match[str]) -> None:
        """Process one escape sequence: here if pyte does not know it, else in pyte."""
        if escape["string"]:
            return  # titles, clipboard, queries: they change no cell
        parameters, final = escape["parameters"], escape["final"]
        if final == "u" and parameters[:1] in (">", "<"):
            self._count_kitty(parameters)
        elif final in "hl" and parameters.startswith("?") and not escape["between"]:
            self._set_modes(parameters[1:], final == "h", escape[0])
        elif final == "p" and escape["between"] == "$":
            mode = parameters.lstrip("?")
            self._answer(f"\x1b[?{mode};{1 if self.modes.get(int(mode)) else 2}$y")
        elif final == "n" and parameters == "6":
            cursor = self.shown.cursor
            self._answer(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")
        elif not (escape["between"] or re.search("[<=>:]", parameters)):
            self._show(escape[0])

    def _count_kitty(self, parameters: str) -> None:
        """Follow the stack of keyboard modes: `>` pushes one, `<` pops some."""
        if parameters[0] == ">":
            self.kitty_depth += 1
        else:
            self.kitty_depth = max(0, self.kitty_depth - int(parameters[1:] or 1))

    def _set_modes(self, numbers: str, on: bool, sequence: str) -> None:
        """Set private modes; pyte needs to know those other than the alternate screen's."""
        modes = {int(number) for number in numbers.split(";") if number}
        if on and modes & ALTERNATE_SCREEN and not self.on_alternate:
            self.alternate.reset()
        self.modes.update(dict.fromkeys(modes, on))
        if not modes & ALTERNATE_SCREEN:
            self._show(sequence)

    def left_behind(self) -> list[str]:
        """Return what a program did not restore before it ended."""
        on = [
            f"{name} still on" for mode, name in MODES_OFF_AT_EXIT.items() if self.modes.get(mode)
        ]
        off = [
            f"{name} still off"
            for mode, name in MODES_ON_AT_EXIT.items()
            if not self.modes.get(mode, True)
        ]
        kitty = ["keyboard protocol still on"] if self.kitty_depth else []
        return on + off + kitty
