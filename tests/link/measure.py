"""The program over a real OpenSSH through a slow link: the tables of docs/ssh.md.

    python tests/link/measure.py                    the whole table, half an hour
    python tests/link/measure.py --quick            a rougher one
    python tests/link/measure.py --rows thin,wide --answers cpr
    python tests/link/measure.py --only bytes       bytes per second, every task
    python tests/link/measure.py --tmux             the program within tmux at the server

What is timed is what a person at the far terminal sees; the program runs in a tap at the server,
which notes when each byte was written. Everything is looked at after the run. Figures of time are
of the machine, too: other work on it weighs on them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from link import tap  # noqa: E402
from link.far_terminal import (  # noqa: E402
    ANSWERS,
    Answers,
    FarTerminal,
    Picture,
    pictures,
    wait_until,
)
from link.sshd import Server, missing  # noqa: E402
from link.throttle import Throttle  # noqa: E402
from terminal.program import HEADER  # noqa: E402

KIB = 1024
WIDE_LINK = 4 << 20  # bytes per second
DELAY = 0.1  # seconds, each way
WARM_UP = 3.0  # seconds of training before anything is measured
KEY_WITHIN = 40.0  # seconds
PAUSE_FRAMES = 0.015  # seconds without output, which end a frame
SMALLEST_FRAME = 64  # bytes; less is a query or a mode
STILL = 1.5  # seconds without output at either end, more than the slowest link's way there and back
TASKS = (
    "cos", "text", "recall", "adding", "copy", "parity", "reber", "waveform", "oscillator",
    "neuron",
)  # fmt: skip
LSTM = ("--cell", "lstm")


@dataclass(frozen=True)
class Link:
    """A row of the table: a link, a terminal's size, what is wanted.

    Attributes:
        name: what it is called on the command line.
        rate: bytes per second.
        wanted: seconds of a key, seconds of age, KiB waiting, seconds until still.
        frozen: seconds for which the link stands still first.
        delay: seconds each way.
    """

    name: str
    rate: float
    size: tuple[int, int]
    wanted: tuple[float, float, float, float]
    frozen: float = 0.0
    delay: float = DELAY

    def __str__(self) -> str:
        rate = f"{self.rate / KIB:.0f} KiB/s, {self.size[0]}×{self.size[1]}"
        return f"frozen {self.frozen:.0f} s, then {rate}" if self.frozen else rate


LINKS = (
    Link("thin", 8 * KIB, (120, 40), (0.8, 0.6, 6, 1.0)),
    Link("middle", 16 * KIB, (200, 60), (0.6, 0.6, 8, 1.0)),
    Link("wide", 32 * KIB, (120, 40), (0.4, 0.25, 8, 0.5)),
    Link("frozen", 32 * KIB, (120, 40), (0.0, 0.0, 8, 0.6), frozen=60),
)


@dataclass
class Figures:
    """What was measured of one link with one terminal.

    Attributes:
        keys: seconds from a key to its effect.
        ages: seconds from a frame's first byte at the program to its last at the terminal.
        seen: seconds since what is seen was written, at any moment.
        waiting: bytes in the link's queue: median and most.
        still: seconds from `space` to the last change.
        frames: frames in a second.
        numbers: changes of the header's update in a second.
        rate: bytes written by the program in a second.
    """

    keys: list[float]
    ages: list[float]
    seen: list[float]
    waiting: tuple[int, int]
    still: list[float]
    frames: float
    numbers: float
    rate: float

    def row(self, link: Link, answers: str) -> str:
        """Return the row of the table."""
        key, age, kib, still = link.wanted
        cells = [
            str(link),
            answers,
            _cell(_median(self.keys), key, "s", _worst(self.keys)),
            _cell(_median(self.ages), age, "s", _worst(self.ages)),
            f"{_median(self.seen):.2f} s" if self.seen else "–",
            _cell(self.waiting[1] / KIB, kib, "KiB", f"p50 {self.waiting[0] / KIB:.1f}"),
            _cell(_median(self.still), still, "s", _worst(self.still)),
            f"{self.frames:.1f}/s ({self.numbers:.1f})",
            f"{self.rate / KIB:.1f} KiB/s",
        ]
        return "| " + " | ".join(cells) + " |"


HEAD = (
    "| link, size | answers | key p50 (max) | age p50 (max) | age at any moment p50"
    " | waiting, max (p50) | `space` → still p50 (max) | frames (updates shown) | written |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def _cell(value: float, wanted: float, unit: str, more: str) -> str:
    if not wanted or value != value:
        return "–"
    return f"{value:.2f} {unit} ({more}) {'✓' if value <= wanted else '✗'}"


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")


def _worst(values: Sequence[float]) -> str:
    return f"{max(values):.2f}" if values else ""


class Run:
    """The program at the server, seen from the far terminal.

    Attributes:
        terminal: the far terminal.
        throttle: the link.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        link: Link,
        answers: Answers,
        options: Sequence[str],
        colorterm: str = "truecolor",
        tmux: bool = False,
        still: float = STILL,
        compression: bool = False,
    ) -> None:
        """Connect, and wait until the first screen stands.

        Args:
            server: where it runs.
            folder: for what it keeps; its name is the tmux server's.
            link: rate and size.
            answers: what the far terminal answers.
            options: of the program.
            colorterm: the variable COLORTERM at the server.
            tmux: whether it runs within tmux there.
            still: seconds without output at either end, for all to stand still.
            compression: whether the connection is compressed.
        """
        self._still = still
        folder.mkdir(exist_ok=True)
        self._log = folder / "tap"
        self._log.unlink(missing_ok=True)
        self.throttle = Throttle(server.port, link.rate, link.delay)
        environment = {
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(folder / "state"),
            "COLORTERM": colorterm,
        }
        program = [sys.executable, "-m", "rnn_tui", *options]
        if tmux:
            program = ["tmux", "-L", folder.name, "-f", os.devnull, "new-session", *program]
        argv = server.client(
            *(sys.executable, "-I", "-S", tap.__file__, str(self._log), *program),
            port=self.throttle.port,
            env=environment,
            compression=compression,
        )
        self.terminal = FarTerminal(argv, link.size, answers)
        try:
            self.terminal.wait_for("paused", 60)
            self.wait_still()
        except BaseException:
            self.close()
            raise

    def wait_still(self, timeout: float = 60) -> None:
        """Wait until nothing is written or under way."""

        def still() -> bool:
            if self.throttle.down.waiting or not self.terminal.pieces:
                return False
            last = max(self.terminal.pieces[-1][0], self.written()[-1][0])
            return time.monotonic() - last > self._still

        if not wait_until(still, timeout):
            raise AssertionError(f"not still after {timeout} s:\n{self.terminal.text()}")

    def written(self) -> list[tuple[float, int]]:
        """Return when the program wrote, and how many bytes until then."""
        return tap.records(self._log.read_bytes())

    def press(self, key: str) -> float:
        """Press a key and return when."""
        at = time.monotonic()
        self.terminal.send(key)
        return at

    def quit(self) -> None:
        """Have it end, also where it asks whether to lose a minute of training."""
        self.press("q")
        if not wait_until(lambda: self.terminal.process.poll() is not None, 5):
            self.press("q")
        code = self.terminal.wait_exit(30)
        left = self.terminal.left_behind()
        if code or left:
            raise AssertionError(f"ended with {code}, left behind: {left}")

    def close(self) -> None:
        """End it, whatever it does."""
        self.terminal.close()
        self.throttle.close()


