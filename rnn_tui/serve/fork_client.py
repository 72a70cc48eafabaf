"""The server's side of the fork server: requests without waiting, reports as they come."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rnn_tui.serve.frames import FrameReader, send_json

END_SECONDS = 5.0  # for the fork server to end with its guests


@dataclass(frozen=True, slots=True)
class Ended:
    """How a guest's process has ended.

    Attributes:
        code: the exit code; minus the number of the signal that killed it.
        peak: the most resident memory it had, in bytes.
        cpu: seconds of the processor that it used.
    """

    code: int
    peak: int
    cpu: float


class GuestProcess(Protocol):
    """What is told of a process that was asked for."""

    def process_started(self, process: int) -> None:
        """Take the number of the process."""

    def process_ended(self, ended: Ended) -> None:
        """Take how it ended; nothing more comes after that."""


class ForkClient:
    """Asks the fork server for guests.

    Attributes:
        lost: called once if the fork server has ended though nobody asked it to.
    """

    def __init__(self, process: int, connection: socket.socket) -> None:
        """Take over the fork server's process and the socket to it."""
        self.lost: Callable[[], object] = lambda: None
        self._process = process
        self._connection = connection
        self._reader = FrameReader()
        self._guests: dict[int, GuestProcess] = {}
        self._next = 1
        self._closing = False
        self._ready = False

    async def ready(self) -> tuple[str, int]:
        """Wait until it can fork, and read its reports from then on.

        Returns:
            Why it cannot, as a line and an exit code; ("", 0) if it can.
        """
        loop = asyncio.get_running_loop()
        self._connection.setblocking(False)
        while True:
            data = await loop.sock_recv(self._connection, 1 << 16)
            if not data:
                return "the process that forks guests has ended unexpectedly", 70
            for message in self._reader.feed(data):
                report = _read(message)
                if "error" in report:
                    return report["error"], report["code"]
                loop.add_reader(self._connection, self._receive)
                self._ready = True
                return "", 0

    def start(
        self,
        guest: GuestProcess,
        terminal: int,
        *,
        options: Mapping[str, Any],
        environment: Mapping[str, str],
        messages: socket.socket | None = None,
    ) -> int:
        """Ask for a guest's process, and return the number of the guest.

        Args:
            guest: what is told of it.
            terminal: the guest's end of the terminal.
            options: its options beside those that all have.
            environment: its variables.
            messages: the guest's end of a socket to the server.

        Raises:
            OSError: the fork server takes no more requests.
        """
        number, self._next = self._next, self._next + 1
        request = {"start": number, "options": options, "environment": environment}
        descriptors = (terminal,) if messages is None else (terminal, messages.fileno())
        send_json(self._connection, request, descriptors)
        self._guests[number] = guest
        return number

    def signal(self, guest: int, number: int) -> None:
        """Send a signal to a guest's process, if it is there."""
        if guest in self._guests:
            with contextlib.suppress(OSError):
                send_json(self._connection, {"signal": guest, "number": int(number)})

    def _receive(self) -> None:
        """Take reports."""
        try:
            data = self._connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._connection)
            for guest in [*self._guests]:
                self._guests.pop(guest).process_ended(Ended(-signal.SIGKILL, 0, 0.0))
            if not self._closing:
                self.lost()
            return
        for message in self._reader.feed(data):
            self._take(_read(message))

    def _take(self, report: dict[str, Any]) -> None:
        """Tell a guest what was reported of its process."""
        if "started" in report and (guest := self._guests.get(report["started"])) is not None:
            guest.process_started(report["pid"])
        elif "ended" in report and (guest := self._guests.pop(report["ended"], None)) is not None:
            code = os.waitstatus_to_exitcode(report["status"])
            guest.process_ended(Ended(code, report["peak"], report["cpu"]))

    async def close(self) -> None:
        """End the fork server, and with it every guest that is left; wait for it."""
        self._closing = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._connection)
        self._connection.close()
        with contextlib.suppress(ProcessLookupError):
            if not self._ready:  # it imports still, and has no guests
                os.kill(self._process, signal.SIGKILL)
        deadline = loop.time() + END_SECONDS
        with contextlib.suppress(ChildProcessError):
            while not os.waitpid(self._process, os.WNOHANG)[0]:
                if loop.time() > deadline:
                    os.kill(self._process, signal.SIGKILL)
                    os.waitpid(self._process, 0)
                    return
                await asyncio.sleep(0.02)


def _read(message: bytes) -> dict[str, Any]:
    """Return a report of the fork server."""
    import json

    report: dict[str, Any] = json.loads(message)
    return report
