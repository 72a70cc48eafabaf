"""Every value of the window, by the screen's names, against what Python reads and plain NumPy."""

from __future__ import annotations

import random

import numpy as np
import pytest

import rnn_tui
from rnn_tui.claims.expressions import ClaimError, parse_claim, parse_expression
from rnn_tui.claims.run_state import RunState
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.registry import CELLS

STEPS, HIDDEN = 4, 2


def run_of(trainer: rnn_tui.Trainer) -> Engine:
    """Return the run of a trainer."""
    engine = trainer._engine
    assert isinstance(engine, Engine)
    return engine


def check_values(trainer: rnn_tui.Trainer, choose: random.Random, share: float) -> int:
    """Compare values at this place; return how many were compared.

    Args:
        trainer: the trainer.
        choose: what is compared.
        share: of all that could be compared.
    """
    state, values = RunState(run_of(trainer)), trainer.values
    batch, compared = trainer.settings["batch"], 0
    assert isinstance(batch, int)
    for name in values:
        reached, array = values.reached(name), np.asarray(values[name], np.float64)
        for t in range(1, STEPS + 1):
            if choose.random() > share:
                continue
            stem, closing = name.rstrip(")"), ")" * name.count(")")
            sample, unit = choose.randint(1, batch), choose.randint(1, array.shape[-1])
            text = f"{stem}_{t}[{unit}] in sample {sample}{closing}"
            if not reached[t - 1]:
                with pytest.raises(ClaimError, match="is not computed yet"):
                    parse_expression(text).evaluate(state)
                continue
            found = parse_expression(text).number(state)
            expected = array[t - 1, sample - 1, unit - 1]
            assert found == pytest.approx(expected, rel=1e-6 if closing else 0, abs=0), text
            whole = np.asarray(parse_expression(f"{stem}_{t}{closing}").evaluate(state))
            assert whole.reshape(-1) == pytest.approx(array[t - 1].reshape(-1), rel=1e-6), text
            compared += 1
    return compared


def walk(cell: str, layers: int, batch: int, seed: int, share: float, places: int) -> None:
    """Compare values at places of a run."""
    choose = random.Random(f"{cell} {layers} {batch} {seed}")
    trainer = rnn_tui.Trainer(
        cell=cell,
        hidden=HIDDEN,
        dtype="float64",
        steps=STEPS,
        batch=batch,
        layers=layers,
        seed=seed,
    )
    trainer.run(choose.randint(0, 2))
    compared = 0
    for _ in range(places):
        trainer.step("operation", choose.randint(1, 40))
        compared += check_values(trainer, choose, share)
    trainer.step("update")
    compared += check_values(trainer, choose, share)
    assert compared > 0
    check_sums(RunState(run_of(trainer)))


def check_sums(state: RunState) -> None:
    """Check what holds of every network after an update."""
    specs = state.trainer.network.specs
    for name in [spec.name for spec in specs]:
        entry = "[1,1]" if state.places[name].ndim == 2 else "[1]"
        for claim in (
            f"d{name}{entry} = sum(shares({name}{entry})) within 1e-12",
            f"d{name} = sum over t (share({name}, t)) within 1e-12",
            f"Δ{name} = {name} - before({name}) within 1e-12",
            f"numeric({name}{entry}) = d{name}{entry} within 1e-9",
            f"uncut({name}{entry}) = d{name}{entry} within 1e-15",
        ):
            assert parse_claim(claim).check(state).holds, claim
    for claim in (
        "norm(gradient) = grad_norm within 1e-12",
        "loss = sum over t (loss_t) within 1e-12",
        "loss_1 = loss_1 in sample B or B > 1",
        "for every t: norm(h_t) = norm(h_t in all samples)",
        "size(parameters) = P and size(update) = P and updates > 0",
    ):
        assert parse_claim(claim).check(state).holds, claim


@pytest.mark.parametrize("cell", CELLS.names)
def test_every_cell_is_read_by_the_screens_names(cell: str) -> None:
    """In both passes; what the cursor has not reached is an error."""
    layers = 1 if cell == "neuron" else random.Random(cell).choice((1, 2))
    walk(cell, layers, random.Random(cell).choice((1, 3)), 0, 0.1, 2)


@pytest.mark.long
@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_everything_is_read_by_the_screens_names(cell: str, layers: int, batch: int) -> None:
    """All values at many places."""
    walk(cell, layers, batch, 1, 1.0, 12)
