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
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from link import records  # noqa: E402
from link.far_terminal import ANSWERS, Answers, pictures, wait_until  # noqa: E402
from link.run import KIB, WARM_UP, Link, Run, running  # noqa: E402
from link.sshd import Server, missing  # noqa: E402

WIDE_LINK = 4 << 20  # bytes per second
KEY_WITHIN = 40.0  # seconds
TASKS = (
    "cos", "text", "recall", "adding", "copy", "parity", "reber", "waveform", "oscillator",
    "neuron",
)  # fmt: skip
LSTM = ("--cell", "lstm")


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
        written, arrived = run.written(), records.offsets(run.terminal.pieces)
    if written[-1][1] != arrived[-1][1]:
        raise AssertionError(f"{written[-1][1]} bytes written, {arrived[-1][1]} arrived")
    frames = [f for f in records.frames(written) if begin <= f.begun < end]
    shown = [(frame.begun, records.when(arrived, frame.until)) for frame in frames]
    span = end - begin
    return Figures(
        keys=records.key_times(seen, pressed),
        ages=[at - begun for begun, at in shown],
        seen=records.ages_at_any_moment(shown, begin, end),
        waiting=waiting,
        still=[records.last_change(seen, at) - at for at in stopped],
        frames=len(frames) / span,
        numbers=records.numbers(seen, begin, end) / span,
        rate=(records.until(written, end) - records.until(written, begin)) / span,
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
