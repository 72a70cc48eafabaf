"""How fast the screen is: goals beside figures, of the real program in a real pseudo-terminal.

    python tests/benchmarks/screen.py           everything, some minutes
    python tests/benchmarks/screen.py --quick   rougher, a minute or two
    python tests/benchmarks/screen.py --only bytes,keys

What is compared is measured in turns, and medians are told: other work on the machine then weighs
on both sides. What was written is only recorded while the program runs, and read afterwards.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program itself does

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.large import answers  # noqa: E402
from benchmarks.recorder import KIB, WIDE, Bench, Recorder  # noqa: E402
from benchmarks.wire import read  # noqa: E402
from terminal.program import HEADER  # noqa: E402

from rnn_tui.engine.training.trainer import Trainer  # noqa: E402
from rnn_tui.settings import DECLARATIONS, Settings  # noqa: E402
from rnn_tui.train import train  # noqa: E402
from rnn_tui.tui.charts.chart import draw  # noqa: E402
from rnn_tui.tui.charts.curves import Chart, Curve  # noqa: E402

NARROW, LARGE = (80, 24), (200, 60)
SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
LSTM = Settings(cell="lstm", hidden=64)
SLICE, SETTLE = 1.5, 0.3  # seconds measured in a turn, and before that
TINY = ("--hidden", "4", "--steps", "5", "--timeline", "1")  # to come to a million soon

# With what our program is compared at the start: the same libraries, and something to see.
BARE = """
import numpy
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("ready")

Bare().run()
"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    goal: str
    figure: str
    met: bool


# ------------------------------------------------------------------------------------ throughput


def throughput(bench: Bench) -> Iterator[Row]:
    """Compare updates per second with those of training without a screen.

    By the clock, as the goal has it, and by processor time, which holds on a busy machine too (but
    does not see where screen and training wait for each other).
    """
    for name, settings, least in (("lstm 64", LSTM, 0.95), ("rnn 32", Settings(), 0.85)):
        rounds, by_processor = _rounds(bench, settings)
        ratio = statistics.median(shown / alone for shown, alone in rounds)
        shown, alone = (statistics.median(each) for each in zip(*rounds, strict=True))
        spread = _spread([s / a for s, a in rounds])
        figure = f"{100 * ratio:.1f} % ({shown:.0f} of {alone:.0f}/s; {spread})"
        yield Row(f"throughput, {name}", f"≥ {100 * least:.0f} %", figure, ratio >= least)
        figure = f"{100 * by_processor:.1f} %"
        yield Row("  by processor time", f"≥ {100 * least:.0f} %", figure, by_processor >= least)


def _rounds(bench: Bench, settings: Settings) -> tuple[list[tuple[float, float]], float]:
    """Speeds with the screen and without it, in turns: one stands still while the other runs.

    And the ratio of updates in a second of processor time, over all turns.
    """
    slices, alone, worked = [], [], 0.0
    trainer = Trainer(settings)
    with bench.running("--cell", settings.cell, "--hidden", str(settings.hidden)) as recorder:
        spent_before = recorder.cpu()
        for _ in range(bench.times(20, 7)):
            recorder.signal(signal.SIGSTOP)
            before, begun, processor = trainer.updates, time.perf_counter(), time.thread_time()
            while (spent := time.perf_counter() - begun) < SLICE:
                train(trainer, 200)
            alone.append((trainer.updates - before) / spent)
            worked += time.thread_time() - processor
            recorder.signal(signal.SIGCONT)
            slices.append(time.monotonic())
            time.sleep(SETTLE + SLICE)
        spent_after = recorder.cpu()
        counts = _counts(recorder, slices[0] - SLICE)
    shown = []
    for begun in slices:
        inside = [c for c in counts if begun + SETTLE <= c[0] < begun + SETTLE + SLICE]
        if len(inside) > 1:
            (first, before), (last, after) = inside[0], inside[-1]
            shown.append((after - before) / (last - first))
    updates = counts[-1][1] - counts[0][1]
    with_screen, without = updates / (spent_after - spent_before), trainer.updates / worked
    return list(zip(shown, alone, strict=False)), with_screen / without


