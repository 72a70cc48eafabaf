"""How well a network predicts a test series: one step ahead, and running free on its own output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.expressions import Array
from rnn_tui.engine.network import Architecture, Network
from rnn_tui.tasks.base import TestSeries

CHUNK = 256  # timesteps evaluated at once, so that memory does not grow with the series


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions of one test series, in the network's units.

    Attributes:
        first: index in the series of the first value predicted (the length of the warm-up).
        one_step: [N − first], each value predicted from the true ones before it.
        free_run: [longest horizon], predicted from the network's own outputs after the warm-up.
        one_step_mse: mean squared error of `one_step`.
        free_run_mse: of the first so many of `free_run`, for each horizon; None where the series
            holds no such stretch.
    """

    first: int
    one_step: Array
    free_run: Array
    one_step_mse: float
    free_run_mse: tuple[float | None, ...]


class Evaluator:
    """Evaluates a parameter vector on a test series, with windows of its own."""

    def __init__(self, architecture: Architecture, parameters: Array, test: TestSeries) -> None:
        self.test = test
        chunk = min(CHUNK, max(1, len(test.values) - 1))
        anywhere = architecture.unmasked()
        self._chunk = Network(anywhere, parameters, chunk, 1)
        self._single = Network(anywhere, parameters, 1, 1)

    def evaluate(self) -> Evaluation:
        """Predict the whole series both ways. Numbers may be non-finite when the network is."""
        values, first = self.test.values, max(self.test.warm_up, 1)
        with np.errstate(all="ignore"):
            one_step = self._one_step(values)[first - 1 :]
            free_run = self._free_run(values[:first], max(self.test.horizons, default=0))
            errors = (free_run - values[first : first + len(free_run)]) ** 2
            one_step_mse = float(np.mean((one_step - values[first:]) ** 2))
        return Evaluation(
            first=first,
            one_step=one_step,
            free_run=free_run,
            one_step_mse=one_step_mse,
            free_run_mse=tuple(
                float(errors[:horizon].mean()) if 0 < horizon <= len(errors) else None
                for horizon in self.test.horizons
            ),
        )

    def _one_step(self, values: Array) -> Array:
        """y for every value but the last, [N − 1]: the prediction of the one after it."""
        network, count = self._chunk, len(values) - 1
        tape = network.tape
        outputs = np.empty(count)
        network.set_state(None)
        for start in range(0, count, tape.steps):
            size = min(tape.steps, count - start)
            tape["x"][:size, 0, 0] = values[start : start + size]
            network.forward(1, size)
            network.readout()
            outputs[start : start + size] = tape["y"][:size, 0, 0]
            network.carry_state()
        return outputs

    def _free_run(self, seed: Array, horizon: int) -> Array:
        """Feed the seed, then each output as the next input: [horizon]."""
        network = self._single
        x, y = network.tape["x"], network.tape["y"]
        outputs = np.empty(horizon)
        network.set_state(None)
        for value in seed:
            x[0, 0, 0] = value
            network.forward(1, 1)
            network.carry_state()
        network.readout()
        for k in range(horizon):
            outputs[k] = y[0, 0, 0]
            x[0, 0, 0] = y[0, 0, 0]
            network.forward(1, 1)
            network.readout()
            network.carry_state()
        return outputs
