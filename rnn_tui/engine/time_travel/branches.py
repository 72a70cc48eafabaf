"""Branches of a run: the changes made along each, its keyframes, and abandoned futures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.keyframe_memory import KeyframeStore
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.history import History, RunCurve
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """The loss curve of an abandoned future, drawn for comparison.

    Attributes:
        label: the change because of which that future was abandoned: "lr 0.01 → 0.05".
        update: number of updates done when that was changed.
        curve: its loss, from the place where the run departed from it.
        change: that change, if it is a what-if.
    """

    label: str
    update: int
    curve: RunCurve
    change: Change | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change made during a run; two that are alike are still two.

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

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes)

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
        what_ifs: those that are neither kept nor discarded, in the order in which they were made.
    """

    keyframes: KeyframeStore
    newest: Place
    next_keyframe: int
    changes: Changes
    ghosts: tuple[Ghost, ...] = ()
    overflows: bool = False
    what_ifs: tuple[OpenWhatIf, ...] = ()

    def fork(
        self, trainer: Trainer, label: str, index: int | None = None, change: Change | None = None
    ) -> None:
        """Forget the future of a place, because another begins; a ghost remains.

        Args:
            trainer: the trainer, at the place of the fork or before it.
            label: the change that makes the fork, in words: "lr 0.01 → 0.05".
            index: the schedule index of the place, if the trainer has not reached it yet.
            change: that change, if it is a what-if.
        """
        history, end = trainer.history, trainer.schedule.end
        last = history.count if index is None else index // end
        if history.newest > last:
            curve = history.curve().after(last)
            self.ghosts = (*self.ghosts, Ghost(label, last, curve, change))
        self.forget(trainer, index)

    def forget(self, trainer: Trainer, index: int | None = None) -> None:
        """Forget the future of a place; see `fork`."""
        end = trainer.schedule.end
        trainer.history.forget_after()
        # A keyframe taken here, at the end of an update, has the settings from before the change.
        complete = trainer.position == end
        last = trainer.updates - complete if index is None else (index - 1) // end
        self.keyframes.drop_after(last)
        self.newest, self.overflows = Place(trainer.index, trainer.revealed), False
        self.next_keyframe = trainer.updates + 1

    def set_changes(self, changes: Iterable[Change]) -> None:
        """Replace the changes; a what-if that is not among them is over."""
        self.changes = Changes(changes)
        made = tuple(self.changes)
        self.what_ifs = tuple(each for each in self.what_ifs if each.change in made)

    def take_out(self, what_if: OpenWhatIf) -> None:
        """Take one of the what-ifs out; what later ones left is no longer a branch of this run.

        Where it left a future, the next one has left that.
        """
        row = self.what_ifs.index(what_if)
        before, later = self.what_ifs[:row], self.what_ifs[row + 1 :]
        self.what_ifs = (*before, *(replace(each, left=None) for each in later))
        self.changes = Changes(each for each in self.changes if each is not what_if.change)
        heir = later[0].change if later else None
        ghosts = (
            replace(ghost, label=str(heir.value), change=heir)
            if ghost.change is what_if.change and heir is not None
            else ghost
            for ghost in self.ghosts
        )
        kept = (each for each in ghosts if each.change is not what_if.change)
        self.ghosts = tuple(kept)

    @property
    def kept_changes(self) -> Changes:
        """The changes without the what-ifs."""
        tried = {each.change for each in self.what_ifs}
        return Changes(each for each in self.changes if each not in tried)

    def copy(self) -> Branch:
        """Return a copy that later changes do not alter."""
        return replace(self, keyframes=self.keyframes.copy())


@dataclass(frozen=True, slots=True, eq=False)
class LeftBranch:
    """The branch that a what-if left, complete, so that the what-if can be undone.

    Attributes:
        start: a keyframe of the branch, before the what-if, to replay from.
        branch: the branch, as it was before the what-if.
        history: the run's history at that time.
    """

    start: Keyframe
    branch: Branch
    history: History


@dataclass(frozen=True, slots=True, eq=False)
class TimelineMoment:
    """A place of a timeline with all that is known there, to be returned to exactly.

    Attributes:
        left: the branch, as it was.
        here: the place.
        mebibytes: the memory that keyframes might take, the setting `timeline`.
        divergence: the first number that was not finite; None if all were.
        unmoved: what tells whether the trainer has been moved or changed since.
    """

    left: LeftBranch
    here: Place
    mebibytes: int
    divergence: Divergence | None
    unmoved: tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OpenWhatIf:
    """An intervention that is neither kept nor discarded.

    Attributes:
        change: the intervention, and the schedule index where it takes effect.
        here: the place of the run when the intervention was made.
        made: the changes that had been made until then.
        left: the branch that it left; None once an earlier what-if has been taken out of that.
    """

    change: Change
    here: Place
    made: frozenset[Change]
    left: LeftBranch | None

    @property
    def intervention(self) -> Intervention:
        """The intervention."""
        assert not isinstance(self.change.value, Settings)
        return self.change.value
