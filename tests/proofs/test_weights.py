"""The report on one tensor: of the right numbers, at the right place, and never an old one."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_tui import registry
from rnn_tui.engine.analysis.tensor_report import QUANTITIES, TensorReport
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import Refusal, Selected
from rnn_tui.proofs.prover import Prover
from rnn_tui.settings import Settings

SMALL = Settings(hidden=3, steps=4, num_points=60, batch=2)


def report(
    trainer: Trainer, quantity: str, parameter: int = 5, t: int = 1, prover: Prover | None = None
) -> TensorReport | Refusal:
    """Return what the proof says where the trainer stands."""
    one = prover or Prover()
    selected = Selected(parameter, t=t, variants=(("weights", quantity),))
    one.request(trainer, ["weights"], selected)
    while one.busy:
        one.work(0.01)
    result = one.results["weights"]
    assert isinstance(result, TensorReport | Refusal)
    return result


def at(trainer: Trainer, stage: Pass, t: int = 0) -> Trainer:
    """Move `trainer` on to a place."""
    while (trainer.cursor.stage, trainer.cursor.t) != (stage, t):
        trainer.step()
    return trainer


@pytest.mark.parametrize("cell", registry.CELLS.names)
def test_what_is_reported_is_the_trainers(cell: str) -> None:
    trainer = at(Trainer(SMALL.with_(cell=cell)), Pass.UPDATE)
    flats = {
        "value": trainer.parameters,
        "gradient": trainer.network.gradient,
        "last change": trainer.optimizer.delta,
    }
    start = 0
    for spec in trainer.network.specs:
        for quantity, flat in flats.items():
            found = report(trainer, quantity, start)
            assert isinstance(found, TensorReport)
            expected = views(trainer.network.specs, flat)[spec.name]
            assert (found.tensor, found.quantity) == (spec.name, quantity)
            assert np.array_equal(found.entries, expected)
            assert found.distribution.count == expected.size
        shares = [report(trainer, "share of t", start, t) for t in range(1, 5)]
        total = np.sum([one.entries for one in shares if isinstance(one, TensorReport)], axis=0)
        expected = views(trainer.network.specs, trainer.network.gradient)[spec.name]
        np.testing.assert_allclose(total, expected, rtol=1e-4, atol=1e-7)
        start += expected.size


def test_nothing_old_is_reported_as_the_run_goes_on() -> None:
    prover = Prover()
    trainer = Trainer(SMALL)
    for _ in range(30):
        for quantity in QUANTITIES:
            mine = report(trainer, quantity, t=2, prover=prover)
            fresh = report(trainer, quantity, t=2)
            if isinstance(fresh, Refusal):
                assert mine == fresh
                continue
            assert isinstance(mine, TensorReport)
            assert np.array_equal(mine.entries, fresh.entries), (trainer.cursor, quantity)
        trainer.step()


def test_what_is_not_there_yet_is_refused_and_values_are_there_from_the_start() -> None:
    trainer = Trainer(SMALL)
    assert isinstance(report(trainer, "value"), TensorReport)
    assert isinstance(report(trainer, "last change"), Refusal)
    at(trainer, Pass.BACKWARD, 3)
    assert isinstance(report(trainer, "share of t", t=3), TensorReport)
    assert isinstance(report(trainer, "gradient", t=4), TensorReport)
    assert isinstance(report(trainer, "share of t", t=2), Refusal)
