"""Runs `rnn-tui serve` in a process of its own, and visits it with asyncssh's client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncssh
from closing import Closing
from terminal.emulator import Emulator

START = "import sys; from rnn_tui.cli import main; main()"
STARTED = re.compile(r" at \S+ port (\d+): ssh")


class RunningServer(Closing):
    """A server on a free port of this machine; leaving the `with` block ends it.

    Attributes:
        port: where it listens.
        process: the server.
    """

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        """Start a server whose state is in `folder`, and wait until it listens."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, "serve", "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": str(folder), **(env or {})},
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self.wait_for_log(STARTED.pattern)[1])

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def log(self) -> list[str]:
        """The lines on stderr so far."""
        with self._changed:
            return list(self._lines)

    def wait_for_log(self, pattern: str, timeout: float = 20) -> re.Match[str]:
        """Wait for a line on stderr, and return the match of the newest."""
        deadline = time.monotonic() + timeout
        while True:
            for line in reversed(self.log):
                if found := re.search(pattern, line):
                    return found
            ended = self.process.poll() is not None and not self._reader.is_alive()
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"no line {pattern!r} in {self.log}")
            with self._changed:
                self._changed.wait(0.1)

    def processes(self) -> list[int]:
        """Return all processes of the server but the first: the fork server, and the guests."""
        found = children(self.process.pid)
        for each in found[:]:
            found += children(each)
        return found

    def guests(self) -> list[int]:
        """Return the processes of the guests."""
        return [pid for each in children(self.process.pid) for pid in children(each)]

    def wait_for_guests(self, count: int, timeout: float = 10) -> None:
        """Wait until so many guests have a process."""
        deadline = time.monotonic() + timeout
        while len(self.guests()) != count:
            assert time.monotonic() < deadline, f"{len(self.guests())} guests, not {count}"
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        """End the server, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def close(self) -> None:
        """End the server, by force if it must be."""
        try:
            self.end()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


def children(process: int) -> list[int]:
    """Return the child processes of a process (Linux)."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def resident(process: int) -> int:
    """Return the resident memory of a process in bytes."""
    with open(f"/proc/{process}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def alive(process: int) -> bool:
    """Return whether a process runs."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def run(play: Coroutine[object, object, None]) -> None:
    """Run a test's coroutine, and let connections that it has aborted be closed."""

    async def then_close() -> None:
        await play
        await asyncio.sleep(0.05)

    asyncio.run(then_close())


async def connect(server: RunningServer, **options: Any) -> asyncssh.SSHClientConnection:
    """Return a connection that has logged in, without a key unless one is given."""
    given = {"username": "guest", "client_keys": None, "known_hosts": None, **options}
    given = {"port": server.port, **given}
    return await asyncssh.connect("127.0.0.1", config=None, agent_path=None, **given)


class Visit:
    """A session with a terminal, whose screen is emulated and which answers queries."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes], columns: int, lines: int) -> None:
        self.process = process
        self.bytes = 0
        self.raw = b""
        self.ended = False
        self._emulator = Emulator(columns, lines, self._answer)
        self._changed = asyncio.Event()
        self._reading = asyncio.get_running_loop().create_task(self._read())

    def _answer(self, answer: str) -> None:
        if not self.ended:
            self.send(answer)

    async def _read(self) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):  # the server has been killed
            while data := await self.process.stdout.read(1 << 16):
                self.bytes += len(data)
                self.raw = (self.raw + data)[-100_000:]
                self._emulator.feed(data)
                self._changed.set()
        self.ended = True
        self._changed.set()

    def text(self) -> str:
        """Return what the screen shows."""
        return "\n".join(row.rstrip() for row in self._emulator.shown.display)

    def send(self, text: str) -> None:
        """Type text."""
        with contextlib.suppress(OSError):
            self.process.stdin.write(text.encode())

    async def wait_for(self, text: str, timeout: float = 15) -> str:
        """Wait until the screen shows a text."""

        async def shown() -> None:
            while text not in self.text():
                assert not self.ended, f"ended without {text!r}:\n{self.text()}"
                self._changed.clear()
                await self._changed.wait()

        try:
            await asyncio.wait_for(shown(), timeout)
        except TimeoutError:
            raise AssertionError(f"no {text!r} in {timeout} s:\n{self.text()}") from None
        return self.text()

    async def wait_end(self, timeout: float = 15) -> int | None:
        """Wait for the end of the session, and return the exit code."""
        await asyncio.wait_for(self._reading, timeout)
        await asyncio.wait_for(self.process.wait_closed(), timeout)
        return self.process.exit_status


async def visit(
    connection: asyncssh.SSHClientConnection,
    *,
    columns: int = 80,
    lines: int = 24,
    kind: str = "xterm-256color",
    **options: Any,
) -> Visit:
    """Return a session with a terminal on a connection."""
    process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
        term_type=kind, term_size=(columns, lines), encoding=None, **options
    )
    return Visit(process, columns, lines)
