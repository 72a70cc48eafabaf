"""Branches of a run: the changes made along it, its keyframes, and the futures that were left."""

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
    """The loss of a future that was left.

    Attributes:
        label: what made the run leave it.
        curve: its loss, from where it was left.
    """

    label: str
    curve: RunCurve


@dataclass(frozen=True, slots=True)
class Change:
    """A change made during a run.

    Attributes:
        index: the place where it takes effect: settings once it is reached, an intervention on the
            way to it, just before the window's batch is drawn.
        what: the new settings, or the intervention.
    """

    index: int
    what: Settings | Intervention

    @property
    def order(self) -> tuple[int, bool]:
        """The key to sort by: what comes first takes effect first."""
        return self.index, isinstance(self.what, Settings)


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
        """Return the settings that take effect when the place `index` is reached."""
        changes = (change.what for change in self._changes if change.index == index)
        return [what for what in changes if isinstance(what, Settings)]

    def interventions_at(self, index: int) -> list[Intervention]:
        """Return the interventions to be made on the way to the place `index`."""
        changes = (change.what for change in self._changes if change.index == index)
        return [what for what in changes if not isinstance(what, Settings)]

    def until(self, trainer: Trainer) -> list[Change]:
        """Return the changes that led to where the trainer is.

        At the start of a window these include the interventions on the way to its batch.
        """
        index, at_start = trainer.index, trainer.position == 0
        return [
            change
            for change in self._changes
            if change.index <= index + (at_start and not isinstance(change.what, Settings))
        ]


@dataclass(slots=True)
class Branch:
    """The branch that a run is on.

    Attributes:
        keyframes: where it can be resumed.
        newest: the furthest place reached.
        next_keyframe: number of updates after which the next keyframe is due.
        changes: made along it.
        ghosts: the futures left for it.
    """

    keyframes: KeyframeStore
    newest: Place
    next_keyframe: int
    changes: Changes
    ghosts: tuple[Ghost, ...] = ()

    def fork(self, trainer: Trainer, label: str) -> None:
        """Forget what lies ahead of the trainer, as another future begins; a ghost remains.

        Args:
            trainer: where the fork is.
            label: what makes it.
        """
        history = trainer.history
        if history.newest > history.count:
            curve = history.curve().after(history.count)
            self.ghosts = (*self.ghosts, Ghost(f"before {label}", curve))
            history.forget_after()
        # A keyframe taken here, at the end of an update, has the settings from before the change.
        complete = trainer.position == trainer.schedule.end
        self.keyframes.drop_after(trainer.updates - complete)
        self.newest = Place(trainer.index, trainer.revealed)
        self.next_keyframe = trainer.updates + 1

    def copy(self) -> Branch:
        """Return a copy that later changes do not alter."""
        return replace(self, keyframes=self.keyframes.copy())


@dataclass(frozen=True, slots=True, eq=False)
class LeftBranch:
    """All of a branch that an intervention left, so that it can be taken back.

    Attributes:
        change: the intervention, and where it was made.
        here: where the run was.
        start: a keyframe before `here`, in the branch, to replay from.
        branch: the branch.
        history: the run's history.
    """

    change: Change
    here: Place
    start: Keyframe
    branch: Branch
    history: History

    @property
    def intervention(self) -> Intervention:
        """The intervention that it was left for."""
        assert not isinstance(self.change.what, Settings)
        return self.change.what
