"""Kinds of terminals: what each answers, prints, does not know, and sends for its keys.

Sources: "XTerm Control Sequences" (xterm); kitty's "Comprehensive keyboard handling in terminals";
console_codes(4), drivers/tty/vt/vt.c and defkeymap.map (Linux); VT100 User Guide and VT220
Programmer Reference Manual (DEC); screen(1), "Control sequences"; urxvt(7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from terminal.driver import Terminal
from terminal.emulator import Emulator

TINY_SGR = frozenset({0, 1, 4, 5, 7, 22, 24, 25, 27})

APPLICATION_KEYS = {"up": "\x1bOA", "down": "\x1bOB", "right": "\x1bOC", "left": "\x1bOD"}
VT_FUNCTION_KEYS = {"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS"}
LINUX_KEYS = {
    **{f"f{number}": f"\x1b[[{letter}" for number, letter in enumerate("ABCDE", 1)},
    "home": "\x1b[1~",
    "end": "\x1b[4~",
    "shift+tab": "\x1b\t",
}
RXVT_KEYS = {
    **{f"f{number}": f"\x1b[{number + 10}~" for number in range(1, 5)},
    "home": "\x1b[7~",
    "end": "\x1b[8~",
    "shift+f11": "\x1b[23$",
    "shift+up": "\x1b[a",
    "shift+down": "\x1b[b",
}
KITTY_KEYS = {  # with the flags that Textual asks for
    "enter": "\x1b[13u",
    "esc": "\x1b[27u",
    "tab": "\x1b[9u",
    "shift+tab": "\x1b[9;2u",
    "backspace": "\x1b[127u",
    "space": "\x1b[32;;32u",
    "f1": "\x1b[P",
    "f2": "\x1b[Q",
    "f3": "\x1b[13~",
    "f4": "\x1b[S",
    "ctrl+c": "\x1b[99;5u",
    "ctrl+q": "\x1b[113;5u",
}


@dataclass(frozen=True)
class Kind:
    """A kind of terminal.

    Attributes:
        term: what TERM is.
        env: other variables.
        answers: its answers to queries; {} for the place of the cursor.
        modes: the values by which DECRQM is answered, 0 for others; None where it is not known.
        prints: matches sequences that are printed; group 1 is what is.
        ignores: final characters of control sequences that it does not know.
        styles: the codes of SGR that it knows; None for all.
        alternate: whether it has an alternate screen.
        keys: what it sends for keys, where that differs from xterm.
        kitty: whether it sends keys in kitty's protocol once that is asked for.
    """

    term: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[int, int] | None = None
    prints: str = "(?!)"
    ignores: str = ""
    styles: frozenset[int] | None = None
    alternate: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
    kitty: bool = False


PLACE = {"\x1b[6n": "\x1b[{};{}R", "\x1b[5n": "\x1b[0n"}
XTERM_ANSWERS = {
    **PLACE,
    "\x1b[c": "\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c",
    "\x1bP$qm\x1b\\": "\x1bP1$r0m\x1b\\",
    "\x1b]11;?\x1b\\": "\x1b]11;rgb:0000/0000/0000\x1b\\",
}
PLAIN: Mapping[str, str | None] = {"COLORTERM": None}
ASCII: Mapping[str, str | None] = {"COLORTERM": None, "LANG": "C"}

KINDS = {
    "xterm": Kind("xterm", PLAIN, XTERM_ANSWERS, {1049: 1, 25: 2, 1000: 1, 1006: 1}),
    "xterm-256color": Kind(
        "xterm-256color", PLAIN, XTERM_ANSWERS, {1049: 1, 25: 2, 2026: 2}, keys=APPLICATION_KEYS
    ),
    # Terminal.app, through ssh: TERM_PROGRAM stays behind. It prints the last letter of DECRQM.
    "apple": Kind("xterm-256color", PLAIN, PLACE, prints=r"\x1b\[\?[0-9]+\$(p)"),
    "xterm-kitty": Kind(
        "xterm-kitty",
        {"COLORTERM": "truecolor"},
        {**XTERM_ANSWERS, "\x1b[c": "\x1b[?62;c", "\x1b[?u": "\x1b[?25u"},
        {2026: 2, 2048: 2, 25: 2},
        keys=KITTY_KEYS,
        kitty=True,
    ),
    "rxvt": Kind("rxvt-unicode-256color", PLAIN, PLACE, keys=RXVT_KEYS),
    "linux": Kind(
        "linux", PLAIN, {**PLACE, "\x1b[c": "\x1b[?6c"}, alternate=False, keys=LINUX_KEYS
    ),
    # Before 5.8: `>` and `$` end a sequence, and the rest of it is printed.
    "old linux": Kind(
        "linux",
        PLAIN,
        PLACE,
        prints=r"\x1b\[(?:[<=>]([^\x1b]*)|\??[0-9;]*[ -/]([@-~]))",
        alternate=False,
        keys=LINUX_KEYS,
    ),
    "vt100": Kind(
        "vt100",
        ASCII,
        {**PLACE, "\x1b[c": "\x1b[?1;2c"},
        prints=r"\x1b[\]PX^_]([^\x1b\x07]*)(?:\x07|\x1b\\)",
        ignores="GXb@PLMdISTZ`a",
        styles=TINY_SGR,
        alternate=False,
        keys={**APPLICATION_KEYS, **VT_FUNCTION_KEYS, "backspace": "\x08"},
    ),
    "vt220": Kind(
        "vt220",
        ASCII,
        {**PLACE, "\x1b[c": "\x1b[?62;1;2;6;7;8;9c"},
        ignores="GbdISTZ`a",
        styles=TINY_SGR,
        alternate=False,
        keys={**VT_FUNCTION_KEYS, "home": "\x1b[1~", "end": "\x1b[4~", "backspace": "\x7f"},
    ),
    "screen": Kind("screen-256color", PLAIN, PLACE, alternate=False, keys=APPLICATION_KEYS),
}


class KindEmulator(Emulator):
    """Shows output as this kind of terminal does."""

    def __init__(self, kind: Kind, terminal: KindTerminal, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self._kind, self._terminal = kind, terminal
        self.unknown: list[str] = []

    def _has_no_mode(self, parameters: str) -> bool:
        """Return whether it ignores a private mode that all terminals are asked for."""
        alternate = re.fullmatch(r"\?(?:1049|1047|47)", parameters)
        return bool(alternate) and not self._kind.alternate

    def _process(self, escape: re.Match[str]) -> None:
        sequence, final = escape[0], escape["final"] or ""
        parameters = escape["parameters"] or ""
        if printed := re.fullmatch(self._kind.prints, sequence):
            self._show("".join(filter(None, printed.groups())))
        elif answer := self._kind.answers.get(sequence):
            cursor = self.shown.cursor
            self._terminal.send(answer.format(cursor.y + 1, cursor.x + 1))
        elif final == "p" and escape["between"] == "$":
            if self._kind.modes is not None:
                mode = int(parameters.lstrip("?"))
                self._terminal.send(f"\x1b[?{mode};{self._kind.modes.get(mode, 0)}$y")
        elif final and (final == "n" or final in self._kind.ignores):
            self.unknown.append(sequence)
        elif self._has_no_mode(parameters):
            pass
        else:
            if final == "m" and self._kind.styles is not None:
                codes = {int(code or 0) for code in parameters.split(";")}
                self.unknown += [sequence] if codes - self._kind.styles else []
            super()._process(escape)


class KindTerminal(Terminal):
    """A program in a terminal of some kind, and the same output in one that knows everything.

    Attributes:
        reference: what a terminal shows that knows all sequences and prints none.
    """

    kind: Kind
    reference: Emulator

    def _emulate(self, columns: int, rows: int) -> Emulator:
        self.reference = Emulator(columns, rows)
        return KindEmulator(self.kind, self, columns, rows)

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self.reference.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        with self._changed:
            self.reference.resize(columns, rows)
        super().resize(columns, rows)

    def key(self, *names: str) -> None:
        """Press keys as this kind of terminal sends them."""
        for name in names:
            kitty = self.kind.kitty and self._emulator.kitty_depth
            if name in self.kind.keys and (kitty or not self.kind.kitty):
                self.send(self.kind.keys[name])
            elif kitty and len(name) == 1:
                modifiers = "2" if name.isupper() else ""
                self.send(f"\x1b[{ord(name.lower())};{modifiers};{ord(name)}u")
            else:
                super().key(name)

    def wrong(self) -> list[str]:
        """Return what is not as in a terminal that knows everything."""
        with self._changed:
            shown, wanted = self._emulator.shown.display, self.reference.shown.display
            assert isinstance(self._emulator, KindEmulator)
            unknown = list(self._emulator.unknown)
        rows = zip(shown, wanted, strict=True)
        return [*unknown, *(f"{here!r}, not {there!r}" for here, there in rows if here != there)]


def kind_terminal(kind: Kind, argv: list[str], env: Mapping[str, str | None]) -> KindTerminal:
    """Start a program in a terminal of this kind."""
    made = type("OneKindTerminal", (KindTerminal,), {"kind": kind})
    terminal: KindTerminal = made(argv, 80, 24, env={"TERM": kind.term, **kind.env, **env})
    return terminal
