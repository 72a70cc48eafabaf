"""A monkey at the keyboard of the real program: random input of every kind, and what it does to it.

    .venv/bin/python tests/terminal/monkey.py --keys 20000 --seed 1

Every 25 inputs a ping: the terminal gets another size, and the program has to send the whole screen
anew. Time is measured, never asserted, as it depends on who else uses the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.path.insert(0, str(Path(__file__).parents[2]))

from terminal.driver import KEYS, Terminal

from rnn_tui.registry import CELLS, TASKS
from rnn_tui.tui.key_bindings import KEYS as BINDINGS

ROOT = Path(__file__).parents[2]
PING_EVERY = 25  # inputs
PING_SIZES = ((80, 23), (80, 24), (100, 30), (120, 40), (79, 24), (30, 8))
PATIENCE = 30.0  # seconds for a ping's answer, on a machine that does other things too
LEAVING = ("q", "\x11", "\x03")  # keys that may end the program: seldom pressed
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1)
PRINTABLE = "".join(map(chr, range(32, 127)))
ODD = (
    "\x1b", "\x1b[", "\x1bO", "\x1b[<0;1", "\x1b[200~", "\x00", "é", "漢", "\x1b[I", "\x1b[O",
    "\x1b[0n", "\x1b[?1;2c", "\x1b[97;1:3u", "\x1b[99999999u", "\x1bP1$r0m\x1b\\", "\x1bP1$r",
    "\x1b]11;rgb:0/0/0\x07", "\x1b[M !!", "\x1b[8;24;80t", "\x1b[?2026;2$y", "\x1b[2;3R", "\x9b0n",
)  # fmt: skip
WORDS = (
    "f_1[1] = 1", "W_h = 0", "release", "detach @2", "x_1 = 1e30", "h_2[1] = nan", "loss<0.5",
    "update=7", "pass=BACKWARD t=1", "nan", "999999999", "0", "-1", "1e300", "quit", "theme: light",
    "versus gru", "versus none", "/nowhere/at/all", "", "\n", "a" * 300, "0.5", "rnn", "☃",
)  # fmt: skip
STARTER = """
import faulthandler, os, sys, threading, time
def dump():
    while not os.path.exists(os.environ["MONKEY_DUMP"]):
        time.sleep(0.3)
    with open(os.environ["MONKEY_DUMP"], "w") as file:
        faulthandler.dump_traceback(file, all_threads=True)
