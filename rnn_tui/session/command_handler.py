"""Carrying out commands: each sets the goal of the session's work or changes its state at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rnn_tui.engine.network.interventions import Intervention, InterventionError
from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.training.breakpoint_conditions import BreakpointError
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import TASKS
from rnn_tui.session.commands import (
    CLEARS_STOP,
    AddBreakpoint,
    Back,
    BackToStop,
    CheckGradient,
    ClearGhosts,
    Command,
    Configure,
    Continue,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Pause,
    RemoveBreakpoint,
    Restart,
    RunOrPause,
    RunTo,
    Save,
    Say,
    SetSecondNetwork,
    Step,
    StopGradientCheck,
    Swap,
    ToggleBreakpoint,
    UndoRestart,
    ViewRequest,
)
from rnn_tui.session.lock_step import ALL_OPERATIONS, LockStep, make_second_network
from rnn_tui.session.state import Goal, SessionState, TrainingRun
from rnn_tui.settings import Settings


class CommandHandler:
    """Carries commands out: short ones at once; a long one sets the goal that `Pacer` works on."""

    def __init__(self, state: SessionState, lock_step: LockStep) -> None:
        self._state = state
        self._lock_step = lock_step

    def carry_out(self, command: Command) -> None:
        """Set the goal that `command` asks for, or make the change it asks for."""
        if isinstance(command, CLEARS_STOP):
            self._state.stop = self._state.check = None
        match command:
            case Step() | Back() | GoTo() | RunTo() | BackToStop():
                self._set_goal(command)
            case Continue() | RunOrPause() | Pause():
                self._set_goal(command)
            case Intervene() | Discard() | Keep():
                self._change_branch(command)
            case AddBreakpoint() | RemoveBreakpoint() | ToggleBreakpoint():
                self._edit_breakpoints(command)
            case SetSecondNetwork() | Swap():
                self._change_second_network(command)
            case ViewRequest(sample):
                last = self._state.run.trainer.settings.batch - 1
                self._state.request = replace(command, sample=min(sample, last))
            case Configure(settings):
                self._configure(settings)
            case Restart(settings):
                self._restart(settings or self._state.run.trainer.settings)
            case UndoRestart():
                self._undo_restart()
            case Save():
                from rnn_tui.session.saving import save_run  # not needed before the first save

                save_run(self._state, command)
            case CheckGradient():
                self._check_gradient(command)
            case StopGradientCheck():
                self._state.run.make_prover().stop_check()
            case ClearGhosts():
                self._state.run.timeline.clear_ghosts()
            case Say(text, error):
                self._state.say(text, error)
        self._lock_step.note_first_moved()
        self._refuse_to_go_on_diverged()

    def _refuse_to_go_on_diverged(self) -> None:
        """Drop a goal that lies ahead of a divergence."""
        state = self._state
        forward = state.goal is not None and state.goal.route is None
        if forward and state.run.trainer.divergence is not None:
            state.goal = None
            state.say("the network diverged: r restarts it, o changes its settings", error=True)

    # Goals

    def _set_goal(
        self, command: Step | Back | GoTo | RunTo | BackToStop | Continue | RunOrPause | Pause
    ) -> None:
        state, timeline = self._state, self._state.run.timeline
        match command:
            case Step(stride, count):
                state.goal = Goal(stride, count)
            case Back(stride, count):
                self._seek(timeline.back(stride, count))
            case GoTo(None):
                self._seek(timeline.newest)
            case GoTo(int(update)):
                self._seek(timeline.place_of(update))
            case RunTo(t):
                self._run_to(t)
            case BackToStop():
                state.goal = Goal(Stride.UPDATE, 1, self._back_to_stop())
            case Continue():
                state.goal = Goal(Stride.UPDATE, math.inf)
            case RunOrPause():
                state.goal = None if state.goal is not None else Goal(Stride.UPDATE, math.inf)
            case Pause():
                state.goal = None

    def _seek(self, place: Place) -> None:
        state, timeline = self._state, self._state.run.timeline
        state.breakpoints.rearm()
        first = timeline.first
        if place < timeline.place_of(first) and timeline.here.index > 0:
            state.say(f"the timeline begins at update {first}")
        state.goal = Goal(Stride.UPDATE, 1, timeline.seek(place))

    def _run_to(self, t: int) -> None:
        """Go to timestep `t`: in the forward or backward pass of this window, or in the next."""
        run = self._state.run
        trainer, schedule = run.trainer, run.trainer.schedule
        start = trainer.index - trainer.position % schedule.end
        positions = (
            schedule.forward(t),
            schedule.backward(t),
            schedule.end + schedule.forward(t),
        )
        index = next(start + each for each in positions if start + each > trainer.index)
        route = run.timeline.seek(Place(index, ALL_OPERATIONS))
        self._state.goal = Goal(Stride.TIMESTEP, 1, route)

    def _back_to_stop(self) -> Iterator[float]:
        """Search the past for the last stop, yielding the fraction of the search that is done."""
        state = self._state
        if state.breakpoints.idle:
            state.say("there is no breakpoint to go back to: b adds one", error=True)
            return
        from rnn_tui.engine.time_travel.search_back import search_back  # not for the first screen

        state.stop = yield from search_back(state.run.timeline, state.breakpoints)
        if state.stop is None:
            state.say("no breakpoint stops before this place")

    # What-ifs

    def _change_branch(self, command: Intervene | Discard | Keep) -> None:
        state, run = self._state, self._state.run
        match command:
            case Intervene(intervention):
                self._intervene(intervention)
            case Discard():
                state.goal = run.counterfactual = None
                if not run.timeline.discard():
                    state.say("there is no what-if to discard")
            case Keep():
                run.timeline.keep_intervention()
                run.counterfactual = None

    def _intervene(self, intervention: Intervention) -> None:
        state, run = self._state, self._state.run
        state.goal = None
        try:
            run.timeline.intervene(intervention)
        except InterventionError as error:
            state.say(str(error), error=True)
            return
        from rnn_tui.engine.time_travel.counterfactual import Counterfactual

        start = run.timeline.counterfactual_start
        run.counterfactual = Counterfactual(run.trainer, start) if start is not None else None

    # Breakpoints

    def _edit_breakpoints(
        self, command: AddBreakpoint | RemoveBreakpoint | ToggleBreakpoint
    ) -> None:
        breakpoints, trainer = self._state.breakpoints, self._state.run.trainer
        try:
            match command:
                case AddBreakpoint(breakpoint):
                    breakpoint.fits(trainer.network.declaration)
                    breakpoints.add(breakpoint)
                case RemoveBreakpoint(line):
                    breakpoints.remove(line)
                case ToggleBreakpoint(line):
                    breakpoints.toggle(line)
        except BreakpointError as error:
            self._state.say(str(error), error=True)

    # The second network

    def _change_second_network(self, command: SetSecondNetwork | Swap) -> None:
        state = self._state
        match command:
            case SetSecondNetwork(versus):
                try:
                    self._lock_step.set_versus(versus)
                except ValueError as error:
                    state.say(str(error), error=True)
            case Swap():
                if self._lock_step.swap():
                    state.goal = None
                else:
                    state.say("there is no other network: ctrl+p sets one beside this one")

    # Settings

    def _configure(self, settings: Settings) -> None:
        """Apply settings that need no restart.

        Raises:
            ValueError: a setting differs that needs a restart.
        """
        run = self._state.run
        run.timeline.budget = settings.timeline * 2**20
        before = run.trainer.optimizer.parameters_before
        run.timeline.configure(settings)
        if run.second_network is not None:
            run.second_network.configure(settings)
        # A new optimizer has not stepped yet; keep the weights this window was computed with.
        np.copyto(run.trainer.optimizer.parameters_before, before)

    def _restart(self, settings: Settings) -> None:
        """Begin again from the seed; if that fails, the present run stays as it is."""
        try:
            trainer = _fresh_trainer(settings, self._state.run.trainer)
            second_network = make_second_network(trainer, self._lock_step.versus)
            run = TrainingRun.of(trainer, second_network)
        except ValueError as error:  # settings that do not go together, data that cannot be read
            self._state.say(str(error), error=True)
        except Exception as error:  # too little memory, a task with an error
            self._state.report(error)
        else:
            state = self._state
            changed = settings.differences(state.run.trainer.settings)
            state.restart(run, self._lock_step.versus)
            how = f"restarted with {', '.join(changed)}" if changed else "restarted"
            updates = state.old.run.trainer.updates if state.old is not None else 0
            state.say(f"{how}; R brings the old run back, at update {updates}")

    def _undo_restart(self) -> None:
        """Bring the run before the restart back."""
        state = self._state
        old = state.undo_restart(self._lock_step.versus)
        if old is None:
            state.say("there is no run before a restart, or it was saved since")
            return
        self._lock_step.versus = old.versus
        updates = state.run.trainer.updates
        state.say(f"the run before is back, at update {updates}; R goes to the other one again")

    # Proofs

    def _check_gradient(self, command: CheckGradient) -> None:
        """Note that a gradient is to be checked, once the move under way is over."""
        state = self._state
        if state.goal is not None and state.goal.endless:
            state.say("a gradient is checked while the run stands still: space pauses")
        elif command.parameter < state.run.trainer.parameters.size:
            state.check = command


def _fresh_trainer(settings: Settings, current: Trainer) -> Trainer:
    """Return a trainer before its first window, with the custom task of `current` if it has one.

    Raises:
        ValueError: the settings do not go together, or the data cannot be read, or `settings`
            change what a custom task was made for.
    """
    if current.custom_task is not None:
        of_tasks = {"task", "seed", "steps", "batch"}.union(
            *(TASKS[n].settings for n in TASKS.names)
        )
        changed = [name for name in settings.differences(current.settings) if name in of_tasks]
        if changed:
            names = ", ".join(changed)
            raise ValueError(f"this task was made by a program: a restart cannot change {names}")
    return Trainer(settings, task=current.fresh_custom_task())
