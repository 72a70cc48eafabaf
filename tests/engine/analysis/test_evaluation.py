"""Evaluation: predictions one step ahead and running free, against a loop that does only that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, same_bits, worst
from engine.toy import ToyTask

from rnn_tui.engine.analysis import series_evaluation, windows_evaluation
from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluation, SeriesEvaluator
from rnn_tui.engine.analysis.windows_evaluation import BATCH, CLOSE, KEPT_WINDOWS, WindowsEvaluator
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.trainer import architecture_of
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import TestSeries, TestWindows, Topology

VALUES = np.cos(0.3 * np.arange(60)) + 0.1 * np.sin(np.arange(60))
HIDDEN = 6


def series(
    values: np.ndarray = VALUES, warm_up: int = 7, horizons: tuple[int, ...] = (5, 20)
) -> TestSeries:
    x = np.arange(len(values), dtype=float)
    return TestSeries(x, values, warm_up, horizons, offset=0.0, scale=1.0)


def architecture(cell: str, activation: str = "tanh") -> Architecture:
    return Architecture(cell, activation, 1, HIDDEN, 1)


def weights(kind: Architecture, dtype: type = np.float64) -> np.ndarray:
    return initialise(kind, "uniform", 1.0, 3, dtype)


def one_by_one(kind: Architecture, flat: np.ndarray, inputs: list[float], free: int) -> list[float]:
    """Return the output after each input, then `free` more with each output as the next input."""
    network = Network(kind, flat, 1, 1)
    outputs: list[float] = []
    for k in range(len(inputs) + free):
        network.tape["x"][...] = inputs[k] if k < len(inputs) else outputs[-1]
        network.forward(1, 1)
        network.readout()
        outputs.append(float(network.tape["y"][0, 0, 0]))
        network.set_state(network.state(1))
    return outputs


@pytest.mark.parametrize(("cell", "activation"), CELLS)
@pytest.mark.parametrize("chunk", [1, 2, 7, 59, 60, 256])
def test_chunks_do_not_change_the_predictions(
    cell: str, activation: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_evaluation, "CHUNK_STEPS", chunk)
    kind = architecture(cell, activation)
    found = SeriesEvaluator(kind, weights(kind), series()).evaluate()
    expected = one_by_one(kind, weights(kind), list(VALUES[:-1]), 0)
    assert found.first == 7
    assert worst(found.one_step, expected[6:]) < 1e-14
    assert found.one_step_mse == pytest.approx(np.mean((expected[6:] - VALUES[7:]) ** 2), rel=1e-12)


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_free_run_feeds_its_own_outputs(cell: str, activation: str) -> None:
    kind = architecture(cell, activation)
    found = SeriesEvaluator(kind, weights(kind), series()).evaluate()
    expected = np.array(one_by_one(kind, weights(kind), list(VALUES[:7]), 19)[6:])
    assert len(expected) == 20
    assert worst(found.free_run, expected) < 1e-13
    errors = (expected - VALUES[7:27]) ** 2
    assert found.free_run_mse == pytest.approx([errors[:5].mean(), errors.mean()], rel=1e-11)
    assert found.free_run[0] == pytest.approx(found.one_step[0], rel=1e-13)  # nothing else known


def echo() -> tuple[Architecture, np.ndarray]:
    """Weights that predict each value to be the one before it: h = relu(±x), y = h₁ − h₂."""
    kind = Architecture("rnn", "relu", 1, 2, 1)
    flat = np.zeros(kind.parameter_count())
    parameters = views(kind.parameters(), flat)
    parameters["W_x"][...] = [[1.0, -1.0]]
    parameters["W_y"][...] = [[1.0], [-1.0]]
    return kind, flat


def test_a_perfect_predictor_scores_nothing() -> None:
    kind, flat = echo()
    found = SeriesEvaluator(kind, flat, series(np.full(40, -0.75))).evaluate()
    assert found.one_step_mse == 0
    assert found.free_run_mse == (0, 0)


def test_an_imperfect_one_scores_its_errors() -> None:
    kind, flat = echo()
    values = np.arange(40.0)
    found = SeriesEvaluator(kind, flat, series(values, 10, (1, 3))).evaluate()
    assert np.array_equal(found.one_step, values[9:-1])
    assert found.one_step_mse == 1
    assert np.array_equal(found.free_run, [9, 9, 9])
    assert found.free_run_mse == (1, (1 + 4 + 9) / 3)


def test_it_follows_the_parameters_and_evaluates_alike_every_time() -> None:
    kind = architecture("lstm")
    flat = weights(kind)
    evaluator = SeriesEvaluator(kind, flat, series())
    before = evaluator.evaluate()
    assert bits(evaluator.evaluate()) == bits(before)
    flat *= 0.5
    after = evaluator.evaluate()
    assert bits(after) != bits(before)
    assert bits(SeriesEvaluator(kind, flat, series()).evaluate()) == bits(after)


def bits(evaluation: SeriesEvaluation) -> tuple[bytes, bytes]:
    return evaluation.one_step.tobytes(), evaluation.free_run.tobytes()


def test_it_leaves_the_parameters_alone() -> None:
    kind = architecture("gru")
    flat = weights(kind)
    SeriesEvaluator(kind, flat, series()).evaluate()
    assert same_bits(flat, weights(kind))


@pytest.mark.parametrize("bad", [np.inf, np.nan, 1e300])
def test_a_network_gone_wrong_is_measured_without_warnings(bad: float) -> None:
    kind = architecture("rnn", "relu")
    flat = weights(kind)
    flat[:] = bad
    found = SeriesEvaluator(kind, flat, series()).evaluate()
    assert not np.isfinite(found.one_step_mse)
    assert found.one_step.shape == (53,)


def test_the_shortest_series() -> None:
    kind = architecture("rnn")
    found = SeriesEvaluator(kind, weights(kind), series(VALUES[:3], 1, (1,))).evaluate()
    assert found.one_step.shape == (2,)
    assert found.free_run.shape == (1,)
    assert np.isfinite(found.one_step_mse)


def test_a_horizon_beyond_the_series_has_no_error() -> None:
    kind = architecture("rnn")
    found = SeriesEvaluator(kind, weights(kind), series(VALUES[:20], 7, (5,))).evaluate()
    assert found.free_run_mse[0] is not None


# Fixed windows


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


def test_large_work_is_cut_into_lanes_that_do_not_change_it(
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
