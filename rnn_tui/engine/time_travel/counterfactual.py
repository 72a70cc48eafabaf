"""The counterfactual: the run WITHOUT the what-if, computed for comparison with the run with it."""

from __future__ import annotations

from copy import deepcopy

from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer

FURTHEST = 50  # updates that it is computed ahead at a time; beyond, a comparison says little


class Counterfactual:
    """A second trainer, without the what-if, that follows the first one to the same place."""

    def __init__(self, trainer: Trainer, start: Keyframe) -> None:
        """Begin at the window that the what-if changed.

        Args:
            trainer: the trainer with the what-if.
            start: the start of that window before the what-if (`Timeline.counterfactual_start`).
        """
        self._start = start
        self._trainer = Trainer(start.settings, start.parameters, deepcopy(trainer.task))
        self._trainer.restore(start)

    def at(self, index: int) -> Trainer | None:
        """Return the trainer at schedule index `index`; None before the what-if or far after."""
        trainer, end = self._trainer, self._trainer.schedule.end
        if index <= self._start.updates * end:
            return None
        if trainer.index > index:
            trainer.restore(self._start)
        if index - trainer.index > FURTHEST * end:
            return None
        trainer.advance_to(index)
        return trainer if trainer.index == index else None
