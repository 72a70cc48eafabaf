"""Evaluation on fixed windows, against each window alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine.engine_support import same_bits
from engine.toy import ToyTask

from rnn_tui.engine.analysis import windows_evaluation
from rnn_tui.engine.analysis.windows_evaluation import BATCH, CLOSE, KEPT_WINDOWS, WindowsEvaluator
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import TestWindows, Topology

HIDDEN = 6


def weights(kind: Architecture, dtype: type = np.float64) -> np.ndarray:
    return initialise(kind, "uniform", 1.0, 3, dtype)


def toy(loss: str = "cross-entropy", **kinds: Any) -> tuple[Architecture, np.ndarray, ToyTask]:
    settings = Settings(steps=6, hidden=HIDDEN)
    task = ToyTask(settings, loss, **kinds)
    kind = architecture_of(settings, task)
    return kind, 3 * weights(kind), task


def windows_alone(kind: Architecture, flat: np.ndarray, test: TestWindows) -> list[Network]:
    """Return a network for each window, its forward pass and loss computed."""
    networks: list[Network] = []
    for n in range(test.judged.shape[1]):
        network = Network(kind, flat, test.judged.shape[0], 1)
        network.inputs[...] = test.x[:, n : n + 1]
        network.targets[...] = test.target[:, n : n + 1]
        network.encode()
        if test.carried and n:
            network.set_state(networks[-1].state(network.tape.steps))
        network.forward(1, network.tape.steps)
        network.loss()
        networks.append(network)
    return networks


@pytest.mark.parametrize("symbols", [True, False])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("count", [1, 5, BATCH, BATCH + 7])
def test_windows_are_measured_as_windows_alone(
    loss: str, symbols: bool, carried: bool, count: int
) -> None:
    kind, flat, task = toy(loss, symbols=symbols)
    test = task.test(count, carried)
    found = WindowsEvaluator(kind, flat, test).evaluate()
    networks = windows_alone(kind, flat, test)
    assert found.loss == pytest.approx(np.mean([n.loss() for n in networks]), rel=1e-12)
    outputs = np.concatenate([n.tape["y"] for n in networks], axis=1)  # [T, N, O]
    shown = outputs
    if loss == "mse":
        assert found.accuracy is None
        assert found.windows == count
        errors = (outputs - test.target)[test.judged]
        assert found.mse == pytest.approx(np.mean(errors**2), rel=1e-12)
    else:
        assert found.mse is found.close is None
        right = outputs.argmax(axis=2) == test.target
        assert found.accuracy == pytest.approx(right[test.judged].mean(), abs=1e-12)
        shown = np.concatenate([n.tape["p"] for n in networks], axis=1)
    assert found.outputs.shape == (6, min(count, KEPT_WINDOWS), task.outputs)
    assert np.abs(found.outputs - shown[:, :KEPT_WINDOWS]).max() < 1e-13


def test_close_are_places_where_no_output_is_off_by_as_much() -> None:
    kind, flat, task = toy("mse")
    test = task.test(20)
    outputs = np.concatenate([n.tape["y"] for n in windows_alone(kind, flat, test)], axis=1)
    offsets = np.tile([0.5, 0.99, 1.01, 3.0], 5)[:, None] * CLOSE * np.array([1.0, -0.1])
    target = test.target.copy()
    target[-1] = outputs[-1] + offsets
    found = WindowsEvaluator(kind, flat, replace(test, target=target)).evaluate()
    assert found.close == 0.5


def test_large_work_is_cut_into_batches_that_do_not_change_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, flat, task = toy()
    test = task.test(20)
    whole = WindowsEvaluator(kind, flat, test).evaluate()
    monkeypatch.setattr(windows_evaluation, "WORK_WITHOUT_PAUSE", 3 * 6 * flat.size)
    evaluator = WindowsEvaluator(kind, flat, test)
    slices = list(evaluator.evaluation_work())
    assert [each.done for each in slices] == [0, 3, 6, 9, 12, 15, 18]
    found = evaluator.evaluate()
    assert found.loss == pytest.approx(whole.loss, rel=1e-12)
    assert found.accuracy == pytest.approx(whole.accuracy, abs=1e-12)


def test_only_judged_places_are_judged() -> None:
    kind, flat, task = toy(topology=Topology.many_to_many(6))
    test = task.test(20)
    outputs = np.concatenate([n.tape["y"] for n in windows_alone(kind, flat, test)], axis=1)
    right = outputs.argmax(axis=2) == test.target
    for wanted in (True, False):
        judged = np.where(wanted, right, ~right)
        found = WindowsEvaluator(kind, flat, replace(test, judged=judged)).evaluate()
        assert found.accuracy == (1.0 if wanted else 0.0)
    none = replace(test, judged=np.zeros_like(test.judged))
    found = WindowsEvaluator(kind, flat, none).evaluate()
    assert found.accuracy is found.mse is None
    assert np.isfinite(found.loss)


def test_windows_are_evaluated_alike_every_time_and_follow_the_parameters() -> None:
    kind, flat, task = toy()
    evaluator = WindowsEvaluator(kind, flat, task.test(9, carried=True))
    first, again = evaluator.evaluate(), evaluator.evaluate()
    assert (first.loss, first.accuracy) == (again.loss, again.accuracy)
    assert same_bits(first.outputs, again.outputs)
    flat *= 0.5
    assert evaluator.evaluate().loss != first.loss


def test_outputs_that_are_not_finite_are_never_right() -> None:
    kind, flat, task = toy()
    flat[:] = np.inf
    found = WindowsEvaluator(kind, flat, task.test(9)).evaluate()
    assert not np.isfinite(found.loss)
    assert found.accuracy == 0.0
