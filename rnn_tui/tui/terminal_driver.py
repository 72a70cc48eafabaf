"""The terminal on Linux and macOS: Textual's driver, made safe against signals and hang-ups.

Textual's own starts its application mode a second time on every SIGCONT, and then restores the
wrong settings at the end. Here taking and giving back the terminal is done once each, in the thread
of the screen, or by force from another one if that is stuck. A terminal that is gone ends the
program, as SIGHUP does; nothing is written to it any more.

In the background of a shell (``bg``) the program goes on without the terminal, and takes it again
once it is in the foreground.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import messages
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from rnn_tui.tui.leaving_terminal import CLEAR, LEAVE
from rnn_tui.tui.terminal_answers import Answer, AnswerReader, ModeReport
from rnn_tui.tui.terminal_file import TerminalFile
from rnn_tui.tui.terminal_kind import is_of_old

if TYPE_CHECKING:
    from textual.app import App

    from rnn_tui.tui.signal_watch import SignalWatch

MOUSE_ON, MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"
KITTY_KEYBOARD = re.compile(r"\x1b\[[<>][0-9]*u")
HANDED_BACK_WITHIN = 1.0  # seconds for the screen's thread; then the terminal is taken from it
# Seconds, at most, to wait for answers where the shell is to go on, and where a signal has come.
ANSWERED_WITHIN, ANSWERED_AFTER_SIGNAL = 2.0, 1.0
WRITTEN_WITHIN = 0.3  # seconds for `LEAVE` to be taken by the terminal
POLL_SECONDS = 0.1  # between looks at the end of an escape sequence and at the end of the thread
FOREGROUND_SECONDS = 0.25  # between looks whether the program is in the foreground again
LARGEST = (500, 200)  # columns and lines that are drawn on; more would take seconds
A_FEW = 100  # keys of one packet that a person may have typed
MOST_WAITING = 500  # keys and commands that wait for the screen and the session
BUSY_SECONDS = 0.02  # between looks whether there are fewer
FALLBACK = (80, 24)  # where a terminal does not tell its size


class TerminalDriver(LinuxDriver):
    """Textual's driver, whose application mode starts and stops once, whatever signals arrive.

    Attributes:
        bytes_written: to the terminal so far, by `write`.
        escape_patience: seconds to wait for the rest of an escape sequence; see `AnswerReader`.
    """

    watch: SignalWatch | None = None
    """Where signals come from; set before the app runs."""
    handshake: Callable[[], str] = staticmethod(lambda: "")
    """Returns what the terminal is asked at the start; set before the app runs."""
    take_answers: Callable[[list[Answer], float], None] = staticmethod(lambda answers, at: None)
    """Takes what it answers, in the screen's thread; set before the app runs."""
    note_answers: Callable[[list[Answer], float], object] = staticmethod(lambda answers, at: None)
    """Takes them at the end, when nothing is shown any more; set before the app runs."""
    answers_due: Callable[[], tuple[bool, float]] = staticmethod(lambda: (False, 0.0))
    """Returns whether answers are on their way, and how long to wait for them at the end."""
    backlog: Callable[[], int] = staticmethod(lambda: 0)
    """Returns how many keys and commands wait; called in the screen's thread."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        for number, handler in handlers.items():  # Textual's own start application mode twice
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        stdout = sys.__stdout__
        assert stdout is not None  # the command line has asked whether it is a terminal
        self._written = TerminalFile(stdout.fileno(), "utf-8", self.hang_up)
        self._file = self._written  # type: ignore[assignment] # all that the thread needs
        self._active = False  # the terminal is in application mode
        self._ending = False  # application mode does not start again
        self._resume_asked = False
        self._hung_up = False
        self._given_back = True  # the terminal was last given back as it had been found
        self._settings: list[Any] | None = None  # of the terminal before application mode
        self._output = stdout.fileno()
        self._in_gnu_screen = "STY" in os.environ and "TMUX" not in os.environ
        self._of_old = is_of_old(os.environ.get("TERM"))
        self._answers: deque[tuple[list[Answer], float]] = deque()  # read, not taken; and when
        self._synchronised = False  # the terminal has said that it shows updates at once
        self.bytes_written = 0
        self.escape_patience = 0.0
        self._size = self._size or self._get_terminal_size()

    # ---------------------------------------------------------------- application mode

    def start_application_mode(self) -> None:
        """Attach to the signals and take the terminal; in the background, wait with that."""
        if self.watch is not None:  # first: who is attached gives back what was taken
            self.watch.attach(self)
        self._take_terminal()

    def _take_terminal(self) -> None:
        """Start application mode if the program is in the foreground; else look again later."""
        if self._active or self._ending:
            return
        if not self._in_foreground():
            self._loop.call_later(FOREGROUND_SECONDS, self._call, self._take_terminal)
            return
        self._stop_threads()
        if self._given_back:  # else a shell may have put settings there that were none of its own
            with contextlib.suppress(termios.error):
                self._settings = termios.tcgetattr(self.fileno)
        self._active, self._given_back = True, False
        self._written.closed = False
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
        self.attrs_before = self._settings
        self._app.refresh(layout=True)

    def _give_terminal(self, *, restore_settings: bool = True) -> None:
        """Stop application mode, if it is on, and the threads that read and write."""
        if self._active:
            self._given_back = restore_settings
            # The settings last, once all is written: with them, ^S would stop the writing for good.
            self.attrs_before = None
            self.write_directly(CLEAR)
            super().stop_application_mode()
            self._stop_threads()
            if restore_settings and self._settings is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self.fileno, termios.TCSANOW, self._settings)
            self._active = False

    def _stop_threads(self) -> None:
        """Stop reading and writing, if that goes on."""
        self._stop_reading()
        if self._writer_thread is not None:
            self._writer_thread.stop()
            self._writer_thread = None

    def stop_application_mode(self) -> None:
        """Give the terminal back for good."""
        self._ending = True
        self._give_terminal()

    def _stop_reading(self) -> None:
        """Stop the thread that reads keys."""
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
            self._key_thread = None
        self.exit_event.clear()

    def disable_input(self) -> None:
        """Read no more keys; those that were typed and not read go to whom has the terminal next.

        At the end they are dropped: a key too many would be a command of the shell.
        """
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._disable_mouse_support()
        self._read_last_answers()
        self._stop_reading()
        if self._ending:
            with contextlib.suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)

    def _read_last_answers(self) -> None:
        """Wait a moment for the answers on their way, which the shell would take for typing."""
        if self._hung_up or self._key_thread is None:
            return
        due, seconds = self.answers_due()
        if not self._ending:
            seconds = min(seconds, ANSWERED_WITHIN)
        elif self.watch is not None and self.watch.ended_by:
            seconds = min(seconds, ANSWERED_AFTER_SIGNAL)
        deadline = time.monotonic() + seconds
        while due and time.monotonic() < deadline and not self._hung_up:
            time.sleep(0.005)
            while self._answers:
                self.note_answers(*self._answers.popleft())
            due, _ = self.answers_due()

    def close(self) -> None:
        """Do nothing more: `stop_application_mode` has done it."""

    def write(self, data: str) -> None:
        """Write to the terminal; without it, nothing is written: it will be drawn anew."""
        if self._of_old and KITTY_KEYBOARD.fullmatch(data):
            return
        if self._writer_thread is not None:
            self.bytes_written += len(data.encode(errors="replace"))
            self._writer_thread.write(data)

    def _enable_mouse_support(self) -> None:
        """Turn on reports of buttons and wheel, in cells.

        Textual wants every motion, too: each would be a message over the link, and nothing here
        answers to one. GNU screen, where it reports the mouse, holds esc back until the next key.
        """
        if self._mouse and not self._in_gnu_screen:
            self.write(MOUSE_ON)

    def _query_in_band_window_resize(self) -> None:
        """Do nothing: SIGWINCH tells of a new size, also through ssh."""

    def write_directly(self, data: str) -> None:
        """Write past the subclass that knows the terminal's cells: queries, or the last of all."""
        TerminalDriver.write(self, data)

    def _request_terminal_sync_mode_support(self) -> None:
        """Send the opening handshake in place of one query; `take_answers` gets the answers."""
        self.write_directly(self.handshake())

    def _disable_mouse_support(self) -> None:
        """Turn reports of the mouse off."""
        if self._mouse and self._writer_thread is not None:
            self.write(MOUSE_OFF)

    def _in_foreground(self) -> bool:
        """Return whether the terminal is this program's at the moment; True if none can tell."""
        try:
            return os.tcgetpgrp(self.fileno) in (os.getpgrp(), 0)
        except OSError:
            return True

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return columns and lines of the terminal itself, of which variables may be out of date.

        What lies beyond `LARGEST` stays empty.
        """
        try:
            columns, lines = os.get_terminal_size(self._output)
        except OSError:
            columns = lines = 0
        columns, lines = columns or FALLBACK[0], lines or FALLBACK[1]
        return min(columns, LARGEST[0]), min(lines, LARGEST[1])

    # ---------------------------------------------------------------- signals

    def end(self, number: int) -> None:
        """Have the app end; called by the thread that watches signals."""
        self._call(self._app.exit, None, 128 + number)

    def suspend(self) -> None:
        """Give the terminal back; by force if the screen's thread does not in time."""
        done = threading.Event()

        def give() -> None:
            self._give_terminal()
            done.set()

        self._call(give)
        if not done.wait(HANDED_BACK_WITHIN + min(self.answers_due()[1], ANSWERED_WITHIN)):
            self.restore_terminal()

    def resume(self) -> None:
        """Have the terminal taken again, whose state nobody knows; many calls are one."""
        if not self._resume_asked:
            self._resume_asked = True
            self._call(self._resume)

    def _resume(self) -> None:
        self._resume_asked = False
        # Where it was not given back before, what others changed since is changed back. In the
        # background the settings are the shell's, but the shell has not left our screen.
        self._give_terminal(restore_settings=self._in_foreground())
        self._take_terminal()

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """Have the screen's thread call a function, unless its loop has ended."""

        def call() -> None:
            with self._app._context():
                function(*arguments)

        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def wake(self) -> None:
        """Have the screen's thread run the handlers of signals that another thread was given."""
        self._call(lambda: None)

    def restore_terminal(self) -> None:
        """Give the terminal back without help from any other thread.

        What waits to be written is dropped, so that a terminal that takes nothing is no obstacle.
        """
        if not self._active:
            return
        self._active, self._given_back = False, True
        leave = KITTY_KEYBOARD.sub("", LEAVE) if self._of_old else LEAVE
        self._written.write_last(leave, WRITTEN_WITHIN)
        if self._settings is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._settings)
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def hang_up(self) -> None:
        """End the program as SIGHUP does: the terminal is gone."""
        if self._hung_up or self._ending:
            return
        self._hung_up = True
        if self.watch is not None:
            self.watch.end(signal.SIGHUP)

    # ---------------------------------------------------------------- input

    def run_input_thread(self) -> None:
        """Read keys and events until `exit_event`, the end of the input or a hang-up."""
        parser = XTermParser(self._debug)
        reader = AnswerReader()
        decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        while not self.exit_event.is_set():
            reader.patience = self.escape_patience
            left = reader.seconds_left()
            timeout = POLL_SECONDS if left is None else min(left, POLL_SECONDS)
            ready, _, _ = select.select([self.fileno], [], [], timeout)
            answers: list[Answer] = []
            if ready:
                data = self._read()
                if data is None:
                    return
                typed, answers = reader.feed(decode(data))
            else:
                typed = reader.release()
            # All of them before the first has an effect: what was typed in one packet was typed
            # at one time, and before what the first of it shows.
            events = [*(parser.feed(typed) if typed else ()), *parser.tick()]
            for event in events:
                self.process_message(event)
            self._hand_over(answers)  # last: keys of the same packet were typed before
            if len(events) > A_FEW:
                self._let_the_screen_follow()

    def _let_the_screen_follow(self) -> None:
        """Read nothing more while thousands of keys wait, as after a file was typed.

        What is not read fills the buffer of the terminal, and then the sender waits.
        """
        waiting = MOST_WAITING
        while waiting >= MOST_WAITING and not self.exit_event.is_set():
            counted = threading.Event()

            def count(counted: threading.Event = counted) -> None:
                nonlocal waiting
                waiting = self.backlog()
                counted.set()

            self._call(count)
            while not counted.wait(POLL_SECONDS) and not self.exit_event.is_set():
                pass
            if waiting >= MOST_WAITING:
                time.sleep(BUSY_SECONDS)

    def _hand_over(self, answers: list[Answer]) -> None:
        """Hand the terminal's answers to the screen's thread."""
        if not answers:
            return
        synchronised = (2026, True)
        reports = [(each.mode, each.value > 0) for each in answers if isinstance(each, ModeReport)]
        if synchronised in reports and not self._synchronised:
            self._synchronised = True
            self.process_message(messages.TerminalSupportsSynchronizedOutput())
        self._answers.append((answers, time.monotonic()))
        self._call(self._take)

    def _take(self) -> None:
        """Take answers in the screen's thread."""
        while self._answers:
            self.take_answers(*self._answers.popleft())

    def _read(self) -> bytes | None:
        """Return bytes from the terminal; None if there will be none any more."""
        try:
            data = os.read(self.fileno, 4096)
        except OSError:
            data = b""
        if data:
            return data
        if self._in_foreground():
            self.hang_up()
        else:  # another program has the terminal: reading from it is refused
            self.resume()
        return None
