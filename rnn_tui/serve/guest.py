"""One guest: the process, its terminal, and how the session ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from rnn_tui.command_line.exit import DONE
from rnn_tui.kiosk import IDLE_CODE
from rnn_tui.serve.fork_client import Ended, ForkClient
from rnn_tui.serve.session_log import SessionRecord, log, session_line
from rnn_tui.serve.terminal_pump import TerminalPump
from rnn_tui.tui.leaving_terminal import LEAVE

PATIENCE = 4.0  # seconds for the program to end; it needs 2 where its screen is stuck
LAST_KEYS = 3.0  # seconds for the keys before the end of the input to have their effect
LAST_OUTPUT = 1.0  # seconds for the output after the end of the program
# Answers of a terminal to the program's queries, which nobody has typed.
ANSWERS = re.compile(
    rb"\x1b\[\?[0-9;]*\$y|\x1b\[\?[0-9;]*[cuR]|\x1b\[[0-9]+;[0-9]+R|\x1b\[[IO]|\x1b[P\]][^\x1b\a]*"
    rb"(?:\x1b\\|\a)"
)
SIGNALS_BY_CODE = {128 + number: number for number in signal.valid_signals()}


class FarTerminal(Protocol):
    """The guest's own terminal, at the other end of the network."""

    kind: str
    size: tuple[int, int] | None

    def write(self, data: bytes) -> None:
        """Send output to it."""

    def take_input(self, room: bool) -> None:
        """Read what is typed, or let it wait."""

    def say(self, line: str) -> None:
        """Send a line of the server's."""

    def end(self, code: int) -> None:
        """End the session."""


class Guest:
    """A guest, from the start of the process to the line in the log.

    Attributes:
        session: the SSH side.
        pump: the terminal.
        record: what is logged.
        process: the number of the process; 0 before it runs.
        joined: when the session began, by the loop's clock.
        last_key: when something was typed last, by the loop's clock.
    """

    def __init__(
        self,
        forks: ForkClient,
        session: FarTerminal,
        record: SessionRecord,
        options: dict[str, Any],
        messages: socket.socket | None,
        left: Callable[[Guest], object],
    ) -> None:
        """Start the process.

        Args:
            forks: forks it.
            session: the SSH side.
            record: what is logged at the end.
            options: those of this guest beside those of all.
            messages: the process's end of a socket to the server, if there is one.
            left: called once when the process has ended and all is said.

        Raises:
            OSError: there is no terminal for it, or no process.
        """
        self.session = session
        self.record = record
        self.process = 0
        self._forks, self._left = forks, left
        self._loop = asyncio.get_running_loop()
        self.joined = self.last_key = self._loop.time()
        self._last_line = ""
        self._exit: Ended | None = None
        self._timer: asyncio.TimerHandle | None = None
        size = session.size
        assert size is not None
        self.pump = TerminalPump(size, session.write, session.take_input, self._output_ended)
        try:
            self._number = forks.start(
                self,
                self.pump.program_end,
                options=options,
                environment={"TERM": session.kind},
                messages=messages,
            )
        except OSError:
            self.pump.close()
            raise
        self.pump.close_program_end()

    def typed(self, data: bytes) -> None:
        """Take input: keys, and answers of the terminal, which are no sign of life."""
        if ANSWERS.sub(b"", data):
            self.last_key = self._loop.time()
        self.pump.feed(data)

    # ---------------------------------------------------------------- the end

    def end(self, reason: str, line: str) -> None:
        """Ask the program to end; it gives the terminal back.

        Args:
            reason: for the log; the first one counts.
            line: what the guest is told then.
        """
        if not self.record.reason:
            self.record.reason, self._last_line = reason, line
            self._forks.signal(self._number, signal.SIGTERM)
            self._end_by_force_later()

    def input_ended(self) -> None:
        """End the program soon, as nothing more will be typed; it may end by the last keys."""
        self._loop.call_later(LAST_KEYS, self._end_without_input)

    def _end_without_input(self) -> None:
        if self._exit is None:
            self.end("end of input", "the input has ended, and with it this session")

    def kill(self) -> None:
        """End the program now."""
        self._forks.signal(self._number, signal.SIGKILL)

    def hang_up(self, reason: str) -> None:
        """End the program as a lost connection does."""
        if self._exit is None:
            self.record.reason = self.record.reason or reason
            self.pump.close()
            self._forks.signal(self._number, signal.SIGHUP)
            self._end_by_force_later()

    def _end_by_force_later(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(PATIENCE, self.kill)

    def process_started(self, process: int) -> None:
        """Take the number of the process."""
        self.process = process

    def process_ended(self, ended: Ended) -> None:
        """Take how the process has ended; wait for the rest of its output, not for long."""
        self._exit, self.process = ended, 0
        if self._timer is not None:
            self._timer.cancel()
        if self.pump.is_open:
            self._timer = self._loop.call_later(LAST_OUTPUT, self._finish)
        else:
            self._finish()

    def _output_ended(self) -> None:
        if self._exit is not None:
            self._finish()

    def _finish(self) -> None:
        """Say the last line, close the session, and log it."""
        ended = self._exit
        assert ended is not None
        if self._timer is not None:
            self._timer.cancel()
        unsent, killed = self.pump.is_open, ended.code < 0
        self.pump.close()
        if killed or unsent:  # the program could not give the terminal back
            self.session.write(LEAVE.encode())
        if not self.record.reason:
            self.record.reason, self._last_line = _reason(ended.code)
        if self._last_line:
            self.session.say(self._last_line)
        self.session.end(1 if killed or self._last_line else ended.code)
        self.record.sent, self.record.received = self.pump.sent, self.pump.received
        self.record.peak, self.record.cpu = ended.peak, ended.cpu
        log(session_line(self.record, time.time()))
        self._left(self)


def _reason(code: int) -> tuple[str, str]:
    """Return why a program has ended by itself, for the log and for the guest."""
    number = -code if code < 0 else SIGNALS_BY_CODE.get(code, 0)
    if code == DONE:
        return "left", ""
    if code == IDLE_CODE:  # the program has said so
        return "idle", ""
    if number == signal.SIGXCPU:
        return "processor time used up", "this session has used up its time of the processor"
    if number == signal.SIGHUP:
        return "connection lost", ""
    if number:
        return f"ended by {signal.Signals(number).name}", "this session was ended"
    return f"ended with code {code}", ""


def resident_memory(process: int) -> int:
    """Return the resident memory of a process in bytes; 0 if it has none or none can tell."""
    try:
        if sys.platform == "linux":
            with open(f"/proc/{process}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        said = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, timeout=1, check=True
        )
        return int(said.stdout) * 1024
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return 0
