"""The timeline: a run that can be moved along, and changed at any place.

Changes of settings are part of the timeline: a replay makes them again at the same places. A new
change made in the past forks the timeline: the known future is forgotten, and only its loss curve
remains, as a ghost. An intervention takes effect between two windows: the current window is
computed again from its start. Until they are kept, interventions are a list of what-ifs: discarding
the newest restores the branch that it left, and any of them can be released, which goes to the same
place without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import numpy as np

from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.interventions import (
    Intervention,
    InterventionError,
    check,
    is_in_force,
)
from rnn_tui.engine.network.pins import Cut, Pin
from rnn_tui.engine.time_travel.branches import (
    Change,
    Changes,
    Ghost,
    LeftBranch,
    OpenWhatIf,
    TimelineMoment,
)
from rnn_tui.engine.time_travel.moves import Moves
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.schedule import Cursor
from rnn_tui.settings import DECLARATIONS, Settings

MOST_WHAT_IFS = 50  # that are neither kept nor discarded


class Timeline(Moves):
    """Moves a trainer in its run, and changes the run; nothing else may do so meanwhile."""

    # Changes

    def configure(self, settings: Settings) -> None:
        """Change settings at this place; if it is in the past, fork the timeline.

        Raises:
            ValueError: a setting differs that needs a restart.
        """
        trainer, branch = self.trainer, self._branch
        differences = settings.differences(trainer.settings)
        if set(differences) <= {"timeline"}:  # the memory budget does not affect training
            self._mebibytes = settings.timeline
            trainer.configure(settings)
            return
        if not self._changed_in(self._window):
            branch.keyframes.insert(trainer.window_start())
        made, before = branch.changes.until(trainer), trainer.settings
        self._mebibytes = settings.timeline
        trainer.configure(settings)
        branch.fork(trainer, ", ".join(_change_text(n, before, settings) for n in differences))
        branch.set_changes((*made, Change(trainer.index, settings)))

    @property
    def settings_changes(self) -> tuple[tuple[int, Settings], ...]:
        """The changes of settings along this branch: schedule index and new settings, in order."""
        return self._branch.changes.of_settings

    def follow_settings(self, changes: tuple[tuple[int, Settings], ...]) -> None:
        """Have the settings change where `changes` say, and nowhere else.

        What is known after the first difference is forgotten, as `configure` does. Changes that lie
        ahead are made on the way.

        Args:
            changes: like `settings_changes`, those of another timeline for example.
        """
        trainer, branch, end = self.trainer, self._branch, self.trainer.schedule.end
        own = self.settings_changes
        pairs = enumerate(zip(own, changes, strict=False))
        same = next((row for row, (a, b) in pairs if a != b), min(len(own), len(changes)))
        missing, needless = changes[same:], own[same:]
        if not needless and all(index == trainer.index for index, _ in missing):
            mebibytes = self._mebibytes
            for _, settings in missing:
                self.configure(settings)
            self._mebibytes = mebibytes
            self._apply_changes_here()
            return
        first = min(index for index, _ in missing[:1] + needless[:1])
        if trainer.index > first or (trainer.index == first and needless):
            trainer.restore(branch.keyframes.nearest((first - 1) // end))
            self._made_ahead = None
        if branch.newest.index >= first:
            branch.fork(trainer, "other settings", first)
        # An intervention in the first window is seen from the run's start on.
        seen = branch.changes.before(max(first, 1))
        kept = [change for change in seen if not isinstance(change.value, Settings)]
        made = [Change(index, settings) for index, settings in (*own[:same], *missing)]
        branch.set_changes([*kept, *made])
        self._apply_changes_here()

    def intervene(self, intervention: Intervention) -> Iterator[float]:
        """Pin a value, cut a path or set parameters, from the start of this window on.

        The window is computed again up to this place, which forks the timeline. The intervention is
        a what-if until it is kept, discarded or released.

        Returns:
            The way back to this place, as `seek`. If it is not gone to its end, the run stands
            before the place, and the intervention is one of `what_ifs` unless the run stands
            before this window too: then nothing is changed.

        Raises:
            InterventionError: the intervention does not fit the network, or there are too many
                what-ifs; nothing is changed.
        """
        trainer, branch, here = self.trainer, self._branch, self.here
        check(intervention, trainer.network.declaration)
        if len(branch.what_ifs) == MOST_WHAT_IFS:
            reason = f"there are {MOST_WHAT_IFS} what-ifs already: enter keeps them"
            raise InterventionError(str(intervention), reason)
        window = self._window
        change = Change(window * trainer.schedule.end + 1, intervention)
        made = frozenset(branch.changes.until(trainer))
        left = self._leave(window)
        what_if = OpenWhatIf(change, here, made, left)
        branch.keyframes.insert(left.start)
        self._restore(left.start)
        if trainer.index < change.index - 1:
            return self._replay_and_fork(what_if)
        self._fork(what_if)
        return self._go_to_new_end(here)

    def is_in_force(self, intervention: Intervention) -> bool:
        """Return whether an intervention would change nothing here: things are so already.

        A parameter after its update is another one than that of the window, which is not told.
        """
        trainer = self.trainer
        declaration = trainer.network.declaration
        match intervention:
            case Pin() | Cut():
                return is_in_force(trainer.network.pins, intervention)
            case Edit():
                if trainer.position == trainer.schedule.end:
                    return False
                edited = trainer.parameters.copy()
                intervention.apply(declaration, edited)
                return np.array_equal(edited, trainer.parameters)
            case _:
                return not any(map(intervention.takes, trainer.network.pins))

    def _replay_and_fork(self, what_if: OpenWhatIf) -> Iterator[float]:
        """Go to the start of the window of `what_if` and fork there; then go to its place."""
        start = what_if.change.index - 1
        while self.trainer.index < start and self.trainer.divergence is None:
            self._replay_chunk(start)
            yield 0.0
        self._fork(what_if)
        yield from self._go_to_new_end(what_if.here)

    def _go_to_new_end(self, place: Place) -> Iterator[float]:
        """Go to a place on a branch that begins before it, which is the newest of it then."""
        yield from self.seek(place)
        branch = self._branch
        branch.newest, branch.next_keyframe = self.here, self.trainer.updates + 1

    def _fork(self, what_if: OpenWhatIf) -> None:
        """Begin the branch of a what-if, at the start of its window."""
        trainer, branch, change = self.trainer, self._branch, what_if.change
        branch.fork(trainer, str(what_if.intervention), change=change)
        branch.what_ifs = (*branch.what_ifs, what_if)
        made = (each for each in branch.changes if each in what_if.made)  # in their order
        branch.set_changes((*made, change))
        self._share_memory()
        self._apply_changes_here()

    def _leave(self, window: int) -> LeftBranch:
        """Return a copy of this branch, which an intervention at a place in `window` leaves."""
        trainer = self.trainer
        start = self._branch.keyframes.nearest(window)
        if start.updates != window and not self._changed_in(window):
            start = trainer.window_start()
        return LeftBranch(start, self._branch.copy(), deepcopy(trainer.history))

    def _share_memory(self) -> None:
        """Let the branches that what-ifs left take as much memory together as this one."""
        what_ifs = self._branch.what_ifs
        for each in what_ifs:
            if each.left is not None:
                each.left.branch.keyframes.limit(self.budget // len(what_ifs))

    @property
    def what_ifs(self) -> tuple[Intervention, ...]:
        """The interventions that are neither kept nor discarded, the newest last."""
        return tuple(each.intervention for each in self._branch.what_ifs)

    @property
    def what_ifs_since(self) -> tuple[int, ...]:
        """The number of updates that were done when each of the what-ifs was made."""
        end = self.trainer.schedule.end
        return tuple(each.here.index // end for each in self._branch.what_ifs)

    @property
    def back_to(self) -> Cursor | None:
        """The place that `discard` would go back to; None if it is this one."""
        if not self._branch.what_ifs or self._branch.what_ifs[-1].here == self.here:
            return None
        here, end = self._branch.what_ifs[-1].here, self.trainer.schedule.end
        position = here.index % end or (end if here.index else 0)
        stage, t = self.trainer.schedule.pass_at(position)
        return Cursor(here.index // end, stage, t, here.revealed, max(here.revealed, 1))

    @property
    def forks(self) -> int:
        """The number of ghosts of futures left for good: not for what-ifs, which can be undone."""
        tried = {each.change for each in self._branch.what_ifs}
        return sum(ghost.change not in tried for ghost in self.ghosts)

    @property
    def changes(self) -> int:
        """The number of what-ifs, kept ones too, and of changes of settings on this branch."""
        return sum(1 for _ in self._branch.changes)

    @property
    def changes_until_here(self) -> int:
        """The number of those that are made up to this place."""
        return len(self._branch.changes.until(self.trainer)) if self.changes else 0

    @property
    def discardable(self) -> Intervention | None:
        """The intervention that `discard` would take back."""
        return self.what_ifs[-1] if self._branch.what_ifs else None

    def discard(self) -> Iterator[float]:
        """Undo the newest intervention: return to the place and branch where it was made.

        Everything done after the intervention is undone as well.

        Returns:
            The way there, as `seek`.
        """
        what_if = self._branch.what_ifs[-1]
        if what_if.left is None:
            self._branch.set_changes(
                each for each in self._branch.changes if each in {*what_if.made, what_if.change}
            )
            self._take_out(what_if)
        else:
            self._return_to(what_if.left)
        return self.seek(what_if.here)

    def release(self, intervention: Intervention) -> Iterator[float]:
        """Go to this place in the run without one of the what-ifs.

        The other ones, and the changes of settings on the way, stay.

        Returns:
            The way there, as `seek`. If it is not gone to its end, the run stands before the place.
        """
        here, what_ifs = self.here, self._branch.what_ifs
        what_if = next(each for each in reversed(what_ifs) if each.intervention is intervention)
        left, others = what_if.left, set(self._branch.changes) - {what_if.change}
        if left is not None and set(left.branch.changes) == others:
            self._return_to(left)
        else:
            self._take_out(what_if)
        return self.seek(here)

    def _return_to(self, left: LeftBranch) -> None:
        """Go back to a branch that was left, at the start of a window before the what-if."""
        budget = self.budget
        # Copies, because a moment may have the same branch in its list of what-ifs.
        self._branch, self.trainer.history = left.branch.copy(), deepcopy(left.history)
        self._branch.keyframes.budget = budget
        self._restore(left.start)

    def _take_out(self, what_if: OpenWhatIf) -> None:
        """Go to a place before a what-if, and forget it with all that is known after it."""
        trainer, branch, index = self.trainer, self._branch, what_if.change.index
        trainer.restore(branch.keyframes.nearest((index - 1) // trainer.schedule.end))
        branch.forget(trainer, index)
        branch.take_out(what_if)
        self._made_ahead = None
        self._apply_changes_here()

    @property
    def counterfactual_start(self) -> tuple[Keyframe, int] | None:
        """Where the counterfactual, the run WITHOUT the what-ifs, begins; None without a what-if.

        A keyframe to compute it from, and the schedule index up to which it is the run itself.
        """
        if not self._branch.what_ifs:
            return None
        first = self._branch.what_ifs[0]
        start = first.left.start if first.left is not None else None
        window = (first.change.index - 1) // self.trainer.schedule.end
        return start or self._branch.keyframes.nearest(window), first.change.index - 1

    @property
    def all_changes(self) -> Changes:
        """The changes along this branch."""
        return self._branch.changes

    @property
    def kept_changes(self) -> Changes:
        """The changes along this branch without the what-ifs."""
        return self._branch.kept_changes

    def keep_interventions(self) -> None:
        """Make all what-ifs permanent; free the memory of the branches that they left."""
        self._branch.what_ifs = ()

    def clear_ghosts(self) -> None:
        """Forget the loss curves of abandoned futures."""
        self._branch.ghosts = ()

    # Moments

    def moment(self) -> TimelineMoment:
        """Return this place with all that is known here, for `return_to`."""
        trainer = self.trainer
        left = self._leave(self._window)
        return TimelineMoment(left, self.here, self._mebibytes, trainer.divergence, self._marks)

    @property
    def _marks(self) -> tuple[object, ...]:
        """What is another object, or another number, once the trainer was moved or changed."""
        trainer, changes = self.trainer, self._branch.changes
        return changes, trainer.settings, trainer.divergence, trainer.windows, self.here

    def return_to(self, moment: TimelineMoment) -> Iterator[float] | None:
        """Return to a moment of this timeline: its branch at once, then its place.

        Returns:
            The way to the place, as `seek`; None where the trainer stands there still.
        """
        unmoved = all(a is b or a == b for a, b in zip(self._marks, moment.unmoved, strict=True))
        unmoved &= self._branch.changes is moment.left.branch.changes
        self._mebibytes = moment.mebibytes
        budget = moment.mebibytes * 2**20
        if unmoved:
            self._branch = moment.left.branch.copy()
            self._branch.keyframes.budget = budget
            return None
        self._branch.keyframes.budget = budget
        self._return_to(moment.left)
        return self._to_moment(moment)

    def _to_moment(self, moment: TimelineMoment) -> Iterator[float]:
        """Go to the place of a moment, on its branch; diverge there again where it had."""
        yield from self.seek(moment.here)
        if moment.divergence is not None and self.trainer.divergence is None:
            self.trainer.step()

    def exchange_what_ifs(self, what_ifs: tuple[OpenWhatIf, ...]) -> tuple[OpenWhatIf, ...]:
        """Have these what-ifs be open, of those whose changes are made; return those that were."""
        before, made = self._branch.what_ifs, tuple(self._branch.changes)
        self._branch.what_ifs = tuple(each for each in what_ifs if each.change in made)
        return before

    def exchange_ghosts(self, ghosts: tuple[Ghost, ...]) -> tuple[Ghost, ...]:
        """Have these be the abandoned futures; return those that were."""
        before, self._branch.ghosts = self._branch.ghosts, ghosts
        return before

    # Memory

    @property
    def budget(self) -> int:
        """Bytes that keyframes may take."""
        return self._branch.keyframes.budget

    def limit_memory(self, mebibytes: int) -> None:
        """Let keyframes take so many MiB, the setting `timeline`."""
        self._mebibytes = mebibytes
        self._branch.keyframes.budget = mebibytes * 2**20
        self._name_memory()


def _change_text(name: str, before: Settings, settings: Settings) -> str:
    """Return a change of one setting in words: "lr 0.01 → 0.05"."""
    declaration = DECLARATIONS[name]
    old, new = (declaration.show(getattr(each, name)) for each in (before, settings))
    return f"{name.replace('_', '-')} {old} → {new}"
