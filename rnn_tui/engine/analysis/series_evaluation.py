"""How well a network predicts a series that it is never trained on.

It predicts one step ahead, and it runs free: each of its outputs is its next input.
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
    """Predictions of a test series of N values, in the network's units.

    Attributes:
        first: index in the series of the first value predicted (the length of the warm-up).
        one_step: [N − first], each value predicted from the true ones before it.
        free_run: [longest horizon], predicted from the network's own outputs after the warm-up.
        one_step_mse: mean squared error of `one_step`.
        free_run_mse: for each horizon, the mean squared error of that many values of `free_run`;
            None where the series is shorter.
    """

    first: int
    one_step: Array
    free_run: Array
    one_step_mse: float
    free_run_mse: tuple[float | None, ...]


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

    def loss_work(self) -> Work[float]:
        """Compute, in parts, the mean squared error of the first one-step predictions alone."""
        values = self.test.values[: self._first + self.first_values]
        return self.first_loss((yield from self._one_step(values))[self._first - 1 :])

    def first_loss(self, one_step: Array) -> float:
        """Return what `loss_work` returns, from the predictions of the series [N − first]."""
        count = self.first_values
        with np.errstate(all="ignore"):
            errors = one_step[:count] - self.test.values[self._first : self._first + count]
            return float(np.mean(errors**2))

    def evaluation_work(self) -> Work[SeriesEvaluation]:
        """Do the work of `evaluate` in parts; the parameters must not change meanwhile."""
        values, first = self.test.values, self._first
        one_step = (yield from self._one_step(values))[first - 1 :]
        horizon = max(self.test.horizons, default=0)
        free_run = yield from self._free_run(values[:first], horizon)
        with np.errstate(all="ignore"):
            errors = (free_run - values[first : first + len(free_run)]) ** 2
            one_step_mse = float(np.mean((one_step - values[first:]) ** 2))
        return SeriesEvaluation(
            first=first,
            one_step=one_step,
            free_run=free_run,
            one_step_mse=one_step_mse,
            free_run_mse=tuple(
                float(errors[:horizon].mean()) if 0 < horizon <= len(errors) else None
                for horizon in self.test.horizons
            ),
        )

    def _one_step(self, values: Array) -> Work[Array]:
        """Compute y for every value but the last, [N − 1]: the prediction of the one after it."""
        network, count = self._chunk, len(values) - 1
        network.pins = self.held.used
        tape = network.tape
        outputs = np.empty(count)
        network.set_state(None)
        for start in range(0, count, tape.steps):
            size = min(tape.steps, count - start)
            tape["x"][:size, 0, 0] = values[start : start + size]
            network.encode()
            for first, last in stretches(network.declaration, size):
                yield Progress(start, count)
                with np.errstate(all="ignore"):
                    network.forward(first, last)
            with np.errstate(all="ignore"):
                network.readout()
            outputs[start : start + size] = tape["y"][:size, 0, 0]
            network.carry_state()
        return outputs

    def _free_run(self, seed: Array, horizon: int) -> Work[Array]:
        """Read the values of `seed`, then each output as the next input; return them, [horizon]."""
        network = self._single
        network.pins = self.held.used
        y = network.tape["y"]
        outputs = np.empty(horizon)
        network.set_state(None)
        for k, value in enumerate(seed):
            self._read(float(value))
            yield Progress(k, len(seed) + horizon)
        for k in range(horizon):
            outputs[k] = y[0, 0, 0]
            self._read(float(y[0, 0, 0]))
            yield Progress(len(seed) + k, len(seed) + horizon)
        return outputs

    def _read(self, value: float) -> None:
        """Compute the next timestep of the free run, with `value` as its input."""
        network = self._single
        network.tape["x"][0, 0, 0] = value
        with np.errstate(all="ignore"):
            network.encode()
            network.forward(1, 1)
            network.readout()
            network.carry_state()
