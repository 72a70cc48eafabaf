"""The program in a pseudo-terminal, and the hands of its user; for the tests beside this file."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from terminal.driver import Terminal

HEADER = re.compile(
    r"^ ?(?P<place>(?:BATCH|FORWARD|LOSS|BACKWARD|CLIP|UPDATE)(?: t=\d+/\d+)?)"
    r" · update (?P<update>\d+) · loss (?P<loss>\S+) · (?P<speed>\d+)/s"
    r" · (?P<state>paused|running|seeking|diverged)(?P<rest>.*)$"
)
ROOT = Path(__file__).parents[2]
SOON = 2.0  # seconds that a person would still call at once, on a busy machine


@dataclass(frozen=True)
class Header:
    """The second line of the screen."""

    place: str
    update: int
    loss: str
    state: str
    rest: str


class Program:
    """The program and the hands of its user."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.key, self.send = terminal.key, terminal.send
        self.wait_for, self.text = terminal.wait_for, terminal.text

    @property
    def lines(self) -> list[str]:
        return self.text().split("\n")

    @property
    def header(self) -> Header:
        found = self._header(self.text())
        assert found is not None, self.text()
        return found

    @staticmethod
    def _header(text: str) -> Header | None:
        match = HEADER.match(text.split("\n")[1])
        if match is None:
            return None
        return Header(
            match["place"], int(match["update"]), match["loss"], match["state"], match["rest"]
        )

    def until(self, condition: Callable[[Header], bool], timeout: float = 10) -> Header:
        """Wait until the header says so."""

        def holds(text: str) -> bool:
            header = self._header(text)
            return header is not None and condition(header)

        self.wait_for(holds, timeout)
        return self.header

    def reach(self, keys: str, place: str, update: int | None = None) -> Header:
        """Type, and be there."""
        self.send(keys)
        return self.until(lambda h: h.place == place and update in (None, h.update))

    def bring(self, title: str) -> None:
        """The next panel until it is this one."""
        while not re.search(rf"══ {title}", self.text()):
            self.next_panel()

    def next_panel(self) -> None:
        before = self.focus()
        self.key("tab")
        self.wait_for(lambda _: len(self.focus()) == 1 and self.focus() != before)

    def focus(self) -> list[str]:
        """The titles with a double rule: of the panel that has the focus, one when all is drawn."""
        return re.findall(r"^══ ([^═]+?) ═", self.text(), re.MULTILINE)

    def settled(self) -> str:
        """The screen when all that was on its way has come."""
        self.terminal.wait_still(0.2)
        return self.text()


@contextlib.contextmanager
def program(
    *options: str,
    size: tuple[int, int] = (80, 24),
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> Iterator[Program]:
    """The program, as far as its first screen."""
    argv = [sys.executable, "-m", "rnn_tui", *options]
    here = {"PYTHONPATH": str(ROOT), **(env or {})}  # of this checkout, from any folder
    with Terminal(argv, *size, env=here, cwd=cwd) as terminal:
        one = Program(terminal)
        one.until(lambda h: h.state == "paused")
        one.settled()
        yield one


def left(one: Program, code: int = 0) -> None:
    """The program is gone and has left nothing behind."""
    start = time.monotonic()
    assert one.terminal.wait_exit() == code
    assert time.monotonic() - start < SOON
    assert one.terminal.left_behind() == []
    assert not one.terminal.orphaned()
