"""The real program in a terminal that only records, to be looked at afterwards."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terminal.driver import Terminal
from terminal.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
WIDE = (120, 40)
QUERY = b"\x1b[?2026$p"  # DECRQM, which ends a display
TICKS = os.sysconf("SC_CLK_TCK")
KIB = 1024


class Recorder(Terminal):
    """A terminal that only records while the program runs; it is looked at afterwards."""

    def __init__(
        self,
        argv: Sequence[str],
        size: tuple[int, int],
        caches: str,
        env: Mapping[str, str] | None = None,
        answers: str | None = None,
    ) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self.worked: list[float] = []  # `seconds_worked` at each of them, if that is wanted
        self.wants_work = False
        self.size = size
        self._fed = 0
        self.started = time.monotonic()
        super().__init__(argv, *size, env={**environment(caches), **(env or {})}, answers=answers)

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self.bytes_received += len(data)
        self.arrivals.append((now, len(data)))
        if self.wants_work:
            self.worked.append(self.seconds_worked())
        self.chunks.append((now, data))
        for _ in range(data.count(QUERY)):
            self._answer("\x1b[?2026;2$y")

    def screen(self) -> list[str]:
        """Return the rows of the screen, all output so far included."""
        with self._changed:
            self.answering = False  # it has answered
            for _, data in self.chunks[self._fed :]:
                self._emulator.feed(data)
            self._fed = len(self.chunks)
            self.answering = True
        return super().screen()

    def bytes_within(self, seconds: float) -> int:
        """How much arrives in the time to come."""
        before = self.bytes_received
        time.sleep(seconds)
        return self.bytes_received - before

    def replay(self) -> Iterator[tuple[float, list[str]]]:
        """Yield the time of each piece of output from the start, and the screen after it."""
        emulator = Emulator(*self.size)
        for at, data in self.chunks:
            emulator.feed(data)
            yield at, list(emulator.shown.display)

    def cpu(self, thread: int | None = None) -> float:
        """Seconds of processor time so far, of the process or one of its threads."""
        pid = self.process.pid
        place = f"/proc/{pid}/task/{thread}/stat" if thread else f"/proc/{pid}/stat"
        fields = Path(place).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def seconds_worked(self) -> float:
        """Seconds of processor time so far, of all threads, in nanoseconds' resolution."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        spent = 0
        for task in tasks.iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                spent += int((task / "schedstat").read_text().split()[0])
        return spent / 1e9

    def wait_idle(self, share: float = 0.05) -> None:
        """Wait until it does next to nothing for a while."""
        before = self.seconds_worked()
        while True:
            time.sleep(0.5)
            now = self.seconds_worked()
            if now - before < share * 0.5:
                return
            before = now

    def resident(self) -> float:
        """MiB in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / KIB


def environment(caches: str) -> dict[str, str | None]:
    """As installed: compiled once, and one thread for products as small as ours."""
    return {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": None,
        "PYTHONPYCACHEPREFIX": caches,
        "OPENBLAS_NUM_THREADS": "1",
    }


@dataclass(frozen=True)
class Bench:
    """How long to measure, and where compiled files lie."""

    quick: bool
    caches: str

    def times(self, full: int, quick: int) -> int:
        """So many rounds."""
        return quick if self.quick else full

    def seconds(self, full: float, quick: float) -> float:
        """So long."""
        return quick if self.quick else full

    @contextlib.contextmanager
    def app(
        self,
        *options: str,
        size: tuple[int, int] = WIDE,
        env: Mapping[str, str] | None = None,
        answers: str | None = None,
    ) -> Iterator[Recorder]:
        """Start the program, paused at its first screen."""
        argv = [sys.executable, "-m", "rnn_tui", *options]
        with Recorder(argv, size, self.caches, env, answers) as recorder:
            recorder.wait_for("paused", 30)
            recorder.wait_still(0.5)
            yield recorder

    @contextlib.contextmanager
    def running(
        self,
        *options: str,
        size: tuple[int, int] = WIDE,
        env: Mapping[str, str] | None = None,
        answers: str | None = None,
    ) -> Iterator[Recorder]:
        """Start the program and let it train, with its charts."""
        with self.app(*options, size=size, env=env, answers=answers) as recorder:
            recorder.send(" ")
            time.sleep(self.seconds(3, 2))
            yield recorder
