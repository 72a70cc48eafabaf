"""The program in a pseudo-terminal, used as a person would; for the tests in this folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from terminal.driver import PROGRAM, Terminal

HEADER = re.compile(
    r"^ ?(?P<place>(?:BATCH|FORWARD|LOSS|BACKWARD|CLIP|UPDATE)(?: t=\d+/\d+)?)"
    r" [·|] update (?P<update>\d+) [·|] loss (?P<loss>\S+(?: vs \S+)?) [·|] (?P<speed>\d+)/s"
    r" [·|] (?P<state>paused|running|seeking|diverged)(?P<rest>.*)$"
)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Header:
    """The second line of the screen, in its parts."""

    place: str
    update: int
    loss: str
    state: str
    rest: str


class Program:
    """The running program: keys in, screen out."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.key, self.send = terminal.key, terminal.send
        self.wait_for, self.text = terminal.wait_for, terminal.text

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        return self.text().split("\n")

    @property
    def header(self) -> Header:
        """The header that is shown."""
        header = self._header(self.text())
        assert header is not None, self.text()
        return header

    @staticmethod
    def _header(text: str) -> Header | None:
        """Return the header of a screen, None if it has none."""
        match = HEADER.match(text.split("\n")[1])
        if match is None:
            return None
        return Header(
            match["place"], int(match["update"]), match["loss"], match["state"], match["rest"]
        )

    def until(self, condition: Callable[[Header], bool], timeout: float = 10) -> Header:
        """Wait until `condition` is true of the header, and return the header."""
        found: list[Header] = []  # the screen may be half drawn when it is read again

        def holds(text: str) -> bool:
            header = self._header(text)
            if header is None or not condition(header):
                return False
            found.append(header)
            return True

        self.wait_for(holds, timeout)
        return found[-1]

    def reach(self, keys: str, place: str, update: int | None = None) -> Header:
        """Type `keys` and wait until the header names this place; return the header."""
        self.send(keys)
        return self.until(lambda h: h.place == place and update in (None, h.update))

    def focus(self, title: str) -> None:
        """Press tab until the panel whose title begins so has the focus."""
        while not re.search(rf"(══|==) {title}", self.text()):
            self._next_panel()

    def _next_panel(self) -> None:
        """Press tab and wait until another panel has the focus."""
        before = self._focused()
        self.key("tab")
        self.wait_for(lambda _: len(self._focused()) == 1 and self._focused() != before)
        self.terminal.wait_still(0.05)  # a frame may be seen in parts

    def _focused(self) -> list[str]:
        """Return the titles with a double rule: the focused panel's, once all is drawn."""
        return re.findall(r"^(?:══|==) ([^═=]+?)(?: [═=]|$)", self.text(), re.MULTILINE)

    def asked(self, question: str) -> None:
        """Wait for a question, and until it counts as seen: what is typed before is no answer."""
        self.wait_for(question)
        self.terminal.wait_still(0.1)

    def settled(self) -> str:
        """Wait until there is no more output, and return the screen."""
        self.terminal.wait_still(0.2)
        return self.text()


@contextlib.contextmanager
def program(
    *options: str,
    size: tuple[int, int] = (80, 24),
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> Iterator[Program]:
    """Start the program and wait for its first screen."""
    here = {"PYTHONPATH": str(ROOT), **(env or {})}  # this checkout, whatever `cwd` is
    with Terminal([*PROGRAM, *options], *size, env=here, cwd=cwd) as terminal:
        one = Program(terminal)
        one.until(lambda h: h.state == "paused")
        one.settled()
        yield one


def assert_ended(one: Program, code: int = 0) -> None:
    """Assert that the program ends and leaves nothing behind."""
    assert one.terminal.wait_exit() == code
    assert one.terminal.left_behind() == []
    assert not one.terminal.orphaned()
