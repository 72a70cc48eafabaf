"""Copies of a trainer's vectors for snapshots and proofs; what has not changed is not copied again.

A network of 1,024 units has millions of parameters, and its optimizer as many numbers several times
over, while the places that a user steps through mostly lie within one update.
"""

from __future__ import annotations

from typing import Protocol

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.engine.training.schedule import Schedule


class TrainerParts(Protocol):
    """What is read of a `Trainer`, whose attributes these are."""

    network: Network
    optimizer: Optimizer
    schedule: Schedule
    divergence: Divergence | None
    position: int
    windows: int


class SharedCopies:
    """The newest copies of one trainer's vectors. Nothing may write to what it returns."""

    def __init__(self) -> None:
        self._optimizer: Optimizer | None = None
        # Which one of which place, the parameters, the copy
        self._window: tuple[tuple[int, int, bool, int, Pins], Array, SampleWindow] | None = None
        self._gradient: tuple[int, Array] | None = None  # of which window

    def optimizer(self, trainer: TrainerParts) -> Optimizer:
        """Return a copy of the optimizer, parameters included."""
        self._optimizer = trainer.optimizer.copy(self._optimizer)
        return self._optimizer

    def window_parameters(self, trainer: TrainerParts) -> Array:
        """Return a copy of the parameters [P] that the window is computed with.

        After the update these are the parameters from before it.
        """
        optimizer = self.optimizer(trainer)
        updated = trainer.position == trainer.schedule.end
        return optimizer.parameters_before if updated else optimizer.parameters

    def sample_window(self, trainer: TrainerParts, sample: int) -> SampleWindow:
        """Return a copy of one sample of the batch, where the trainer stands."""
        network, parameters = trainer.network, self.window_parameters(trainer)
        diverged = trainer.divergence is not None
        place = trainer.windows, trainer.position, diverged, sample, network.pins
        if self._window is None or self._window[0] != place or self._window[1] is not parameters:
            window = network.sample_window(sample, parameters)
            self._window = place, parameters, window
        return self._window[2]

    def gradient(self, trainer: TrainerParts) -> Array:
        """Return a copy of the gradient [P]; the backward pass must be complete."""
        if self._gradient is None or self._gradient[0] != trainer.windows:
            self._gradient = trainer.windows, trainer.network.gradient.copy()
        return self._gradient[1]
