"""Pacing: the session's work is done in short slices, between which commands are carried out.

A pacer also says when the screen is to be notified. A short move is announced only at its end, so
that nothing flickers; during continuous training the screen asks for snapshots by itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.session.commands import (
    FINITE_MOVES,
    WAIT_FOR_ROUTES,
    Command,
    EvaluateTexts,
    ShowFollowers,
)
from rnn_tui.session.lock_step import PATIENCE, LockStep
from rnn_tui.session.state import Goal, SessionState

SLICE = 0.004  # seconds of work before the next command is looked for
ONE_BREATH = 0.5  # seconds between two keys that belong together
TELL_EVERY = 0.25  # seconds between two notices of how far a comparison is
SMOOTHING = 0.5  # seconds of work over which the speed is averaged


class Pacer:
    """Works a slice at a time: at lock step, then the goal, then comparisons and proofs.

    Attributes:
        news_for_followers: whether the newest slice gave something that followers alone look at.
        rested: seconds of rest since the speed was measured last, in which nothing was trained.
    """

    def __init__(self, state: SessionState, lock_step: LockStep, may_work: threading.Event) -> None:
        """Pace the work on `state`.

        Args:
            state: the session's state.
            lock_step: brings the second network to the place of the first.
            may_work: cleared while the screen suspends the session; a slice of continuous training
                then ends early.
        """
        self.news_for_followers = False
        self.rested = 0.0
        self._state = state
        self._lock_step = lock_step
        self._may_work = may_work
        self._compared_at = 0.0  # when the screen was last told of the comparison under way
        self._stretching = 0.0  # seconds of work on the update under way

    @property
    def busy(self) -> bool:
        """True while there is work left that needs no further command."""
        run = self._state.run
        proving = run.prover is not None and run.prover.busy
        moving = self._state.goal is not None or self._lock_step.behind
        return moving or proving or run.predictor.busy or not run.compared

    def may_begin(self, command: Command, sent: float) -> bool:
        """Return whether `command` can be carried out now: moves wait for the one before them.

        Args:
            command: the command.
            sent: when it was sent, as `time.perf_counter`; see `is_late`.
        """
        goal = self._state.goal
        if isinstance(command, EvaluateTexts):
            return (goal is None or goal.endless) and not self._lock_step.behind
        if goal is None or goal.endless:
            return True
        if isinstance(command, WAIT_FOR_ROUTES):
            return goal.route is None and self.is_late(sent)
        return not isinstance(command, FINITE_MOVES)

    def is_late(self, sent: float) -> bool:
        """Return whether something was sent well after the move under way had begun.

        What comes in one breath with a move is about the place where that ends; what comes later,
        about the place that is seen.
        """
        goal = self._state.goal
        return goal is not None and sent - goal.started > ONE_BREATH

    @property
    def announces(self) -> bool:
        """Whether there is news of a single move only, which takes long and is under way."""
        goal = self._state.goal
        return goal is not None and not goal.endless and goal.announced

    def work(self, command: Command | None) -> bool:
        """Work for about one slice.

        Args:
            command: the command that was carried out just before, if there was one.

        Returns:
            True if the screen is to be notified without having asked.
        """
        self.news_for_followers = False
        goal = self._state.goal
        if self._lock_step.behind:
            arrived = self._lock_step.catch_up(SLICE)
            # Continuous training waits for the second network; a single move does not.
            if arrived or goal is None or goal.endless:
                return command is not None or (arrived and not (goal is not None and goal.endless))
        if goal is not None:
            self._work_on(goal)
            self._lock_step.note_first_moved()
            return self._is_news(command)
        run = self._state.run
        compared = self._compare()
        own = run.prover is None or run.prover.busy_first
        proved = run.prover is not None and run.prover.work(SLICE)
        predicted = run.predictor.work(SLICE)
        if compared or predicted or (proved and own):
            return True
        self.news_for_followers = proved or isinstance(command, ShowFollowers)
        return command is not None and not isinstance(command, ShowFollowers)

    def _compare(self) -> bool:
        """Go on with the run without what-ifs; return whether there is news of it."""
        run = self._state.run
        if run.compared:
            return False
        arrived, now = run.compare(SLICE), time.perf_counter()
        if not arrived and now - self._compared_at < TELL_EVERY:
            return False
        self._compared_at = now
        return True

    def _is_news(self, command: Command | None) -> bool:
        """Return whether the screen is to be notified after a slice of work on the goal."""
        goal = self._state.goal
        if goal is None:
            return True
        if goal.endless:
            return command is not None
        overdue = not goal.announced and time.perf_counter() - goal.started > PATIENCE
        goal.announced |= overdue
        return overdue

    # One slice

    def _work_on(self, goal: Goal) -> None:
        """Work on the goal for about SLICE seconds."""
        if goal.route is not None:
            self._follow(goal, goal.route)
            return
        state, trainer = self._state, self._state.run.trainer
        if not self._settled(goal):
            return
        updates, start = trainer.updates, time.perf_counter()
        whole = goal.stride is Stride.UPDATE and goal.remaining > 1
        whole &= state.run.timeline.stretch >= trainer.schedule.end
        if whole and not state.breakpoints.has_positions:
            self._run_updates(goal, start + SLICE)
        else:
            self._make_strides(goal, start + SLICE)
        self._stretching += time.perf_counter() - start
        if trainer.updates > updates and goal.stride is Stride.UPDATE:
            self._measure_speed(trainer.updates - updates, self._stretching)
        if trainer.updates > updates or state.goal is None:
            self._stretching = 0.0
        if goal.remaining <= 0 or state.stop is not None or trainer.divergence is not None:
            state.end_goal()
        self._note_divergence()

    def _settled(self, goal: Goal) -> bool:
        """Return whether it is known which breakpoints were true; if not, work on that."""
        state, start = self._state, time.perf_counter()
        if not state.breakpoints.unsettled:
            return True
        if goal.settling is None:
            from rnn_tui.engine.time_travel.settling import settle  # not for the first screen

            goal.settling = settle(state.run.timeline, state.breakpoints)
        return all(time.perf_counter() - start <= SLICE for _ in goal.settling)

    def _make_strides(self, goal: Goal, deadline: float) -> None:
        """Go forward stride by stride until the deadline, a breakpoint, or a suspension."""
        from rnn_tui.engine.time_travel.stops import (  # not for the first screen
            stretch_of,
            stride_or_stop,
        )

        state, run = self._state, self._state.run
        trainer = run.trainer
        while goal.remaining > 0 and trainer.divergence is None and state.stop is None:
            if trainer.position == trainer.schedule.end:
                run.make_prover().keep_window(trainer)
            if stretch_of(run.timeline, goal.stride, state.breakpoints):
                if time.perf_counter() > deadline:
                    return
                continue
            state.stop = stride_or_stop(run.timeline, goal.stride, state.breakpoints)
            goal.remaining -= 1
            suspended = goal.endless and not self._may_work.is_set()
            if suspended or time.perf_counter() > deadline:
                return

    def _run_updates(self, goal: Goal, deadline: float) -> None:
        """Make whole updates until the deadline, a breakpoint, or the screen suspends the session.

        The last update of a counted goal is left to `_make_strides`.
        """
        state, timeline, endless = self._state, self._state.run.timeline, goal.endless
        trainer, breakpoints = state.run.trainer, state.breakpoints
        watching = not breakpoints.idle

        def over() -> bool:
            if watching:
                state.stop = breakpoints.check_update(trainer)
            suspended = endless and not self._may_work.is_set()
            return state.stop is not None or suspended or time.perf_counter() > deadline

        most = 10**9 if endless else int(goal.remaining) - 1
        goal.remaining -= timeline.run(most, over)

    def _follow(self, goal: Goal, route: Iterator[float]) -> None:
        """Go on along `route` for about SLICE seconds."""
        state, timeline, start = self._state, self._state.run.timeline, time.perf_counter()
        updates, known = state.run.trainer.updates, timeline.newest
        for goal.fraction in route:
            if time.perf_counter() - start > SLICE:
                break
        else:
            state.end_goal()
            state.breakpoints.rearm()
            state.breakpoints.disarm_true(state.run.trainer)
            self._note_divergence()
        if timeline.newest > known:  # this was training, not going to a place known
            made = max(state.run.trainer.updates - updates, 0)
            self._measure_speed(made, time.perf_counter() - start)

    def _note_divergence(self) -> None:
        """Note the breakpoint `nan`, which every divergence hits."""
        state, trainer = self._state, self._state.run.trainer
        if trainer.divergence is not None:
            state.stop = state.breakpoints.check_update(trainer)

    def _measure_speed(self, updates: int, seconds: float) -> None:
        """Update the speed after `updates` in `seconds`, plus those of the second network."""
        state = self._state
        seconds += self._lock_step.take_seconds()
        state.note_training(seconds)
        seconds += self.rested
        self.rested = 0.0
        now = updates / max(seconds, 1e-9)
        weight = 1.0 - math.exp(-seconds / SMOOTHING)
        state.speed = now if state.speed == 0.0 else state.speed + weight * (now - state.speed)
