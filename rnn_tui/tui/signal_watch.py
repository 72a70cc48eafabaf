"""Every signal that can be caught, taken by a thread of its own, in any order and number.

All signals are blocked in the threads of the program, so that they wait for this one thread, which
takes them one after the other, also while the screen or the engine is stuck. What they do:

    SIGTSTP SIGTTIN SIGTTOU   the terminal is given back, then the process stops
    SIGCONT                   the terminal is taken again and drawn anew
    all others that end a     the program ends with 128 + number; where it has not within
    process by default        `PATIENCE` seconds, it is ended
    SIGCHLD SIGURG SIGWINCH   as always

A signal that is ignored from the start (by nohup, or in the background of a shell without job
control) stays ignored. A fault in C code (a real SIGSEGV or abort()) ends the process at once: the
kernel does not let it wait.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Protocol

PATIENCE = 2.0  # seconds from a signal to the end of the program
SAVE_PATIENCE = 1.0  # seconds for a last save before the program is ended
WRITE_PATIENCE = 0.2  # seconds for a line that says so
STOPPING = ("SIGTSTP", "SIGTTIN", "SIGTTOU")
FAULTS = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS")
LEFT_ALONE = ("SIGKILL", "SIGSTOP", "SIGCHLD", "SIGURG", "SIGWINCH", "SIGINFO")


def signal_name(number: int) -> str:
    """Return the name of a signal: "SIGTERM"; "signal 35" where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _do_nothing(number: int, frame: object) -> None:
    """Be the handler of a signal that is dealt with elsewhere."""


class SignalClient(Protocol):
    """Who shows the screen. All methods are called by the watching thread and are safe there."""

    def end(self, number: int) -> None:
        """Ask for the end of the program; return at once."""

    def suspend(self) -> None:
        """Give the terminal back; return when that is done, or by force after a moment."""

    def resume(self) -> None:
        """Ask for the screen to be drawn on a terminal of unknown state; return at once."""

    def wake(self) -> None:
        """Have the screen's thread look for signals that another thread was given."""

    def restore_terminal(self) -> None:
        """Give the terminal back now, whatever the other threads do."""


class PlainClient:
    """The client where the terminal needs no care: on Windows, and without one."""

    def __init__(self, end: Callable[[int], object]) -> None:
        """Have signals call `end` with the exit code."""
        self._end = end

    def end(self, number: int) -> None:
        """Ask for the end of the program."""
        self._end(128 + number)

    def suspend(self) -> None:
        """Do nothing."""

    def resume(self) -> None:
        """Do nothing."""

    def wake(self) -> None:
        """Do nothing."""

    def restore_terminal(self) -> None:
        """Do nothing."""


