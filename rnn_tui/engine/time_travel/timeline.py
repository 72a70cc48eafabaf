"""The timeline: moves a run forward and back.

Going back never inverts arithmetic. Keyframes are kept while training, within a budget of memory;
going back restores the nearest one before the place wanted and replays from there, through the same
code, so the bits are the same. Changes of the settings are part of the timeline: replaying meets
them again at their places. Another change in the past forks it: what lay ahead is forgotten, and
its curve remains as a ghost. An intervention takes effect between two windows: the one under way is
computed again from its start. The newest can be discarded, as if it had never been made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

from rnn_tui.engine.network.interventions import Intervention, check
from rnn_tui.engine.time_travel.branches import Branch, Change, Changes, Ghost, LeftBranch
from rnn_tui.engine.time_travel.keyframe_memory import DENSE, KeyframeStore
from rnn_tui.engine.time_travel.places import (
    Place,
    Stride,
    operation_count,
    place_before,
    stride_end,
)
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

BUDGET = 64 * 2**20  # bytes of keyframes
EVERY = 16  # updates between two new keyframes
SHORT = 100  # T·B of a window whose update costs little more than a keyframe: then twice as many
CHUNK = 8  # updates replayed by one step of `seek`, so that its caller can look at the clock


class Timeline:
    """Moves a trainer forward and back; nothing else may move it while there is one."""

    def __init__(self, trainer: Trainer, budget: int = BUDGET) -> None:
        """Begin where `trainer` is; `budget` is that of a `KeyframeStore`."""
        self.trainer = trainer
        rows = trainer.settings.steps * trainer.settings.batch
        self._every = 2 * EVERY if rows < SHORT else EVERY
        self._branch = Branch(
            keyframes=KeyframeStore(trainer.window_start(), budget),
            newest=self.here,
            next_keyframe=trainer.updates + self._every,
            changes=Changes(),
        )
        self._left: LeftBranch | None = None  # by the newest intervention

    # Where the run is

    @property
    def here(self) -> Place:
        """The place where the trainer is."""
        return Place(self.trainer.index, self.trainer.revealed)

    @property
    def first(self) -> int:
        """The earliest update that can be gone back to."""
        return self._branch.keyframes.first.updates

    @property
    def newest(self) -> Place:
        """The furthest place reached on this branch."""
        return self._branch.newest

    @property
    def in_past(self) -> bool:
        """Whether there is a known future."""
        return self.here < self._branch.newest

    @property
    def ghosts(self) -> tuple[Ghost, ...]:
        """The losses of futures that were left, oldest first."""
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
        """Complete `updates` more updates, or fewer: see `Trainer.run`. Return how many."""
        trainer, start = self.trainer, self.trainer.updates
        branch = self._branch
        while (left := updates - (trainer.updates - start)) > 0 and trainer.divergence is None:
            if branch.changes.last_index > trainer.index:
                self.forward(Stride.UPDATE)
                over = until is not None and bool(until())
            else:
                span = min(left, max(branch.next_keyframe - trainer.updates, 1))
                trainer.run(span, until)
                over = trainer.stopped_early
                if trainer.updates >= branch.next_keyframe:
                    self._take_keyframe()
            self._note_newest()
            if over:
                break
        return trainer.updates - start

    def advance_to(self, index: int) -> None:
        """Go forward to the place `index`, all of it revealed."""
        self._advance(index)
        if self.trainer.updates >= self._branch.next_keyframe:
            self._take_keyframe()
        self._note_newest()

    def _note_newest(self) -> None:
        """Note how far this branch has come; called once an update."""
        if self.trainer.index >= self._branch.newest.index:
            self._branch.newest = max(self._branch.newest, self.here)

    def _take_keyframe(self) -> None:
        """Keep a keyframe of this place, if it is the end of an update."""
        self._branch.next_keyframe = self.trainer.updates + self._every
        if self.trainer.position == self.trainer.schedule.end:
            self._branch.keyframes.insert(self.trainer.keyframe())

    def _move(self, stride: Stride) -> None:
        """Move the trainer where no changes lie ahead."""
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
        """Move the trainer where changes lie ahead, which take effect at their places."""
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
        """Go forward to the place `index`; changes take effect on the way."""
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
        """Put the settings in force that belong to this place.

        At the start of a window also the interventions on the way to its batch, which would not be
        seen otherwise. Making one twice is the same as once.
        """
        trainer, changes = self.trainer, self._branch.changes
        for settings in changes.settings_at(trainer.index):
            trainer.configure(settings)
        if trainer.position == 0:
            for intervention in changes.interventions_at(trainer.index + 1):
                trainer.intervene(intervention)

    # Back

    def back(self, stride: Stride, count: int = 1) -> Place:
        """Return the place `count` strides back, or the first place where there are fewer."""
        place, lowest = self.here, self.first * self.trainer.schedule.end
        for _ in range(count):
            before = place_before(self.trainer, place, stride)
            if before.index < lowest or before == place:
                break
            place = before
        return place

    def seek(self, place: Place) -> Iterator[float]:
        """Go to `place`, before or after this one.

        It may be abandoned after any step: the trainer is then somewhere on the way.

        Yields:
            The share of the way that is done.
        """
        lowest = self.first * self.trainer.schedule.end
        target = Place(max(place.index, lowest), place.revealed)
        start = self._start_towards(target)
        if start is not None:
            self.trainer.restore(start)
            self._apply_changes_here()
        origin = self.trainer.index
        while self.trainer.index < target.index and self.trainer.divergence is None:
            self._replay_chunk(target.index)
            done = self.trainer.index - origin
            yield done / max(target.index - origin, 1)
        self._reveal(target)
        self._note_newest()

    def _start_towards(self, target: Place) -> Keyframe | None:
        """Return the keyframe to replay from; None to go on from where the trainer is."""
        trainer, end = self.trainer, self.trainer.schedule.end
        window = max(target.index - 1, 0) // end
        kept = self._branch.keyframes.nearest(window)
        if trainer.index <= target.index and trainer.updates >= kept.updates:
            return None if trainer.index < target.index or trainer.divergence is None else kept
        current = max(trainer.index - 1, 0) // end
        if current == window and not self._changed_in(window):
            return trainer.window_start()
        return kept

    def _changed_in(self, window: int) -> bool:
        """Return whether something changed within a window: `window_start` is wrong then."""
        end = self.trainer.schedule.end
        return self._branch.changes.first_between(window * end, (window + 1) * end) is not None

    def _replay_chunk(self, index: int) -> None:
        """Replay a few updates towards `index`; the last ones leave keyframes for going back on."""
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

    def _reveal(self, place: Place) -> None:
        """Reveal as many operations as at `place`, where the trainer is."""
        if self.trainer.divergence is None:
            self.trainer.revealed = min(place.revealed, operation_count(self.trainer, place.index))

    # Changes

    def configure(self, settings: Settings) -> None:
        """Change settings here, during the run; in the past this forks the timeline.

        Raises:
            ValueError: a setting differs that needs a restart.
        """
        trainer, branch = self.trainer, self._branch
        differences = settings.differences(trainer.settings)
        if set(differences) <= {"timeline"}:  # which training does not notice
            trainer.configure(settings)
            return
        if not self._changed_in(max(trainer.index - 1, 0) // trainer.schedule.end):
            branch.keyframes.insert(trainer.window_start())
        made = branch.changes.until(trainer)
        trainer.configure(settings)
        branch.fork(trainer, ", ".join(differences))
        self._set_changes(made, Change(trainer.index, settings))

    def intervene(self, intervention: Intervention) -> None:
        """Pin a value, cut a path or set parameters, from the start of this window on.

        The window is computed again up to this place. That forks the timeline; `discard` takes it
        back.

        Raises:
            InterventionError: it does not fit the network; nothing is changed.
        """
        trainer, branch, here = self.trainer, self._branch, self.here
        check(intervention, trainer.network.declaration)
        window = trainer.updates - (trainer.position == trainer.schedule.end)
        change = Change(window * trainer.schedule.end + 1, intervention)
        made = branch.changes.until(trainer)
        left = self._leave(change, window)
        branch.keyframes.insert(left.start)
        self._replay(left.start, change.index - 1)
        branch.fork(trainer, str(intervention))
        self._set_changes(made, change)
        self._left = left
        self._apply_changes_here()
        self._advance(here.index)
        self._reveal(here)
        branch.newest, branch.next_keyframe = self.here, trainer.updates + 1

    def _set_changes(self, made: list[Change], change: Change) -> None:
        """Make `change` the newest one, after those `made` before it."""
        if self._left is not None and self._left.change not in made:
            self._left = None
        self._branch.changes = Changes((*made, change))

    def _leave(self, change: Change, window: int) -> LeftBranch:
        """Return this branch as it is now, at a place in `window`, left for `change`."""
        trainer = self.trainer
        start = self._branch.keyframes.nearest(window)
        if start.updates != window and not self._changed_in(window):
            start = trainer.window_start()
        history = deepcopy(trainer.history)
        return LeftBranch(change, self.here, start, self._branch.copy(), history)

    def _replay(self, start: Keyframe, index: int) -> None:
        """Go from a keyframe to the place `index`."""
        self.trainer.restore(start)
        self._apply_changes_here()
        self._advance(index)

    @property
    def discardable(self) -> Intervention | None:
        """The intervention that `discard` would take back."""
        return None if self._left is None else self._left.intervention

    def discard(self) -> bool:
        """Go back to where the newest intervention was made, as if it had never been.

        Whatever was done since is undone with it.

        Returns:
            Whether there was one.
        """
        left = self._left
        if left is None:
            return False
        left.branch.keyframes.budget = self.budget
        self._left, self._branch = None, left.branch
        self.trainer.history = left.history
        self._replay(left.start, left.here.index)
        self._reveal(left.here)
        return True

    @property
    def counterfactual_start(self) -> Keyframe | None:
        """The start of the window that the newest intervention changed, as it was without it.

        None when there is none, or settings changed within that window.
        """
        left = self._left
        if left is None:
            return None
        window = (left.change.index - 1) // self.trainer.schedule.end
        start = window * self.trainer.schedule.end
        if left.branch.changes.first_between(start, left.here.index) is not None:
            return None
        return left.start if left.start.updates == window else None

    def keep_intervention(self) -> None:
        """Make the newest intervention permanent, which frees the memory of the branch it left."""
        self._left = None

    def clear_ghosts(self) -> None:
        """Forget the losses of futures that were left."""
        self._branch.ghosts = ()

    # Memory

    @property
    def budget(self) -> int:
        """Bytes that keyframes may take."""
        return self._branch.keyframes.budget

    @budget.setter
    def budget(self, budget: int) -> None:
        self._branch.keyframes.budget = budget
