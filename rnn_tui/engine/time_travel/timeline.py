"""The timeline: moves a run forward and back.

Going back never inverts arithmetic. Keyframes are taken while training, within a memory budget.
Going back restores the last keyframe before the target place and replays from there, through the
same code, so the result has the same bits. Changes of settings are part of the timeline: a replay
makes them again at the same places. A new change made in the past forks the timeline: the known
future is forgotten, and only its loss curve remains, as a ghost. An intervention takes effect
between two windows: the current window is computed again from its start. The newest intervention
can be discarded, which restores the branch that it replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

from rnn_tui.engine.network.interventions import Intervention, check
from rnn_tui.engine.time_travel.branches import AbandonedBranch, Branch, Change, Changes, Ghost
from rnn_tui.engine.time_travel.keyframe_memory import DENSE, KeyframeStore
from rnn_tui.engine.time_travel.places import (
    Place,
    Stride,
    operation_count,
    place_back,
    stride_end,
)
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

BUDGET = 64 * 2**20  # bytes that keyframes may take
EVERY = 16  # updates between two new keyframes
# Below this T·B an update costs little more than a keyframe, so keyframes are taken half as often.
SHORT = 100
CHUNK = 8  # updates that `seek` replays between two yields, so that its caller can check the time


class Timeline:
    """Moves a trainer forward and back in its run; nothing else may move the trainer meanwhile."""

    def __init__(self, trainer: Trainer, budget: int = BUDGET) -> None:
        """Begin where `trainer` is; `budget`: bytes that keyframes may take."""
        self.trainer = trainer
        rows = trainer.settings.steps * trainer.settings.batch
        self._every = 2 * EVERY if rows < SHORT else EVERY
        self._mebibytes = trainer.settings.timeline  # the newest, wherever the trainer goes
        self._branch = Branch(
            keyframes=KeyframeStore(trainer.window_start(), budget),
            newest=self.here,
            next_keyframe=trainer.updates + self._every,
            changes=Changes(),
        )
        # The branch that the newest intervention replaced
        self._abandoned: AbandonedBranch | None = None

    # Where the run is

    @property
    def here(self) -> Place:
        """The trainer's place in the run."""
        return Place(self.trainer.index, self.trainer.revealed)

    @property
    def first(self) -> int:
        """The earliest update that can be returned to."""
        return self._branch.keyframes.first.updates

    @property
    def newest(self) -> Place:
        """The furthest place reached on this branch."""
        return self._branch.newest

    @property
    def in_past(self) -> bool:
        """Whether the run has been further on this branch than it is now."""
        return self.here < self._branch.newest

    @property
    def ghosts(self) -> tuple[Ghost, ...]:
        """The loss curves of abandoned futures, oldest first."""
        return self._branch.ghosts

    @property
    def keyframes(self) -> KeyframeStore:
        """The keyframes of this branch."""
        return self._branch.keyframes

    def place_of(self, update: int) -> Place:
        """Return the place where update number `update` has just been made."""
        return Place(update * self.trainer.schedule.end, 1)

    # Forward

    def forward(self, stride: Stride) -> None:
        """Go one stride forward."""
        trainer, branch = self.trainer, self._branch
        if branch.changes.last_index <= trainer.index:
            self._move(stride)
        else:
            self._move_through_changes(stride)
        if trainer.updates >= branch.next_keyframe:
            self._take_keyframe()
        self._note_newest()

    def run(self, updates: int, until: Callable[[], object] | None = None) -> int:
        """Complete up to `updates` more updates, as `Trainer.run` does; return how many."""
        trainer, start = self.trainer, self.trainer.updates
        branch = self._branch
        while (remaining := start + updates - trainer.updates) > 0 and trainer.divergence is None:
            if branch.changes.last_index > trainer.index:
                self.forward(Stride.UPDATE)
                over = until is not None and bool(until())
            else:
                span = min(remaining, max(branch.next_keyframe - trainer.updates, 1))
                trainer.run(span, until)
                over = trainer.stopped_early
                if trainer.updates >= branch.next_keyframe:
                    self._take_keyframe()
            self._note_newest()
            if over:
                break
        return trainer.updates - start

    def advance_to(self, index: int) -> None:
        """Go forward to schedule index `index`, with all its operations revealed."""
        self._advance(index)
        if self.trainer.updates >= self._branch.next_keyframe:
            self._take_keyframe()
        self._note_newest()

    def _note_newest(self) -> None:
        """Note how far this branch has come; called after every move of the trainer."""
        branch, divergence = self._branch, self.trainer.divergence
        if self.trainer.index >= branch.newest.index:
            branch.newest = max(branch.newest, self.here)
            branch.overflows |= divergence is not None and divergence.stage is Pass.UPDATE

    def _take_keyframe(self) -> None:
        """Store a keyframe of this place if it is the end of an update; plan the next one."""
        self._branch.next_keyframe = self.trainer.updates + self._every
        if self.trainer.position == self.trainer.schedule.end:
            self._branch.keyframes.insert(self.trainer.keyframe())

    def _move(self, stride: Stride) -> None:
        """Move the trainer one stride forward, when no changes lie ahead."""
        match stride:
            case Stride.UPDATE:
                self.trainer.finish_update()
            case Stride.PASS:
                self.trainer.finish_pass()
            case Stride.TIMESTEP:
                self.trainer.step()
            case Stride.OPERATION:
                self.trainer.reveal()

    def _move_through_changes(self, stride: Stride) -> None:
        """Move the trainer one stride forward, making the changes that lie on the way."""
        trainer, start = self.trainer, self.trainer.index
        target = start
        match stride:
            case Stride.OPERATION | Stride.TIMESTEP:
                target += trainer.cursor.complete or not trainer.position
            case Stride.PASS | Stride.UPDATE:
                target = stride_end(trainer, stride)
        if target == start:
            self._move(stride)
            return
        self._advance(target)
        if stride is Stride.OPERATION and trainer.divergence is None:
            trainer.revealed = 1

    def _advance(self, index: int) -> None:
        """Go forward to schedule index `index`, making the changes that lie on the way."""
        trainer, changes = self.trainer, self._branch.changes
        while trainer.index < index and trainer.divergence is None:
            target = changes.first_between(trainer.index, index) or index
            if interventions := changes.interventions_at(target):
                trainer.advance_to(target - 1)
                if trainer.divergence is not None:
                    return
                for intervention in interventions:
                    trainer.intervene(intervention)
            trainer.advance_to(target)
            self._apply_changes_here()

    def _apply_changes_here(self) -> None:
        """Make the changes of settings that belong to this place.

        At the start of a window, make the interventions that precede its batch as well: otherwise
        somebody who looks at the network here, before the batch is drawn, would not see the edited
        parameters and the pins. `_advance` makes them again on the way to the batch, which has no
        further effect.
        """
        trainer, changes = self.trainer, self._branch.changes
        for settings in changes.settings_at(trainer.index):
            trainer.configure(settings)
        self._name_memory()
        if trainer.position == 0:
            for intervention in changes.interventions_at(trainer.index + 1):
                trainer.intervene(intervention)

    # Back

    def back(self, stride: Stride, count: int = 1) -> Place:
        """Return the place `count` strides back, or the first place if there are fewer strides."""
        place = place_back(self.trainer, self.here, stride, count)
        lowest = self.first * self.trainer.schedule.end
        if place.index > lowest:
            return place
        return Place(lowest, operation_count(self.trainer, lowest))

    def seek(self, place: Place) -> Iterator[float]:
        """Go to `place`, before or after this one.

        The iteration may be stopped at any time: the trainer is then somewhere on the way.

        Yields:
            The share of the way that is done, from 0 to 1.
        """
        lowest = self.first * self.trainer.schedule.end
        target = Place(max(place.index, lowest), place.revealed)
        start = self._start_towards(target)
        if start is not None:
            self.trainer.restore(start)
            self._apply_changes_here()
        origin = self.trainer.index
        while self.trainer.index < target.index and self.trainer.divergence is None:
            known = min(target.index, self._branch.newest.index)
            if self.trainer.index < known:
                self._replay_chunk(known)
            else:
                self._train_chunk(target.index)
            done = self.trainer.index - origin
            yield done / max(target.index - origin, 1)
        self._reveal(target)
        self._note_newest()

    def seek_newest(self) -> Iterator[float]:
        """Go to the newest place, as `seek` does; if the run ended there, it has ended again."""
        yield from self.seek(self.newest)
        # An update that overflows is undone, so the place itself does not show it.
        if self._branch.overflows and self.here == self.newest:
            self.trainer.step()

    def _start_towards(self, target: Place) -> Keyframe | None:
        """Return the keyframe to replay from; None to go on from the trainer's place."""
        trainer, end = self.trainer, self.trainer.schedule.end
        window = max(target.index - 1, 0) // end
        stored = self._branch.keyframes.nearest(window)
        if trainer.index <= target.index and trainer.updates >= stored.updates:
            # Before a batch, after a keyframe was restored: the window just completed is not there.
            incomplete = not trainer.position and target.revealed and stored.updates <= window
            there = trainer.divergence is None and not incomplete
            return None if trainer.index < target.index or there else stored
        if self._window == window and not self._changed_in(window):
            return trainer.window_start()
        return stored

    @property
    def _window(self) -> int:
        """The window that `Trainer.window_start` is the start of: before a batch, the next one."""
        return self.trainer.updates - (self.trainer.position == self.trainer.schedule.end)

    def _changed_in(self, window: int) -> bool:
        """Return whether a change lies within a window: then `Trainer.window_start` is wrong."""
        end = self.trainer.schedule.end
        return self._branch.changes.first_between(window * end, (window + 1) * end) is not None

    def _replay_chunk(self, index: int) -> None:
        """Replay a few updates towards `index`; near the end, store keyframes for going back."""
        trainer, end = self.trainer, self.trainer.schedule.end
        window = (index - 1) // end
        far = min(CHUNK, window - DENSE - trainer.updates)
        if far > 0 and self._branch.changes.last_index <= trainer.index:
            trainer.run(far)
            return
        last = trainer.updates + CHUNK
        while trainer.index < index and trainer.updates < last and trainer.divergence is None:
            self._advance(min((trainer.updates + 1) * end, index))
            if window - DENSE < trainer.updates <= window and trainer.position == end:
                self._branch.keyframes.insert(trainer.keyframe())

    def _train_chunk(self, index: int) -> None:
        """Go a few updates towards `index`, where the run has not been; take keyframes as `run`."""
        whole = index // self.trainer.schedule.end - self.trainer.updates
        if whole > 0:
            self.run(min(CHUNK, whole))
        else:
            self.advance_to(index)

    def _reveal(self, place: Place) -> None:
        """Reveal as many operations as `place` says; the trainer is at its index."""
        trainer = self.trainer
        if trainer.divergence is None:
            shown = min(place.revealed, operation_count(trainer, place.index))
            trainer.revealed = shown if trainer.position else 0  # before a batch nothing is

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
        made = branch.changes.until(trainer)
        self._mebibytes = settings.timeline
        trainer.configure(settings)
        branch.fork(trainer, ", ".join(differences))
        self._set_changes(made, Change(trainer.index, settings))

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
        if branch.newest.index >= first:
            branch.fork(trainer, "other settings", first)
        kept = [c for c in branch.changes.before(first) if not isinstance(c.value, Settings)]
        made = [Change(index, settings) for index, settings in (*own[:same], *missing)]
        self._set_changes([*kept, *made])
        self._apply_changes_here()

    def intervene(self, intervention: Intervention) -> None:
        """Pin a value, cut a path or set parameters, from the start of this window on.

        The window is computed again up to this place, which forks the timeline. `discard` returns
        to the branch before the intervention.

        Raises:
            InterventionError: the intervention does not fit the network; nothing is changed.
        """
        trainer, branch, here = self.trainer, self._branch, self.here
        check(intervention, trainer.network.declaration)
        window = self._window
        change = Change(window * trainer.schedule.end + 1, intervention)
        made = branch.changes.until(trainer)
        abandoned = self._branch_before(change, window)
        branch.keyframes.insert(abandoned.start)
        self._replay(abandoned.start, change.index - 1)
        branch.fork(trainer, str(intervention))
        self._set_changes(made, change)
        self._abandoned = abandoned
        self._apply_changes_here()
        self._advance(here.index)
        self._reveal(here)
        branch.newest, branch.next_keyframe = self.here, trainer.updates + 1

    def _set_changes(self, made: list[Change], *new: Change) -> None:
        """Replace the changes by those `made` so far and `new` ones after them."""
        if self._abandoned is not None and self._abandoned.change not in made:
            self._abandoned = None
        self._branch.changes = Changes((*made, *new))

    def _branch_before(self, change: Change, window: int) -> AbandonedBranch:
        """Return a copy of this branch before `change`, which is made at a place in `window`."""
        trainer = self.trainer
        start = self._branch.keyframes.nearest(window)
        if start.updates != window and not self._changed_in(window):
            start = trainer.window_start()
        history = deepcopy(trainer.history)
        return AbandonedBranch(change, self.here, start, self._branch.copy(), history)

    def _replay(self, start: Keyframe, index: int) -> None:
        """Restore a keyframe and go from there to schedule index `index`."""
        self.trainer.restore(start)
        self._apply_changes_here()
        self._advance(index)

    @property
    def discardable(self) -> Intervention | None:
        """The intervention that `discard` would take back."""
        return None if self._abandoned is None else self._abandoned.intervention

    def discard(self) -> bool:
        """Undo the newest intervention: return to the place and branch where it was made.

        Everything done after the intervention is undone as well.

        Returns:
            Whether there was an intervention to undo.
        """
        abandoned = self._abandoned
        if abandoned is None:
            return False
        abandoned.branch.keyframes.budget = self.budget
        self._abandoned, self._branch = None, abandoned.branch
        self.trainer.history = abandoned.history
        self._replay(abandoned.start, abandoned.here.index)
        self._reveal(abandoned.here)
        return True

    @property
    def counterfactual_start(self) -> Keyframe | None:
        """The keyframe from which the counterfactual, the run WITHOUT the what-if, is computed.

        It is the start of the window in which the newest intervention was made, from before that
        intervention. None without an intervention, or if another change lies within that window.
        """
        abandoned = self._abandoned
        if abandoned is None:
            return None
        window = (abandoned.change.index - 1) // self.trainer.schedule.end
        start = window * self.trainer.schedule.end
        if abandoned.branch.changes.first_between(start, abandoned.here.index) is not None:
            return None
        return abandoned.start if abandoned.start.updates == window else None

    def keep_intervention(self) -> None:
        """Make the newest intervention permanent; free the memory of the branch it replaced."""
        self._abandoned = None

    def clear_ghosts(self) -> None:
        """Forget the loss curves of abandoned futures."""
        self._branch.ghosts = ()

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

    def _name_memory(self) -> None:
        """Have the settings name the newest memory limit, also where an older one was in force."""
        trainer = self.trainer
        if trainer.settings.timeline != self._mebibytes:
            trainer.configure(trainer.settings.with_(timeline=self._mebibytes))
