"""Tries of mutated files: each is refused in one line, or opened rightly."""

from __future__ import annotations

import contextlib
import os
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cases.case_support import batch_first, case_arrays, write
from fuzz.mutations import mutated_case, mutated_checkpoint, mutated_data, random_data

from rnn_tui.cases.reading import CaseError, read_case
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load, load_run
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.training.memory_use import memory_use
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.settings import SettingError, Settings, compose
from rnn_tui.tasks import DataError
from rnn_tui.tasks.case import case_settings

REFUSALS = (CaseError, CheckpointError, DataError, SettingError)
MOST_MEMORY = 50 * 2**20  # bytes above the start; an opened run may take what its settings say
LONGEST_LINE = 5000
CHECKPOINTS = sorted((Path(__file__).parents[1] / "checkpoints").glob("*.safetensors"))
MIB = 2**20
MEASURED = 8  # of so many tries, one has its memory measured
_WARM_UP = 20


@dataclass
class Figures:
    """What came of the tries.

    Attributes:
        outcomes: how many were refused, opened and failed.
        failures: what was wrong, and with which seed.
        slowest: the longest time of the processor for a refusal and for opening, in seconds.
        largest: the most memory above the start for each, in bytes; for what was opened, above
            what its settings take.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: dict[str, float] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)

    def note(self, outcome: str, seconds: float, memory: int) -> None:
        """Count one try."""
        self.outcomes[outcome] += 1
        self.slowest[outcome] = max(seconds, self.slowest.get(outcome, 0))
        self.largest[outcome] = max(memory, self.largest.get(outcome, 0))

    def __str__(self) -> str:
        parts = [f"tried {self.outcomes.total()}, failed {len(self.failures)}"]
        for outcome, count in sorted(self.outcomes.items()):
            slowest, largest = (
                1000 * self.slowest.get(outcome, 0),
                self.largest.get(outcome, 0) / MIB,
            )
            parts.append(f"{outcome} {count} (slowest {slowest:.0f} ms, largest {largest:.1f} MiB)")
        return "; ".join([*parts, *self.failures[:20]])


def fuzz(seeds: Iterable[int], attempt: Callable[[random.Random], tuple[str, int]]) -> Figures:
    """Make one try a seed; `attempt` returns the outcome and the memory that it may take.

    Memory is measured in one of `MEASURED` tries, as that makes each several times as slow.
    """
    figures = Figures()
    for seed in range(_WARM_UP):  # imports what is imported late, which would be measured
        with contextlib.suppress(Exception):
            attempt(random.Random(-1 - seed))
    for seed in seeds:
        measured = seed % MEASURED == 0
        if measured:
            tracemalloc.start()
        start = time.process_time()
        try:
            outcome, allowed = attempt(random.Random(seed))
        except Exception as error:  # what a fuzz is for
            figures.failures.append(f"seed {seed}: {type(error).__name__}: {error}"[:300])
            figures.outcomes["failed"] += 1
        else:
            seconds = 0.0 if measured else time.process_time() - start
            memory = tracemalloc.get_traced_memory()[1] - allowed if measured else 0
            figures.note(outcome, seconds, max(memory, 0))
            if memory > MOST_MEMORY:
                figures.failures.append(f"seed {seed}: {outcome} took {memory / MIB:.0f} MiB")
        tracemalloc.stop()
    return figures


def checked_refusal(error: Exception) -> str:
    """Return the outcome of a refusal, after checking that it is one short line."""
    line = str(error)
    assert line, "a refusal says nothing"
    assert "\n" not in line, f"two lines: {line!r}"
    assert line.isprintable(), f"not printable: {line!r}"
    assert len(line) < LONGEST_LINE, f"a line of {len(line)} characters"
    return "refused"


# ---------------------------------------------------------------- checkpoints


def make_bases(folder: Path) -> list[bytes]:
    """Make checkpoints of several kinds in `folder`, and return these and those of the tests."""
    table = folder / "table.csv"
    table.write_text("day,y\n" + "".join(f"{k},{k % 7 + k % 3}\n" for k in range(60)))
    chosen: list[dict[str, object]] = [
        {"task": "series", "data": str(table), "steps": 3, "hidden": 2, "batch": 2},
        {"cell": "lstm", "layers": 2, "hidden": 2, "steps": 3, "optimizer": "adam"},
        {"cell": "gru-reset-before", "hidden": 3, "steps": 4, "dtype": "float64"},
        {"task": "parity", "cell": "gru", "hidden": 2, "steps": 5, "batch": 2},
    ]
    bases = [path.read_bytes() for path in CHECKPOINTS]
    for k, changes in enumerate(chosen):
        trainer = Trainer(compose({"num_points": 200, **changes}))  # type: ignore[dict-item]
        trainer.run(5)
        for _ in range(k * 3):
            trainer.step()
        save(folder / "base", trainer)
        bases.append((folder / "base").read_bytes())
    return bases


class CheckpointTries:
    """Mutates the checkpoints of a folder and opens them."""

    def __init__(self, folder: Path) -> None:
        self.bases = make_bases(folder)
        self._path, self._again = folder / "run", folder / "again"

    def attempt(self, chance: random.Random) -> tuple[str, int]:
        """Open one mutated checkpoint."""
        self._path.write_bytes(mutated_checkpoint(chance.choice(self.bases), chance))
        try:
            trainer = load_run(self._path).trainer
        except REFUSALS as error:
            return checked_refusal(error), 0
        check_rightly_opened(trainer, self._again)
        use = memory_use(trainer.settings, trainer.architecture, screen=False)
        return "opened", 3 * use.total  # this run, the one saved and read again, and its file


def check_rightly_opened(trainer: Trainer, path: Path) -> None:
    """Check that a run can be saved and read again, and that it goes on with finite numbers."""
    save(path, trainer)
    again = load(path, data=trainer.settings.data or None, trusted=True)
    assert state(again) == state(trainer), "read again, it is another run"
    if trainer.divergence is not None:
        return  # it stands where a number overflowed; what is saved is the start of that window
    for each in (trainer, again):
        each.run(1)
        finite = np.isfinite(each.parameters).all() and np.isfinite(each.loss)
        assert finite or each.divergence is not None, "it goes on with numbers that are not finite"
    assert state(again) == state(trainer), "read again, it goes on otherwise"


def state(trainer: Trainer) -> list[object]:
    """Return what a run consists of, to be compared."""
    keyframe = trainer.keyframe()
    arrays = {"parameters": keyframe.parameters, **keyframe.memory, **keyframe.states}
    numbers, curve = trainer.history.state()
    return [
        {name: array.tobytes() for name, array in (arrays | curve).items()},
        (keyframe.updates, keyframe.position, keyframe.revealed, keyframe.updates_made),
        (keyframe.data, keyframe.pins, keyframe.settings, numbers),
    ]


# ---------------------------------------------------------------- case files


class CaseTries:
    """Mutates case files, opens them, trains on them and saves the runs."""

    def __init__(self, folder: Path) -> None:
        self._path, self._again = folder / "case", folder / "again"
        self.bases: list[bytes] = []
        kinds: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
            ({"layers": 2}, {"reduction": "sum"}),
            ({"cell": "gru", "codes": True, "classes": True}, {"loss": "cross-entropy"}),
            ({"cell": "rnn", "dtype": "float32"}, {"activation": "relu", "batch_first": "true"}),
            ({"cell": "lstm-peephole", "features": 1, "outputs": 1}, {}),
        )
        for sizes, texts in kinds:
            arrays = case_arrays(**sizes) | {"loss": np.array(0.5), "h": np.zeros((4, 3, 3))}
            if "batch_first" in texts:
                arrays = batch_first(arrays)
            path = write(self._path, arrays, cell=sizes.get("cell", "lstm"), **texts)
            self.bases.append(path.read_bytes())

    def attempt(self, chance: random.Random) -> tuple[str, int]:
        """Open one mutated case file, train on it, and save the run."""
        self._path.write_bytes(mutated_case(chance.choice(self.bases), chance))
        try:
            case = read_case(self._path)
            trainer = new_trainer(case_settings(case), case)
        except REFUSALS as error:
            return checked_refusal(error), 0
        trainer.run(1)
        check_rightly_opened(trainer, self._again)
        use = memory_use(trainer.settings, trainer.architecture, screen=False)
        return "opened", 3 * use.total


# ---------------------------------------------------------------- tables and texts

TABLE = "day;amount;other\n" + "".join(f"2024-{k};{k % 9 - 3.5};{k}\n" for k in range(80))
TEXT = "The river wound its way – slowly, at first – towards the sea.\n" * 12


class DataTries:
    """Mutates tables and texts and trains on them."""

    def __init__(self, folder: Path) -> None:
        self._path, self._again = folder / "data", folder / "again"

    def attempt(self, chance: random.Random) -> tuple[str, int]:
        """Train on one mutated table or text."""
        task = chance.choice(["series", "text"])
        base = (TABLE if chance.random() < 0.5 else TEXT).encode()
        content = random_data(chance) if chance.random() < 0.15 else mutated_data(base, chance)
        self._path.write_bytes(content)
        column = chance.choice(["", "", "amount", "1", "other", "9", "x"])
        try:
            trainer = Trainer(self._settings(task, column, chance))
        except REFUSALS as error:
            return checked_refusal(error), 0
        trainer.run(1)
        check_rightly_opened(trainer, self._again)
        use = memory_use(trainer.settings, trainer.architecture, screen=False)
        return "opened", 3 * use.total

    def _settings(self, task: str, column: str, chance: random.Random) -> Settings:
        chosen = {"task": task, "data": os.fspath(self._path), "steps": 4, "batch": 1, "hidden": 2}
        if task == "series":
            chosen |= {"target": column, "scale": chance.choice(["standard", "none"])}
        return compose(chosen)  # type: ignore[arg-type]  # checked there