def _counts(recorder: Recorder, begun: float) -> list[tuple[float, int]]:
    """When the header told of another update, and which."""
    counts: list[tuple[float, int]] = []
    for at, screen in recorder.replay():
        found = HEADER.match(screen[1].rstrip())
        if found is None or at < begun:
            continue
        update = int(found["update"])
        if not counts or counts[-1][1] != update:
            counts.append((at, update))
    return counts


# ------------------------------------------------------------------------------------------ keys


def keys(bench: Bench) -> Iterator[Row]:
    """From a key to what it does on the screen, while running."""
    for size in (WIDE, NARROW):
        late = _delays(bench, size)
        p50, p95, worst = (_quantile(late, q) for q in (0.5, 0.95, 1.0))
        name = f"key, running, {_name(size)}"
        yield Row(f"{name}, p50 of {len(late)}", "≤ 15 ms", f"{p50:.1f} ms", p50 <= 15)
        yield Row(f"{name}, p95", "≤ 33 ms", f"{p95:.1f} ms", p95 <= 33)
        yield Row(f"{name}, max", "≤ 100 ms", f"{worst:.1f} ms", worst <= 100)


def large(bench: Bench) -> Iterator[Row]:
    """From a key to the first that is said of it, at the largest sizes allowed."""
    for name, found in answers(bench):
        for what, value in (("", "first"), (", processor time", "work")):
            late = {key: getattr(answer, value) for key, answer in found.items()}
            worst = max(late, key=lambda key: late[key])
            each = " ".join(f"{key} {milliseconds:.0f}" for key, milliseconds in late.items())
            figure, met = f"{worst} {late[worst]:.0f} ms ({each})", late[worst] <= 100
            yield Row(f"key, {name}{what}", "≤ 100 ms", figure, met)
        longest = max(answer.last for answer in found.values())
        yield Row("  until all is done", "–", f"{longest / 1e3:.1f} s", True)


def _delays(bench: Bench, size: tuple[int, int]) -> list[float]:
    """Milliseconds: a digit until the last line says so, and j until another unit is named.

    The next key is only pressed when the one before must have been answered.
    """
    pressed: list[tuple[float, str, str]] = []
    dice = random.Random(0)
    with bench.running(size=size) as recorder:
        unit = 1
        for _ in range(bench.times(250, 50)):
            down = unit == 1
            unit += 1 if down else -1
            for key, effect in (("1", " 1▏"), ("j" if down else "k", f"unit {unit} of ")):
                pressed.append((time.monotonic(), key, effect))
                recorder.send(key)
                time.sleep(0.12 + 0.12 * dice.random())
        return _answers(recorder, pressed)


def _answers(recorder: Recorder, pressed: Sequence[tuple[float, str, str]]) -> list[float]:
    waiting, late = list(pressed), []
    for at, screen in recorder.replay():
        while waiting and at > waiting[0][0]:
            sent, _, effect = waiting[0]
            where = screen[-1] if "▏" in effect else "\n".join(screen)
            if effect not in where:
                break
            late.append(1e3 * (at - sent))
            waiting.pop(0)
    if waiting:
        raise AssertionError(f"{len(waiting)} keys had no effect, first {waiting[0]}")
    return late


# ----------------------------------------------------------------------------------------- bytes


def wire(bench: Bench) -> Iterator[Row]:
    """Measure the output to the terminal while training: of how many displays, and what for."""
    seconds = bench.seconds(8, 5)
    for name, options, size, env in _wire_cases(bench):
        with bench.running(*options, size=size, env=env, answers="decrqm") as recorder:
            before = len(recorder.chunks)
            recorder.bytes_within(seconds)
            wire = read((data for _, data in recorder.chunks[before:]), size, seconds)
        most = 12 if size != LARGE else 20
        what = f"bytes, {name}, {_name(size)}{', ssh' if env else ''}"
        yield Row(what, f"≤ {most} KiB/s", str(wire), wire.rate <= most)


Case = tuple[str, tuple[str, ...], tuple[int, int], Mapping[str, str]]


