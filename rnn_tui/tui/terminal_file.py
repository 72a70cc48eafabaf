"""Writing to the terminal so that no thread ever waits in the kernel for it."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
from collections.abc import Callable

ATTEMPT_SECONDS = 0.1  # that one attempt to write waits for room


class TerminalFile:
    """Writes text to the terminal; once that is gone, drops it and calls `gone`, once.

    No write blocks in the kernel: a terminal that takes nothing (a dead link, ^S) could not be
    restored by another thread before it took the rest.

    Attributes:
        closed: nothing more is written, also not the rest of what is being written.
    """

    def __init__(self, descriptor: int, encoding: str, gone: Callable[[], object]) -> None:
        self.closed = False
        self._writing = threading.Lock()  # held for `ATTEMPT_SECONDS` at most
        self._given = descriptor
        self._encoding = encoding
        self._gone = gone
        try:
            # Opened anew: not to wait is then no property of the descriptor that others share.
            name = os.ttyname(descriptor)
            self._own = os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            self._at_once = 1 << 16
        except OSError:  # it has no name here
            self._own, self._at_once = descriptor, 200  # there is room for these where for one

    def write(self, text: str) -> None:
        """Write all of `text`."""
        rest = memoryview(text.encode(self._encoding, "replace"))
        while rest and not self.closed:
            try:
                with self._writing:
                    rest = rest[0 if self.closed else self._write_some(rest) :]
            except OSError:
                self.closed = True
                self._gone()

    def _write_some(self, data: memoryview) -> int:
        """Write what the terminal takes within a moment, and return how much that was."""
        if not select.select([], [self._own], [], ATTEMPT_SECONDS)[1]:
            return 0
        try:
            return os.write(self._own, data[: self._at_once])
        except BlockingIOError:
            time.sleep(0.001)
            return 0

    def write_last(self, text: str, seconds: float) -> None:
        """Write `text` from another thread, within so many seconds, and nothing after it.

        What the terminal has not read yet is dropped if it takes no more.
        """
        self.closed = True
        data = memoryview(text.encode(self._encoding, "replace"))
        deadline = time.monotonic() + seconds
        with self._writing, contextlib.suppress(OSError, termios.error):
            # All in one piece: dropping what waits may drop the beginning of it.
            while time.monotonic() < deadline and self._write_some(data) < len(data):
                termios.tcflush(self._given, termios.TCOFLUSH)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._given
