"""Runs drawn at random: every task and cell, from one unit and one timestep on."""

from __future__ import annotations

import random
from collections.abc import Iterator

from rnn_tui import registry
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.setting_declaration import SettingError
from rnn_tui.settings import Settings, Value, compose

TASKS = tuple(
    name for name in registry.TASKS.names if name not in ("series", "case")
)  # looks as cos does
LARGEST = {"hidden": 40, "steps": 60, "layers": 3}


def random_runs(seed: int) -> Iterator[Settings]:
    """Yield settings without end; tasks take turns, the rest is drawn."""
    drawn = random.Random(seed)
    while True:
        for task in drawn.sample(TASKS, len(TASKS)):
            yield _run(task, drawn)


def _run(task: str, drawn: random.Random) -> Settings:
    """Return settings of `task` that are allowed."""
    while True:
        steps = _small_rather(LARGEST["steps"], drawn)
        chosen: dict[str, Value] = {
            "task": task,
            "cell": drawn.choice(registry.CELLS.names),
            "hidden": _small_rather(LARGEST["hidden"], drawn),
            "layers": _small_rather(LARGEST["layers"], drawn),
            "batch": drawn.choice((1, 1, 2, 7, 32)),
            "clip_by": drawn.choice(("value", "norm", "none")),
            "optimizer": drawn.choice(registry.OPTIMIZERS.names),
            "seed": drawn.randrange(1000),
        }
        match task:
            case "recall":
                chosen["gap"] = max(steps - 9, 0)
            case "copy":
                chosen |= {"blanks": -(-steps // 2), "copy_length": -(-steps // 4)}
            case _:
                chosen["steps"] = steps
        try:
            settings = compose(chosen)
            Trainer(settings)
        except SettingError:  # as of a window that is too short for the task
            continue
        return settings


def _small_rather(largest: int, drawn: random.Random) -> int:
    """Return a number from 1 to `largest`; half of them are at most 4."""
    return drawn.randint(1, min(4, largest) if drawn.random() < 0.5 else largest)
