"""How well a network predicts a series that it is never trained on.

It predicts one step ahead, and it runs free: its outputs are its next inputs. An input that is no
target is taken from the data in a free run too.

All errors are in the network's units, the mean over the targets; where changes are predicted, they
are errors of the values that these lead to, divided by the scale of the changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.stretches import stretches
from rnn_tui.tasks.base import TestSeries

FIRST_STEPS = 1_000  # values that the loss alone is measured on, at most
CHUNK_STEPS = 256  # timesteps computed at once, so that memory does not grow with the series


@dataclass(frozen=True, slots=True, eq=False)
class SeriesEvaluation:
    """Outputs for a test series of N rows with O targets, in the network's units.

    Attributes:
        first: index in the series of the first row predicted (the length of the warm-up).
        one_step: [N − first, O], each row predicted from the true ones before it.
        free_run: [longest horizon, O], predicted from the network's own outputs after the warm-up.
        one_step_mse: mean squared error of `one_step` over rows and targets.
        free_run_mse: for each horizon, the mean squared error of that many rows of `free_run`;
            None where the series is shorter.
        target_one_step_mse: [O] of each target, `one_step_mse`.
        target_free_run_mse: [O] of each target, `free_run_mse` for the first horizon; None where
            that is.
    """

    first: int
    one_step: Array
    free_run: Array
    one_step_mse: float
    free_run_mse: tuple[float | None, ...]
    target_one_step_mse: tuple[float, ...]
    target_free_run_mse: tuple[float, ...] | None


class SeriesEvaluator:
    """Evaluates a parameter vector on a test series, with networks of its own.

    Attributes:
        test: the series.
        held: the what-ifs; `hold` changes them between evaluations.
        first_values: the predicted values that `loss_work` covers.
    """

    def __init__(self, architecture: Architecture, parameters: Array, test: TestSeries) -> None:
        self.test = test
        self.held = HeldValues()
        chunk = min(CHUNK_STEPS, max(1, len(test.values) - 1))
        anywhere = architecture.unmasked()
        self._chunk = Network(anywhere, parameters, chunk, 1)
        self._single = Network(anywhere, parameters, 1, 1)
        self._first = max(test.warm_up, 1)  # index of the first value predicted
        self.first_values = min(len(test.values) - self._first, FIRST_STEPS)

    def hold(self, pins: Pins) -> None:
        """Hold values at a constant along the series from now on, those of every timestep.

        Args:
            pins: pins and cuts in force in training.
        """
        self.held = HeldValues.of(pins, timed=False)

    def evaluate(self) -> SeriesEvaluation:
        """Predict the whole series both ways. Numbers may be non-finite when the network is."""
        return complete(self.evaluation_work())

    def one_step_losses(self) -> tuple[float, float]:
        """Return the mean squared errors of all one-step predictions, and of the first ones."""
        one_step = complete(self._one_step(len(self.test.values)))[self._first - 1 :]
        with np.errstate(all="ignore"):
            squares = self.test.one_step_errors(self._first, one_step) ** 2
            return float(np.mean(squares)), self.first_loss(one_step)

    def loss_work(self) -> Work[float]:
        """Compute, in parts, the mean squared error of the first one-step predictions alone."""
        rows = self._first + self.first_values
        return self.first_loss((yield from self._one_step(rows))[self._first - 1 :])

    def first_loss(self, one_step: Array) -> float:
        """Return what `loss_work` returns, from the predictions of the series [N − first, O]."""
        with np.errstate(all="ignore"):
            errors = self.test.one_step_errors(self._first, one_step[: self.first_values])
            return float(np.mean(errors**2))

    def evaluation_work(self) -> Work[SeriesEvaluation]:
        """Do the work of `evaluate` in parts; the parameters must not change meanwhile."""
        test, first = self.test, self._first
        one_step = (yield from self._one_step(len(test.values)))[first - 1 :]
        free_run = yield from self._free_run(max(test.horizons, default=0))
        with np.errstate(all="ignore"):
            squares = test.one_step_errors(first, one_step) ** 2
            free_squares = test.free_run_errors(first, free_run[: len(test.values) - first]) ** 2
            horizons = [n if 0 < n <= len(free_squares) else None for n in test.horizons]
            return SeriesEvaluation(
                first=first,
                one_step=one_step,
                free_run=free_run,
                one_step_mse=float(np.mean(squares)),
                free_run_mse=tuple(
                    None if n is None else float(free_squares[:n].mean()) for n in horizons
                ),
                target_one_step_mse=_means(squares),
                target_free_run_mse=_means(free_squares[: horizons[0]])
                if horizons and horizons[0]
                else None,
            )

    def _one_step(self, rows: int) -> Work[Array]:
        """Compute y for all of the first `rows` but the last, [rows − 1, O]: predictions of the
        row after each.
        """
        network, count = self._chunk, rows - 1
        network.pins = self.held.used
        tape = network.tape
        outputs = np.empty((count, self.test.values.shape[1]))
        network.set_state(None)
        for start in range(0, count, tape.steps):
            size = min(tape.steps, count - start)
            tape["x"][:size, 0] = self.test.inputs[start : start + size]
            network.encode()
            for first, last in stretches(network.declaration, size):
                yield Progress(start, count)
                with np.errstate(all="ignore"):
                    network.forward(first, last)
            with np.errstate(all="ignore"):
                network.readout()
            outputs[start : start + size] = tape["y"][:size, 0]
            network.carry_state()
        return outputs

    def _free_run(self, horizon: int) -> Work[Array]:
        """Read the rows of the warm-up, then outputs as the next inputs; return them, [horizon, O].

        An input that is no target is taken from the data.
        """
        network, test, warm_up = self._single, self.test, self._first
        network.pins = self.held.used
        y = network.tape["y"]
        outputs = np.empty((horizon, test.values.shape[1]))
        network.set_state(None)
        for k in range(warm_up):
            self._read(test.inputs[k])
            yield Progress(k, warm_up + horizon)
        fed = [(d, target) for d, target in enumerate(test.fed_back) if target is not None]
        for k in range(horizon):
            outputs[k] = y[0, 0]
            inputs = test.inputs[warm_up + k].copy()
            for d, target in fed:
                inputs[d] = y[0, 0, target]
            self._read(inputs)
            yield Progress(warm_up + k, warm_up + horizon)
        return outputs

    def _read(self, inputs: Array) -> None:
        """Compute the next timestep of the free run from its inputs [D]."""
        network = self._single
        network.tape["x"][0, 0] = inputs
        with np.errstate(all="ignore"):
            network.encode()
            network.forward(1, 1)
            network.readout()
            network.carry_state()


def _means(squares: Array) -> tuple[float, ...]:
    """Return the mean of each column."""
    return tuple(float(column.mean()) for column in squares.T)
