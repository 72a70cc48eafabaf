"""Run a program in a pseudo-terminal within this one, and note when it wrote what.

    tap.py LOG PROGRAM ARGUMENT…

LOG gets a record for each piece of output: when (monotonic clock) and how many bytes until then.
At the other end of a link, the same byte then tells how old it is. Only the standard library, so
that it starts at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty
from collections.abc import Callable

RECORD = struct.Struct("dQ")
ANY = 1 << 16


def records(data: bytes) -> list[tuple[float, int]]:
    """Return the records of a log, up to the last whole one."""
    whole = len(data) - len(data) % RECORD.size
    return [(at, until) for at, until in RECORD.iter_unpack(data[:whole])]


def main() -> int:
    """Run the program; return its exit code, as a shell tells it."""
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    child, master = pty.fork()
    if child == 0:
        # It begins once the terminal has its size.
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(sys.argv[2], sys.argv[2:])
    os.waitpid(child, os.WUNTRACED)
    termios.tcsetattr(master, termios.TCSANOW, termios.tcgetattr(0))
    resize = _copy_size(master)
    signal.signal(signal.SIGWINCH, resize)
    resize()
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    tty.setraw(0)
    os.kill(child, signal.SIGCONT)
    _copy(master, log)
    status = os.waitpid(child, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _copy_size(master: int) -> Callable[..., None]:
    """Return a function that gives the inner terminal the outer one's size."""

    def copy(*_: object) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"8" * 8))

    return copy


def _copy(master: int, log: int) -> None:
    """Copy both ways until the program has closed its terminal."""
    written, sources = 0, [0, master]
    while True:
        ready = select.select(sources, [], [])[0]
        if master in ready:
            try:
                data = os.read(master, ANY)
            except OSError:
                return
            if not data:
                return
            written += len(data)
            os.write(log, RECORD.pack(time.monotonic(), written))
            while data:
                data = data[os.write(1, data) :]
        if 0 in ready:
            data = os.read(0, ANY)
            if not data:
                sources = [master]
            while data:
                data = data[os.write(master, data) :]


if __name__ == "__main__":
    sys.exit(main())
