"""A terminal for tests: runs a program in a pseudo-terminal and reads what its screen shows.

    with Terminal([sys.executable, "-m", "rnn_tui"], columns=80, rows=24) as terminal:
        terminal.wait_for("FORWARD t=1/20")
        terminal.key("n")
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()

The terminal answers no queries unless told to, as many real ones do not. What it shows is emulated
by `terminal.emulator`.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from closing import Closing
from pyte.screens import Char
from terminal.emulator import Emulator
from terminal.fork_server import ALLOWED, ForkedProcess, start

Condition = str | re.Pattern[str] | Callable[[str], bool]

PROGRAM = [sys.executable, "-m", "rnn_tui"]

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "esc": "\x1b",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "insert": "\x1b[2~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f11": "\x1b[23~",
    "f12": "\x1b[24~",
    "shift+f5": "\x1b[15;2~",
    "shift+f10": "\x1b[21;2~",
    "shift+f11": "\x1b[23;2~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}

# Variables of the terminal in which the tests run; the tested program must not see them.
OMITTED_VARIABLES = (
    "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES",
    "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "STY", "ZELLIJ", "LC_ALL", "LC_CTYPE",
    "TEXTUAL", "TEXTUAL_ANIMATIONS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME", "ESCDELAY",
)  # fmt: skip

# Run in the child before the program: the pseudo-terminal becomes the controlling one, so that
# hanging up and resizing reach the program as signals. (preexec_fn is unsafe with threads.) Python
# sets LC_CTYPE in some locales, and would hand it on.
SET_CONTROLLING_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "given = os.environb.pop(b'GIVEN_LC_CTYPE', b'');"
    "os.environb.pop(b'LC_CTYPE', None);"
    "os.environb.update({b'LC_CTYPE': given} if given else {});"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)

RAW_KEPT = 1 << 20  # bytes
LAST_OUTPUT = 1.0  # seconds after the end of a program in which its output is read
# Seconds; longer than a program waits after ESC for the rest of an escape sequence.
ESCAPE_PAUSE = 0.2


class Terminal(Closing):
    """A program in a pseudo-terminal of its own; leaving the `with` block ends it.

    Attributes:
        process: the program.
        arrivals: time (monotonic) and number of bytes of each piece of output.
        bytes_received: bytes of output so far.
        answering: whether queries are answered at the moment, those that are at all.
        answer_delay: seconds that an answer takes.
    """

    def __init__(
        self,
        argv: Sequence[str],
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        answers: str | None = None,
        *,
        anew: bool = False,
    ) -> None:
        """Start a program.

        Args:
            argv: the program and its arguments.
            columns: of the terminal.
            rows: of the terminal.
            env: changes to the environment; None removes a variable.
            cwd: the folder to start in.
            answers: what the terminal answers: "decrqm", "cpr" or None for nothing.
            anew: start our own program, too, in an interpreter of its own; else it is forked from
                a process that has imported it, where the environment allows that.
        """
        self._answers = {"decrqm": "y", "cpr": "R", None: "none"}[answers]
        self.answering = True
        self.answer_delay = 0.0
        self._emulator = self._emulate(columns, rows)
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._stop = threading.Event()
        self.arrivals: list[tuple[float, int]] = []
        self.bytes_received = 0
        # The program's side stays open here, so that its settings can be read after the end.
        self._master, self._slave = os.openpty()
        self._set_size(columns, rows)
        self._settings_before = termios.tcgetattr(self._slave)
        # What one program keeps is nothing to the next, unless a test wants it.
        self._state_home = tempfile.mkdtemp(prefix="rnn-tui-state-")
        changes = {"XDG_STATE_HOME": self._state_home, **(env or {})}
        forked = not anew and [*argv[:3]] == PROGRAM and changes.keys() <= ALLOWED
        self.process: subprocess.Popen[bytes] | ForkedProcess
        if forked:
            self.process = start(argv[3:], self._slave, environment(changes), cwd)
        else:
            self.process = self._spawn(argv, changes, cwd)
        self._reader = threading.Thread(target=self._read, name="terminal-reader", daemon=True)
        self._reader.start()

    def _spawn(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | None],
        cwd: str | os.PathLike[str] | None,
    ) -> subprocess.Popen[bytes]:
        variables = environment(env)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SET_CONTROLLING_TERMINAL, *argv],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**variables, "GIVEN_LC_CTYPE": variables.get("LC_CTYPE", "")},
            cwd=cwd,
            start_new_session=True,
        )

    # ------------------------------------------------------------ output of the program

    def _emulate(self, columns: int, rows: int) -> Emulator:
        """Return what shows the output."""
        return Emulator(columns, rows, self._answer)

    def _answer(self, answer: str) -> None:
        """Answer a query, after a while if this is to be a long link."""
        if self.answering and answer.endswith(self._answers):
            if self.answer_delay:
                threading.Timer(self.answer_delay, self.send, [answer]).start()
            else:
                self.send(answer)

    def _read(self) -> None:
        """Read output until `_stop` is set or the program has closed the terminal."""
        while not self._stop.is_set():
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                return
            with self._changed:
                self._take(data)
                self._changed.notify_all()

    def _take(self, data: bytes) -> None:
        """Count and show a piece of output."""
        self.bytes_received += len(data)
        self.arrivals.append((time.monotonic(), len(data)))
        self._raw += data
        del self._raw[:-RAW_KEPT]
        self._emulator.feed(data)

    # ------------------------------------------------------------ the screen

    def screen(self) -> list[str]:
        """Return the rows, each as wide as the terminal."""
        with self._changed:
            return list(self._emulator.shown.display)

    def text(self) -> str:
        """Return the screen as one string, without blanks at the end of rows."""
        return "\n".join(row.rstrip() for row in self.screen())

    def cell(self, column: int, row: int) -> Char:
        """Return one cell with its colours: `.data`, `.fg`, `.bg`, `.bold`, `.reverse`, etc."""
        with self._changed:
            return self._emulator.shown.buffer[row][column]

    def raw(self, count: int = RAW_KEPT) -> bytes:
        """Return the newest bytes of output."""
        with self._changed:
            return bytes(self._raw[-count:])

    # ------------------------------------------------------------ input

    def send(self, text: str) -> None:
        """Type text, or send any other sequence."""
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def key(self, *names: str) -> None:
        """Press keys, given by name (`"f10"`, `"ctrl+p"`) or by the character they type."""
        for name in names:
            if len(name) > 1 and name not in KEYS:
                raise KeyError(f"no key is called {name!r}")
            self.send(KEYS.get(name, name))
            if name in ("esc", "escape"):
                time.sleep(ESCAPE_PAUSE)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program gets SIGWINCH."""
        with self._changed:
            self._emulator.resize(columns, rows)
            self._set_size(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # ------------------------------------------------------------ waiting

    def wait_for(self, condition: Condition, timeout: float = 10) -> str:
        """Wait until the screen contains the text, matches the pattern or satisfies the function.

        Returns:
            The text of the screen at that moment.

        Raises:
            AssertionError: it never does, or the program has ended; with the screen.
        """
        deadline = time.monotonic() + timeout
        ended_at = math.inf
        while True:
            # Checked before the screen is read, which then has all that the program wrote; what it
            # wrote last may be read a moment after its end.
            if self.process.poll() is not None:
                ended_at = min(ended_at, time.monotonic())
            ended = time.monotonic() - ended_at > LAST_OUTPUT and self._is_quiet(0.2)
            text = self.text()
            if holds(condition, text):
                return text
            if ended:
                raise AssertionError(self._report(f"ended while waiting for {condition!r}"))
            if time.monotonic() > deadline:
                raise AssertionError(self._report(f"after {timeout} s no {condition!r}"))
            with self._changed:
                self._changed.wait(0.05)

    def wait_still(self, seconds: float, timeout: float = 10) -> None:
        """Wait until there has been no output for so many seconds."""
        deadline = time.monotonic() + timeout
        started = time.monotonic()
        while not (self._is_quiet(seconds) and time.monotonic() - started >= seconds):
            if time.monotonic() > deadline:
                raise AssertionError(self._report(f"never still for {seconds} s in {timeout} s"))
            time.sleep(0.01)

    def _is_quiet(self, seconds: float) -> bool:
        """Return whether there has been no output for so many seconds."""
        last = self.arrivals[-1][0] if self.arrivals else 0.0
        return time.monotonic() - last >= seconds

    def wait_exit(self, timeout: float = 10) -> int:
        """Wait for the program to end; return its exit code, or minus the signal that killed it."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(self._report(f"still running after {timeout} s")) from None
        with contextlib.suppress(AssertionError):
            self.wait_still(0.1, timeout=1)
        return code

    def unread(self) -> bytes:
        """Return what was typed or answered and the program has not read."""
        settings = termios.tcgetattr(self._slave)
        settings[3] &= ~termios.ICANON
        termios.tcsetattr(self._slave, termios.TCSANOW, settings)
        readable = select.select([self._slave], [], [], 0)[0]
        return os.read(self._slave, 1 << 16) if readable else b""

    def _report(self, what: str) -> str:
        """Return `what` with the state of the program and its screen."""
        code = self.process.poll()
        state = "running" if code is None else f"ended with {code}"
        rows = "\n".join(f"  |{row}|" for row in self.screen())
        return f"{what}; the program is {state}, {self.bytes_received} bytes so far:\n{rows}"

    # ------------------------------------------------------------ the end

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its children."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal: the program gets SIGHUP, and no more output is read."""
        self._stop.set()
        self._reader.join()
        for name in ("_master", "_slave"):
            if (descriptor := getattr(self, name)) >= 0:
                setattr(self, name, -1)
                os.close(descriptor)

    def orphaned(self) -> bool:
        """Return whether the program, or a process it started in its group, is still alive."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def left_behind(self) -> list[str]:
        """Return what the program did not restore; to be called after it has ended."""
        with self._changed:
            left = self._emulator.left_behind()
        if termios.tcgetattr(self._slave) != self._settings_before:
            left.append("line settings differ")
        return left

    def restored(self) -> bool:
        """Return whether the terminal is as it was before the program."""
        return not self.left_behind()

    def close(self) -> None:
        """Kill the program and all processes it started, and close the terminal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.hang_up()
        shutil.rmtree(self._state_home, ignore_errors=True)


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return this process's environment, as in a plain colour terminal, with `changes` applied.

    None removes a variable.
    """
    plain = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    inherited = {name: value for name, value in os.environ.items() if name not in OMITTED_VARIABLES}
    result: dict[str, str | None] = {**inherited, **plain, **changes}
    return {name: value for name, value in result.items() if value is not None}


def holds(condition: Condition, text: str) -> bool:
    """Return whether the text contains a string, matches a pattern or satisfies a function."""
    if isinstance(condition, str):
        return condition in text
    if isinstance(condition, re.Pattern):
        return condition.search(text) is not None
    return condition(text)
