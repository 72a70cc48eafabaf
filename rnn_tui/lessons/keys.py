"""The keys that a step of a lesson may press, and the commands of those that move the run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.session.commands import (
    Back,
    BackToStop,
    Command,
    Continue,
    GoTo,
    Keep,
    RunTo,
    Step,
    Swap,
)

MOST_STRIDES = 1_000_000
"""The largest count before a key."""

_STRIDES = {
    "s": Stride.OPERATION,
    "n": Stride.TIMESTEP,
    "f": Stride.PASS,
    "u": Stride.UPDATE,
}
MOVES = (*_STRIDES, *(key.upper() for key in _STRIDES), "g", "G", "t", "c", "C", "a", "enter")
"""Keys that move or change the run, as commands of the session; enter keeps all what-ifs."""
VIEW_KEYS = (
    "tab", "shift+tab", "z", "d", "D", "i", "x", "left", "right", "up", "down", "h", "j", "k", "l",
    "[", "]", "+", "-", "pgup", "pgdn", "J", "K", "shift+up", "shift+down", ",", ".", "v", "V",
    "esc",
)  # fmt: skip
"""Keys that only change what is looked at, which only a screen does."""
_INSTEAD = {
    "space": 'write "run until …"',
    "e": 'write "what-if …"',
    "r": 'write "restart"',
    "R": 'write "restart"',
    "o": 'write "set NAME=VALUE"',
    "b": 'write "run until …"',
    "t": "it needs its timestep: 5t",
    "g": 'it needs its update: 40g, or write "go PLACE"',
}
_SPELLINGS = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "−": "-"}
_KEY = re.compile(r"(\d{0,9})(\D.*|)", re.ASCII | re.DOTALL)


class KeyTextError(ValueError):
    """A key that a lesson cannot press; the message is one line."""


@dataclass(frozen=True, slots=True)
class PressedKey:
    """One key with its count.

    Attributes:
        name: the key, as the help shows it: ``n``, ``tab``, ``pgdn``.
        count: the digits before it; None for none.
    """

    name: str
    count: int | None = None

    @property
    def moves(self) -> bool:
        """Whether it is a command of the session; if not, only a screen does anything with it."""
        return self.name in MOVES

    def command(self) -> Command:
        """Return the command of a key that moves the run."""
        count = 1 if self.count is None else self.count
        if self.name in _STRIDES:
            return Step(_STRIDES[self.name], count)
        if self.name.lower() in _STRIDES:
            return Back(_STRIDES[self.name.lower()], count)
        match self.name:
            case "g":
                return GoTo(count)
            case "G":
                return GoTo(None)
            case "t":
                return RunTo(count)
            case "c":
                return Continue()
            case "C":
                return BackToStop()
            case "enter":
                return Keep()
            case _:
                return Swap()


def parse_key(text: str) -> PressedKey:
    """Return the key that a text such as ``5n`` names.

    Raises:
        KeyTextError: there is none, or a lesson cannot press it.
    """
    match = _KEY.fullmatch(text)
    digits, typed = (match[1], match[2]) if match else ("", text)
    name = _SPELLINGS.get(typed.lower(), typed if len(typed) == 1 else typed.lower())
    if name in ("t", "g") and not digits:
        raise KeyTextError(f"key {text!r}: {_INSTEAD[name]}")
    if name not in MOVES and name not in VIEW_KEYS:
        allowed = _INSTEAD.get(name, f"allowed: {' '.join((*MOVES, *VIEW_KEYS))}")
        raise KeyTextError(f"key {text!r} cannot be pressed by a lesson; {allowed}")
    if digits and name in ("G", "c", "C", "a", "enter"):
        raise KeyTextError(f"key {text!r}: {name} takes no count")
    if digits and not (1 if name != "g" else 0) <= int(digits) <= MOST_STRIDES:
        raise KeyTextError(f"key {text!r}: the count must be from 1 to {MOST_STRIDES}")
    return PressedKey(name, int(digits) if digits else None)
