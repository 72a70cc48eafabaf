"""When a session's run is autosaved: every minute of running, at a pause, at the end."""

from __future__ import annotations

import math
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.autosave import INTERVAL
from rnn_tui.session.lock_step import LockStep
from rnn_tui.session.state import SessionState, TrainingRun

if TYPE_CHECKING:
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.files.autosave_folder import RunNote

IDLE = 1.0  # seconds after a step until it is autosaved: further steps usually follow
SPACING = 2.0  # seconds between two autosaves of one that steps now and then


class Autosaving:
    """Captures the run when an autosave is due and hands it to the writer.

    Everything here is done in the session's thread. What takes long, a writer's thread does.
    """

    def __init__(
        self,
        state: SessionState,
        lock_step: LockStep,
        writer: AutosaveWriter,
    ) -> None:
        """Watch the runs of a session.

        Args:
            state: the session's state.
            lock_step: knows the second network.
            writer: writes what is captured.
        """
        self._state = state
        self._lock_step = lock_step
        self._writer = writer
        self._run = state.run  # the run that is watched
        self._start = state.run.trainer.index
        self._run.autosave_target = writer.next_run()
        self._changed_at: float | None = None  # when the run last changed since its autosave
        self._unsaved_since = math.inf  # when it first did
        self._saved_at = -math.inf
        self._endless = False  # whether the run was training continuously when last looked at

    def note_change(self) -> None:
        """Note that the run may have changed just now."""
        self._changed_at = time.monotonic()
        if self._unsaved_since == math.inf:
            self._unsaved_since = self._changed_at

    def look(self) -> None:
        """Autosave if it is time; called between two slices of work."""
        if self._state.run is not self._run:
            self._follow()
        goal = self._state.goal
        endless = goal is not None and goal.endless
        paused, self._endless = self._endless and goal is None, endless
        if paused and self._changed_at is not None:
            self._changed_at = -math.inf  # not the first of several steps
        if not self._lock_step.behind and self.seconds_left() <= 0:
            self.save()

    def seconds_left(self) -> float:
        """Return how long it is until the run is to be autosaved, if nothing else happens."""
        if self._writer.failed:
            due = self._saved_at + INTERVAL
        elif self._changed_at is None:
            return math.inf
        elif self._state.goal is not None:
            due = max(self._unsaved_since, self._saved_at) + INTERVAL
        else:
            due = max(self._changed_at + IDLE, self._saved_at + SPACING)
        return due - time.monotonic()

    def save(self) -> None:
        """Hand the run to the writer if it has changed since its last autosave, or that failed."""
        if self._changed_at is None and not self._writer.failed:
            return
        self._changed_at, self._unsaved_since = None, math.inf
        self._saved_at = time.monotonic()
        self._capture(self._run)

    def finish(self, *, left: bool) -> None:
        """Hand over the last state, and the run to whoever resumes it.

        Args:
            left: whether the user has left the run on purpose.
        """
        if self._state.run is not self._run:
            self._follow()
        self.save()
        self._release(left=left)

    def _follow(self) -> None:
        """Watch the run that has replaced the one that was watched."""
        new = self._state.run
        if new.autosave_target is None or new.autosave_target is not self._run.autosave_target:
            self.save()
            self._release(left=True)  # whoever restarts was asked; the run can be opened still
            self._start = new.trainer.index
            self._changed_at, self._unsaved_since, self._saved_at = None, math.inf, -math.inf
        self._run = new
        if new.autosave_target is None:
            new.autosave_target = self._writer.next_run()
        else:
            self.note_change()  # an earlier run again: it is the newest from now on

    def _capture(self, run: TrainingRun) -> None:
        """Copy the state of `run` for the writer, unless it stands where it began from nothing."""
        from rnn_tui.checkpoint.saving import capture  # not needed before the first autosave
        from rnn_tui.tensor_files.content import ContentError

        if run.autosave_target is None or (not run.trainer.index and not self._start):
            return
        try:
            first = capture(run.trainer, self._state.view())
            second = None if run.second_network is None else capture(run.second_network.trainer)
        except ContentError as error:
            self._writer.fail(str(error))
            return
        except MemoryError:
            self._writer.fail("there is too little memory for a copy")
            return
        note, past = self._note(run, run.autosave_target.note), run.timeline.in_past
        self._writer.write(run.autosave_target, first, second, note, past=past)

    def _note(self, run: TrainingRun, old: RunNote) -> RunNote:
        """Return what the folder of `run` is to say."""
        match = run.second_network is not None and run.second_network.match
        tried = ", ".join(map(str, run.timeline.what_ifs))
        note = replace(old, match=match, tried=tried)
        files = self._state.records.of(run.trainer).files
        if files.path is None:
            return note
        return replace(note, path=os.path.abspath(files.path), own=files.own_text())

    def _release(self, *, left: bool) -> None:
        if self._run.autosave_target is not None:
            self._writer.release(self._run.autosave_target, left=left)