class SignalWatch:
    """Watches for signals from `__enter__` to `__exit__`.

    Attributes:
        ended_by: the first signal that asked for the end; None if there was none.
        save: called before the program is ended by force; it may take `SAVE_PATIENCE` seconds.
    """

    def __init__(self, *, silent: bool = False) -> None:
        """Watch for nothing yet; if `silent`, say nothing where the program is ended by force."""
        self._silent = silent
        self.ended_by: int | None = None
        self.save: Callable[[], object] | None = None
        self._client: SignalClient | None = None
        self._numbers: set[int] = set()
        self._stopping = {getattr(signal, name, 0) for name in STOPPING}
        self._closing = False
        self._by_force = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._previous: dict[int, object] = {}
        self._previous_mask: set[int] = set()

    @property
    def can_stop(self) -> bool:
        """Whether the process can be stopped and continued: there is a shell that can do it."""
        number = getattr(signal, "SIGTSTP", 0)
        return number in self._numbers and os.getsid(os.getppid()) == os.getsid(0)

    def attach(self, client: SignalClient | None) -> None:
        """Have signals act on `client`; without one, those that end a process do it at once."""
        self._client = client

    def exit_code(self, code: int) -> int:
        """Return 128 + number if a signal ended the program, else `code`."""
        return code if self.ended_by is None else 128 + self.ended_by

    def stop_group(self) -> None:
        """Stop the program and those it was started with, as the terminal's ^Z does."""
        os.kill(0, signal.SIGTSTP)

    # ---------------------------------------------------------------- begin and end

    def __enter__(self) -> SignalWatch:
        left = {getattr(signal, name, 0) for name in LEFT_ALONE}
        faults = {getattr(signal, name, 0) for name in FAULTS}
        if not hasattr(signal, "pthread_sigmask"):
            self._handle_in_main_thread()
            return self
        for number in signal.valid_signals() - left:
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._numbers.add(number)
            if number not in faults:
                # Some systems forget a blocked signal that does nothing by default. A thread of a
                # library that does not block it hands it over. Handlers of faults would loop.
                with contextlib.suppress(OSError, ValueError):
                    self._previous[number] = signal.signal(number, _do_nothing)
        self._previous_mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers))
        self._hand_over()
        self._thread.start()
        return self

    def _handle_in_main_thread(self) -> None:
        """Watch without a thread, on a system whose signals cannot wait: Windows."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if number := getattr(signal, name, 0):
                self._previous[number] = signal.signal(number, lambda n, _: self.end(n))

    def __exit__(self, *_: object) -> None:
        if self._by_force.is_set():
            threading.Event().wait()  # for the end: nothing more is to be written to the terminal
        self._client = None
        self._closing = True
        if self._thread.is_alive():
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(self._thread.ident or 0, signal.SIGCONT)
            self._thread.join(PATIENCE)
        if self._numbers:
            os.close(signal.set_wakeup_fd(-1))  # its reader ends
        if self.ended_by is not None:
            return  # the process ends; more of the same signals change nothing
        for number, handler in self._previous.items():
            if handler is not None:
                signal.signal(number, handler)  # type: ignore[arg-type] # what it returned
        if self._numbers:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._previous_mask)

    def _hand_over(self) -> None:
        """Give signals that a thread of a library has taken to the watching thread."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

        def relay() -> None:
            while numbers := os.read(reading, 64):
                for number in numbers:
                    if number in self._numbers and self._thread.is_alive():
                        signal.pthread_kill(self._thread.ident or 0, number)
                    elif (client := self._client) is not None:
                        # SIGWINCH, say: Python's handler runs once the first thread does something.
                        client.wake()

        threading.Thread(target=relay, name="signals of others", daemon=True).start()

    # ---------------------------------------------------------------- the thread

    def _watch(self) -> None:
        """Take one signal after the other, until `__exit__`."""
        while not self._closing:
            number = signal.sigwait(self._numbers)
            if self._closing:
                return
            if number in self._stopping:
                self._stop()
            elif number == signal.SIGCONT:
                if self._client is not None and self.ended_by is None:
                    self._client.resume()
            else:
                self.end(number)

    def _stop(self) -> None:
        """Give the terminal back and stop the process, unless it is to go on or to end already."""
        if self.ended_by is not None:
            return
        if self._client is not None:
            self._client.suspend()
        # The kernel drops a waiting SIGCONT when a process stops: who sent it would wait forever.
        if not signal.sigpending() & (self._numbers - self._stopping):
            os.kill(os.getpid(), signal.SIGSTOP)

    def end(self, number: int) -> None:
        """Have the program end as if this signal had arrived; return at once."""
        if self.ended_by is not None:
            return
        self.ended_by = number
        if self._client is None:
            os._exit(128 + number)  # nothing was shown and nothing done yet
        threading.Thread(target=self._enforce, name="end", daemon=True).start()
        self._client.end(number)

    def _enforce(self) -> None:
        """End the program if it has not ended by itself in time."""
        time.sleep(PATIENCE)
        client, number = self._client, self.ended_by or 0
        if client is not None:
            self._by_force.set()
            if self.save is not None:
                _try(self.save, SAVE_PATIENCE)
            client.restore_terminal()
            name = signal_name(number)
            line = f"rnn-tui: ended by {name}; it did not answer for {PATIENCE:.0f} s\n"
            if not self._silent:
                _try(lambda: os.write(2, line.encode()), WRITE_PATIENCE)
        os._exit(128 + number)


def _try(function: Callable[[], object], seconds: float) -> None:
    """Call a function that may fail or hang; wait no longer than so many seconds."""

    def call() -> None:
        with contextlib.suppress(Exception):  # there is nobody left to tell
            function()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
