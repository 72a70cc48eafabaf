"""Moves along a run: forward, and back by replaying from a keyframe.

Going back never inverts arithmetic. Keyframes are taken while training, within a memory budget.
Going back restores the last keyframe before the target place and replays from there, through the
same code, so the result has the same bits. Changes are made again at the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rnn_tui.engine.network.stretches import stretch
from rnn_tui.engine.time_travel.branches import (
    Branch,
    Changes,
    Ghost,
)
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

BUDGET = 64 * 2**20  # bytes that keyframes may take
EVERY = 16  # updates between two new keyframes
# Below this T·B an update costs little more than a keyframe, so keyframes are taken half as often.
SHORT = 100
CHUNK = 8  # updates that `seek` replays between two yields, so that its caller can check the time


class Moves:
    """Moves a trainer forward and back in its run; nothing else may move the trainer meanwhile.

    Attributes:
        trainer: the trainer.
        stretch: schedule steps after which a caller with little time looks at it again; of short
            windows, more than there are in an update.
    """

    def __init__(self, trainer: Trainer, budget: int = BUDGET) -> None:
        """Begin where `trainer` is; `budget`: bytes that keyframes may take."""
        self.trainer = trainer
        rows = trainer.settings.steps * trainer.settings.batch
        self._every = 2 * EVERY if rows < SHORT else EVERY
        self.stretch = stretch(trainer.network.declaration)
        self._mebibytes = trainer.settings.timeline  # the newest, wherever the trainer goes
        self._branch = Branch(
            keyframes=KeyframeStore(trainer.window_start(), budget),
            newest=self.here,
            next_keyframe=trainer.updates + self._every,
            changes=Changes(),
        )
        # The schedule index before which the trainer stands at the start of a window, and how many
        # of the interventions there are made; None: it does not stand there.
        self._made_ahead: tuple[int, int] | None = None

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
            if changes.interventions_at(target):
                trainer.advance_to(target - 1)
                if trainer.divergence is not None:
                    return
                self._intervene_before(target)
            trainer.advance_to(target)
            self._made_ahead = None
            self._apply_changes_here()

    def _intervene_before(self, index: int) -> None:
        """Make the interventions that precede schedule index `index` and are not made yet."""
        interventions = self._branch.changes.interventions_at(index)
        made_at, made = self._made_ahead or (index, 0)
        for intervention in interventions[made if made_at == index else 0 :]:
            self.trainer.intervene(intervention)
        self._made_ahead = index, len(interventions)

    def _restore(self, keyframe: Keyframe) -> None:
        """Go to the place of a keyframe, and make the changes that belong to it."""
        self.trainer.restore(keyframe)
        self._made_ahead = None
        self._apply_changes_here()

    def _apply_changes_here(self) -> None:
        """Make the changes of settings that belong to this place.

        At the start of a window, make the interventions that precede its batch as well: otherwise
        somebody who looks at the network here, before the batch is drawn, would not see the edited
        parameters and the pins.
        """
        trainer, changes = self.trainer, self._branch.changes
        for settings in changes.settings_at(trainer.index):
            trainer.configure(settings)
        self._name_memory()
        if trainer.position == 0:
            self._intervene_before(trainer.index + 1)

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
        known_before = self._branch.newest
        start = self._start_towards(target)
        if start is not None:
            self._restore(start)
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
        if known_before < target == self.here:  # within a timestep that was done as a whole
            self._branch.newest = target

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
        if target.index < self._branch.newest.index:
            missing = trainer.history.first_missing(window)
            if missing is not None:  # so that a fork there has the curve of a run until there
                return self._branch.keyframes.nearest(missing)
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
        if self.stretch < end:
            self._advance(
                min(trainer.index + self.stretch, index, (trainer.index // end + 1) * end)
            )
            self._keep_if_near(window)
            return
        far = min(CHUNK, window - DENSE - trainer.updates)
        if far > 0 and self._branch.changes.last_index <= trainer.index:
            trainer.run(far)
            return
        last = trainer.updates + CHUNK
        while trainer.index < index and trainer.updates < last and trainer.divergence is None:
            self._advance(min((trainer.updates + 1) * end, index))
            self._keep_if_near(window)

    def _keep_if_near(self, window: int) -> None:
        """Store a keyframe after an update that is a little before `window`."""
        trainer = self.trainer
        if window - DENSE < trainer.updates <= window and trainer.position == trainer.schedule.end:
            self._branch.keyframes.insert(trainer.keyframe())

    def _train_chunk(self, index: int) -> None:
        """Go a few updates towards `index`, where the run has not been; take keyframes as `run`."""
        end = self.trainer.schedule.end
        whole = index // end - self.trainer.updates
        if self.stretch < end:
            here = self.trainer.index
            self.advance_to(min(here + self.stretch, index, (here // end + 1) * end))
        elif whole > 0:
            self.run(min(CHUNK, whole))
        else:
            self.advance_to(index)

    def _reveal(self, place: Place) -> None:
        """Reveal as many operations as `place` says; the trainer is at its index."""
        trainer = self.trainer
        if trainer.divergence is None:
            shown = min(place.revealed, operation_count(trainer, place.index))
            trainer.revealed = shown if trainer.position else 0  # before a batch nothing is

    # Memory

    def _name_memory(self) -> None:
        """Have the settings name the newest memory limit, also where an older one was in force."""
        trainer = self.trainer
        if trainer.settings.timeline != self._mebibytes:
            trainer.configure(trainer.settings.with_(timeline=self._mebibytes))