@contextlib.contextmanager
def running(run: Run) -> Iterator[Run]:
    """Let it train; close everything in the end."""
    try:
        run.press(" ")
        time.sleep(WARM_UP)
        yield run
    finally:
        run.close()


# ------------------------------------------------------------------------------------ one link


def measure(run: Run, link: Link, seconds: float, pauses: int) -> Figures:
    """Measure one link: keys while it trains, then `space`, several times."""
    pressed: list[tuple[float, str]] = []
    with running(run):
        begin = time.monotonic()
        if link.frozen:
            run.throttle.freeze(link.frozen)
            time.sleep(link.frozen)
        else:
            pressed = _press_keys(run, begin + seconds)
        end = time.monotonic()
        stopped = [_stop(run)]
        if link.frozen:
            end = stopped[0] + 1
        for _ in range(0 if link.frozen else pauses - 1):
            run.press(" ")
            time.sleep(WARM_UP)
            stopped.append(_stop(run))
        run.quit()
        seen = list(pictures(run.terminal))
        waiting = run.throttle.down.within(begin, end)
        written, arrived = run.written(), _offsets(run.terminal.pieces)
    if written[-1][1] != arrived[-1][1]:
        raise AssertionError(f"{written[-1][1]} bytes written, {arrived[-1][1]} arrived")
    frames = [f for f in _frames(written) if begin <= f.begun < end]
    shown = [(frame.begun, _when(arrived, frame.until)) for frame in frames]
    span = end - begin
    return Figures(
        keys=_key_times(seen, pressed),
        ages=[at - begun for begun, at in shown],
        seen=_ages_at_any_moment(shown, begin, end),
        waiting=waiting,
        still=[_last_change(seen, at) - at for at in stopped],
        frames=len(frames) / span,
        numbers=_numbers(seen, begin, end) / span,
        rate=(_until(written, end) - _until(written, begin)) / span,
    )


