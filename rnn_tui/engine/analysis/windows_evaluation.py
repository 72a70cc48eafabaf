"""How well a network does on fixed windows that it is never trained on.

They have the loss of training; and it is counted how often the most probable class is right, or an
output close to its target.
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
from rnn_tui.tasks.base import TestWindows

FIRST_WORK = 20_000_000  # multiplications for the loss of the first windows, about
FIRST_STEPS = 1_000  # timesteps for the same, where windows are computed one by one
BATCH = 64  # windows computed at once, so that memory does not grow with their number
WORK_WITHOUT_PAUSE = 200_000_000  # multiplications, about: tens of milliseconds
WORK_OF_SLICE = 5_000_000  # multiplications in one part of the work, about: a millisecond or two
KEPT_WINDOWS = 8  # windows whose outputs are kept
CLOSE = 0.04  # an error below it counts as right (Hochreiter & Schmidhuber 1997, adding problem)


@dataclass(frozen=True, slots=True, eq=False)
class WindowsEvaluation:
    """Results on N windows; the test says which of their timesteps are judged.

    Attributes:
        windows: N.
        loss: over all timesteps that count, of all windows.
        first_loss: the same of the first windows, those of `WindowsEvaluator.first_windows`.
        accuracy: fraction of the judged timesteps where the most probable class is right; None
            where the targets are no classes, or nothing is judged.
        mse: mean squared error over the judged timesteps; None where the targets are classes, or
            nothing is judged.
        close: fraction of the judged timesteps where |y − target| < `CLOSE` for every output; None
            where `mse` is.
        outputs: [T, K, O] of the first K = min(N, `KEPT_WINDOWS`) windows: y, or the
            probabilities p.
    """

    windows: int
    loss: float
    first_loss: float
    accuracy: float | None
    mse: float | None
    close: float | None
    outputs: Array


class WindowsEvaluator:
    """Evaluates a parameter vector on fixed windows, with networks of its own.

    Attributes:
        test: the windows.
        held: the what-ifs; `hold` changes them between evaluations.
        first_windows: the windows that `loss_work` covers.
    """

    def __init__(self, architecture: Architecture, parameters: Array, test: TestWindows) -> None:
        """Allocate networks: windows that follow each other go one by one, others in batches.

        Raises:
            ValueError: the windows are not as long as the architecture's topology.
        """
        self.test = test
        self.held = HeldValues()
        steps, count = test.judged.shape
        work = steps * parameters.size  # of one window
        batch = 1 if test.carried else min(count, BATCH, max(WORK_WITHOUT_PAUSE // work, 1))
        sizes = {batch, count % batch} - {0}
        architecture = architecture.for_any_batch()
        self._networks = {n: Network(architecture, parameters, steps, n) for n in sizes}
        self._classes = next(iter(self._networks.values())).declaration.loss_function.classes
        self._parts = [slice(n, min(n + batch, count)) for n in range(0, count, batch)]
        self._slice = max(WORK_OF_SLICE // (parameters.size * batch), 1)  # timesteps
        limit = FIRST_STEPS // steps if batch == 1 else FIRST_WORK // work
        self._first_parts = max(min(limit // batch, len(self._parts)), 1)
        self.first_windows = self._parts[self._first_parts - 1].stop if self._parts else 0

    def hold(self, pins: Pins, steps: int) -> None:
        """Hold values at a constant in all windows from now on.

        Those at one timestep are used in windows as long as those of training.

        Args:
            pins: pins and cuts in force in training.
            steps: the timesteps of a window of training.
        """
        self.held = HeldValues.of(pins, timed=len(self.test.judged) == steps)

    def evaluate(self) -> WindowsEvaluation:
        """Evaluate all windows. Numbers may be non-finite when the network is."""
        return complete(self.evaluation_work())

    def evaluation_work(self) -> Work[WindowsEvaluation]:
        """Do the work of `evaluate` in parts; the parameters must not change meanwhile."""
        kept: list[Array] = []
        losses = errors = close = 0.0
        first_loss = np.nan
        term_count, windows = 0, self.test.judged.shape[1]
        for part in self._parts:
            yield Progress(part.start, windows)
            network = yield from self._forward(part)
            with np.errstate(all="ignore"):
                losses += network.loss() * network.declaration.term_count
                term_count += network.declaration.term_count
                wrong, near = self._errors(network, part)
            if part.stop == self.first_windows:
                first_loss = losses / term_count
            errors, close = errors + wrong, close + near
            if part.start < KEPT_WINDOWS:
                shown = network.tape["p" if self._classes else "y"]
                kept.append(shown[:, : KEPT_WINDOWS - part.start].copy())
        judged = int(self.test.judged.sum())
        return WindowsEvaluation(
            windows=windows,
            loss=losses / term_count,
            first_loss=first_loss,
            accuracy=(judged - errors) / judged if self._classes and judged else None,
            mse=errors / judged if not self._classes and judged else None,
            close=close / judged if not self._classes and judged else None,
            outputs=np.concatenate(kept, axis=1),
        )

    def loss_work(self) -> Work[float]:
        """Compute in parts what `WindowsEvaluation.first_loss` is, and nothing else."""
        losses, term_count = 0.0, 0
        for part in self._parts[: self._first_parts]:
            network = yield from self._forward(part)
            with np.errstate(all="ignore"):
                losses += network.loss() * network.declaration.term_count
            term_count += network.declaration.term_count
            yield Progress(part.stop, self.first_windows)
        return losses / term_count

    def _forward(self, part: slice) -> Work[Network]:
        """Compute the forward pass over the windows `part` in parts; return their network."""
        network = self._networks[part.stop - part.start]
        network.pins = self.held.used
        np.copyto(network.inputs, self.test.x[:, part], casting="same_kind")
        np.copyto(network.targets, self.test.target[:, part], casting="same_kind")
        with np.errstate(all="ignore"):
            network.encode()
        if self.test.carried and part.start:
            network.carry_state()
        else:
            network.set_state(None)
        for start in range(1, network.tape.steps + 1, self._slice):
            if start > 1:
                yield Progress(part.start, self.test.judged.shape[1])
            with np.errstate(all="ignore"):
                network.forward(start, min(start + self._slice - 1, network.tape.steps))
        return network

    def _errors(self, network: Network, part: slice) -> tuple[float, float]:
        """Return the sums over the judged timesteps of the windows `part`.

        Returns:
            of classes, how many are wrong, and 0; otherwise Σ of the mean squared errors, and how
            many have all their outputs close.
        """
        judged = self.test.judged[:, part]
        y = network.tape["y"][judged]  # [J, O]
        if self._classes:
            right = y.argmax(axis=1) == network.targets[judged]
            return float(np.sum(~(right & np.isfinite(y).all(axis=1)))), 0.0
        differences = y - network.targets[judged]
        close = (np.abs(differences) < CLOSE).all(axis=1)
        return float(np.mean(differences * differences, axis=1).sum()), float(close.sum())
