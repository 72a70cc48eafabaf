"""The terminal's answers to what the program asks it, taken out of what the user types.

Both arrive as one stream. Textual's parser takes some answers for keys, and one that is torn by a
slow link for several. Answers are (ECMA-48 and "XTerm Control Sequences"; CSI is ESC [):

    DECRPM  CSI ? mode ; value $ y   the state of a private mode: 0 is unknown, 1 to 4 known
    CPR     CSI row ; column R       the position of the cursor. In row 1 it could be shift+F3 of
                                     xterm, CSI 1;2 R, so it is asked for in other rows only
    DCS     ESC P text ESC \\         settings and capabilities
    OSC     ESC ] text ESC \\         colours, the clipboard
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

ASKED_MODES = {2026, 25}  # what `Link` asks for; answers about other modes are for Textual
ANSWER_SECONDS = 3.0  # the rest of what no key begins with is waited for so long, then dropped


@dataclass(frozen=True)
class ModeReport:
    """The state of a private mode; a value of 0 where the terminal does not know it."""

    mode: int
    value: int


@dataclass(frozen=True)
class CursorReport:
    """Where the cursor is; rows and columns count from 1."""

    row: int
    column: int


@dataclass(frozen=True)
class StringReport:
    """The text of an answer in DCS or OSC; `kind` is "P" or "]"."""

    kind: str
    text: str


Answer = ModeReport | CursorReport | StringReport

ANSWER = re.compile(
    r"\x1b\[\?(?P<mode>\d+);(?P<value>\d+)\$y"
    r"|\x1b\[(?P<row>\d+);(?P<column>\d+)R"
    r"|\x1b(?P<kind>[P\]])(?P<text>[^\x07\x1b]*)(?:\x07|\x1b\\)"
)
UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O|[P\]][^\x07\x1b]*\x1b?)?\Z")
BEGINS_NO_KEY = re.compile(r"\x1b(?:\[\?|[P\]][0-9])")  # alt+P and alt+] are keys


class AnswerReader:
    """Takes answers out of the text that is read, and keeps sequences that are torn together.

    Attributes:
        patience: seconds to wait for the rest of a key's sequence, beyond what Textual waits.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Read with `clock` as the time in seconds."""
        self.patience = 0.0
        self._clock = clock
        self._held = ""
        self._held_since = 0.0

    def feed(self, text: str) -> tuple[str, list[Answer]]:
        """Return what the user typed, without the end if that is unfinished, and the answers."""
        text = self._held + text
        answers: list[Answer] = []

        def take(match: re.Match[str]) -> str:
            answer = _answer(match)
            if answer is None:
                return match[0]
            answers.append(answer)
            return ""

        text = ANSWER.sub(take, text)
        unfinished = UNFINISHED.search(text)
        held = text[unfinished.start() :] if unfinished and self._seconds_for(unfinished[0]) else ""
        if held and not self._held:
            self._held_since = self._clock()
        self._held = held
        return text[: len(text) - len(held)], answers

    def seconds_left(self) -> float | None:
        """Return how long the rest of an unfinished sequence is still waited for; None if not."""
        if not self._held:
            return None
        return max(self._held_since + self._seconds_for(self._held) - self._clock(), 0.0)

    def release(self) -> str:
        """Return what has been held for too long: keys; the beginning of an answer is dropped."""
        if self.seconds_left() != 0:
            return ""
        held, self._held = self._held, ""
        return "" if BEGINS_NO_KEY.match(held) else held

    def _seconds_for(self, unfinished: str) -> float:
        """Return for how long the rest of an unfinished sequence is waited for."""
        return ANSWER_SECONDS if BEGINS_NO_KEY.match(unfinished) else self.patience


def _answer(match: re.Match[str]) -> Answer | None:
    """Return the answer that was matched; None if it is for Textual, or a key."""
    if match["mode"]:
        mode = int(match["mode"])
        return ModeReport(mode, int(match["value"])) if mode in ASKED_MODES else None
    if match["row"]:
        row, column = int(match["row"]), int(match["column"])
        return CursorReport(row, column) if row > 1 else None
    return StringReport(match["kind"], match["text"])