def _press_keys(run: Run, deadline: float) -> list[tuple[float, str]]:
    """Press j and k in turn, the next once the one before has been answered."""
    dice = random.Random(0)
    pressed: list[tuple[float, str]] = []
    unit = 1
    while time.monotonic() < deadline:
        unit = 3 - unit
        effect = f"unit {unit} of "
        pressed.append((run.press("j" if unit == 2 else "k"), effect))
        if not wait_until(lambda e=effect: e in run.terminal.text(), KEY_WITHIN):  # type: ignore[misc]
            raise AssertionError(f"no {effect!r}:\n{run.terminal.text()}")
        time.sleep(0.3 + 0.7 * dice.random())
    return pressed


def _stop(run: Run) -> float:
    """Press space and wait until all stands still; return when it was pressed."""
    at = run.press(" ")
    run.terminal.wait_for("paused", 90)
    run.wait_still(90)
    return at


# ---------------------------------------------------------------------- what the records tell


@dataclass(frozen=True)
class Frame:
    """Output in one go: when it began, and how many bytes of output were written at its end."""

    begun: float
    until: int


def _frames(written: Sequence[tuple[float, int]]) -> Iterator[Frame]:
    """Yield what was written between two pauses, if it is more than a query."""
    begun, begin_offset = written[0][0], 0
    for (at, until), following in zip(written, [*written[1:], None], strict=True):
        if following is None or following[0] - at > PAUSE_FRAMES:
            if until - begin_offset >= SMALLEST_FRAME:
                yield Frame(begun, until)
            if following is not None:
                begun, begin_offset = following[0], until


def _offsets(pieces: Sequence[tuple[float, bytes]]) -> list[tuple[float, int]]:
    """Return when each piece arrived, and how many bytes until then."""
    until, offsets = 0, []
    for at, data in pieces:
        until += len(data)
        offsets.append((at, until))
    return offsets


def _when(arrived: Sequence[tuple[float, int]], offset: int) -> float:
    """Return when this many bytes had arrived."""
    return arrived[bisect_left(arrived, offset, key=lambda each: each[1])][0]


def _until(written: Sequence[tuple[float, int]], at: float) -> int:
    """Return how many bytes had been written at a moment."""
    place = bisect_left(written, at, key=lambda each: each[0])
    return written[place - 1][1] if place else 0


def _ages_at_any_moment(
    shown: Sequence[tuple[float, float]], begin: float, end: float
) -> list[float]:
    """Return, for moments 50 ms apart, how long ago the newest frame that is seen was written."""
    ages, newest, at, rest = [], None, begin, list(shown)
    while at < end:
        while rest and rest[0][1] <= at:
            newest = rest.pop(0)[0]
        if newest is not None:
            ages.append(at - newest)
        at += 0.05
    return ages


