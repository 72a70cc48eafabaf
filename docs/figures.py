"""The figures of README and docs/tasks.md: each sentence with the computation that it stands for.

    python docs/figures.py            computes what takes seconds, and says what differs
    python docs/figures.py --long     all of it: about half an hour on one core
    python docs/figures.py --merge FILE …   makes one table of several runs of the benchmark

tests/test_figures.py runs the first in CI, and holds each sentence to its page; the second is run
by hand. Runs are chaotic, and processors round differently, so a figure that was reached by
training is checked as a goal, not digit by digit. Of the timings, docs/performance.md names the
scripts; `window_costs` below makes those of docs/tasks.md. What min-char-rnn reached on a megabyte
of text needs that text: `python tests/benchmarks/tasks.py --only none --text FILE`.
"""

from __future__ import annotations

import argparse
import math
import sys
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.tasks import Claim, claims, measure  # noqa: E402 - after the path

from rnn_tui.engine.analysis.loss_gradient import loss_gradient  # noqa: E402
from rnn_tui.engine.training.trainer import Trainer  # noqa: E402
from rnn_tui.registry import TASKS  # noqa: E402
from rnn_tui.settings import Value, compose, train_updates  # noqa: E402
from rnn_tui.tasks import make_task  # noqa: E402
from rnn_tui.tasks.base import TestWindows  # noqa: E402
from rnn_tui.train import Summary, summarise, train  # noqa: E402
from rnn_tui.train.test_curve import TestCurve  # noqa: E402

README, PAGE = "README.md", "docs/tasks.md"


@dataclass(frozen=True)
class Figure:
    """A sentence of a page, or a part of one, and whether it is true.

    Attributes:
        page: the page, from the root.
        words: as they stand there; where lines break does not matter.
        holds: computes whether they are true.
        long: it takes more than a second or two.
    """

    page: str
    words: str
    holds: Callable[[], bool]
    long: bool = False


def figures() -> Iterator[Figure]:
    """Yield every figure."""
    yield from _of_readme()
    yield from _of_definitions()
    yield from _of_training()
    for claim in claims():
        yield Figure(PAGE, f"| {claim.name} | {claim.words} |", _median_holds(claim), long=True)


def _of_readme() -> Iterator[Figure]:
    lstm = compose({"cell": "lstm"})
    yield Figure(README, "a network of 32 LSTM units", lambda: lstm.hidden == 32)
    recall = compose({"task": "recall", "cell": "lstm"})
    counted = sum(make_task(recall).topology.counted)
    yield Figure(README, "across 30 words about something else", lambda: recall.gap == 30)
    yield Figure(README, '39 words, "I was born in …"', lambda: recall.steps == 39)
    yield Figure(README, "one target, at the last of them", lambda: counted == 1)
    yield Figure(README, "died by eight powers of ten", lambda: -8.5 < _decades("rnn", "h") < -7.5)
    yield Figure(README, "the LSTM's ‖dc_t‖ has not", lambda: abs(_decades("lstm", "c")) < 1)
    tutorial = "100,000 updates of the run this program descends from"
    yield Figure(README, tutorial, lambda: train_updates("cos", "tutorial") == 100_000)


def _decades(cell: str, state: str) -> float:
    """Return by how many powers of ten a gradient differs at t=1 from T in the first window."""
    trainer = Trainer(compose({"task": "recall", "cell": cell}))
    trainer.finish_update()
    norms = loss_gradient(trainer.network, trainer.settings.steps).of(state, 1)
    return math.log10(norms[1] / norms[-1])


