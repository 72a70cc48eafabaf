"""The counterfactual: the run WITHOUT the what-ifs, computed to compare the run with it."""

from __future__ import annotations

import time
from copy import deepcopy

from rnn_tui.engine.time_travel.branches import Change, Changes
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

FURTHEST = 20_000  # updates that it is computed ahead at a time; beyond, a comparison says little


class Counterfactual:
    """A second trainer that follows the first one to a place, with the changes that it is given."""

    def __init__(self, trainer: Trainer, start: Keyframe, origin: int) -> None:
        """Begin at the window that the first what-if changed, or before it.

        Args:
            trainer: the trainer with the what-ifs.
            start: a keyframe of the run before the first what-if.
            origin: the schedule index up to which the run itself is without them.
        """
        self.begin = start, origin
        self._trainer = Trainer(start.settings, start.parameters, deepcopy(trainer.task))
        self._changes: tuple[Change, ...] | None = None  # None: not begun yet
        self._made = 0  # number of them that are made
        self._chunk = 1  # schedule steps to go at a time

    def at(self, index: int) -> Trainer | None:
        """Return the trainer if it is at schedule index `index`, else None."""
        there = self._changes is not None and self.begin[1] < index == self._trainer.index
        return self._trainer if there and self._trainer.divergence is None else None

    def behind(self, index: int) -> int:
        """Return how many updates it has to make to be at schedule index `index`, if any."""
        if index <= self.begin[1] or self.at(index) is not None:
            return 0
        begun = self._changes is not None and self._trainer.index <= index
        missing = index - (self._trainer.index if begun else self._first)
        return max(missing // self._trainer.schedule.end, 1)

    def is_done(self, index: int, changes: Changes) -> bool:
        """Return whether there is nothing to do for a place; see `follow`."""
        trainer, far = self._trainer, FURTHEST * self._trainer.schedule.end
        if index <= self.begin[1]:
            return True
        if trainer.index > index or self._ahead(changes) != self._changes:
            return index - self._first > far
        gone = trainer.divergence is not None
        return trainer.index == index or index - trainer.index > far or gone

    def follow(self, index: int, changes: Changes, seconds: float) -> bool:
        """Go towards a schedule index for about so many seconds, one schedule step at least.

        Args:
            index: the schedule index.
            changes: the changes along the run without the what-ifs (`Timeline.kept_changes`); it
                makes those that lie after its start, so that it differs by the what-ifs alone.
            seconds: how long.

        Returns:
            True if there is nothing left to do: it is there, or the place lies before the first
            what-if or far behind it, or this run has diverged on the way.
        """
        if self.is_done(index, changes):
            return True
        trainer, end, ahead = self._trainer, self._trainer.schedule.end, self._ahead(changes)
        if trainer.index > index or ahead != self._changes:
            trainer.restore(self.begin[0])
            self._changes, self._made = ahead, 0
        deadline = time.perf_counter() + seconds
        while trainer.index < index and trainer.divergence is None:
            began = time.perf_counter()
            self._advance(min(index, (trainer.index // end + 1) * end, trainer.index + self._chunk))
            now = time.perf_counter()
            # Whole updates where they are short; where they are long, as much as time allows.
            if now - began < seconds / 4:
                self._chunk = min(2 * self._chunk, end)
            elif now - began > seconds:
                self._chunk = max(self._chunk // 2, 1)
            if now > deadline:
                break
        return trainer.index == index or trainer.divergence is not None

    @property
    def _first(self) -> int:
        """The schedule index of the keyframe that it begins from."""
        return self.begin[0].updates * self._trainer.schedule.end

    def _ahead(self, changes: Changes) -> tuple[Change, ...]:
        """Return those of `changes` that it makes.

        A keyframe at the start of a window has the settings from before a change there.
        """
        return tuple(each for each in changes if each.index >= self._first)

    def _advance(self, index: int) -> None:
        """Go to a schedule index, making the changes on the way."""
        trainer = self._trainer
        assert self._changes is not None
        for change in self._changes[self._made :]:
            if change.index > index or trainer.divergence is not None:
                break
            if isinstance(change.value, Settings):
                trainer.advance_to(change.index)
                trainer.configure(change.value)
            else:
                trainer.advance_to(change.index - 1)
                trainer.intervene(change.value)
            self._made += 1
        trainer.advance_to(index)