def _key_times(seen: Sequence[Picture], pressed: Sequence[tuple[float, str]]) -> list[float]:
    """Return the seconds from each key to the first picture with its effect."""
    times, rest = [], list(pressed)
    for picture in seen:
        if rest and picture.at > rest[0][0] and any(rest[0][1] in row for row in picture.rows):
            times.append(picture.at - rest.pop(0)[0])
    if rest:
        raise AssertionError(f"{len(rest)} keys had no effect")
    return times


def _last_change(seen: Sequence[Picture], pressed: float) -> float:
    """Return when the picture changed last after a key, before it stood still."""
    last = pressed
    for picture in seen:
        if picture.at - last > STILL and last > pressed:
            break
        if picture.at > pressed:
            last = picture.at
    return last


def _numbers(seen: Sequence[Picture], begin: float, end: float) -> int:
    """Return how many other updates the header told of."""
    updates = []
    for picture in seen:
        if begin <= picture.at < end and (found := HEADER.match(picture.rows[1].rstrip())):
            updates.append(found["update"])
    return sum(one != other for one, other in pairwise(updates))


# ---------------------------------------------------------------------------------- the tables


@dataclass(frozen=True)
class Bench:
    """What all tables need."""

    server: Server
    folder: Path
    options: argparse.Namespace

    def run(self, link: Link, answers: Answers, *options: str) -> Run:
        """Start the program over a link."""
        chosen = self.options
        return Run(
            self.server,
            self.folder,
            link,
            answers,
            options,
            chosen.colorterm,
            chosen.tmux,
            compression=chosen.compression,
        )


def link_table(bench: Bench) -> Iterator[str]:
    """Yield the table of links, row by row."""
    yield HEAD
    seconds, pauses = (15.0, 3) if bench.options.quick else (40.0, 5)
    for link in LINKS:
        if link.name not in bench.options.rows.split(","):
            continue
        if link.frozen and bench.options.frozen:
            link = replace(link, frozen=bench.options.frozen)
        for answers in bench.options.answers.split(","):
            figures = measure(bench.run(link, answers, *LSTM), link, seconds, pauses)
            yield figures.row(link, answers)


def bytes_table(bench: Bench) -> Iterator[str]:
    """Yield the bytes per second that training takes where the link does not limit it."""
    yield "| what | 120×40 | 200×60 |\n|---|---|---|"
    what: dict[str, tuple[str, ...]] = {
        "`--cell lstm`": LSTM,
        "`--versus lstm`": ("--versus", "lstm"),
        "`--cell lstm --versus gru`": (*LSTM, "--versus", "gru"),
        **{f"`--task {task}`": ("--task", task) for task in TASKS},
    }
    seconds = 8.0 if bench.options.quick else 20.0
    for name, options in what.items():
        cells = []
        for size, most in (((120, 40), 12), ((200, 60), 25)):
            link = Link("", WIDE_LINK, size, (0, 0, 0, 0))
            with running(bench.run(link, bench.options.answers.split(",")[0], *options)) as run:
                before = run.written()[-1][1]
                time.sleep(seconds)
                rate = (run.written()[-1][1] - before) / seconds / KIB
            cells.append(f"{rate:.1f} KiB/s {'✓' if rate <= most else '✗'}")
        yield f"| {name} | {' | '.join(cells)} |"


TABLES: dict[str, Callable[[Bench], Iterator[str]]] = {"links": link_table, "bytes": bytes_table}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="rougher and sooner")
    parser.add_argument("--only", default=",".join(TABLES), help="which tables")
    parser.add_argument("--rows", default=",".join(link.name for link in LINKS), help="which links")
    parser.add_argument("--answers", default=",".join(ANSWERS), help="what the terminal answers")
    parser.add_argument("--frozen", type=float, help="seconds of the frozen link [60]")
    parser.add_argument("--colorterm", default="truecolor", help="COLORTERM at the server")
    parser.add_argument("--compression", action="store_true", help="as with ssh -C")
    parser.add_argument("--tmux", action="store_true", help="the program within tmux")
    options = parser.parse_args(arguments)
    if reason := missing():
        print(f"measure.py: {reason}", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="rnn-tui-link-") as name,
        Server(Path(name) / "sshd") as server,
    ):
        bench = Bench(server, Path(name), options)
        for table in options.only.split(","):
            for line in TABLES[table](bench):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
