"""The timeline: going back as easily as forward.

Going back never inverts arithmetic. Keyframes are kept while training, within a budget of memory;
going back restores the nearest one before the place wanted and replays from there, through the same
code, so the bits are the same. Changes of the settings are part of the timeline: replaying meets
them again at their places. Another change in the past forks it: what lay ahead is forgotten, and
its curve stays as a ghost. An intervention takes effect between two windows: the one under way is
computed again from its start. The newest can be discarded, as if it had never been made.

A place is the trainer's `index` (micro-operations since the run began) and how many operations of
the last one are revealed.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np

from rnn_tui.engine.network.interventions import Intervention, check
from rnn_tui.engine.time_travel.branches import Branch, Change
from rnn_tui.engine.time_travel.places import Ghost, Place, Stride
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

BUDGET = 64 * 2**20  # bytes of keyframes
EVERY = 16  # updates between two keyframes while they are new
SHORT = 100  # T·B of a window whose update costs little more than a keyframe: then twice as many
DENSE = 16  # newest keyframes that are never thinned out
MOST = 1024  # keyframes: more would not be felt, at some hundred updates apart
CHUNK = 8  # updates replayed between two looks at the clock


class Timeline:
    """Moves a trainer forward and back. Nothing else may move it."""

    def __init__(self, trainer: Trainer, budget: int = BUDGET) -> None:
        """`budget` is in bytes; the first and the newest keyframes are kept even beyond it."""
        self.trainer = trainer
        self.budget = budget
        self.ghosts: tuple[Ghost, ...] = ()
        self._newest = self.here
        self._keyframes: list[Keyframe] = [trainer.window_start()]
        self._starts: list[int] = [self._keyframes[0].updates]
        self.bytes = self._keyframes[0].size
        self._changes: list[Change] = []  # in the order they take effect
        self._branch: Branch | None = None
        rows = trainer.settings.steps * trainer.settings.batch
        self._every = 2 * EVERY if rows < SHORT else EVERY
        self._due = trainer.updates + self._every

    # Where we are

    @property
    def here(self) -> Place:
        """The place the trainer is at."""
        return Place(self.trainer.index, self.trainer.revealed)

    @property
    def first(self) -> int:
        """The earliest update that can be gone back to."""
        return self._starts[0]

    @property
    def newest(self) -> Place:
        """The furthest place reached on this branch."""
        return self._newest

    @property
    def in_past(self) -> bool:
        """Whether there is a known future."""
        return self.here < self._newest

    @property
    def starts(self) -> tuple[int, ...]:
        """The updates after which keyframes were taken."""
        return tuple(self._starts)

    @property
    def keyframes(self) -> int:
        """How many are kept."""
        return len(self._keyframes)

    def place_of(self, update: int) -> Place:
        """The place where update number `update` has just been made."""
        return Place(update * self.trainer.schedule.end, 1)

    # Forward

    def forward(self, stride: Stride) -> None:
        """One stride forward."""
        trainer = self.trainer
        if not self._changes or self._changes[-1].index <= trainer.index:
            self._plain(stride)
        else:
            self._through_changes(stride)
        if trainer.updates >= self._due:
            self._keep()
        self._reach()

    def run(self, updates: int, until: Callable[[], object] | None = None) -> int:
        """Complete `updates` more updates, or fewer: see `Trainer.run`. Returns how many were."""
        trainer, start = self.trainer, self.trainer.updates
        while (left := updates - (trainer.updates - start)) > 0 and trainer.divergence is None:
            if self._changes and self._changes[-1].index > trainer.index:
                self.forward(Stride.UPDATE)
                over = until is not None and bool(until())
            else:
                span = min(left, max(self._due - trainer.updates, 1))
                trainer.run(span, until)
                over = trainer.stopped_early
                if trainer.updates >= self._due:
                    self._keep()
            self._reach()
            if over:
                break
        return trainer.updates - start

    def advance(self, index: int) -> None:
        """Forward to the place `index`, all of it revealed."""
        self._advance(index)
        if self.trainer.updates >= self._due:
            self._keep()
        self._reach()

    def _reach(self) -> None:
        """Note how far this branch has come; called once an update."""
        if self.trainer.index >= self._newest.index:
            self._newest = max(self._newest, self.here)

    def _plain(self, stride: Stride) -> None:
        match stride:
            case Stride.UPDATE:
                self.trainer.finish_update()
            case Stride.PASS:
                self.trainer.finish_pass()
            case Stride.TIMESTEP:
                self.trainer.step()
            case Stride.OPERATION:
                self.trainer.reveal()

    def _through_changes(self, stride: Stride) -> None:
        """As `_plain`, with changes ahead that take effect at their places."""
        trainer, start = self.trainer, self.here
        target = start.index
        match stride:
            case Stride.OPERATION | Stride.TIMESTEP:
                target += trainer.cursor.complete or not trainer.position
            case Stride.PASS | Stride.UPDATE:
                target = self._end_of(stride)
        if target == start.index:
            self._plain(stride)
            return
        self._advance(target)
        if stride is Stride.OPERATION and trainer.divergence is None:
            trainer.revealed = 1

    def _end_of(self, stride: Stride) -> int:
        """Index of the end of this pass or update, or, standing there, of the next."""
        trainer, end = self.trainer, self.trainer.schedule.end
        position = trainer.position if trainer.position < end else 0
        start = trainer.index - position
        if stride is Stride.UPDATE:
            return start + end
        if not trainer.cursor.complete and trainer.position:
            place = trainer.schedule.pass_at
            if place(position)[0] != place(position + 1)[0]:
                return trainer.index
        return start + trainer.schedule.next_pass_end(position)

    def _advance(self, index: int) -> None:
        """Forward to `index`, changes taking effect on the way."""
        trainer = self.trainer
        while trainer.index < index and trainer.divergence is None:
            ahead = [c.index for c in self._changes if trainer.index < c.index <= index]
            target = ahead[0] if ahead else index
            if self._interventions_at(target):
                trainer.advance(target - 1)
                if trainer.divergence is not None:
                    return
                self._intervene_before(target)
            trainer.advance(target)
            self._apply_changes_here()

    def _interventions_at(self, index: int) -> list[Intervention]:
        """Those to be made on the way from the place before to `index`."""
        here = (change.what for change in self._changes if change.index == index)
        return [what for what in here if not isinstance(what, Settings)]

    def _intervene_before(self, index: int) -> None:
        for intervention in self._interventions_at(index):
            self.trainer.intervene(intervention)

    def _apply_changes_here(self) -> None:
        """Settings that belong to this place.

        At the start of a window that no other is before, interventions too: nothing else would
        be seen of them there. Made twice they are the same as once.
        """
        for change in self._changes:
            if change.index == self.trainer.index and isinstance(change.what, Settings):
                self.trainer.configure(change.what)
        if self.trainer.position == 0:
            self._intervene_before(self.trainer.index + 1)

    # Back

    def back(self, stride: Stride, count: int = 1) -> Place:
        """The place `count` strides back, as far as there is one."""
        place, lowest = self.here, self.first * self.trainer.schedule.end
        for _ in range(count):
            before = self._before(place, stride)
            if before.index < lowest or before == place:
                break
            place = before
        return place

    def _before(self, place: Place, stride: Stride) -> Place:
        schedule = self.trainer.schedule
        if place.index <= 0:
            return Place(0, 0)
        window, position = divmod(place.index - 1, schedule.end)
        position += 1
        match stride:
            case Stride.OPERATION if place.revealed > 1:
                return Place(place.index, place.revealed - 1)
            case Stride.OPERATION | Stride.TIMESTEP:
                target = place.index - 1
            case Stride.PASS:
                target = window * schedule.end + self._start_of_pass(position)
            case Stride.UPDATE:
                target = window * schedule.end
        return Place(target, self._operations_at(target))

    def _start_of_pass(self, position: int) -> int:
        """The first position of the pass, or, standing there, of the pass before; 0 from BATCH."""
        place = self.trainer.schedule.pass_at
        stage = place(max(position - 1, 1))[0]
        start = position - 1
        while start > 1 and place(start - 1)[0] == stage:
            start -= 1
        return start

    def _operations_at(self, index: int) -> int:
        """How many operations there are to reveal at a place."""
        if index <= 0:
            return 0
        network, schedule = self.trainer.network, self.trainer.schedule
        position = (index - 1) % schedule.end + 1
        stage, t = schedule.pass_at(position)
        if not t:
            return 1
        forward = stage.name == "FORWARD"
        return len(
            network.declaration.forward_operations
            if forward
            else network.declaration.backward_operations
        )

    def seek(self, place: Place) -> Iterator[float]:
        """Go to `place`, before or after this one; yields the share of the way that is done.

        May be left off after any step: the trainer then stands somewhere on the way.
        """
        target = Place(max(place.index, self.first * self.trainer.schedule.end), place.revealed)
        start = self._nearest(target)
        if start is not None:
            self.trainer.restore(start)
            self._apply_changes_here()
        origin = self.trainer.index
        while self.trainer.index < target.index and self.trainer.divergence is None:
            self._replay_some(target.index)
            done = self.trainer.index - origin
            yield done / max(target.index - origin, 1)
        if self.trainer.divergence is None:
            self.trainer.revealed = min(target.revealed, self._operations_at(target.index))
        self._reach()

    def _nearest(self, target: Place) -> Keyframe | None:
        """The best place to begin from; None when that is where the trainer stands."""
        trainer, end = self.trainer, self.trainer.schedule.end
        window = max(target.index - 1, 0) // end
        kept = self._keyframes[max(bisect.bisect_right(self._starts, window) - 1, 0)]
        if trainer.index <= target.index and trainer.updates >= kept.updates:
            return None if trainer.index < target.index or trainer.divergence is None else kept
        current = max(trainer.index - 1, 0) // end
        if current == window and not self._changed_in(window):
            return trainer.window_start()
        return kept

    def _changed_in(self, window: int) -> bool:
        """Whether something changed within a window: then it cannot tell how it began."""
        end = self.trainer.schedule.end
        return any(window * end < change.index <= (window + 1) * end for change in self._changes)

    def _replay_some(self, index: int) -> None:
        """A few updates towards `index`; the last ones leave keyframes, for going further back."""
        trainer, end = self.trainer, self.trainer.schedule.end
        window = (index - 1) // end
        far = min(CHUNK, window - DENSE - trainer.updates)
        if far > 0 and not any(change.index > trainer.index for change in self._changes):
            trainer.run(far)
            return
        last = trainer.updates + CHUNK
        while trainer.index < index and trainer.updates < last and trainer.divergence is None:
            if trainer.updates < window:
                self._advance((trainer.updates + 1) * end)
            else:
                self._advance(index)
            if window - DENSE < trainer.updates <= window and trainer.position == end:
                self._insert(trainer.keyframe())

    # Keyframes

    def _keep(self) -> None:
        """Remember where the trainer stands, at the end of an update."""
        self._due = self.trainer.updates + self._every
        if self.trainer.position == self.trainer.schedule.end:
            self._insert(self.trainer.keyframe())

    def _insert(self, keyframe: Keyframe) -> None:
        place = bisect.bisect_left(self._starts, keyframe.updates)
        if place < len(self._starts) and self._starts[place] == keyframe.updates:
            return
        self._starts.insert(place, keyframe.updates)
        self._keyframes.insert(place, keyframe)
        self.bytes += keyframe.size
        # Many at once: looking for them takes a while.
        while len(self._keyframes) > 2 and self.bytes > self.budget:
            self._thin_out(max(len(self._keyframes) // 16, 1))
        if len(self._keyframes) > MOST:
            self._thin_out(MOST // 8)

    def _thin_out(self, number: int) -> None:
        """Drop the keyframes that are missed least: those whose neighbours are closest together.

        The first one, and the newest ones as long as there are others, stay. No two neighbours go
        at once.
        """
        starts = np.array(self._starts)
        gaps = starts[2:] - starts[:-2]
        old = gaps[:-DENSE] if len(gaps) > DENSE else gaps
        dropped: set[int] = set()
        for place in (np.argsort(old, kind="stable") + 1).tolist():
            if place - 1 not in dropped and place + 1 not in dropped:
                dropped.add(place)
                if len(dropped) == number:
                    break
        self.bytes -= sum(self._keyframes[place].size for place in dropped)
        kept = [place for place in range(len(starts)) if place not in dropped]
        self._keyframes = [self._keyframes[place] for place in kept]
        self._starts = [self._starts[place] for place in kept]

    # Changing

    def configure(self, settings: Settings) -> None:
        """Live changes of the settings, here; in the past this forks the timeline.

        Raises:
            ValueError: a setting differs that needs a restart.
        """
        trainer = self.trainer
        differences = settings.differences(trainer.settings)
        if set(differences) <= {"timeline"}:  # nothing that training would notice
            trainer.configure(settings)
            return
        changed = ", ".join(differences)
        if not self._changed_in(max(trainer.index - 1, 0) // trainer.schedule.end):
            self._insert(trainer.window_start())
        made = self._made()
        trainer.configure(settings)
        self._fork(changed)
        self._change(made, Change(trainer.index, settings))

    def _made(self) -> list[Change]:
        """The changes that led here."""
        index, early = self.trainer.index, self.trainer.position == 0  # see _apply_changes_here
        return [
            change
            for change in self._changes
            if change.index <= index + (early and not isinstance(change.what, Settings))
        ]

    def _change(self, made: list[Change], change: Change) -> None:
        """`change` is the newest one; of the others those `made` stay."""
        if self._branch is not None and self._branch.left not in made:
            self._branch = None
        self._changes = sorted((*made, change), key=lambda each: each.order)

    def intervene(self, intervention: Intervention) -> None:
        """Hold a value, cut a path or set parameters, from the start of this window on.

        The window is computed again up to this place. That forks the timeline; `discard` takes it
        back.

        Raises:
            InterventionError: it does not fit the network; nothing is changed.
        """
        trainer, here, made = self.trainer, self.here, self._made()
        check(intervention, trainer.network.declaration)
        window = trainer.updates - (trainer.position == trainer.schedule.end)
        change = Change(window * trainer.schedule.end + 1, intervention)
        branch = self._leave(change, window)
        self._insert(branch.start)
        self._replay(branch.start, change.index - 1)
        self._fork(str(intervention))
        self._change(made, change)
        self._branch = branch
        self._apply_changes_here()
        self._advance(here.index)
        self._reveal(here)
        self._newest, self._due = self.here, trainer.updates + 1

    def _leave(self, change: Change, window: int) -> Branch:
        """This branch as it is now, at a place in `window`."""
        trainer = self.trainer
        start = self._keyframes[max(bisect.bisect_right(self._starts, window) - 1, 0)]
        if start.updates != window and not self._changed_in(window):
            start = trainer.window_start()
        return Branch(
            left=change,
            here=self.here,
            start=start,
            newest=self._newest,
            keyframes=tuple(self._keyframes),
            changes=tuple(self._changes),
            ghosts=self.ghosts,
            history=deepcopy(trainer.history),
            due=self._due,
        )

    def _replay(self, start: Keyframe, index: int) -> None:
        self.trainer.restore(start)
        self._apply_changes_here()
        self._advance(index)

    def _reveal(self, place: Place) -> None:
        if self.trainer.divergence is None:
            self.trainer.revealed = min(place.revealed, self._operations_at(place.index))

    @property
    def discardable(self) -> Intervention | None:
        """The intervention that `discard` would take back."""
        return None if self._branch is None else self._branch.intervention

    def discard(self) -> bool:
        """Be where the newest intervention was made, as if it had never been; whether there is one.

        Whatever was done since is undone with it.
        """
        branch = self._branch
        if branch is None:
            return False
        self._branch = None
        self._keyframes = list(branch.keyframes)
        self._starts = [keyframe.updates for keyframe in self._keyframes]
        self.bytes = sum(keyframe.size for keyframe in self._keyframes)
        self._changes, self.ghosts = list(branch.changes), branch.ghosts
        self.trainer.history = branch.history
        self._replay(branch.start, branch.here.index)
        self._reveal(branch.here)
        self._newest, self._due = branch.newest, branch.due
        return True

    @property
    def left_at(self) -> Keyframe | None:
        """Where the window began that the newest intervention changed, as it was without it.

        None when there is none, or settings changed within that window.
        """
        branch = self._branch
        if branch is None:
            return None
        end = self.trainer.schedule.end
        window = (branch.left.index - 1) // end
        changed = any(window * end < change.index <= branch.here.index for change in branch.changes)
        return None if changed or branch.start.updates != window else branch.start

    def keep(self) -> None:
        """The newest intervention stays: what was left for it is no longer held in memory."""
        self._branch = None

    def _fork(self, label: str) -> None:
        """Forget what lies ahead; its curve stays as a ghost."""
        trainer = self.trainer
        history, here = trainer.history, self.here
        if history.newest > history.count:
            curve = history.curve().after(history.count)
            self.ghosts = (*self.ghosts, Ghost(f"before {label}", curve))
            history.forget_after()
        keep = bisect.bisect_right(self._starts, trainer.updates)
        if trainer.position == trainer.schedule.end:
            keep = bisect.bisect_left(self._starts, trainer.updates)
        self._drop_from(max(keep, 1))
        self._newest = here
        self._due = trainer.updates + 1

    def _drop_from(self, place: int) -> None:
        self.bytes -= sum(keyframe.size for keyframe in self._keyframes[place:])
        del self._keyframes[place:], self._starts[place:]

    def clear_ghosts(self) -> None:
        """Forget the curves of futures left behind."""
        self.ghosts = ()