def _of_definitions() -> Iterator[Figure]:
    """Yield what follows from the tasks and the settings alone."""
    baselines: dict[str, tuple[str, float]] = {
        "neuron": ("ln 2 = 0.693", math.log(2)),
        "recall": ("ln 8 = 2.079", math.log(8)),
        "adding": ("1/6 = 0.1667", 1 / 6),
        "copy": ("K·ln 8/T", 10 * math.log(8) / 40),
        "parity": ("ln 2 = 0.693", math.log(2)),
        "reber": ("H(next\\|last) = 1.279 at T=50", 1.279),
        "waveform": ("ln 4 = 1.386", math.log(4)),
        "oscillator": ("7/24 = 0.2917", 7 / 24),
    }
    for name, (words, loss) in baselines.items():
        yield Figure(PAGE, words, partial(_baseline_is, name, loss))

    def sigma(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    kept = "a gate of σ(5) = 0.993 keeps 0.993³⁰ = 82 % over the default gap where σ(1) = 0.731"
    yield Figure(
        PAGE,
        f"{kept} keeps 0.731³⁰ = 0.008 %",
        lambda: (f"{sigma(5) ** 30:.0%}", f"{100 * sigma(1) ** 30:.3f}") == ("82%", "0.008"),
    )
    recall = make_task(compose({"task": "recall"}))
    yield Figure(PAGE, "a word of 85", lambda: recall.features == 85)
    yield Figure(PAGE, "1 of 8 languages", lambda: recall.outputs == 8)
    yield Figure(
        PAGE, "as long as the sentence, gap + 9", lambda: len(recall.topology.inputs) == 39
    )
    yield Figure(PAGE, "Tests are 500 windows", lambda: all(map(_tests_500_windows, TASKS.names)))
    story = ROOT / "rnn_tui/tasks/river.txt"
    yield Figure(PAGE, "a short story of 5 KB", lambda: round(story.stat().st_size / 1024) == 5)
    published = compose({}, "min-char-rnn")
    yield Figure(
        PAGE,
        "its clipping by value at 5 is 5/25 = 0.2 and its eps of 1e-8 is 1e-8/25²",
        lambda: (published.clip, published.eps, published.steps) == (5 / 25, 1e-8 / 25**2, 25),
    )
    yield Figure(
        PAGE,
        "weights N(0, 0.01²), 100,000 updates",
        lambda: (published.init, train_updates("text", "min-char-rnn")) == ("small", 100_000),
    )


def _baseline_is(name: str, loss: float) -> bool:
    baseline = make_task(compose({"task": name})).baseline
    return baseline is not None and math.isclose(baseline.loss, loss, rel_tol=4e-4)


def _tests_500_windows(name: str) -> bool:
    if name in ("cos", "series", "text", "case"):  # on a series, a text, or the batch of the file
        return True
    test = make_task(compose({"task": name})).test()
    return isinstance(test, TestWindows) and test.judged.shape[1] == 500


def _of_training() -> Iterator[Figure]:
    """Yield what some runs reached besides those of the table."""
    bias: dict[str, Value] = {"task": "recall", "gap": 20, "forget_bias": 1.0, "lr": 0.01}
    yield Figure(
        PAGE,
        "With `--forget-bias 1`, gap 20 and lr 0.01 a run may wait at ln 8 for thousands",
        lambda: 0 < sum(_accuracy(3000, bias, seed) > 0.99 for seed in range(5)) < 5,
        long=True,
    )
    near: dict[str, Value] = {"task": "recall", "gap": 10, "cell": "rnn", "lr": 0.005}
    yield Figure(
        PAGE,
        "A tanh RNN learns recall at a gap of 10 within 500 updates (seed 0, lr 0.005)",
        lambda: _accuracy(500, near) > 0.99,
        long=True,
    )
    short: dict[str, Value] = {"task": "reber", "cell": "rnn"}
    yield Figure(
        PAGE,
        "one of 16 units learns them too",
        lambda: _accuracy(2000, short) > 0.99,
        long=True,
    )
    last: dict[str, Value] = {"task": "parity", "parity": "last-step", "steps": 5}
    sizes: list[dict[str, Value]] = [{}, {"hidden": 32}, {"cell": "rnn", "hidden": 32}]
    yield Figure(
        PAGE,
        "at T=5 the loss stayed at ln 2 for 4,000 updates",
        lambda: all(
            abs((each.test_loss or 0) - math.log(2)) < 0.005
            for size in sizes
            for each in _trained(4000, {**last, **size}, every=1000)
        ),
        long=True,
    )
    yield Figure(
        PAGE,
        "the test loss is lowest between 750 and 1,500 updates and rises afterwards",
        _overfits,
        long=True,
    )
    yield Figure(
        PAGE,
        "the last network's test loss is 2.33, 2.39 and 2.37, while the best one",
        _the_best_is_kept,
        long=True,
    )


def _the_best_is_kept() -> bool:
    """Return whether the best network on the way is much better than the last, with 3 seeds."""
    for seed in range(3):
        trainer = Trainer(compose({"task": "text", "seed": seed}))
        tests = TestCurve(trainer, 50)
        train(trainer, 3000, tests=tests)
        best = tests.best
        if best is None or not (750 <= best.update <= 1500 and tests.newest > best.loss + 0.3):
            return False
    return True


def _overfits() -> bool:
    found = _trained(2000, {"task": "text"}, every=250)
    tested, trained = (
        [getattr(each, f"{name}_loss") for each in found] for name in ("test", "smoothed")
    )
    lowest = found[tested.index(min(tested))].updates
    return (
        750 <= lowest <= 1500
        and tested[-1] > min(tested) + 0.05
        and trained == sorted(trained, reverse=True)
    )


def _accuracy(updates: int, chosen: dict[str, Value], seed: int = 0) -> float:
    """Train, and return the accuracy on test windows."""
    return _trained(updates, chosen, seed)[-1].test_accuracy or 0.0


def _trained(
    updates: int, chosen: dict[str, Value], seed: int = 0, every: int = 0
) -> list[Summary]:
    """Train, and return the figures after each `every` updates, or at the end only."""
    trainer, found = Trainer(compose({**chosen, "seed": seed})), []
    while trainer.updates < updates:
        progress = train(trainer, every or updates)
        found.append(summarise(trainer, progress))
    return found


def _median_holds(claim: Claim) -> Callable[[], bool]:
    """Return a check of a row of the table: its goal is reached by the median of five seeds."""

    def holds() -> bool:
        for seed in range(5):
            measure(claim, seed)
        return bool(claim.holds(median(claim.figures)))

    return holds


# ---------------------------------------------------------------- tables


def merged(tables: Sequence[str]) -> Iterator[str]:
    """Yield the table of several outputs of tests/benchmarks/tasks.py, one for each processor.

    The medians are from the lowest to the highest, the range is over all; seconds are the first's.
    """
    rows: dict[tuple[str, ...], list[list[str]]] = {}
    for table in tables:
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("| \n").split(" | ")]
            if len(cells) == 9 and cells[0] not in ("task", "---"):
                rows.setdefault(tuple(cells[:5]), []).append(cells[5:])
    for head, found in rows.items():
        medians = sorted({cells[0] for cells in found}, key=float)
        ends = [float(end) for cells in found for end in cells[1].split(" … ")]
        held, runs = (sum(int(cells[2].split()[k]) for cells in found) for k in (0, 2))
        between = " … ".join(dict.fromkeys((medians[0], medians[-1])))
        spread = f"{min(ends):.3g} … {max(ends):.3g}"
        yield f"| {' | '.join((*head, between, spread, f'{held} of {runs}', found[0][3]))} |"


def window_costs() -> Iterator[str]:
    """Yield the rows of what a window costs: the best of 25 rounds of 100, in microseconds."""
    for name in TASKS.names:
        if name in ("cos", "series", "case"):  # slices of a series, or what the file has
            continue
        settings = compose({"task": name})
        trainer = Trainer(settings)
        network, task = trainer.network, trainer.task
        draw = partial(task.next_window, network.inputs, network.targets)
        rounds = timeit.repeat(draw, number=100, repeat=25)
        yield f"| `{name}` | {settings.steps} × {settings.batch} | {min(rounds) * 1e4:.0f} |"


def main(arguments: Sequence[str]) -> int:
    """Print what differs; 1 if something does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--merge", nargs="+", type=Path, default=[])
    parser.add_argument("--costs", action="store_true")
    options = parser.parse_args(arguments)
    if options.merge:
        print("\n".join(merged([path.read_text(encoding="utf-8") for path in options.merge])))
        return 0
    if options.costs:
        print("\n".join(window_costs()))
        return 0
    wrong = 0
    for figure in figures():
        if figure.long and not options.long:
            continue
        holds = figure.holds()
        wrong += not holds
        print(f"{'holds' if holds else 'WRONG'}  {figure.page}: {figure.words}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
