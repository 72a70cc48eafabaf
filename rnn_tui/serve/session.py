"""The SSH side of a session: a terminal and a shell, in whose place the program is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import asyncssh

from rnn_tui import PROGRAM
from rnn_tui.serve.guest import Guest
from rnn_tui.serve.terminal_pump import clamped, terminal_kind

REFUSED = 1  # exit code
CLOSE_SECONDS = 5.0  # from the end of the session to that of the connection
SHOW_SECONDS = 0.5  # for a client to show what it has, once it has closed the session, too
OUTPUT_WAITS = 16 * 1024  # bytes that SSH's own window has no room for, until output stops


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has logged in.

    Attributes:
        address: where they come from.
        key: the fingerprint of their key; "" without one.
        presents: whether that is a presenter's key.
    """

    address: str
    key: str
    presents: bool


class GuestSession(asyncssh.SSHServerSession[bytes]):
    """The session of a connection.

    Attributes:
        identity: who has it.
        asked_for: whether the program was asked for.
        kind: the value of TERM for the program; "" if no screen can be shown.
        taken_for: whether the terminal says that it is something else, which nobody knows.
        size: columns and lines of the terminal; None without one.
    """

    def __init__(
        self,
        identity: Identity,
        join: Callable[[GuestSession], Guest | None],
        ended: Callable[[], object],
    ) -> None:
        """Wait for the client to ask for a terminal and for the program.

        Args:
            identity: who has the session.
            join: starts the program, or says in the session why not.
            ended: called when the session has ended.
        """
        self.identity = identity
        self._join, self._ended = join, ended
        self.asked_for = False
        self.kind, self.taken_for = "", False
        self.size: tuple[int, int] | None = None
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._guest: Guest | None = None
        self._told = False  # whether the session was ended here

    # ---------------------------------------------------------------- what the client asks

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Take the channel."""
        self._channel = chan
        chan.set_write_buffer_limits(high=OUTPUT_WAITS)

    def pty_requested(
        self,
        term_type: str,
        term_size: tuple[int, int, int, int],
        term_modes: Mapping[int, int],
    ) -> bool:
        """Note what the terminal is."""
        kind = terminal_kind(term_type)
        self.kind, self.taken_for = kind.name, kind.taken_for
        self.size = clamped(*term_size[:2])
        return True

    def shell_requested(self) -> bool:
        """Return True: also why nobody gets in is said in a session."""
        self.asked_for = True
        return True

    def exec_requested(self, command: str) -> bool:
        """Return False: no commands."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """Return False: no sftp, nor any other."""
        return False

    def session_started(self) -> None:
        """Start the program."""
        self._guest = self._join(self)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Give input to the program."""
        if self._guest is not None:
            self._guest.typed(data)

    def eof_received(self) -> bool:
        """End the session soon: nothing more will be typed."""
        if self._guest is not None:
            self._guest.input_ended()
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Tell the program."""
        if self._guest is not None:
            self._guest.pump.resize(width, height)

    def pause_writing(self) -> None:
        """Stop output: the client's window is full."""
        if self._guest is not None:
            self._guest.pump.pause("window")

    def resume_writing(self) -> None:
        """Let output go on."""
        if self._guest is not None:
            self._guest.pump.resume("window")

    def network_full(self, full: bool) -> None:
        """Stop output, or let it go on: the network is full, or is not."""
        if self._guest is not None:
            (self._guest.pump.pause if full else self._guest.pump.resume)("network")

    def connection_lost(self, exc: Exception | None) -> None:
        """End the program, and the connection, which has no other use."""
        self._channel = None
        if self._guest is not None:
            self._guest.hang_up("connection lost")
        if exc is None and self._told:
            asyncio.get_running_loop().call_later(SHOW_SECONDS, self._ended)
        else:
            self._ended()

    # ---------------------------------------------------------------- what the client gets

    def write(self, data: bytes) -> None:
        """Send output."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.write(data)

    def take_input(self, room: bool) -> None:
        """Read what is typed only while there is room for it."""
        if self._channel is not None:
            (self._channel.resume_reading if room else self._channel.pause_reading)()

    def say(self, line: str) -> None:
        """Write a line of the server's; the cursor is at the start of one."""
        self.write(f"{PROGRAM}: {line}\r\n".encode("ascii", "replace"))

    def end(self, code: int) -> None:
        """End the session with an exit code, and soon the connection, if the client does not."""
        if self._channel is not None:
            self._told = True
            with contextlib.suppress(OSError):
                self._channel.exit(code)
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._ended)
