"""Branches of a run: the changes made along each, its keyframes, and abandoned futures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.keyframe_memory import KeyframeStore
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.training.history import History, RunCurve
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """The loss curve of an abandoned future, drawn for comparison.

    Attributes:
        label: the change because of which that future was abandoned.
        curve: its loss, from the place where the run departed from it.
    """

    label: str
    curve: RunCurve


@dataclass(frozen=True, slots=True)
class Change:
    """A change made during a run.

    Attributes:
        index: the schedule index where it takes effect: settings once this index is reached; an
            intervention just before, as it precedes the step that draws the window's batch.
        value: the new settings, or the intervention.
    """

    index: int
    value: Settings | Intervention

    @property
    def order(self) -> tuple[int, bool]:
        """The key to sort changes by, in the order in which they take effect."""
        return self.index, isinstance(self.value, Settings)


class Changes:
    """The changes along a branch, in the order in which they take effect. Immutable."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes = tuple(sorted(changes, key=lambda change: change.order))
        self.last_index = self._changes[-1].index if self._changes else -1

    def first_between(self, start: int, end: int) -> int | None:
        """Return the first index > `start` and ≤ `end` at which something changes, if any."""
        indices = (change.index for change in self._changes if start < change.index <= end)
        return next(indices, None)

    def settings_at(self, index: int) -> list[Settings]:
        """Return the settings that take effect when schedule index `index` is reached."""
        changes = (change.value for change in self._changes if change.index == index)
        return [value for value in changes if isinstance(value, Settings)]

    def interventions_at(self, index: int) -> list[Intervention]:
        """Return the interventions to be made just before schedule index `index`."""
        changes = (change.value for change in self._changes if change.index == index)
        return [value for value in changes if not isinstance(value, Settings)]

    @property
    def of_settings(self) -> tuple[tuple[int, Settings], ...]:
        """The changes of settings: index and new settings, in the order they take effect."""
        pairs = ((change.index, change.value) for change in self._changes)
        return tuple((index, value) for index, value in pairs if isinstance(value, Settings))

    def before(self, index: int) -> list[Change]:
        """Return the changes that take effect at `index` or earlier."""
        return [change for change in self._changes if change.index <= index]

    def until(self, trainer: Trainer) -> list[Change]:
        """Return the changes made up to the trainer's place.

        At the start of a window these include the interventions that precede its batch.
        """
        index, at_start = trainer.index, trainer.position == 0
        return [
            change
            for change in self._changes
            if change.index <= index + (at_start and not isinstance(change.value, Settings))
        ]


@dataclass(slots=True)
class Branch:
    """The branch that a run is on.

    Attributes:
        keyframes: the keyframes along the branch.
        newest: the furthest place reached on it.
        next_keyframe: number of updates after which the next keyframe is due.
        changes: the changes made along it.
        ghosts: the futures that were abandoned for it.
        overflows: whether the run ended at the newest place, as the update after it overflows.
    """

    keyframes: KeyframeStore
    newest: Place
    next_keyframe: int
    changes: Changes
    ghosts: tuple[Ghost, ...] = ()
    overflows: bool = False

    def fork(self, trainer: Trainer, label: str, index: int | None = None) -> None:
        """Forget the future of a place, because another begins; a ghost remains.

        Args:
            trainer: the trainer, at the place of the fork or before it.
            label: the change that makes the fork, in words.
            index: the schedule index of the place, if the trainer has not reached it yet.
        """
        history, end = trainer.history, trainer.schedule.end
        last = history.count if index is None else index // end
        if history.newest > last:
            curve = history.curve().after(last)
            self.ghosts = (*self.ghosts, Ghost(f"before {label}", curve))
        history.forget_after()
        # A keyframe taken here, at the end of an update, has the settings from before the change.
        complete = trainer.position == end
        last = trainer.updates - complete if index is None else (index - 1) // end
        self.keyframes.drop_after(last)
        self.newest, self.overflows = Place(trainer.index, trainer.revealed), False
        self.next_keyframe = trainer.updates + 1

    def copy(self) -> Branch:
        """Return a copy that later changes do not alter."""
        return replace(self, keyframes=self.keyframes.copy())


@dataclass(frozen=True, slots=True, eq=False)
class AbandonedBranch:
    """The branch that an intervention replaced, complete, so that the intervention can be undone.

    Attributes:
        change: the intervention, and the schedule index where it takes effect.
        here: the place of the run when the intervention was made.
        start: a keyframe of the branch, before `here`, to replay from.
        branch: the branch, as it was before the intervention.
        history: the run's history at that time.
    """

    change: Change
    here: Place
    start: Keyframe
    branch: Branch
    history: History

    @property
    def intervention(self) -> Intervention:
        """The intervention that replaced this branch."""
        assert not isinstance(self.change.value, Settings)
        return self.change.value
