"""The counterfactual: the run WITHOUT the what-if, computed for comparison with the run with it."""

from __future__ import annotations

from copy import deepcopy

from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

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
        self._changes: tuple[tuple[int, Settings], ...] | None = None  # None: not begun yet
        self._made = 0  # number of them that are made

    def at(self, index: int, changes: tuple[tuple[int, Settings], ...] = ()) -> Trainer | None:
        """Return the trainer at a schedule index; None before the what-if or far after.

        Args:
            index: the schedule index.
            changes: the changes of settings along the run (`Timeline.settings_changes`). It makes
                those that lie after its start, so that it differs by the what-if alone.
        """
        trainer, end = self._trainer, self._trainer.schedule.end
        origin = self._start.updates * end
        if index <= origin:
            return None
        ahead = tuple(change for change in changes if change[0] >= origin)
        if trainer.index > index or ahead != self._changes:
            trainer.restore(self._start)
            self._changes, self._made = ahead, 0
        if index - trainer.index > FURTHEST * end:
            return None
        for place, settings in ahead[self._made :]:
            if place > index:
                break
            trainer.advance_to(place)
            trainer.configure(settings)
            self._made += 1
        trainer.advance_to(index)
        return trainer if trainer.index == index else None
