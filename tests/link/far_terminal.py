"""The terminal at the user's end of a link: it shows what arrives, and answers what it is asked.

Terminals differ in what they answer, and a program must be able to live with each of them:

    DECRQM, mode 2026    CSI ? 2026 $ p   →  CSI ? 2026 ; 1 or 2 $ y    on or off
    CPR                  CSI 6 n          →  CSI row ; column R         where the cursor is
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyte.screens import Char
from terminal.driver import Terminal
from terminal.emulator import Emulator

Answers = Literal["decrqm", "cpr", "neither", "both"]
ANSWERS: tuple[Answers, ...] = ("decrqm", "cpr", "neither")

QUERY = re.compile(rb"\x1b\[(?:\?(?P<mode>\d+)\$p|6n)")
LONGEST_QUERY = 12  # bytes
END_SYNCHRONISED = b"\x1b[?2026l"
SYNCHRONISED = 2026
TORN_AFTER = 1.0  # seconds for which a terminal holds back a synchronised frame


class FarTerminal(Terminal):
    """A terminal that records what arrives, and answers queries of one kind at most.

    Attributes:
        pieces: when (monotonic clock) each piece of output arrived.
        queries: how many queries arrived, answered or not.
    """

    def __init__(
        self,
        argv: Sequence[str],
        size: tuple[int, int],
        answers: Answers,
        env: Mapping[str, str | None] | None = None,
    ) -> None:
        self.pieces: list[tuple[float, bytes]] = []
        self.queries = 0
        self.size = size
        self._kind = answers
        self._tail = b""
        super().__init__(argv, *size, env=env)

    def _take(self, data: bytes) -> None:
        self.pieces.append((time.monotonic(), data))
        begin = 0
        # A query may have arrived in two pieces; what was in the first is not looked at again.
        before = len(self._tail)
        for query in QUERY.finditer(self._tail + data):
            end = query.end() - before
            if end <= 0:
                continue
            super()._take(data[begin:end])
            begin = end
            self._answer_queries(query["mode"])
        if data[begin:]:
            super()._take(data[begin:])
        self._tail = (self._tail + data)[-LONGEST_QUERY:]

    def _answer_queries(self, mode: bytes | None) -> None:
        """Answer a query at the moment at which it is shown."""
        self.queries += 1
        if mode is None and self._kind in ("cpr", "both"):
            cursor = self._emulator.shown.cursor
            column = min(cursor.x, self._emulator.shown.columns - 1)
            self.send(f"\x1b[{cursor.y + 1};{column + 1}R")
        elif mode is not None and self._kind in ("decrqm", "both"):
            number = int(mode)
            known = number == SYNCHRONISED
            value = (1 if self._emulator.modes.get(number) else 2) if known else 0
            self.send(f"\x1b[?{number};{value}$y")

    @property
    def synchronises(self) -> bool:
        """Whether the terminal shows a synchronised frame at once, at its end."""
        return self._kind in ("decrqm", "both")


@dataclass(frozen=True)
class Picture:
    """What is seen from one moment on.

    Attributes:
        at: that moment, on the monotonic clock.
        until: how many bytes of output had arrived.
        changed: the rows that differ from those of the picture before.
        rows: the text of every row.
    """

    at: float
    until: int
    changed: frozenset[int]
    rows: tuple[str, ...]


def pictures(terminal: FarTerminal) -> Iterator[Picture]:
    """Yield every picture that was seen, from the first byte on."""
    columns, lines = terminal.size
    emulator = Emulator(columns, lines)
    seen: list[list[Char] | None] = [None] * lines
    texts = [""] * lines
    pending: set[int] = set()
    until, held_since, alternate = 0, None, False
    for at, piece in _split(terminal.pieces):
        emulator.feed(piece)
        until += len(piece)
        if emulator.on_alternate != alternate:
            alternate = emulator.on_alternate
            pending.update(range(lines))
        pending |= emulator.shown.dirty
        emulator.shown.dirty.clear()
        holds = terminal.synchronises and emulator.modes.get(SYNCHRONISED, False)
        held_since = (held_since or at) if holds else None
        if held_since is not None and at - held_since < TORN_AFTER:
            continue
        changed = set()
        for row in pending:
            if row >= lines:
                continue
            line = emulator.shown.buffer[row]
            cells = [line[column] for column in range(columns)]
            if cells != seen[row]:
                changed.add(row)
                seen[row] = cells
                texts[row] = "".join(cell.data for cell in cells)
        pending.clear()
        if changed:
            yield Picture(at, until, frozenset(changed), tuple(texts))


def _split(pieces: Sequence[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    """Yield pieces that end where a synchronised frame ends."""
    for at, data in pieces:
        begin = 0
        while (found := data.find(END_SYNCHRONISED, begin)) >= 0:
            end = found + len(END_SYNCHRONISED)
            yield at, data[begin:end]
            begin = end
        if data[begin:]:
            yield at, data[begin:]


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition is true; return whether it is within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
