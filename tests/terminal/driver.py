"""A terminal for tests: a real pseudo-terminal around a program, read back as a screen.

    with Terminal([sys.executable, "-m", "rnn_tui"], columns=80, rows=24) as terminal:
        terminal.wait_for("FORWARD t=1/20")
        terminal.key("n")
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()

The terminal answers no queries, as many real ones do not. It understands what pyte understands,
and beyond that the alternate screen, synchronised output and the sequences that pyte would print.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte
from pyte.screens import Char

Condition = str | re.Pattern[str] | Callable[[str], bool]

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

# What the surrounding terminal says of itself must not leak into the tested one.
SURROUNDINGS = (
    "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES",
    "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "STY", "LC_ALL", "LC_CTYPE",
    "TEXTUAL", "TEXTUAL_ANIMATIONS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME", "ESCDELAY",
)  # fmt: skip

# Run in the child before the program: the pseudo-terminal becomes the controlling one, so that
# hanging up and resizing reach the program as signals. (preexec_fn is unsafe beside threads.)
ADOPT_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)

RAW_KEPT = 1 << 20
# Longer than the time in which a program takes ESC and the next byte for one key.
ESCAPE_PAUSE = 0.2

ALTERNATE_SCREEN = {47, 1047, 1049}
# Private modes that a program may switch on, and must have switched off when it leaves.
BORROWED_MODES = {
    1000: "mouse clicks",
    1002: "mouse drags",
    1003: "mouse motion",
    1004: "focus reports",
    1006: "mouse in SGR form",
    1015: "mouse in urxvt form",
    1016: "mouse in pixels",
    1049: "alternate screen",
    2004: "bracketed paste",
    2026: "synchronised output",
    2048: "in-band resize",
}
# Private modes that are on in a fresh terminal.
LENT_MODES = {7: "line wrap", 25: "cursor"}

CSI = re.compile(r"\x1b\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])")
STRING = re.compile(r"\x1b[\]PX^_].*?(?:\x07|\x1b\\)", re.DOTALL)
ESCAPE = re.compile(rf"(?P<csi>{CSI.pattern})|(?P<string>{STRING.pattern})", re.DOTALL)
UNFINISHED = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_](?:(?!\x07|\x1b\\).)*|[ -/]*)?\Z", re.DOTALL
)


class Emulator:
    """What a terminal would show and remember of the bytes it was sent."""

    def __init__(self, columns: int, rows: int) -> None:
        self.main = pyte.Screen(columns, rows)
        self.alternate = pyte.Screen(columns, rows)
        self.modes: dict[int, bool] = {}
        self.kitty_depth = 0
        self._streams = {False: pyte.Stream(self.main), True: pyte.Stream(self.alternate)}
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def on_alternate(self) -> bool:
        return any(self.modes.get(mode, False) for mode in ALTERNATE_SCREEN)

    @property
    def shown(self) -> pyte.Screen:
        """The screen a person would see: the alternate one while a program holds it."""
        return self.alternate if self.on_alternate else self.main

    def resize(self, columns: int, rows: int) -> None:
        self.main.resize(rows, columns)
        self.alternate.resize(rows, columns)

    def feed(self, data: bytes) -> None:
        """Show bytes; a sequence cut off at the end waits for the rest of it."""
        text = self._rest + self._decode(data)
        unfinished = UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        text, self._rest = text[:end], text[end:]
        position = 0
        for escape in ESCAPE.finditer(text):
            self._show(text[position : escape.start()])
            self._obey(escape)
            position = escape.end()
        self._show(text[position:])

    def _show(self, text: str) -> None:
        if text:
            self._streams[self.on_alternate].feed(text)

    def _obey(self, escape: re.Match[str]) -> None:
        """Note what pyte does not know, and hand it only what it does."""
        if escape["string"]:
            return  # titles, clipboard, queries: nothing on the screen
        parameters, final = escape["parameters"], escape["final"]
        if final == "u" and parameters[:1] in (">", "<"):
            self._count_kitty(parameters)
        elif final in "hl" and parameters.startswith("?") and not escape["between"]:
            self._set_modes(parameters[1:], final == "h", escape[0])
        elif not (escape["between"] or re.search("[<=>:]", parameters)):
            self._show(escape[0])

    def _count_kitty(self, parameters: str) -> None:
        """Follow the stack of keyboard modes: `>` pushes one, `<` drops some."""
        if parameters[0] == ">":
            self.kitty_depth += 1
        else:
            self.kitty_depth = max(0, self.kitty_depth - int(parameters[1:] or 1))

    def _set_modes(self, numbers: str, on: bool, sequence: str) -> None:
        modes = {int(number) for number in numbers.split(";") if number}
        if on and modes & ALTERNATE_SCREEN and not self.on_alternate:
            self.alternate.reset()
        self.modes.update(dict.fromkeys(modes, on))
        if not modes & ALTERNATE_SCREEN:
            self._show(sequence)

    def left_behind(self) -> list[str]:
        """What a program that is gone failed to put back."""
        borrowed = [
            f"{name} still on" for mode, name in BORROWED_MODES.items() if self.modes.get(mode)
        ]
        lent = [
            f"{name} still off"
            for mode, name in LENT_MODES.items()
            if not self.modes.get(mode, True)
        ]
        kitty = ["keyboard protocol still on"] if self.kitty_depth else []
        return borrowed + lent + kitty


class Terminal:
    """A program in a pseudo-terminal of its own; leaving the `with` block ends it."""

    def __init__(
        self,
        argv: Sequence[str],
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self._emulator = Emulator(columns, rows)
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._stop = threading.Event()
        self.arrivals: list[tuple[float, int]] = []
        self.bytes_received = 0
        # Our own hold on the program's side: its settings can be read when it is gone.
        self._master, self._slave = os.openpty()
        self._set_size(columns, rows)
        self._settings_before = termios.tcgetattr(self._slave)
        self.process = self._spawn(argv, env or {}, cwd)
        self._reader = threading.Thread(target=self._read, name="terminal-reader", daemon=True)
        self._reader.start()

    def _spawn(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | None],
        cwd: str | os.PathLike[str] | None,
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", ADOPT_TERMINAL, *argv],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=environment(env),
            cwd=cwd,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------ bytes in

    def _read(self) -> None:
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
        self.bytes_received += len(data)
        self.arrivals.append((time.monotonic(), len(data)))
        self._raw += data
        del self._raw[:-RAW_KEPT]
        self._emulator.feed(data)

    # ------------------------------------------------------------ what is on the screen

    def screen(self) -> list[str]:
        """The rows as they stand, each as wide as the terminal."""
        with self._changed:
            return list(self._emulator.shown.display)

    def text(self) -> str:
        """The screen as one string, blanks at the end of rows left out."""
        return "\n".join(row.rstrip() for row in self.screen())

    def cell(self, column: int, row: int) -> Char:
        """One cell with its colours: `.data`, `.fg`, `.bg`, `.bold`, `.reverse`, …"""
        with self._changed:
            return self._emulator.shown.buffer[row][column]

    def raw(self, count: int = RAW_KEPT) -> bytes:
        """The last bytes that arrived, as they arrived."""
        with self._changed:
            return bytes(self._raw[-count:])

    # ------------------------------------------------------------ hands on the keyboard

    def send(self, text: str) -> None:
        """Type text, or send any sequence a terminal might."""
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def key(self, *names: str) -> None:
        """Press keys by name (`"f10"`, `"ctrl+p"`) or by the character they type."""
        for name in names:
            if len(name) > 1 and name not in KEYS:
                raise KeyError(f"no key is called {name!r}")
            self.send(KEYS.get(name, name))
            if name in ("esc", "escape"):
                time.sleep(ESCAPE_PAUSE)

    def resize(self, columns: int, rows: int) -> None:
        """Drag the corner of the window."""
        with self._changed:
            self._emulator.resize(columns, rows)
            self._set_size(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # ------------------------------------------------------------ waiting

    def wait_for(self, condition: Condition, timeout: float = 10) -> str:
        """Wait until the text is on the screen (or the pattern found, or the function true).

        Returns the screen's text at that moment.
        """
        deadline = time.monotonic() + timeout
        while True:
            # Asked before looking: what a program wrote before it ended is then on the screen.
            ended = self.process.poll() is not None and self._is_quiet(0.2)
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
        """Wait until not one byte has arrived for that long."""
        deadline = time.monotonic() + timeout
        started = time.monotonic()
        while not (self._is_quiet(seconds) and time.monotonic() - started >= seconds):
            if time.monotonic() > deadline:
                raise AssertionError(self._report(f"never still for {seconds} s in {timeout} s"))
            time.sleep(0.01)

    def _is_quiet(self, seconds: float) -> bool:
        last = self.arrivals[-1][0] if self.arrivals else 0.0
        return time.monotonic() - last >= seconds

    def wait_exit(self, timeout: float = 10) -> int:
        """Wait for the program to end; its exit code, or minus the signal that killed it."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(self._report(f"still running after {timeout} s")) from None
        with contextlib.suppress(AssertionError):
            self.wait_still(0.1, timeout=1)
        return code

    def _report(self, what: str) -> str:
        code = self.process.poll()
        state = "running" if code is None else f"ended with {code}"
        rows = "\n".join(f"  |{row}|" for row in self.screen())
        return f"{what}; the program is {state}, {self.bytes_received} bytes so far:\n{rows}"

    # ------------------------------------------------------------ the end

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its children."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the window: the program gets SIGHUP and nothing it writes arrives any more."""
        self._stop.set()
        self._reader.join()
        for name in ("_master", "_slave"):
            if (descriptor := getattr(self, name)) >= 0:
                setattr(self, name, -1)
                os.close(descriptor)

    def orphaned(self) -> bool:
        """Whether anything the program started in its group still lives."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def left_behind(self) -> list[str]:
        """What the program did not put back; asked after it has ended."""
        with self._changed:
            found = self._emulator.left_behind()
        if termios.tcgetattr(self._slave) != self._settings_before:
            found.append("line settings differ")
        return found

    def restored(self) -> bool:
        """Whether the terminal is as it was before the program."""
        return not self.left_behind()

    def close(self) -> None:
        """End the program and all it started, and let go of the terminal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.hang_up()


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment as a plain colour terminal would have it; None removes a name."""
    plain = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    kept = {name: value for name, value in os.environ.items() if name not in SURROUNDINGS}
    wanted: dict[str, str | None] = {**kept, **plain, **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def holds(condition: Condition, text: str) -> bool:
    """Whether the text contains the words, matches the pattern or satisfies the function."""
    if isinstance(condition, str):
        return condition in text
    if isinstance(condition, re.Pattern):
        return condition.search(text) is not None
    return condition(text)
