"""The program at a real OpenSSH server, seen from a far terminal through a link."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from closing import Closing
from link import tap
from link.far_terminal import Answers, FarTerminal, wait_until
from link.sshd import Server
from link.throttle import Throttle

ROOT = Path(__file__).resolve().parents[2]
KIB = 1024
DELAY = 0.1  # seconds, each way
WARM_UP = 3.0  # seconds of training before anything is measured
STILL = 1.5  # seconds without output at either end, more than the slowest link's way there and back


@dataclass(frozen=True)
class Link:
    """A row of the table: a link, a terminal's size, what is wanted.

    Attributes:
        name: what it is called on the command line.
        rate: bytes per second.
        wanted: seconds of a key, seconds of age, KiB waiting, seconds until still.
        frozen: seconds for which the link stands still first.
        delay: seconds each way.
    """

    name: str
    rate: float
    size: tuple[int, int]
    wanted: tuple[float, float, float, float]
    frozen: float = 0.0
    delay: float = DELAY

    def __str__(self) -> str:
        rate = f"{self.rate / KIB:.0f} KiB/s, {self.size[0]}×{self.size[1]}"
        return f"frozen {self.frozen:.0f} s, then {rate}" if self.frozen else rate


class Run(Closing):
    """The program at the server, seen from the far terminal.

    Attributes:
        terminal: the far terminal.
        throttle: the link.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        link: Link,
        answers: Answers,
        options: Sequence[str],
        colorterm: str = "truecolor",
        tmux: bool = False,
        still: float = STILL,
        compression: bool = False,
    ) -> None:
        """Connect, and wait until the first screen stands.

        Args:
            server: where it runs.
            folder: for what it keeps; its name is the tmux server's.
            link: rate and size.
            answers: what the far terminal answers.
            options: of the program.
            colorterm: the variable COLORTERM at the server.
            tmux: whether it runs within tmux there.
            still: seconds without output at either end, for all to stand still.
            compression: whether the connection is compressed.
        """
        self._still = still
        folder.mkdir(exist_ok=True)
        self._log = folder / "tap"
        self._log.unlink(missing_ok=True)
        self.throttle = Throttle(server.port, link.rate, link.delay)
        environment = {
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(folder / "state"),
            "COLORTERM": colorterm,
        }
        program = [sys.executable, "-m", "rnn_tui", *options]
        if tmux:
            program = ["tmux", "-L", folder.name, "-f", os.devnull, "new-session", *program]
        argv = server.client(
            *(sys.executable, "-I", "-S", tap.__file__, str(self._log), *program),
            port=self.throttle.port,
            env=environment,
            compression=compression,
        )
        self.terminal = FarTerminal(argv, link.size, answers)
        try:
            self.terminal.wait_for("paused", 60)
            self.wait_still()
        except BaseException:
            self.close()
            raise

    def wait_still(self, timeout: float = 60) -> None:
        """Wait until nothing is written or under way."""

        def still() -> bool:
            if self.throttle.down.waiting or not self.terminal.pieces:
                return False
            last = max(self.terminal.pieces[-1][0], self.written()[-1][0])
            last = max([last, *(at for at, _ in self.throttle.up.changes[-1:])])
            return not self.throttle.up.waiting and time.monotonic() - last > self._still

        if not wait_until(still, timeout):
            raise AssertionError(f"not still after {timeout} s:\n{self.terminal.text()}")

    def written(self) -> list[tuple[float, int]]:
        """Return when the program wrote, and how many bytes until then."""
        return tap.records(self._log.read_bytes())

    def press(self, key: str) -> float:
        """Press a key and return when."""
        at = time.monotonic()
        self.terminal.send(key)
        return at

    def quit(self) -> None:
        """Have it end, also where it asks whether to lose a minute of training."""
        self.press("q")
        if not wait_until(lambda: self.terminal.process.poll() is not None, 5):
            self.press("q")
        code = self.terminal.wait_exit(30)
        left = self.terminal.left_behind()
        if code or left:
            raise AssertionError(f"ended with {code}, left behind: {left}")

    def close(self) -> None:
        """End it, whatever it does."""
        self.terminal.close()
        self.throttle.close()


@contextlib.contextmanager
def running(run: Run) -> Iterator[Run]:
    """Let it train; close everything in the end."""
    with run:
        run.press(" ")
        time.sleep(WARM_UP)
        yield run
