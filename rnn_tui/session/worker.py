"""The session owns a trainer and its thread; it takes commands and gives immutable snapshots.

The screen sends commands, which return at once, and reads `latest`. During continuous
training a snapshot is made only when the screen has asked for one (`refresh`), so the engine never
waits for drawing; a slow screen sees fewer states, always the newest.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.autosaving import Autosaving
from rnn_tui.session.command_handler import CommandHandler
from rnn_tui.session.commands import (
    CHANGES_RUN,
    FINITE_MOVES,
    INTERRUPTS,
    OVERTAKE,
    RESTARTS,
    WAIT_FOR_ROUTES,
    Command,
    Save,
    Say,
)
from rnn_tui.session.fair_share import FairShare
from rnn_tui.session.lock_step import LockStep, make_second_network
from rnn_tui.session.pacing import Pacer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.snapshot_builder import SnapshotBuilder
from rnn_tui.session.state import SessionState, TrainingRun, timeline_of

if TYPE_CHECKING:
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.run_view import RunView, ScreenView
    from rnn_tui.files.ownership import RunFiles
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.second_network import SecondNetwork, Versus

PAUSE_AFTER_ERROR = 0.05  # seconds
LONGEST_SUSPENSION = 0.1  # seconds the thread waits at most for a screen that suspends it


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A command in the queue; `sent` as `time.perf_counter`."""

    command: Command
    sent: float


@dataclass(frozen=True, slots=True, eq=False)
class LeftRun:
    """A run as a session leaves it: its timeline, how it was looked at, the files it owns."""

    timeline: Timeline
    view: RunView
    files: RunFiles