def _wire_cases(bench: Bench) -> Iterator[Case]:
    """Yield names, options, sizes and variables: all tasks, all cells beside another network."""
    beside = ("--task", "text", "--cell", "lstm", "--versus", "gru")
    for name, options in (("text beside gru", beside), ("cos, lstm", ("--cell", "lstm"))):
        for size in (NARROW, WIDE, LARGE):
            yield name, options, size, {}
            yield name, options, size, SSH
    if bench.quick:
        return
    series = Path(bench.caches) / "series.csv"
    series.write_text("\n".join(["v", *(f"{np.sin(0.3 * n) + 0.01 * n:.4f}" for n in range(400))]))
    for task in DECLARATIONS["task"].choices:
        if task == "case":  # is what a case file brings
            continue
        data = ("--data", str(series)) if task == "series" else ()
        yield f"task {task}", ("--task", task, *data), WIDE, {}
    for cell in DECLARATIONS["cell"].choices:
        yield f"cos, {cell} beside lstm", ("--cell", cell, "--versus", "lstm"), WIDE, {}


def paused(bench: Bench) -> Iterator[Row]:
    """Measure output and processor time of a paused program."""
    with bench.running() as recorder:
        recorder.send(" ")
        recorder.wait_still(1)
        before, seconds = recorder.cpu(), bench.seconds(10, 5)
        sent = recorder.bytes_within(seconds)
        share = 100 * (recorder.cpu() - before) / seconds
    yield Row("bytes, paused", "0", f"{sent} in {seconds:.0f} s", sent == 0)
    yield Row("processor, paused", "≤ 1 %", f"{share:.1f} %", share <= 1)


# ----------------------------------------------------------------------------------------- start


def start(bench: Bench) -> Iterator[Row]:
    """Until the first screen stands, beside a program that shows a word; then its first chart."""
    ours, bare = ["-m", "rnn_tui"], ["-c", BARE]
    _first(bench, ours), _first(bench, bare)  # compile once
    rounds = [(_first(bench, bare), _first(bench, ours)) for _ in range(bench.times(15, 5))]
    for name, place, goal in (("start", 0, "≤ 1.3×"), ("start, until the first chart", 1, "–")):
        ratios = [own[place] / other[place] for other, own in rounds]
        ratio = statistics.median(ratios)
        own, other = (statistics.median(each[i][place] for each in rounds) for i in (1, 0))
        figure = f"{ratio:.2f}× ({1e3 * own:.0f} and {1e3 * other:.0f} ms; {_spread(ratios)})"
        yield Row(name, goal, figure, ratio <= 1.3 or goal == "–")
    sent = statistics.median(own[2] for _, own in rounds) / KIB
    yield Row("bytes of the start", "–", f"{sent:.1f} KiB", True)


def _first(bench: Bench, arguments: Sequence[str]) -> tuple[float, float, int]:
    """Seconds until all panels stand, and until nothing more comes; and the bytes sent."""
    with Recorder([sys.executable, *arguments], WIDE, bench.caches) as recorder:
        recorder.wait_for(lambda text: _stands(text.split("\n")), 30)
        recorder.wait_still(1.0)
        screens = list(recorder.replay())
        stood = next(at for at, screen in screens if _stands(screen))
        done = next(at for at, screen in screens if screen == screens[-1][1])
        started = recorder.started
        return stood - started, done - started, recorder.bytes_received


def _stands(screen: Sequence[str]) -> bool:
    """All panels and the last line; or the one word."""
    text = "\n".join(screen)
    panels = ("paused", "network", "batch", "loss", "gradient", "train", "help")
    return "ready" in text or all(word in text for word in panels)


# --------------------------------------------------------------------------------------- history


def history(bench: Bench) -> Iterator[Row]:
    """Measure the cost of a frame after a long run, compared with a short one."""
    long = bench.times(1_000_000, 100_000)
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{updates}.safetensors") for updates in (1000, long)]
        for path, updates in zip(paths, (1000, long), strict=True):
            argv = ["-m", "rnn_tui", "train", *TINY[:4], "--updates", str(updates), "--quiet"]
            subprocess.run([sys.executable, *argv, "--out", path], cwd=ROOT, check=True)
        rounds = [[_frame(bench, path) for path in paths] for _ in range(bench.times(5, 2))]
    ratio = statistics.median(after / before for before, after in rounds)
    short, after = (1e3 * statistics.median(each) for each in zip(*rounds, strict=True))
    figure = f"{ratio:.2f}× ({short:.1f} and {after:.1f} ms of the screen's thread)"
    yield Row(f"a frame, after {long:,} and 1,000 updates", "≤ 1.1×", figure, ratio <= 1.1)


