"""How well a network does on what it is never trained on.

A series is predicted one step ahead, and running free on the network's own output; fixed windows
are measured as training measures its own, and by how often the most probable class is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.tasks.base import TestSeries, TestWindows

CHUNK = 256  # timesteps evaluated at once, so that memory does not grow with the series
LANES = 64  # windows evaluated side by side, for the same reason
KEPT = 8  # windows whose outputs are kept
LARGEST = 200_000_000  # multiplications, about, without a rest: tens of milliseconds
CLOSE = 0.04  # an error below it counts as right (Hochreiter & Schmidhuber 1997, adding problem)


@dataclass(frozen=True, slots=True, eq=False)
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
        return complete(self.evaluating())

    def evaluating(self) -> Work[Evaluation]:
        """The same in slices; the parameters must not change meanwhile."""
        values, first = self.test.values, max(self.test.warm_up, 1)
        one_step = (yield from self._one_step(values))[first - 1 :]
        with np.errstate(all="ignore"):
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

    def _one_step(self, values: Array) -> Work[Array]:
        """y for every value but the last, [N − 1]: the prediction of the one after it."""
        network, count = self._chunk, len(values) - 1
        tape = network.tape
        outputs = np.empty(count)
        network.set_state(None)
        for start in range(0, count, tape.steps):
            size = min(tape.steps, count - start)
            yield Progress(start, count)
            with np.errstate(all="ignore"):
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


@dataclass(frozen=True, slots=True, eq=False)
class WindowsEvaluation:
    """What a network makes of fixed windows.

    Attributes:
        windows: N, how many there are.
        loss: over all timesteps that count, of all windows.
        accuracy: at the judged places, how often the most probable class is right, 0 … 1; None
            where the targets are no classes, or nothing is judged.
        mse: mean squared error at the judged places; None where the targets are classes, or
            nothing is judged.
        close: at the judged places, how often |y − target| < `CLOSE` for every output, 0 … 1;
            None where `mse` is.
        outputs: [T, K, O] of the first K = min(N, `KEPT`) windows: y, or the probabilities p.
    """

    windows: int
    loss: float
    accuracy: float | None
    mse: float | None
    close: float | None
    outputs: Array


class WindowsEvaluator:
    """Evaluates a parameter vector on fixed windows, with networks of its own."""

    def __init__(self, architecture: Architecture, parameters: Array, test: TestWindows) -> None:
        """Windows that follow each other are evaluated one by one, others side by side.

        Raises:
            ValueError: the windows are not as long as the architecture's topology.
        """
        self.test = test
        steps, count = test.judged.shape
        work = steps * parameters.size  # of one window
        lanes = 1 if test.carried else min(count, LANES, max(LARGEST // work, 1))
        sizes = {lanes, count % lanes} - {0}
        self._networks = {n: Network(architecture, parameters, steps, n) for n in sizes}
        self._classes = next(iter(self._networks.values())).declaration.loss_function.classes
        self._parts = [slice(n, min(n + lanes, count)) for n in range(0, count, lanes)]

    def evaluate(self) -> WindowsEvaluation:
        """Measure all windows. Numbers may be non-finite when the network is."""
        return complete(self.evaluating())

    def evaluating(self) -> Work[WindowsEvaluation]:
        """The same in slices; the parameters must not change meanwhile."""
        kept: list[Array] = []
        losses = errors = close = 0.0
        counted, windows = 0, self.test.judged.shape[1]
        for part in self._parts:
            yield Progress(part.start, windows)
            with np.errstate(all="ignore"):
                network = self._forward(part)
                losses += network.loss() * network.declaration.term_count
                counted += network.declaration.term_count
                wrong, near = self._errors(network, part)
            errors, close = errors + wrong, close + near
            if part.start < KEPT:
                shown = network.tape["p" if self._classes else "y"]
                kept.append(shown[:, : KEPT - part.start].copy())
        judged = int(self.test.judged.sum())
        return WindowsEvaluation(
            windows=windows,
            loss=losses / counted,
            accuracy=(judged - errors) / judged if self._classes and judged else None,
            mse=errors / judged if not self._classes and judged else None,
            close=close / judged if not self._classes and judged else None,
            outputs=np.concatenate(kept, axis=1),
        )

    def _forward(self, part: slice) -> Network:
        """The network of so many windows, its forward pass over them done."""
        network = self._networks[part.stop - part.start]
        np.copyto(network.inputs, self.test.x[:, part], casting="same_kind")
        np.copyto(network.targets, self.test.target[:, part], casting="same_kind")
        network.encode()
        if self.test.carried and part.start:
            network.carry_state()
        else:
            network.set_state(None)
        network.forward(1, network.tape.steps)
        return network

    def _errors(self, network: Network, part: slice) -> tuple[float, float]:
        """Of the judged places: wrong classes and 0; or Σ of the mean squares and how many close.

        A place is close where all its outputs are.
        """
        judged = self.test.judged[:, part]
        y = network.tape["y"][judged]  # [J, O]
        if self._classes:
            right = y.argmax(axis=1) == network.targets[judged]
            return float(np.sum(~(right & np.isfinite(y).all(axis=1)))), 0.0
        differences = y - network.targets[judged]
        close = (np.abs(differences) < CLOSE).all(axis=1)
        return float(np.mean(differences * differences, axis=1).sum()), float(close.sum())