class Session:
    """Runs a trainer in a thread of its own. Methods for the screen return at once.

    Attributes:
        latest: the newest snapshot.
    """

    def __init__(
        self,
        trainer: Trainer,
        breakpoints: Iterable[Breakpoint] = (),
        versus: Versus | None = None,
        *,
        second: Trainer | None = None,
        view: RunView | None = None,
        autosaves: Callable[[], AutosaveWriter] | None = None,
        files: RunFiles | None = None,
        kiosk: Kiosk | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        """Begin where `trainer` stands, with a second network if there is `versus`.

        Args:
            trainer: the run.
            breakpoints: breakpoints to add to those of the view.
            versus: the choice of the second network; None for none.
            second: the second network's trainer, where it has trained before; None for a new one.
            view: how the run was looked at when it was saved; None for a new run.
            autosaves: makes the writer of autosaves, in the session's thread; None for none.
            files: the files that the run owns; None for none.
            kiosk: what a guest may do; None for a user.
            timeline: that of `trainer`, with its past; None for a new one.

        Raises:
            SettingError: the second network's settings do not go together.
        """
        timeline = timeline or timeline_of(trainer)
        run = TrainingRun(timeline, make_second_network(timeline, versus, second))
        self._state = SessionState(run, breakpoints, files, view, kiosk)
        self._lock_step = LockStep(self._state)
        self._may_work = threading.Event()
        self._may_work.set()
        self._handler = CommandHandler(self._state, self._lock_step)
        self._pacer = Pacer(self._state, self._lock_step, self._may_work)
        self._builder = SnapshotBuilder(self._state, self._handler.count_to_old)
        # Guests share a machine with each other; a user has it alone.
        self._fair_share = None if kiosk is None else FairShare()
        self._make_autosaves = autosaves
        self._autosaves: AutosaveWriter | None = None
        self._autosaving: Autosaving | None = None
        self._notify: Callable[[], None] = lambda: None
        self._notify_followers: Callable[[], None] | None = None  # None where nobody can follow
        self._followers_want_one = False  # a snapshot
        self._commands: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._stopping = self._left = False  # the end was asked for; by the user, on purpose
        self._save_asked: threading.Event | None = None  # set once the run has been captured
        self._snapshot_wanted = False  # the screen has asked for one
        self._news = False  # the screen is to be notified as soon as there is a snapshot
        self.latest: Snapshot = self._builder.build()
        self._thread = threading.Thread(target=self._run, name="trainer", daemon=True)

    # For the screen

    @property
    def own_file(self) -> str | None:
        """The file that the run shown is saved to; None for none yet."""
        return self._state.records.of(self._state.run.trainer).files.path

    def listen(self, notify: Callable[[], None]) -> None:
        """Have `notify` called, from the session's thread, whenever there is a new snapshot."""
        self._notify = notify

    def present(self, notify: Callable[[], None]) -> None:
        """Have `notify` called, from the session's thread, for those who follow.

        That is whenever there is a new snapshot, also where the screen has not asked for it.
        """
        self._notify_followers = notify

    def look_through(self, screen_view: Callable[[], ScreenView | None]) -> None:
        """Have what `screen_view` returns, at any time and in any thread, saved with the run."""
        self._state.screen_view = screen_view

    def begin_with_other(self, cell: str) -> None:
        """Exchange the two networks before the start, if the second one has this cell."""
        second = self.latest.second_network
        if second is not None and cell == second.settings.cell != self.latest.settings.cell:
            self._lock_step.swap()
            self.latest = self._builder.build()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout: float = 1.0, *, left: bool = False) -> None:
        """End the thread, after the slice of work that is under way, and autosave the run.

        Args:
            timeout: seconds to wait for both.
            left: whether the user has left the run on purpose: nobody need be told of it then.
        """
        deadline = time.monotonic() + timeout
        with self._wake:
            self._left = self._left if self._stopping else left  # the first call says why
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if self._autosaves is not None:
            self._autosaves.wait(deadline - time.monotonic())

    def call_beside(self, work: Callable[[], None]) -> None:
        """Have `work` done where autosaves are written, and return at once."""
        if self._autosaves is not None:
            self._autosaves.call(work)

    def autosave_now(self, timeout: float = 1.0) -> bool:
        """Autosave the run if it has changed; for the end of a process, in any thread.

        Args:
            timeout: seconds to wait at most.

        Returns:
            Whether all that was to be kept is on the disk.
        """
        if self._make_autosaves is None:
            return True
        deadline = time.monotonic() + timeout
        if self._thread.is_alive():
            captured = threading.Event()
            with self._wake:
                self._save_asked = captured
                self._wake.notify()
            if not captured.wait(timeout) and self._thread.is_alive():
                return False
        return self._autosaves is None or self._autosaves.wait(deadline - time.monotonic())

    def send(self, command: Command) -> None:
        """Put a command into the queue; commands are carried out in order.

        One that interrupts (`INTERRUPTS`) cancels the moves that have not begun yet.
        """
        with self._wake:
            if isinstance(command, INTERRUPTS):
                self._cancel_moves(command)
            self._commands.append(_Waiting(command, time.perf_counter()))
            self._wake.notify()

    def _cancel_moves(self, command: Command) -> None:
        """Drop the moves that wait; but before a restart a save is of the place that they lead to.

        The caller holds the lock of `_wake`.
        """
        waiting = list(self._commands)
        saves = [k for k, each in enumerate(waiting) if isinstance(each.command, Save)]
        first = saves[-1] + 1 if saves and isinstance(command, RESTARTS) else 0
        rest = [w for w in waiting[first:] if not isinstance(w.command, FINITE_MOVES)]
        self._commands = deque([*waiting[:first], *rest])

    @property
    def waiting(self) -> int:
        """The number of commands that wait."""
        return len(self._commands)

    def refresh(self) -> None:
        """Ask for a snapshot newer than `latest`, if training is under way."""
        self._snapshot_wanted = True
        if self._fair_share is not None:
            with self._wake:
                self._wake.notify()  # it may rest

    def refresh_for_followers(self) -> None:
        """Ask for a snapshot for those who follow; the screen is not told of it."""
        self._followers_want_one = True

    def wait_for_screen(self, seconds: float) -> None:
        """Wait while the screen has suspended the thread, for so many seconds at most."""
        self._may_work.wait(seconds)

    def suspend(self) -> None:
        """Have the thread wait after the present update, while the screen answers a key or draws.

        Both share one interpreter: drawing while a trainer works takes more than twice as long.
        """
        self._may_work.clear()

    def resume(self) -> None:
        """Let the thread go on after `suspend`."""
        self._may_work.set()

    # While the thread does not run

    @property
    def trainer(self) -> Trainer:
        """The trainer.

        Raises:
            RuntimeError: the thread runs; the trainer is its own.
        """
        self._require_no_thread()
        return self._state.run.trainer

    def left_run(self) -> LeftRun:
        """Return the run that is shown, as it is left, for who goes on with it.

        Raises:
            RuntimeError: the thread runs; the run is its own.
        """
        self._require_no_thread()
        state = self._state
        files = state.records.of(state.run.trainer).files
        return LeftRun(state.run.timeline, state.view(), files)

    @property
    def second_network(self) -> SecondNetwork | None:
        """The second network, if there is one.

        Raises:
            RuntimeError: the thread runs; the network is its own.
        """
        self._require_no_thread()
        return self._state.run.second_network

    def perform(self, *commands: Command) -> Snapshot:
        """Carry out commands to their end in the calling thread, as tests and scripts want it.

        Proofs and predictions are completed too. Without commands only that is done.

        Returns:
            The snapshot afterwards, which is `latest` too.

        Raises:
            RuntimeError: the session's own thread runs.
        """
        self._require_no_thread()
        for command in commands:
            self._handler.carry_out(command)
            self._finish_work()
        self._builder.build()  # begins the proofs and predictions that were asked for
        self._finish_work()
        self.latest = self._builder.build()
        return self.latest

    def _finish_work(self) -> None:
        while self._pacer.busy:
            self._pacer.work(None)

    def _require_no_thread(self) -> None:
        if self._thread.is_alive():
            raise RuntimeError("the trainer belongs to the session's thread")

    # The thread

    def _run(self) -> None:
        """Work until `stop`; then hand the last state to the writer of autosaves."""
        if self._make_autosaves is not None:
            self._autosaves = self._make_autosaves()
            self._autosaves.report = lambda text, error: self.send(Say(text, error))
            self._autosaving = Autosaving(self._state, self._lock_step, self._autosaves)
        try:
            self._work()
        except BaseException as error:
            self._state.report(error, "training has ended for good: q quits")
            self._show_notice()
        finally:
            if self._autosaving is not None:
                self._autosaving.finish(left=self._left)

    def _work(self) -> None:
        """Carry out commands and work, until `stop`."""
        while True:
            with self._wake:
                self._wait_for_work()
                if self._stopping:
                    return
                command = self._next_command()
            working = self._state.goal is not None
            if self._fair_share is not None:
                self._fair_share.begin()
            try:
                if command is not None:
                    self._handler.carry_out(command)
                    self._say_that_work_begins()
                working |= self._state.goal is not None
                news = self._pacer.work(command)
            except Exception as error:  # the screen shows it and stays usable
                self._fail(error)
                news = True
                with self._wake:  # what fails again and again is not tried without a pause
                    self._wake.wait(PAUSE_AFTER_ERROR)
            self._autosave(working or isinstance(command, CHANGES_RUN))
            self._news |= news and not self._next_may_begin()
            self._followers_want_one |= self._pacer.news_for_followers
            wanted = self._snapshot_wanted or self._followers_want_one
            if (wanted or self._news) and self._lock_step.presentable:
                self._publish()
            if self._pacer.busy:
                if self._fair_share is not None:
                    self._pacer.rested += self._rest(self._fair_share.rest())
                self._may_work.wait(LONGEST_SUSPENSION)

    def _say_that_work_begins(self) -> None:
        """Show at once that a move of more than a timestep has begun, where that takes long."""
        goal = self._state.goal
        if goal is None or goal.announced or not self._builder.large:
            return
        if goal.route is not None or goal.stride not in (Stride.OPERATION, Stride.TIMESTEP):
            goal.announced = True
            self.latest = self._builder.under_way(self.latest)
            self._notify()

    def _rest(self, seconds: float) -> float:
        """Rest, but for no command; return for how many seconds."""
        start = time.perf_counter()
        if seconds:
            with self._wake:
                if not (self._commands or self._stopping or self._snapshot_wanted):
                    self._wake.wait(seconds)
        return time.perf_counter() - start

    def _wait_for_work(self) -> None:
        """Wait until there is something to do; the caller holds the lock of `_wake`."""
        while not (self._commands or self._pacer.busy or self._stopping or self._save_asked):
            seconds = math.inf if self._autosaving is None else self._autosaving.seconds_left()
            if seconds <= 0:
                return
            self._wake.wait(None if seconds == math.inf else seconds)

    def _autosave(self, changed: bool) -> None:
        """Autosave if it is time or if somebody waits for it.

        Args:
            changed: whether the run may have changed in this slice.
        """
        if self._autosaving is None:
            return
        if changed:
            self._autosaving.note_change()
        self._autosaving.look()
        if self._save_asked is not None:
            self._autosaving.save()
            self._save_asked.set()
            self._save_asked = None

    def _next_command(self) -> Command | None:
        """Take the next command from the queue; None if there is none or all have to wait."""
        if self._next_may_begin():
            return self._commands.popleft().command
        for row, waiting in enumerate(self._commands):
            if isinstance(waiting.command, OVERTAKE):
                del self._commands[row]
                return waiting.command
        return None

    def _next_may_begin(self) -> bool:
        """Return whether there is a next command and it need not wait for what is under way."""
        with self._wake:
            if not self._commands:
                return False
            if self._interrupted():
                return True
            # Of a command that is sent again and again, the newest says how long its sender waits.
            first = self._commands[0].command
            sent = max(w.sent for w in self._commands if type(w.command) is type(first))
            return self._pacer.may_begin(first, sent)

    def _interrupted(self) -> bool:
        """Return whether a command waits that lets all those before it begin."""
        after_save = False
        for each in self._commands:
            after_save |= isinstance(each.command, Save)
            at_once = not (after_save and isinstance(each.command, RESTARTS))
            if isinstance(each.command, INTERRUPTS) and (at_once or self._pacer.is_late(each.sent)):
                return True
        return False

    def _waiting(self) -> bool:
        """Return whether commands wait that will move or change the run."""
        with self._wake:
            return any(
                isinstance(each.command, (*FINITE_MOVES, *WAIT_FOR_ROUTES))
                for each in self._commands
            )

    def _publish(self) -> None:
        wanted = self._snapshot_wanted or self._followers_want_one
        for_screen = self._snapshot_wanted or self._news
        self._snapshot_wanted = self._news = self._followers_want_one = False
        try:
            if self._pacer.announces and not wanted:
                self.latest = self._builder.under_way(self.latest)
            else:
                self.latest = self._builder.build(self._waiting())
        except Exception as error:
            self._fail(error)
            self._show_notice()
        else:
            if for_screen:
                self._notify()
            if self._notify_followers is not None:
                self._notify_followers()

    def _show_notice(self) -> None:
        """Show the newest notice beside what was shown last, as no snapshot can be made."""
        self._state.snapshots += 1
        number, notice = self._state.snapshots, self._state.notice
        self.latest = replace(self.latest, number=number, running=False, notice=notice)
        with contextlib.suppress(Exception):  # the screen may be closing
            self._notify()

    def _fail(self, error: Exception) -> None:
        """Pause after an unexpected error, and show it."""
        self._state.goal = None
        self._state.report(error, "training stopped (r restarts, w saves)")