threading.Thread(target=dump, daemon=True).start()
from rnn_tui.cli import main
main()
"""  # where the threads are, should the program not answer
MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
CHOICES: Mapping[str, Sequence[str]] = {
    "--hidden": ("1", "4", "16"),
    "--steps": ("3", "12", "20"),
    "--batch": ("1", "3"),
    "--layers": ("1", "2"),
    "--versus": CELLS.names,
    "--lr": ("0.01", "100"),
    "--optimizer": ("sgd", "adam"),
    "--break": ("loss<0.3", "update=40", "nan"),
}


class QuickTerminal(Terminal):
    """A terminal that reads and counts bytes but shows nothing: emulating takes too long."""

    private_modes: dict[int, bool]

    def _take(self, data: bytes) -> None:
        self.bytes_received += len(data)
        self.arrivals = [(time.monotonic(), len(data))]
        self._raw += data
        del self._raw[: -(1 << 18)]
        for numbers, switch in MODES.findall(self._raw[-len(data) - 24 :]):
            for number in numbers.split(b";"):
                self._emulator.modes[int(number)] = switch == b"h"


@dataclass
class Figures:
    """What a monkey has done and seen.

    Attributes:
        inputs: by kind.
        keys: single keys and all others that were part of an input.
        pings: seconds until each was answered.
        busy: processor seconds of the screen's thread until then, whatever else runs.
        starts: programs started.
        ends: by exit code.
        memory: of each program, MiB after 100 inputs and later.
    """

    inputs: Counter[str] = field(default_factory=Counter)
    keys: int = 0
    pings: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    starts: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    memory: list[list[float]] = field(default_factory=list)

    def text(self) -> str:
        """Return the figures in a few lines."""
        pings, busy = sorted(self.pings) or [0.0], sorted(self.busy) or [0.0]
        growth = [each[-1] - each[0] for each in self.memory if len(each) > 1]
        slow = sum(each > 0.5 for each in pings)
        return (
            f"{self.keys} keys in {self.inputs.total()} inputs {dict(self.inputs)}\n"
            f"{self.starts} programs, ends {dict(self.ends)}\n"
            f"{len(pings)} pings: median {pings[len(pings) // 2] * 1000:.0f} ms, "
            f"99 % {pings[len(pings) * 99 // 100] * 1000:.0f} ms, "
            f"longest {pings[-1] * 1000:.0f} ms, {slow} over 500 ms\n"
            f"of these the screen's thread worked: median {busy[len(busy) // 2] * 1000:.0f} ms, "
            f"99 % {busy[len(busy) * 99 // 100] * 1000:.0f} ms, longest {busy[-1] * 1000:.0f} ms, "
            f"{sum(each > 0.5 for each in busy)} over 500 ms\n"
            f"memory: most {max((max(each) for each in self.memory if each), default=0):.0f} MiB, "
            f"growth of a program at most {max(growth, default=0):.0f} MiB"
        )


class Monkey:
    """Types at one program after the other; a fault is an AssertionError with what was typed."""

    def __init__(self, seed: int, folder: Path, *, settings: bool = True) -> None:
        """Make a monkey whose programs write to `folder` only.

        Args:
            seed: of everything it does.
            folder: for autosaves, logs and what the key w writes.
            settings: whether it opens the form, with which a network may become large.
        """
        self._pick = random.Random(seed)
        self._seed = seed
        self._folder = folder
        self._settings = settings
        self._state = folder / "state"
        self._typed: deque[str] = deque(maxlen=60)
        self._terminal: QuickTerminal | None = None
        self._size = (80, 24)
        self._signals: set[int] = set()
        self._memory: list[float] = []
        self._single = [
            key.strip()
            for binding in BINDINGS
            for key in (*binding.keys.split(","),)
            if binding.keys not in ("q",)
        ]
        self.figures = Figures()

    # ---------------------------------------------------------------- programs

    def _start(self) -> QuickTerminal:
        """Start a program with random options and wait for its first screen."""
        options = [
            "--timeline",
            "1",
            "--task",
            self._pick.choice([name for name in TASKS.names if name != "case"]),
        ]
        if options[-1] == "series":
            file = self._folder / "numbers.csv"
            file.write_text("\n".join(f"{k % 7}" for k in range(300)))
            options += ["--data", str(file)]
        if self._pick.random() < 0.7:
            for name in self._pick.sample(sorted(CHOICES), 3):
                options += [name, self._pick.choice(CHOICES[name])]
        here = self._folder / "here"
        here.mkdir(exist_ok=True)
        argv = [sys.executable, "-c", STARTER, *options]
        (self._folder / "dump").unlink(missing_ok=True)
        env = {
            "MONKEY_DUMP": str(self._folder / "dump"),
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(self._state),
            "HOME": str(here),
        }
        self._size = self._pick.choice(PING_SIZES[:4])
        terminal = QuickTerminal(argv, *self._size, env=env, cwd=here)
        self._typed.append(f"\nSTART {' '.join(options)} at {self._size}\n")
        self._signals, self._memory = set(), []
        deadline = time.monotonic() + PATIENCE
        while terminal.bytes_received < 1500 and time.monotonic() < deadline:
            if terminal.process.poll() == 2:  # the options do not go together
                terminal.close()
                return self._start()
            time.sleep(0.01)
        self.figures.starts += 1
        self.figures.memory.append(self._memory)
        return terminal

    def _check_end(self, terminal: QuickTerminal) -> None:
        """Check how a program has ended, and forget it."""
        code = terminal.wait_exit()
        # ^C and ^\\ typed while the program is stopped are signals of the terminal.
        typed = {signal.SIGINT, signal.SIGQUIT} if signal.SIGCONT in self._signals else set()
        allowed = {0, *(128 + number for number in self._signals | typed)}
        self.figures.ends[code] += 1
        if code not in allowed:
            raise AssertionError(self._report(f"ended with {code}", terminal))
        if left := terminal.left_behind():
            raise AssertionError(self._report(f"left behind after {code}: {left}", terminal))
        terminal.close()
        self._terminal = None

    def _report(self, what: str, terminal: QuickTerminal) -> str:
        """Return what went wrong, what was typed before, and the log."""
        log = self._state / "rnn-tui" / "log" / "rnn-tui.log"
        details = log.read_text("utf-8")[-4000:] if log.exists() else "no log"
        typed = " ".join(self._typed)
        end = terminal.raw(600)
        return f"seed {self._seed}: {what}\ntyped: {typed}\noutput: {end!r}\nlog: {details}"

    def check_log(self) -> None:
        """Assert that nothing was logged but errors of what was being closed at a program's end."""
        log = self._state / "rnn-tui" / "log" / "rnn-tui.log"
        text = log.read_text("utf-8") if log.exists() else ""
        entries = [each for each in text.split("\n\n") if each.strip()]
        if others := [each for each in entries if "at its end" not in each.partition("\n")[0]]:
            raise AssertionError(f"seed {self._seed}: logged: {others[-1]}")

    # ---------------------------------------------------------------- inputs

    def type(self, keys: int) -> Figures:
        """Type that many keys, in random inputs; end the last program with a signal."""
        until = self.figures.keys + keys
        while self.figures.keys < until:
            if self._terminal is None:
                self._terminal = self._start()
            self._act(self._terminal)
            if self.figures.inputs.total() % PING_EVERY == 0:
                self._ping(self._terminal)
            if self._terminal.process.poll() is not None:
                self._check_end(self._terminal)
        self.close()
        return self.figures

    def close(self) -> None:
        """End the program, if one runs."""
        if self._terminal is not None:
            self._signal(self._terminal, signal.SIGCONT)
            self._signal(self._terminal, signal.SIGTERM)
            self._check_end(self._terminal)

    def _act(self, terminal: QuickTerminal) -> None:
        """Do one random thing."""
        kinds = ("key", "pair", "burst", "paste", "resize", "mouse", "odd", "word", "signal")
        kind = self._pick.choices(kinds, (40, 15, 12, 4, 6, 10, 3, 8, 2))[0]
        self.figures.inputs[kind] += 1
        match kind:
            case "resize":
                self._resize(terminal, (self._pick.randint(10, 300), self._pick.randint(3, 100)))
            case "signal":
                self._random_signal(terminal)
            case _:
                self._send(terminal, self._text(kind))
        time.sleep(self._pick.choice((0, 0, 0.002, 0.01, 0.03)))

    def _text(self, kind: str) -> str:
        """Return what is sent for an input of this kind."""
        pick = self._pick
        match kind:
            case "key":
                return self._key()
            case "pair":
                first = self._key()
                return first + (first if pick.random() < 0.6 else self._key())
            case "burst":
                return "".join(self._key() for _ in range(pick.randint(3, 12)))
            case "paste":
                return f"\x1b[200~{pick.choice(WORDS)}\x1b[201~"
            case "mouse":
                columns, rows = self._size
                button = pick.choice((0, 0, 1, 2, 32, 35, 64, 65, 4, 16))
                place = f"{pick.randint(1, columns + 3)};{pick.randint(1, rows + 3)}"
                press = f"\x1b[<{button};{place}M"
                return press + (f"\x1b[<{button};{place}m" if pick.random() < 0.8 else "")
            case "odd":
                return pick.choice(ODD)
            case _:
                return pick.choice("ebop\x10") + pick.choice(WORDS) + pick.choice(("\r", "\r\r"))

    def _key(self) -> str:
        """Return the bytes of one key."""
        self.figures.keys += 1
        pick = self._pick
        chance = pick.random()
        if chance < 0.004:
            return pick.choice(LEAVING)
        if chance < 0.2:
            return pick.choice(PRINTABLE.replace("q", ""))
        if chance < 0.35:
            return KEYS[pick.choice(sorted(KEYS.keys() - {"ctrl+q", "ctrl+c", "ctrl+z"}))]
        if chance < 0.42:
            return pick.choice(" \r\x1b\x10\t")
        names = {"space": " ", "left_square_bracket": "[", "right_square_bracket": "]"}
        names |= {"comma": ",", "full_stop": ".", "question_mark": "?"}
        key = pick.choice(self._single)
        text = names.get(key, KEYS.get(key, key if len(key) == 1 else " "))
        return text if self._settings or text != "o" else "u"

    def _send(self, terminal: QuickTerminal, text: str) -> None:
        """Send text, unless the program has ended meanwhile."""
        if not self._settings:
            text = text.replace("o", "u")
        self._typed.append(ascii(text))
        try:
            terminal.send(text)
        except OSError:
            if terminal.process.poll() is None:
                raise

    def _resize(self, terminal: QuickTerminal, size: tuple[int, int]) -> None:
        """Give the terminal another size."""
        if size == self._size:
            size = (size[0] + 1, size[1])
        self._size = size
        self._typed.append(f"{size[0]}x{size[1]}")
        terminal.resize(*size)

    def _random_signal(self, terminal: QuickTerminal) -> None:
        """Send a signal that the program goes on after; seldom one that ends it."""
        if self._pick.random() < 0.05:
            self._signal(terminal, self._pick.choice(ENDING))
            return
        pairs = (
            (signal.SIGTSTP, signal.SIGCONT),
            (signal.SIGSTOP, signal.SIGCONT),
            (signal.SIGCONT,),
            (signal.SIGWINCH, signal.SIGWINCH),
            (signal.SIGCHLD,),
        )
        for number in self._pick.choice(pairs):
            self._signal(terminal, number)
            time.sleep(self._pick.choice((0, 0.01, 0.1)))
        self._signal(terminal, signal.SIGCONT)

    def _signal(self, terminal: QuickTerminal, number: signal.Signals) -> None:
        """Send a signal, and note which exit codes follow from it."""
        self._typed.append(number.name)
        if terminal.process.poll() is None:
            self._signals.add(number)
            terminal.signal(number)

    # ---------------------------------------------------------------- answers

    def _ping(self, terminal: QuickTerminal) -> None:
        """Give the terminal another size and wait until all of its cells have been sent."""
        self._signal(terminal, signal.SIGCONT)
        before, start = terminal.bytes_received, time.monotonic()
        worked = processor_seconds(terminal.process.pid)
        self._resize(terminal, self._pick.choice(PING_SIZES))
        columns, rows = self._size
        while terminal.bytes_received - before < columns * rows:
            if terminal.process.poll() is not None:
                return
            if time.monotonic() - start > PATIENCE:
                (self._folder / "dump").touch()
                time.sleep(2)
                threads = (self._folder / "dump").read_text("utf-8")
                worked = processor_seconds(terminal.process.pid) - worked
                why = f"no answer, {worked:.1f} s worked: {threads}"
                raise AssertionError(self._report(why, terminal))
            time.sleep(0.002)
        self.figures.pings.append(time.monotonic() - start)
        self.figures.busy.append(processor_seconds(terminal.process.pid) - worked)
        self._memory.append(memory_of(terminal.process.pid))


def processor_seconds(pid: int) -> float:
    """Return the processor time of the first thread of a process; 0 if that cannot be told."""
    try:
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def memory_of(pid: int) -> float:
    """Return the resident memory of a process in MiB; 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Type as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-settings", action="store_true", help="for figures of memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rnn-tui-monkey-") as folder:
        monkey = Monkey(options.seed, Path(folder), settings=not options.no_settings)
        try:
            monkey.type(options.keys)
            monkey.check_log()
        finally:
            print(monkey.figures.text(), flush=True)
            if monkey._terminal is not None:
                monkey._terminal.close()


if __name__ == "__main__":
    main()
