"""The counterfactual: the branch that a what-if left, followed for comparison with the new one."""

from __future__ import annotations

from copy import deepcopy

from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer

FURTHEST = 50  # updates it is followed at a time; further off a comparison says little


class Counterfactual:
    """A second trainer, without the what-if, that goes where the first one is."""

    def __init__(self, trainer: Trainer, start: Keyframe) -> None:
        """Begin at the window that the what-if changed.

        Args:
            trainer: the one with the what-if.
            start: where that window began, without it (`Timeline.counterfactual_start`).
        """
        self._start = start
        self._trainer = Trainer(start.settings, start.parameters, deepcopy(trainer.task))
        self._trainer.restore(start)

    def at(self, index: int) -> Trainer | None:
        """Return the trainer at the place `index`; None before the what-if, or too far off."""
        trainer, end = self._trainer, self._trainer.schedule.end
        if index <= self._start.updates * end:
            return None
        if trainer.index > index:
            trainer.restore(self._start)
        if index - trainer.index > FURTHEST * end:
            return None
        trainer.advance_to(index)
        return trainer if trainer.index == index else None
