"""A task that gives masks of samples and the states that windows begin with, in a whole run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from engine.engine_support import same_bits
from engine.given_task import GivenTask
from engine.time_travel.timeline_support import bits, seek

from rnn_tui.engine.analysis.gradient_check import gradient_check_work
from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import GradientRecord
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import WindowUnderTest
from rnn_tui.proofs.window_edge import WindowEdgeProof
from rnn_tui.settings import SettingError, Settings
from rnn_tui.tasks.base import TestWindows

SETTINGS = Settings(cell="lstm", hidden=3, steps=4, batch=3, dtype="float64")
STACK = SETTINGS.with_(layers=2)
Kind = tuple[str, bool, Literal["mean", "sum"], tuple[str, ...]]
KINDS: list[Kind] = [
    ("mse", False, "mean", ("h", "c")),
    ("cross-entropy", True, "sum", ("h2",)),
    ("mse", True, "sum", ()),
]
each_kind = pytest.mark.parametrize("kind", KINDS)


def trainer_of(kind: Kind) -> Trainer:
    loss, symbols, reduction, start = kind
    task = GivenTask(STACK, loss=loss, symbols=symbols, reduction=reduction, start=start)
    return Trainer(STACK, task=task)


def begins_as_given(trainer: Trainer) -> bool:
    """Return whether the window began with the states of the task, zeros where it has none."""
    given = trainer.task.start_states or {}
    return all(
        same_bits(state, np.asarray(given.get(name, np.zeros_like(state)), state.dtype))
        for name, state in trainer.network.state(0).items()
    )


@each_kind
def test_every_window_begins_as_given_however_a_place_is_reached(kind: Kind) -> None:
    timeline = Timeline(trainer_of(kind), budget=2**20)
    trainer, places = timeline.trainer, {}
    for _ in range(2 * trainer.schedule.end + 3):
        trainer.step()
        assert begins_as_given(trainer)
        places[trainer.index] = bits(trainer)
    straight = trainer_of(kind)
    straight.run(2)
    assert places[straight.index] == bits(straight)
    for index in (trainer.schedule.end + 2, 3, 2 * trainer.schedule.end, 1, trainer.index):
        seek(timeline, Place(index, _revealed(trainer, index)))
        assert begins_as_given(trainer)
        assert bits(trainer) == places[index]


def _revealed(trainer: Trainer, index: int) -> int:
    """Return how many operations are shown at the end of a schedule step."""
    declaration, schedule = trainer.network.declaration, trainer.schedule
    position = (index - 1) % schedule.end + 1
    if schedule.batch < position <= schedule.forward(schedule.steps):
        return len(declaration.forward_operations)
    if schedule.loss < position <= schedule.backward(1):
        return len(declaration.backward_operations)
    return 1


@each_kind
def test_proofs_are_about_the_same_loss(kind: Kind) -> None:
    trainer = trainer_of(kind)
    trainer.intervene(parse("h_2[1] = 0.3", trainer.network.declaration))
    trainer.finish_update()
    window = WindowUnderTest(trainer)
    gradient = trainer.network.gradient
    record = GradientRecord(
        window.architecture, window.parameters, window.window, gradient, window.pins
    )
    again = complete(window.network())
    assert again.loss() == trainer.loss
    indices = range(0, len(record.parameters), 7)
    assert complete(gradient_check_work(record, indices)).verdict == "agrees"
    found = gradient_map(again)
    assert found.losses == tuple(np.flatnonzero(again.declaration.mask) + 1)
    edge = complete(WindowEdgeProof().work(window))
    assert edge.truncation is None
    assert ("the task gives" in edge.why) == bool(kind[-1])
    for name, state in again.state(0).items():
        assert edge.edge.carried[name] == pytest.approx(float(np.linalg.norm(state)))


def test_windows_of_another_number_are_tested_without_the_mask_and_as_a_mean() -> None:
    trainer = trainer_of(KINDS[1])
    task = trainer.task
    assert isinstance(task, GivenTask)
    test = TestWindows(task.x[:, :2], np.maximum(task.target[:, :2], 0), np.ones((4, 2), bool))
    found = WindowsEvaluator(trainer.architecture, trainer.parameters, test).evaluate()
    problem = replace(trainer.architecture.problem, samples=None, reduction="mean")
    network = Network(replace(trainer.architecture, problem=problem), trainer.parameters, 4, 2)
    network.inputs[...], network.targets[...] = test.x, test.target
    network.encode()
    network.forward(1, 4)
    assert found.loss == pytest.approx(network.loss(), rel=1e-12)


@pytest.mark.parametrize("changed", [{"hidden": 5}, {"batch": 2}])
def test_states_of_another_size_are_refused(changed: dict[str, Any]) -> None:
    task = GivenTask(SETTINGS, mask=np.ones((4, 3), bool))
    task.mask = None
    with pytest.raises(SettingError, match=next(iter(changed))):
        Trainer(SETTINGS.with_(**changed), task=task)
