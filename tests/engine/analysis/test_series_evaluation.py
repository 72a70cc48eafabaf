"""Predictions of a series, one step ahead and running free, against a loop that does only that."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, same_bits, worst
from shares import share

from rnn_tui.engine.analysis import series_evaluation
from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluation, SeriesEvaluator
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network
from rnn_tui.tasks.base import TestSeries

VALUES = np.cos(0.3 * np.arange(60)) + 0.1 * np.sin(np.arange(60))
HIDDEN = 6


def series(
    values: np.ndarray = VALUES, warm_up: int = 7, horizons: tuple[int, ...] = (5, 20)
) -> TestSeries:
    x = np.arange(len(values), dtype=float)
    return TestSeries.unscaled(x, values, warm_up, horizons)


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
@pytest.mark.parametrize("chunk", share([1, 2, 7, 59, 60, 256], first=1))
def test_chunks_do_not_change_the_predictions(
    cell: str, activation: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_evaluation, "CHUNK_STEPS", chunk)
    kind = architecture(cell, activation)
    found = SeriesEvaluator(kind, weights(kind), series()).evaluate()
    expected = one_by_one(kind, weights(kind), list(VALUES[:-1]), 0)
    assert found.first == 7
    assert worst(found.one_step[:, 0], expected[6:]) < 1e-14
    assert found.one_step_mse == pytest.approx(np.mean((expected[6:] - VALUES[7:]) ** 2), rel=1e-12)


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_free_run_feeds_its_own_outputs(cell: str, activation: str) -> None:
    kind = architecture(cell, activation)
    found = SeriesEvaluator(kind, weights(kind), series()).evaluate()
    expected = np.array(one_by_one(kind, weights(kind), list(VALUES[:7]), 19)[6:])
    assert len(expected) == 20
    assert worst(found.free_run[:, 0], expected) < 1e-13
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
    assert np.array_equal(found.one_step[:, 0], values[9:-1])
    assert found.one_step_mse == 1
    assert np.array_equal(found.free_run[:, 0], [9, 9, 9])
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
    assert found.one_step.shape == (53, 1)


def test_the_shortest_series() -> None:
    kind = architecture("rnn")
    found = SeriesEvaluator(kind, weights(kind), series(VALUES[:3], 1, (1,))).evaluate()
    assert found.one_step.shape == (2, 1)
    assert found.free_run.shape == (1, 1)
    assert np.isfinite(found.one_step_mse)


def test_a_horizon_beyond_the_series_has_no_error() -> None:
    kind = architecture("rnn")
    found = SeriesEvaluator(kind, weights(kind), series(VALUES[:20], 7, (5,))).evaluate()
    assert found.free_run_mse[0] is not None
