"""`rnn_tui.verify`: right gradients agree, a wrong one is found at its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rnn_tui as rt

SMALL: dict[str, Any] = {"hidden": 3, "steps": 4, "batch": 2, "layers": 2}


@pytest.mark.parametrize(
    ("cell", "place"), [("gru", "the start"), ("lstm-peephole", "a timestep"), ("rnn", "an update")]
)
def test_right_gradients_agree_wherever_the_trainer_is(cell: str, place: str) -> None:
    trainer = rt.Trainer(cell=cell, **SMALL)
    if place != "the start":
        trainer.run(2)
    if place == "a timestep":
        trainer.step("timestep", 3)
    before, cursor = trainer.parameters(), trainer.cursor
    found = rt.verify(trainer, most=3)
    assert found, str(found)
    assert found.method.startswith("complex step")
    assert str(found).startswith(f"agrees: {found.checked} entries by the complex step")
    assert trainer.cursor == cursor
    assert all(np.array_equal(a, before[name]) for name, a in trainer.parameters().items())


def test_relu_is_checked_by_central_differences() -> None:
    found = rt.verify(rt.Trainer(cell="rnn", activation="relu", **SMALL), most=3)
    assert found
    assert found.method.startswith("central differences")


def test_a_wrong_entry_is_found_in_pytorchs_names() -> None:
    trainer = rt.Trainer(cell="lstm", dtype="float64", **SMALL)
    trainer.run(1)
    before = trainer.gradients()
    trainer._engine.network.gradient[5] += 0.1
    changed = {n: np.argwhere(a != before[n]) for n, a in trainer.gradients().items()}
    ((name, [entry]),) = ((name, places) for name, places in changed.items() if len(places))
    found = rt.verify(trainer)
    assert not found
    assert found.worst is not None
    assert (found.worst.name, found.worst.entry) == (name, tuple(entry))
    assert found.worst.backward - found.worst.numeric == pytest.approx(0.1)
    assert str(found).startswith("differs: ")
    assert f"worst {name}[{entry[0]}, {entry[1]}]" in str(found)


@pytest.mark.long
def test_no_right_gradient_of_random_networks_is_called_wrong() -> None:
    random = np.random.default_rng(1)
    cells = ("rnn", "lstm", "gru", "lstm-coupled", "lstm-peephole", "gru-reset-before")
    for _ in range(1000):
        steps, batch, inputs, outputs, hidden = (
            int(n) for n in random.integers(1, (12, 6, 5, 4, 8))
        )
        x = random.normal(size=(steps, batch, inputs)) * 10 ** random.uniform(-1, 1)
        y = np.cumsum(random.normal(size=(steps, batch, outputs)), 0) * 10 ** random.uniform(-1, 1)
        trainer = rt.Trainer.from_arrays(
            x,
            y,
            cell=str(random.choice(cells)),
            hidden=hidden,
            layers=int(random.integers(1, 3)),
            dtype=str(random.choice(["float32", "float64"])),
            reduction=str(random.choice(["mean", "sum"])),
            seed=int(random.integers(1000)),
            optimizer="adam",
            lr=0.02,
        )
        trainer.run(int(random.integers(1, 120)))
        found = rt.verify(trainer)
        assert found, f"{trainer}: {found}"
