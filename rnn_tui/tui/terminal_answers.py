"""The terminal's answers to what the program asks it, taken out of what the user types.

Both arrive as one stream. Textual's parser takes some answers for keys, and one that is torn by a
slow link for several; what it gets from here are whole keys. Answers are (ECMA-48 and "XTerm
Control Sequences"; CSI is ESC [):

    DECRPM  CSI ? mode ; value $ y   the state of a private mode: 0 is unknown, 1 to 4 known
    CPR     CSI row ; column R       the position of the cursor. In row 1 it could be shift+F3 of
                                     xterm, CSI 1;2 R, so it is asked for in other rows only
    DCS     ESC P text ESC \\         settings and capabilities
    OSC     ESC ] text ESC \\         colours, the clipboard
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from textual.constants import ESCAPE_DELAY

from rnn_tui.tui.key_sequences import (
    CUT_SHORT,
    ESCAPE,
    ESCAPE_KEY,
    INTRODUCERS,
    LONGEST_STRING,
    NOT_PASTED,
    PASTE_END,
    PASTE_END_BEGINS,
    PASTE_START,
    SEQUENCE,
    STRING_BEGINS,
    UNFINISHED,
    as_one_key,
    in_seven_bits,
)

ANSWER_SECONDS = 3.0  # the rest of what no key begins with is waited for so long, then dropped
REST_SECONDS = 1.0  # the same for what may be a key: alt and [ come alone, but mean nothing here
PASTE_SECONDS = 10.0  # of silence, after which a paste has lost its end
LONGEST_PASTE = 100_000  # characters; the rest of a longer one is dropped
LATE_SECONDS = 1.0  # after esc was taken for the key, in which the rest of a sequence is known


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
BEGINS_NO_KEY = re.compile(rf"\x1b(?:\[\?|{STRING_BEGINS})")
# After an esc that came alone: the rest of a sequence that was torn for longer than is waited.
LATE_REST = re.compile(
    r"\A(?:\[(?:[0-9]+\$|[0-9;<=>?][0-?]*[ -/]*[@-~]|[A-FHIOZa-d]|M[^\x00-\x1f]{3}|\[[A-E])"
    r"|O[0-9;]*[A-Za-z])"
)
# The same of what goes on for longer: pasted text, a string.
LATE_BEGINNING = re.compile(r"\A(?:\[200~|P(?:[01]?[$+]|[>!]\|)|\][0-9]+;|_G)")


class AnswerReader:
    """Divides what is read into answers and keys, whole ones however they are torn.

    Attributes:
        patience: seconds to wait for the rest of a sequence, beyond what is enough on a fast link.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Read with `clock` as the time in seconds."""
        self.patience = 0.0
        self._clock = clock
        self._held = ""
        self._held_since = 0.0
        self._escape_came_alone = False  # as that with which `_held` begins
        self._escape_released = -math.inf  # when it was taken for the key, if that was the last one
        self._pasting = False
        self._pasted = 0  # characters of the paste so far
        self._fed = 0.0  # when something was read last

    def feed(self, text: str) -> tuple[str, list[Answer]]:
        """Return what the user typed, without the end if that is unfinished, and the answers."""
        text = in_seven_bits(text)
        if not text:
            return "", []
        if self._clock() - self._escape_released < LATE_SECONDS:
            goes_on = LATE_BEGINNING.match(text)
            text = ESCAPE + text if goes_on else LATE_REST.sub("", text, count=1)
        self._escape_released = -math.inf
        before, self._held = self._held, ""
        if before == ESCAPE and text[:1] not in INTRODUCERS:
            before = ESCAPE_KEY  # two keys: what is pressed with alt comes in one piece
        typed: list[str] = []
        answers: list[Answer] = []
        self._held = self._divide(before + text, typed, answers)
        self._fed = self._clock()
        if not before or self._held != before + text:  # it is not the same that was waited for
            self._held_since, self._escape_came_alone = self._clock(), False
        elif before == ESCAPE:
            self._escape_came_alone = True
        return "".join(typed), answers

    def _divide(self, text: str, typed: list[str], answers: list[Answer]) -> str:
        """Divide a text into keys and answers; return its end if that is unfinished."""
        place = 0
        while place < len(text):
            if self._pasting:
                place = self._paste(text, place, typed)
                if self._pasting:
                    break
            elif (escape := text.find(ESCAPE, place)) != place:
                end = len(text) if escape < 0 else escape
                typed.append(text[place:end])
                place = end
            elif match := SEQUENCE.match(text, place):
                self._take(match[0], typed, answers)
                place = match.end()
            elif UNFINISHED.match(text, place) and len(text) - place < LONGEST_STRING:
                break
            elif match := CUT_SHORT.match(text, place):
                place = match.end()
            else:  # another one follows
                typed.append(ESCAPE_KEY)
                place += 1
        return text[place:]

    def _take(self, sequence: str, typed: list[str], answers: list[Answer]) -> None:
        """Take a sequence for what it is."""
        match = ANSWER.fullmatch(sequence)
        answer = _answer(match) if match else None
        if answer is not None:
            answers.append(answer)
            return
        typed.append(as_one_key(sequence))
        self._pasting, self._pasted = sequence == PASTE_START, 0

    def _paste(self, text: str, place: int, typed: list[str]) -> int:
        """Take pasted text from `place` on, without control characters; return where it ends."""
        end = text.find(PASTE_END, place)
        self._pasting = end < 0
        if self._pasting:
            beginning = PASTE_END_BEGINS.search(text, place)
            end = beginning.start() if beginning else len(text)
        room = max(LONGEST_PASTE - self._pasted, 0)
        self._pasted += end - place
        typed.append(NOT_PASTED.sub("", text[place : min(end, place + room)]))
        if not self._pasting:
            typed.append(PASTE_END)
            end += len(PASTE_END)
        return end

    def seconds_left(self) -> float | None:
        """Return how long the rest of an unfinished sequence is still waited for; None if not."""
        if self._pasting:
            return max(self._fed + PASTE_SECONDS - self._clock(), 0.0)
        if not self._held:
            return None
        return max(self._held_since + self._seconds_for(self._held) - self._clock(), 0.0)

    def release(self) -> str:
        """Return the key esc if its sequence does not go on; drop another beginning of one."""
        if self.seconds_left() != 0:
            return ""
        held, self._held = self._held, ""
        if self._pasting:
            self._pasting = False
            return PASTE_END
        if held == ESCAPE:
            self._escape_released = self._clock()
            return ESCAPE_KEY
        return ESCAPE_KEY + held[1:] if self._may_be_two_keys(held) else ""

    def _may_be_two_keys(self, held: str) -> bool:
        """Return whether esc and another key may have been pressed."""
        return self._escape_came_alone and len(held) == 2

    def _seconds_for(self, unfinished: str) -> float:
        """Return for how long the rest of an unfinished sequence is waited for."""
        if BEGINS_NO_KEY.match(unfinished):
            return ANSWER_SECONDS
        if unfinished == ESCAPE or self._may_be_two_keys(unfinished):
            return ESCAPE_DELAY + self.patience
        return REST_SECONDS + self.patience


def _answer(match: re.Match[str]) -> Answer | None:
    """Return the answer that was matched; None if it may be a key."""
    if match["mode"]:
        return ModeReport(int(match["mode"]), int(match["value"]))
    if match["row"]:
        row, column = int(match["row"]), int(match["column"])
        return CursorReport(row, column) if row > 1 else None
    return StringReport(match["kind"], match["text"])
