"""The server's end of a guest's terminal: bytes in both directions, never more than has room.

Output is read only while the network takes it, so that what a slow link cannot carry waits in the
guest's program, which then leaves out frames. Input is taken only while the program reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass

from rnn_tui.tui.terminal_kind import KNOWN, SCREENLESS

PIECE = 8192  # bytes of output that are read at once, so that no guest keeps the others waiting
MOST_INPUT = 4096  # bytes that wait for the program; then the network is not read
RESIZE_SECONDS = 0.1  # between two changes of the size that the program is told of
LARGEST = (500, 200)  # columns and lines; the program draws on no more
FALLBACK = (80, 24)  # where a terminal does not tell its size
UNKNOWN_KIND = "xterm"
LONGEST_KIND = 40
_SIZE = struct.Struct("HHHH")


@dataclass(frozen=True, slots=True)
class TerminalKind:
    """What a guest's terminal says it is.

    Attributes:
        name: the value of TERM for the program; "" if no screen can be shown on it.
        taken_for: whether that is not what the terminal says, as nobody knows it.
    """

    name: str
    taken_for: bool = False


def terminal_kind(said: str) -> TerminalKind:
    """Return the kind of a terminal by a list of known ones; what a guest says is not looked up."""
    said = said.strip()
    plain = said.isascii() and all(each.isalnum() or each in "-+._" for each in said)
    if said.lower() in SCREENLESS:
        return TerminalKind("")
    if plain and len(said) <= LONGEST_KIND and said.lower().startswith(KNOWN):
        return TerminalKind(said)
    return TerminalKind(UNKNOWN_KIND, taken_for=True)


def clamped(columns: int, lines: int) -> tuple[int, int]:
    """Return a size that a program can draw on, whatever the guest says."""
    return min(columns or FALLBACK[0], LARGEST[0]), min(lines or FALLBACK[1], LARGEST[1])


class TerminalPump:
    """A new terminal, and what goes through it.

    Attributes:
        program_end: the descriptor of the program's end; to be closed once the program has it.
        sent: bytes of output so far.
        received: bytes of input so far.
    """

    def __init__(
        self,
        size: tuple[int, int],
        write: Callable[[bytes], object],
        take_input: Callable[[bool], object],
        ended: Callable[[], object],
    ) -> None:
        """Open a terminal.

        Args:
            size: its columns and lines.
            write: takes output.
            take_input: is told whether there is room for input.
            ended: called once when no program has the terminal any more and all output was taken.

        Raises:
            OSError: there are no more terminals.
        """
        self.sent = self.received = 0
        self._write, self._take_input, self._ended = write, take_input, ended
        self._loop = asyncio.get_running_loop()
        self._own, self.program_end = pty.openpty()
        os.set_blocking(self._own, False)
        _silence(self.program_end)
        self._input = bytearray()
        self._paused: set[str] = set()
        self._reading = False
        self._size = self._next_size = size
        self._resize_timer: asyncio.TimerHandle | None = None
        self._resized_at = 0.0
        self._tell_size()
        self._read_or_not()

    # ---------------------------------------------------------------- output

    def pause(self, reason: str) -> None:
        """Read no output until `resume` for the same reason."""
        self._paused.add(reason)
        self._read_or_not()

    def resume(self, reason: str) -> None:
        """Read output again, unless there is another reason not to."""
        self._paused.discard(reason)
        self._read_or_not()

    def _read_or_not(self) -> None:
        """Have the loop watch for output, or not."""
        wanted = self._own >= 0 and not self._paused
        if wanted and not self._reading:
            self._loop.add_reader(self._own, self._read)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._own)
        self._reading = wanted

    def _read(self) -> None:
        """Take a piece of output."""
        try:
            data = os.read(self._own, PIECE)
        except BlockingIOError:
            return
        except OSError:  # no program has it any more
            data = b""
        if data:
            self.sent += len(data)
            self._write(data)
        else:
            self.close()
            self._ended()

    # ---------------------------------------------------------------- input

    def feed(self, data: bytes) -> None:
        """Give input to the program."""
        if self._own < 0:
            return
        self.received += len(data)
        was_empty = not self._input
        self._input += data
        if was_empty:
            self._write_input()

    def _write_input(self) -> None:
        """Write the input that the program has room for."""
        try:
            while self._input:
                del self._input[: os.write(self._own, self._input[:MOST_INPUT])]
        except BlockingIOError:
            pass
        except OSError:
            self._input.clear()
        if self._input:
            self._loop.add_writer(self._own, self._write_input)
        else:
            self._loop.remove_writer(self._own)
        self._take_input(len(self._input) < MOST_INPUT)

    # ---------------------------------------------------------------- size

    def resize(self, columns: int, lines: int) -> None:
        """Tell the program another size; many in a row are few."""
        self._next_size = clamped(columns, lines)
        if self._resize_timer is None and self._own >= 0:
            wait = self._resized_at + RESIZE_SECONDS - self._loop.time()
            self._resize_timer = self._loop.call_later(max(0.0, wait), self._resize)

    def _resize(self) -> None:
        """Tell the newest size."""
        self._resize_timer = None
        if self._own >= 0 and self._next_size != self._size:
            self._size, self._resized_at = self._next_size, self._loop.time()
            self._tell_size()

    def _tell_size(self) -> None:
        columns, lines = self._size
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._own, termios.TIOCSWINSZ, _SIZE.pack(lines, columns, 0, 0))

    # ---------------------------------------------------------------- the end

    @property
    def is_open(self) -> bool:
        """Whether there may be more output."""
        return self._own >= 0

    def close_program_end(self) -> None:
        """Close the program's end here: from now on it is only the program's."""
        if self.program_end >= 0:
            os.close(self.program_end)
            self.program_end = -1

    def close(self) -> None:
        """Close the terminal; a program that still has it is hung up."""
        self.close_program_end()
        if self._own >= 0:
            self._loop.remove_writer(self._own)
            if self._reading:
                self._loop.remove_reader(self._own)
            self._reading = False
            os.close(self._own)
            self._own = -1
        if self._resize_timer is not None:
            self._resize_timer.cancel()


def _silence(descriptor: int) -> None:
    """Have a terminal not echo: what is typed before the program draws would be in its screen."""
    settings = termios.tcgetattr(descriptor)
    settings[3] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
