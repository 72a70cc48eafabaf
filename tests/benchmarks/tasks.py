"""What the tasks show: who learns them, and who does not, from ten seeds each.

    python tests/benchmarks/tasks.py [--quick] [--only NAME …] [--seeds N …] [--text FILE]

Makes the table of docs/tasks.md, a row a claim: the task with its defaults but for what the row
says, trained as `rnn-tui train` does it, then measured on windows that were never trained on.
--quick takes one seed; --only the rows whose name begins so; --text is about a megabyte of English
for the row min-char-rnn, which is left out without it. Takes about two hours on one core.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import numpy as np  # noqa: E402 - after the threads

from rnn_tui.engine.training.trainer import Trainer  # noqa: E402 - after the path and the threads
from rnn_tui.settings import Value, compose, train_updates  # noqa: E402
from rnn_tui.train import summarise, train  # noqa: E402

SEEDS = tuple(range(10))
LOSS, ACCURACY = "test_loss", "test_accuracy"
MIN_CHAR_RNN = {1_000: 3.58, 10_000: 2.27, 50_000: 2.00, 100_000: 1.93}
"""Smoothed nats per character after so many updates, on 1.1 MB of English."""
KEPT = 0.999
"""How much of the smoothed loss an update keeps: in min-char-rnn, and so in its figures."""
WORDS = {"b": "ba", "d": "dii", "g": "guuu"}
"""The words of Elman (1990), Finding Structure in Time: each consonant has its own vowels."""


@dataclass(frozen=True)
class Claim:
    """One row: what is trained, and what should come of it."""

    name: str
    words: str
    chosen: Mapping[str, Value]
    measure: str
    holds: Callable[[float], bool]
    goal: str
    updates: int = 0  # 0: as many as `train` runs
    figures: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def claims() -> Iterator[Claim]:
    """All rows, in the order of the table."""
    adding: dict[str, Value] = {"task": "adding", "steps": 100}
    tanh: dict[str, Value] = {"cell": "rnn", "hidden": 64}
    far: dict[str, Value] = {"task": "recall", "gap": 60}
    yield _accurate("neuron", "one neuron, tanh", {"task": "neuron"}, 0.97)
    yield _below("adding", "T=100, LSTM 32", adding, 0.01, updates=3000)
    yield _above("adding", "T=100, tanh RNN 64", {**adding, **tanh}, 0.15, updates=3000)
    yield _accurate("recall", "gap 30, LSTM 32", {"task": "recall"}, 0.99)
    yield _accurate("recall", "gap 60, LSTM 32", far, 0.99, updates=3000)
    yield _chance("recall", "gap 60, tanh RNN 64", {**far, **tanh}, 0.3, updates=3000)
    yield _below("copy", "20 blanks, LSTM 64", {"task": "copy"}, 0.4)
    yield _accurate("reber", "LSTM 16, second-to-last symbol", {"task": "reber"}, 0.99)
    yield _accurate("parity", "per step, T=20, LSTM 8", {"task": "parity"}, 0.99)
    last: dict[str, Value] = {"task": "parity", "parity": "last-step"}
    yield _accurate("parity", "last step, T=3, LSTM 8", {**last, "steps": 3}, 0.99)
    yield _chance("parity", "last step, T=20, LSTM 8", last, 0.6)
    yield _accurate("waveform", "LSTM 16", {"task": "waveform"}, 0.99)
    yield _below("oscillator", "LSTM 32, running free", {"task": "oscillator"}, 0.05)
    yield _below("text", "built in, LSTM 64", {"task": "text"}, 2.5)
    elman: dict[str, Value] = {"data": str(elman_text()), "cell": "rnn", "hidden": 20}
    yield _below("text", "ba, dii, guuu: tanh RNN 20", {"task": "text", **elman}, 0.38)


def elman_text() -> Path:
    """Write 3,000 words to a file, drawn at random, with nothing between them; return its path.

    Which word comes next cannot be known, and all else can: ln 3 nats a word, of three letters on
    average, so ln 3 / 3 = 0.3662 nats a letter are the least that a network can reach.
    """
    drawn = np.random.default_rng(1990).choice(list(WORDS.values()), 3_000)
    path = Path(tempfile.mkdtemp()) / "elman.txt"
    path.write_text("".join(drawn), encoding="utf-8")
    return path


def _accurate(
    name: str, words: str, chosen: Mapping[str, Value], share: float, updates: int = 0
) -> Claim:
    goal = f"accuracy ≥ {share:g}"
    return Claim(name, words, chosen, ACCURACY, lambda x: x >= share, goal, updates)


def _chance(
    name: str, words: str, chosen: Mapping[str, Value], share: float, updates: int = 0
) -> Claim:
    goal = f"accuracy < {share:g}"
    return Claim(name, words, chosen, ACCURACY, lambda x: x < share, goal, updates)


def _below(
    name: str, words: str, chosen: Mapping[str, Value], loss: float, updates: int = 0
) -> Claim:
    return Claim(name, words, chosen, LOSS, lambda x: x < loss, f"loss < {loss:g}", updates)


def _above(
    name: str, words: str, chosen: Mapping[str, Value], loss: float, updates: int = 0
) -> Claim:
    return Claim(name, words, chosen, LOSS, lambda x: x > loss, f"loss > {loss:g}", updates)


def measure(claim: Claim, seed: int) -> float:
    """Train from one seed, append figure and seconds, and return the baseline."""
    settings = compose({**claim.chosen, "seed": seed})
    trainer = Trainer(settings)
    started = time.perf_counter()
    progress = train(trainer, claim.updates or train_updates(settings.task))
    claim.seconds.append(time.perf_counter() - started)
    figure = getattr(summarise(trainer, progress), claim.measure)
    claim.figures.append(float("nan") if figure is None else figure)
    assert trainer.task.baseline is not None
    return trainer.task.baseline.loss


def row(claim: Claim, baseline: float) -> str:
    """Return a line of the table."""
    held = sum(map(claim.holds, claim.figures))
    updates = claim.updates or train_updates(str(claim.chosen["task"]))
    low, high = min(claim.figures), max(claim.figures)
    cells = (
        claim.name,
        claim.words,
        f"{updates:,}",
        f"{baseline:.4f}",
        claim.goal,
        f"{median(claim.figures):.3g}",
        f"{low:.3g} … {high:.3g}",
        f"{held} of {len(claim.figures)}",
        f"{median(claim.seconds):.0f}",
    )
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| task | settings | updates | baseline | goal | median | range | seeds that reach it | s |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def min_char_rnn(text: str, quick: bool) -> Iterator[str]:
    """Train with min-char-rnn's settings on 1.1 MB of text; yield losses beside the reference's.

    The measure is the program's own: a moving average that begins at ln V, V different characters.
    """
    trainer = Trainer(compose({"data": text}, "min-char-rnn"))
    started, smoothed = time.perf_counter(), math.log(trainer.task.features)
    for updates, reference in MIN_CHAR_RNN.items():
        if quick and updates > 10_000:
            return
        while trainer.updates < updates:
            train(trainer, 500)
            for loss in trainer.history.recent(500)[0]:
                smoothed = KEPT * smoothed + (1 - KEPT) * float(loss)
        off = smoothed / reference - 1
        spent = time.perf_counter() - started
        found = f"{smoothed:.3f}, reference {reference} ({off:+.1%})"
        yield f"min-char-rnn after {updates:,}: {found}, {spent:.0f} s"


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when a claim does not hold for every seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--seeds", nargs="*", type=int, default=SEEDS)
    parser.add_argument("--text", default="")
    options = parser.parse_args(arguments)
    print(HEAD)
    missed = 0
    for claim in claims():
        if not claim.name.startswith(tuple(options.only)):
            continue
        for seed in options.seeds[:1] if options.quick else options.seeds:
            baseline = measure(claim, seed)
        print(row(claim, baseline), flush=True)
        missed += not all(map(claim.holds, claim.figures))
    if options.text:
        for line in min_char_rnn(options.text, options.quick):
            print(line, flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
