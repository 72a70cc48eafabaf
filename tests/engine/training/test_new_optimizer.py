"""An optimizer is one file and one line of the registry: one made here does what the others do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine.engine_support import same_bits
from tui.screen_support import SnapshotMaker, context, text_of

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.core.expressions import ONE, Function, Negative, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.optimizers.base import NEW_PARAMETER, Optimizer, step_operation
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import OPTIMIZERS, Entry
from rnn_tui.settings import Settings
from rnn_tui.tui.panel_spec import panel_spec


class SignSgd(Optimizer):
    """``m = μ·m + (1−μ)·g``; ``Δ = −lr·sign(m)``, the sign made of two steps."""

    name = "sign-sgd"
    memory_names = ("m",)

    def operations(self) -> tuple[Operation, ...]:
        m, momentum = Value("m"), Value("μ")
        sign = Function("step", m) - Function("step", Negative(m))
        mean = momentum * Value("m_old") + (ONE - momentum) * Value("g")
        return (
            step_operation("m", "mean", mean),
            step_operation("rate", "effective rate", Value("lr")),
            step_operation("Δ", "change", Negative(Value("rate") * sign)),
            NEW_PARAMETER,
        )

    def constants(self) -> dict[str, float]:
        return {"μ": self.last_hyperparameters.momentum}


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Have it among the optimizers."""
    with OPTIMIZERS.registered(Entry("sign-sgd", SignSgd, ("momentum",))):
        yield


def settings(**changes: object) -> Settings:
    """Return settings of a small network that is trained with this optimizer."""
    chosen = {"optimizer": "sign-sgd", "hidden": 4, "steps": 5, "lr": 0.01, "momentum": 0.5}
    return Settings(**{**chosen, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_trains_by_its_formula(dtype: str) -> None:
    trainer = Trainer(settings(dtype=dtype))
    mean = np.zeros_like(trainer.parameters)
    for _ in range(20):
        before = trainer.parameters.copy()
        trainer.run(1)
        mean = (mean + trainer.clipped) / 2
        assert same_bits(trainer.optimizer.memory["m"], mean)
        rate = mean.dtype.type(0.01)
        assert same_bits(trainer.parameters, before - rate * np.sign(mean))


def test_it_learns() -> None:
    trainer = Trainer(settings())
    trainer.run(300)
    losses = trainer.history.recent(300)[0]
    assert losses[-50:].mean() < losses[:50].mean() / 2


def test_stepping_and_going_back_give_the_same_bits() -> None:
    whole, stepped = Trainer(settings()), Timeline(Trainer(settings()))
    whole.run(40)
    while stepped.trainer.updates < 40:
        stepped.forward(Stride.TIMESTEP)
    assert same_bits(stepped.trainer.parameters, whole.parameters)
    for _ in stepped.seek(stepped.place_of(7)):
        pass
    stepped.run(33)
    assert same_bits(stepped.trainer.parameters, whole.parameters)


def test_its_operations_are_on_the_screen_with_their_numbers() -> None:
    trainer = Trainer(settings())
    trainer.run(3)
    screen = context(SnapshotMaker(trainer).snapshot())
    text = "\n".join(text_of(panel_spec("timestep").draw(screen, 200, 60)))
    for symbols in ("m ← μ·m + (1 − μ)·g = ", "rate = lr = 0.01", "Δ = −rate·("):
        assert symbols in text, text


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    trainer = Trainer(settings())
    trainer.run(9)
    trainer.step()
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    for each in (trainer, loaded):
        each.run(3)
    assert same_bits(loaded.parameters, trainer.parameters)
    assert same_bits(loaded.optimizer.memory["m"], trainer.optimizer.memory["m"])
