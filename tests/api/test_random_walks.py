"""Random walks of a trainer in Python: at every place the weights are those of a straight run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.api.trainer import By

WALKS, MOVES, UPDATES = 60, 60, 40
BY: tuple[By, ...] = ("operation", "timestep", "pass", "update")


def random_run(random: np.random.Generator) -> Callable[[], rt.Trainer]:
    """Return what makes the same run again and again."""
    network: dict[str, Any] = {
        "cell": str(random.choice(["rnn", "lstm", "gru", "lstm-peephole"])),
        "hidden": 3,
        "layers": int(random.integers(1, 3)),
        "dtype": str(random.choice(["float32", "float64"])),
    }
    task = str(random.choice(["own", "cos", "adding", "copy"]))
    if task != "own":
        sizes: dict[str, Any] = {"blanks": 2, "copy_length": 2} if task == "copy" else {"steps": 5}
        return lambda: rt.Trainer(task, batch=2, **sizes, **network)
    x, y = random.normal(size=(5, 2, 2)), random.normal(size=(5, 2, 1))
    mask, h0 = np.arange(5)[:, None] >= [1, 2], random.normal(size=(network["layers"], 2, 3))
    return lambda: rt.Trainer.from_arrays(x, y, mask=mask, h0=h0, **network)


def move(trainer: rt.Trainer, random: np.random.Generator, path: Path) -> rt.Trainer:
    """Make a random move, or look at something; return the trainer, which may be a loaded one."""
    by, count = BY[int(random.integers(4))], int(random.integers(1, 4))
    match int(random.integers(8)):
        case 0:
            trainer.run(count)
        case 1 | 2:
            trainer.step(by, count)
        case 3 | 4:
            trainer.back(by, count)
        case 5:
            trainer.go_to(max(trainer._timeline.first, int(random.integers(UPDATES // 2))))
        case 6:
            name = str(random.choice(list(trainer.values)))
            assert np.isfinite(trainer.values[name]).all()
            assert all(np.isfinite(gradient).all() for gradient in trainer.gradients().values())
        case 7 if random.random() < 0.3:
            rt.save(trainer, path)
            loaded = rt.load(path)
            assert loaded.cursor == trainer.cursor
            return loaded
    return trainer


@pytest.mark.long
def test_every_place_has_the_weights_of_a_straight_run(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for _ in range(WALKS):
        make = random_run(random)
        straight, trainer = make(), make()
        weights = [straight.parameters()]
        for _ in range(UPDATES + 3):
            straight.run(1)
            weights.append(straight.parameters())
        for _ in range(MOVES):
            if trainer.updates > UPDATES:
                break
            trainer = move(trainer, random, tmp_path / "run.safetensors")
            here = weights[trainer.updates]
            same = (np.array_equal(a, here[name]) for name, a in trainer.parameters().items())
            assert all(same), trainer
