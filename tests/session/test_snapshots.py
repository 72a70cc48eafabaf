"""Snapshots: they never change, and what is derived for the screen is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from session.session_support import SMALL, Driver

from rnn_tui.engine.network.network import Network
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import (
    Configure,
    Restart,
    RunOrPause,
    Step,
    ViewRequest,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import DECLARATIONS, Settings

# ---------------------------------------------------------------- snapshots are frozen


def arrays_in(thing: Any, path: str = "", seen: set[int] | None = None) -> dict[str, np.ndarray]:
    """Return every array that can be reached from a snapshot, by path."""
    seen = set() if seen is None else seen
    if isinstance(thing, np.ndarray):
        return {path: thing}
    if isinstance(thing, str | int | float | type | Network | None):
        return {}
    if id(thing) in seen:
        return {}
    seen.add(id(thing))
    if isinstance(thing, dict | MappingProxyType):
        parts = {str(name): part for name, part in thing.items()}
    elif isinstance(thing, list | tuple):
        parts = {str(index): part for index, part in enumerate(thing)}
    elif is_dataclass(thing):
        parts = {field.name: getattr(thing, field.name) for field in fields(thing)}
    else:
        # An optimizer's scratch is nothing that is shown.
        parts = {n: p for n, p in getattr(thing, "__dict__", {}).items() if n != "_scratch"}
    arrays: dict[str, np.ndarray] = {}
    for name, part in parts.items():
        arrays |= arrays_in(part, f"{path}.{name}", seen)
    return arrays


def memory_of(trainer: Trainer) -> list[np.ndarray]:
    """Return all arrays that the trainer writes to."""
    network, optimizer = trainer.network, trainer.optimizer
    vectors = [trainer.parameters, trainer.clipped, network.gradient]
    vectors += [optimizer.delta, optimizer.parameters_before]
    vectors += [*optimizer.memory.values(), *optimizer.memory_before.values()]
    return [*vectors, *network.tape.arrays.values(), *arrays_in(trainer.history).values()]


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rmsprop", "adam"])
def test_no_snapshot_shares_the_trainers_memory(
    make: Callable[..., Driver], cell: str, optimizer: str
) -> None:
    driver = make(SMALL.with_(cell=cell, optimizer=optimizer, batch=2))
    taken = [driver.after(Step(Stride.TIMESTEP, 8)), driver.after(Step(Stride.UPDATE, 2))]
    driver.session.stop()
    memory = memory_of(driver.session.trainer)
    for snapshot in taken:
        arrays = arrays_in(snapshot)
        assert len(arrays) > 20
        for path, array in arrays.items():
            assert not any(np.shares_memory(array, one) for one in memory), path


def test_an_old_snapshot_does_not_change_while_the_trainer_goes_on(
    make: Callable[..., Driver],
) -> None:
    driver = make(SMALL.with_(cell="lstm", optimizer="adam"))
    old = [driver.after(Step(Stride.TIMESTEP, 9)), driver.after(Step(Stride.UPDATE))]
    before = [{p: a.copy() for p, a in arrays_in(one).items()} for one in old]
    scalars = [(s.cursor, s.loss, s.optimizer.updates_made, s.optimizer.eps) for s in old]
    driver.after(Configure(old[0].settings.with_(lr=0.5)), Step(Stride.UPDATE, 50), Restart())
    for one, copies in zip(old, before, strict=True):
        for path, array in arrays_in(one).items():
            assert array.tobytes() == copies[path].tobytes(), path
    assert scalars == [(s.cursor, s.loss, s.optimizer.updates_made, s.optimizer.eps) for s in old]


# ---------------------------------------------------------------- what is derived


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_contributions_are_left_times_right_of_the_timestep_shown(
    make: Callable[..., Driver], cell: str
) -> None:
    driver = make(SMALL.with_(cell=cell, batch=1, dtype="float64"))
    snapshot = driver.after(Step(Stride.TIMESTEP, 10), ViewRequest(t=4))  # BACKWARD t=3
    assert (snapshot.cursor.stage, snapshot.cursor.t) == (Pass.BACKWARD, 3)
    assert snapshot.contributions is not None
    assert snapshot.contributions.t == 4
    declaration, values = snapshot.window.declaration, snapshot.window.values(4)
    blocks = declaration.specs[0].blocks
    deltas = [values[f"da_{block}" if block else "da_t"] for block in blocks]
    expected = values["x_t"].T @ np.hstack(deltas)
    size = expected.size
    assert snapshot.contributions.contribution[:size].reshape(expected.shape) == pytest.approx(
        expected
    )


def test_contributions_add_up_to_the_gradient(make: Callable[..., Driver]) -> None:
    driver = make(SMALL.with_(cell="lstm", batch=3, dtype="float64"))
    driver.after(Step(Stride.TIMESTEP, 12))  # BACKWARD t=1
    shares = [driver.after(ViewRequest(t=t)).contributions for t in range(1, 6)]
    total = sum(one.contribution for one in shares if one is not None)
    gradient = driver.after(Step(Stride.TIMESTEP)).gradient
    assert gradient is not None
    assert shares[0] is not None
    assert shares[0].running_sum == pytest.approx(gradient.raw)
    assert total == pytest.approx(gradient.raw)


def test_there_are_no_contributions_where_the_backward_pass_has_not_been(
    make: Callable[..., Driver],
) -> None:
    driver = make()
    assert driver.after(Step(Stride.TIMESTEP, 5)).contributions is None
    driver.after(Step(Stride.TIMESTEP, 5))  # BACKWARD t=3
    assert driver.after(ViewRequest(t=2)).contributions is None
    assert driver.after(ViewRequest(t=3)).contributions is not None


def test_the_gradient_is_known_from_clip_on(make: Callable[..., Driver]) -> None:
    driver = make(SMALL.with_(clip_by="norm", clip=1e-3, dtype="float64"))
    assert driver.after(Step(Stride.TIMESTEP, 12)).gradient is None
    gradient = driver.after(Step(Stride.TIMESTEP)).gradient
    assert gradient is not None
    assert gradient.norm_before == pytest.approx(np.linalg.norm(gradient.raw))
    assert gradient.norm_after == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_after_the_update_a_timestep_still_shows_the_weights_it_was_computed_with(
    make: Callable[..., Driver], cell: str, optimizer: str
) -> None:
    settings = SMALL.with_(cell=cell, lr=1.0, dtype="float64")
    changed = [Configure(settings.with_(optimizer=optimizer))]  # adagrad it was already
    driver = make(settings)
    snapshot = driver.after(Step(Stride.UPDATE, 3), *changed)
    values, declaration = snapshot.window.values(2), snapshot.window.declaration
    for operation in declaration.forward_operations + declaration.backward_operations:
        result = operation.expression.evaluate(values)
        assert result == pytest.approx(values[operation.symbol]), operation.equation()


def test_a_single_move_is_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.session.pacing.SLICE", 0.0)
    for command, trains in (
        (Step(Stride.PASS), False),
        (Step(Stride.UPDATE), False),
        (Step(Stride.UPDATE, 3), True),
        (RunOrPause(None), True),
    ):
        session = Session(Trainer(Settings(hidden=3, steps=6)))
        session.perform(Step(Stride.PASS))  # to the batch
        session._state.run.timeline.stretch = 2
        session._handler.carry_out(command)
        session._pacer.work(None)
        snapshot = session._builder.build()
        assert (snapshot.running, snapshot.training) == (True, trains), command
