"""The branch that a what-if left, followed beside the one it made, to be compared with."""

from __future__ import annotations

from copy import deepcopy

from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer

FURTHEST = 50  # updates it is followed at a time; further off a comparison says little


class Counterfactual:
    """A second trainer without the what-if; it goes where the first one is."""

    def __init__(self, trainer: Trainer, start: Keyframe) -> None:
        """`start`: where the window began, without the what-if (see `Timeline.left_at`)."""
        self._start = start
        self._trainer = Trainer(start.settings, start.parameters, deepcopy(trainer.task))
        self._trainer.restore(start)

    def at(self, index: int) -> Trainer | None:
        """The trainer at the place `index`; None before the what-if, or too far off."""
        trainer, end = self._trainer, self._trainer.schedule.end
        if index <= self._start.updates * end:
            return None
        if trainer.index > index:
            trainer.restore(self._start)
        if index - trainer.index > FURTHEST * end:
            return None
        trainer.advance(index)
        return trainer if trainer.index == index else None