def _frame(bench: Bench, path: str) -> float:
    """Seconds of the screen's thread for a frame."""
    with bench.running(path) as recorder:
        begun, before = time.monotonic(), recorder.cpu(recorder.process.pid)
        time.sleep(bench.seconds(6, 3))
        spent = recorder.cpu(recorder.process.pid) - before
        return spent / max(len(_counts(recorder, begun)), 1)


def memory(bench: Bench) -> Iterator[Row]:
    """Resident, on the way to a million updates (with a small network, to get there)."""
    long = bench.times(1_000_000, 60_000)
    with bench.running(*TINY) as recorder:
        early = _resident_at(recorder, 10_000)
        late = _resident_at(recorder, long)
    yield Row(f"memory at {long:,} updates", "< 100 MiB", f"{late:.1f} MiB", late < 100)
    grown = late - early
    yield Row("grown since 10,000", "≤ 2 MiB", f"{grown:+.1f} MiB", grown <= 2)
    least, most = ("--timeline", "1"), ()
    figures = [_resident_after(bench, bench.seconds(40, 15), options) for options in (least, most)]
    yield Row("memory, lstm 64", "< 100 MiB", f"{figures[0]:.1f} MiB", figures[0] < 100)
    budget = Settings().timeline
    above = figures[1] - figures[0]
    met, figure = above <= budget, f"{above:+.1f} MiB"
    yield Row("  with the budget as it is", f"≤ +{budget} MiB", figure, met)


def _resident_after(bench: Bench, seconds: float, options: Sequence[str]) -> float:
    """MiB once a network has run for so long that its keyframes fill the default budget."""
    with bench.running("--cell", "lstm", "--hidden", "64", *options) as recorder:
        time.sleep(seconds)
        return recorder.resident()


def _resident_at(recorder: Recorder, update: int) -> float:
    """MiB when the header comes to this update."""
    while True:
        found = HEADER.match(recorder.screen()[1].rstrip())
        if found is not None and int(found["update"]) >= update:
            return recorder.resident()
        time.sleep(0.5)


# ----------------------------------------------------------------------------------------- chart


def charts(bench: Bench) -> Iterator[Row]:
    """Measure drawing of a dense loss curve, raw (as a cloud, the program's way) and smoothed."""
    times = _chart_times(bench, "cloud")
    p50 = statistics.median(times)
    figure = f"{p50:.1f} ms (p95 {_quantile(times, 0.95):.1f})"
    yield Row("chart 100×30, two series", "≤ 8 ms", figure, p50 <= 8)
    figure = f"{statistics.median(_chart_times(bench, 'line')):.1f} ms"
    yield Row("  were the raw one a line", "–", figure, True)


def _chart_times(bench: Bench, kind: Literal["line", "cloud"]) -> list[float]:
    """Milliseconds, chart by chart."""
    dice = np.random.default_rng(0)
    x = np.arange(1.0, 1001.0)
    times = []
    draw(Chart(()), 100, 30)
    for _ in range(bench.times(200, 50)):
        raw = np.exp(dice.normal(-4, 1, 1000))
        smooth = np.convolve(raw, np.ones(50) / 50, "same")
        curves = (
            Curve("raw", "raw", x, raw, kind),
            Curve("smoothed", "smooth", x, smooth),
        )
        begun = time.perf_counter()
        draw(Chart(curves, log_y=True, x_label="update"), 100, 30)
        times.append(1e3 * (time.perf_counter() - begun))
    return times


# ----------------------------------------------------------------------------------------- table

MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "throughput": throughput,
    "keys": keys,
    "large": large,
    "bytes": wire,
    "paused": paused,
    "start": start,
    "history": history,
    "memory": memory,
    "chart": charts,
}


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def main() -> None:
    """Measure and tell, row by row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="rougher and sooner")
    parser.add_argument(
        "--only", default=",".join(MEASURES), help="which, of " + ", ".join(MEASURES)
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as caches:
        bench = Bench(options.quick, caches)
        for name in options.only.split(","):
            for row in MEASURES[name](bench):
                sign = "✓" if row.met else "✗"
                print(f"{sign} {row.what:<42} {row.goal:>12}   {row.figure}", flush=True)


if __name__ == "__main__":
    main()
