"""Carrying out commands: each sets the goal of the session's work or changes its state at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.interventions import (
    Intervention,
    InterventionError,
    Release,
    check,
)
from rnn_tui.engine.time_travel.places import Place, Stride, place_of_operation
from rnn_tui.engine.training.breakpoints import Breakpoints
from rnn_tui.kiosk import KioskError
from rnn_tui.session.commands import (
    CLEARS_STOP,
    LARGEST_COUNT,
    AddBreakpoint,
    Back,
    BackToStop,
    ChangeBookmark,
    CheckGradient,
    ClearGhosts,
    Command,
    Configure,
    Continue,
    Discard,
    EvaluateTexts,
    GoTo,
    GoToOperation,
    GoToPlace,
    Intervene,
    Keep,
    NoteMoment,
    Pause,
    ReleaseWhatIf,
    RemoveBreakpoint,
    Restart,
    ReturnToMoment,
    RunOrPause,
    RunTo,
    Save,
    Say,
    SetSecondNetwork,
    ShowFollowers,
    Step,
    StopGradientCheck,
    Swap,
    SwitchBreakpoint,
    UndoStep,
    ViewRequest,
)
from rnn_tui.session.list_commands import (
    change_bookmark,
    change_second_network,
    clear_ghosts,
    edit_breakpoints,
)
from rnn_tui.session.lock_step import LockStep
from rnn_tui.session.moments import Moments
from rnn_tui.session.state import Goal, SessionState
from rnn_tui.session.taking_back import Done, DoneSteps, exchange_of
from rnn_tui.settings import Settings

if TYPE_CHECKING:
    pass


class CommandHandler:
    """Carries commands out: short ones at once; a long one sets the goal that `Pacer` works on."""

    def __init__(self, state: SessionState, lock_step: LockStep) -> None:
        self._state = state
        self._lock_step = lock_step
        self._moments = Moments()
        self._steps = DoneSteps(state)

    def count_to_old(self) -> int:
        """Return the count with which `UndoStep` brings the old run back; 0 if none does."""
        return self._steps.count_to_old()

    def carry_out(self, command: Command) -> None:
        """Set the goal that `command` asks for, or make the change it asks for."""
        state, stop, run = self._state, self._state.stop, self._state.run
        if isinstance(command, RunOrPause) and self._has_ended_since(command):
            state.say("it had stopped already: space again goes on")
            return
        if isinstance(command, CLEARS_STOP):
            state.stop = state.check = None
        match command:
            case Step() | Back() | GoTo() | RunTo() | BackToStop():
                self._set_goal(command)
            case GoToOperation():
                self._go_to_operation(command)
            case ChangeBookmark():
                change_bookmark(state, command, self._steps)
            case GoToPlace() | NoteMoment() | ReturnToMoment():
                self._use_moments(command)
            case Continue() | RunOrPause() | Pause():
                self._set_goal(command)
            case Intervene() | Discard() | ReleaseWhatIf() | Keep():
                self._change_branch(command)
            case AddBreakpoint() | RemoveBreakpoint() | SwitchBreakpoint():
                edit_breakpoints(state, command, self._steps)
            case SetSecondNetwork() | Swap():
                change_second_network(state, command, self._lock_step, self._steps)
            case ViewRequest(sample):
                last = state.run.trainer.settings.batch - 1
                state.request = replace(command, sample=min(sample, last))
            case ShowFollowers():
                state.followers = command
            case Configure():
                self._configure(command)
            case Restart():
                self._restart(command)
            case UndoStep():
                self._undo_step(command)
            case Save():
                from rnn_tui.session.saving import save_run  # not needed before the first save

                save_run(state, command, state.view())
                self._steps.forget_old()
            case CheckGradient():
                self._check_gradient(command)
            case EvaluateTexts():
                from rnn_tui.session.evaluating import evaluate_texts  # for lessons only

                state.evaluated = evaluate_texts(state, command)
            case StopGradientCheck():
                state.run.make_prover().stop_check()
            case ClearGhosts():
                clear_ghosts(state, self._steps)
            case Say(text, error):
                state.say(text, error)
        self._lock_step.follow_settings()
        self._lock_step.note_first_moved()
        failed = isinstance(command, Restart) and state.run is run
        if self._refuses_to_go_on() or failed:
            state.stop = stop

    def _has_ended_since(self, command: RunOrPause) -> bool:
        """Return whether what was to be paused has ended by itself before this could be seen."""
        seen = command.pausing
        return self._state.goal is None and seen is not None and seen <= self._state.ended_at

    def _refuses_to_go_on(self) -> bool:
        """Drop a goal that lies ahead of a divergence; return whether there was one."""
        state = self._state
        forward = state.goal is not None and state.goal.route is None
        if forward and state.run.trainer.divergence is not None:
            state.goal = None
            text = "the network diverged: U goes back, o changes its settings, r restarts it"
            state.say(text, error=True)
            return True
        return False

    def _fits(self, declaration: NetworkDeclaration | None) -> bool:
        """Return whether what was typed is about the present network; if not, say so."""
        if declaration is None or declaration is self._state.run.trainer.network.declaration:
            return True
        self._state.say("not done: meanwhile another network is shown", error=True)
        return False

    # Moments

    def _use_moments(self, command: GoToPlace | NoteMoment | ReturnToMoment) -> None:
        from rnn_tui.session.moment_commands import carry_out  # not needed before the first

        carry_out(self._state, command, self._moments, self._steps)

    # Goals

    def _set_goal(
        self, command: Step | Back | GoTo | RunTo | BackToStop | Continue | RunOrPause | Pause
    ) -> None:
        state, timeline = self._state, self._state.run.timeline
        match command:
            case Step(stride, count):
                state.goal = Goal(stride, min(count, LARGEST_COUNT))
            case Back(stride, count):
                self._seek(timeline.back(stride, min(count, LARGEST_COUNT)))
            case GoTo(None):
                self._seek(timeline.newest, timeline.seek_newest())
            case GoTo(int(update)):
                self._seek(timeline.place_of(min(update, LARGEST_COUNT)))
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

    def _seek(self, place: Place, way: Iterator[float] | None = None) -> None:
        """Go to `place`, by `way` if there is a special one."""
        state, timeline = self._state, self._state.run.timeline
        state.breakpoints.rearm()
        first = timeline.first
        if place.index <= timeline.place_of(first).index:
            state.say(f"the timeline begins at update {first}")
        state.goal = Goal(Stride.UPDATE, 1, way or timeline.seek(place))

    def _go_to_operation(self, command: GoToOperation) -> None:
        """Go to an operation of an update, in the past or ahead."""
        state, timeline = self._state, self._state.run.timeline
        if command.update < timeline.first:
            text = f"update {command.update} is out of reach: the timeline begins at "
            state.say(f"{text}{timeline.first}; r begins again", error=True)
            return
        trainer = state.run.trainer
        place = place_of_operation(
            trainer, command.update, command.stage, command.t, command.symbol
        )
        state.breakpoints.rearm()
        state.goal = Goal(Stride.UPDATE, 1, timeline.seek(place))

    def _run_to(self, t: int) -> None:
        """Go to timestep `t`: in the forward or backward pass of this window, or in the next."""
        state, trainer = self._state, self._state.run.trainer
        schedule = trainer.schedule
        if not 1 <= t <= schedule.steps:
            state.say(f"there is no timestep {t}: the windows have {schedule.steps}", error=True)
            return
        start = trainer.index - trainer.position % schedule.end
        positions = (
            schedule.forward(t),
            schedule.backward(t),
            schedule.end + schedule.forward(t),
        )
        index = next(start + each for each in positions if start + each > trainer.index)
        state.goal = Goal(Stride.TIMESTEP, 1, self._to_index(index))

    def _to_index(self, index: int) -> Iterator[float]:
        """Go forward to a schedule index or the first breakpoint before it."""
        from rnn_tui.engine.time_travel.settling import settle  # not for the first screen
        from rnn_tui.engine.time_travel.stops import go_to_or_stop

        state = self._state
        if state.breakpoints.unsettled:
            yield from settle(state.run.timeline, state.breakpoints)
        state.stop = yield from go_to_or_stop(state.run.timeline, index, state.breakpoints)

    def _back_to_stop(self) -> Iterator[float]:
        """Search the past for the last stop, yielding the fraction of the search that is done."""
        state = self._state
        if state.breakpoints.idle:
            state.say("there is no breakpoint to go back to: b adds one", error=True)
            return
        from rnn_tui.engine.time_travel.search_back import search_back  # not for the first screen

        state.breakpoints.rearm()
        # A list of its own: what is met again on the way is no further hit.
        again = Breakpoints(*(status.breakpoint for status in state.breakpoints.statuses))
        state.stop = yield from search_back(state.run.timeline, again)
        if state.stop is None:
            state.say("no breakpoint stops before this place")

    # What-ifs

    def _change_branch(self, command: Intervene | Discard | ReleaseWhatIf | Keep) -> None:
        timeline = self._state.run.timeline
        match command:
            case Intervene(intervention, declaration):
                if self._fits(declaration):
                    self._intervene(intervention)
            case Discard(intervention):
                if self._is_newest(intervention):
                    before, newest = self._steps.before(), timeline.discardable
                    self._go(timeline.discard())
                    self._steps.note(Done(f"discarding {newest}", before))
            case ReleaseWhatIf(intervention):
                if any(each is intervention for each in timeline.what_ifs):
                    before = self._steps.before()
                    self._go(timeline.release(intervention))
                    self._steps.note(Done(f"taking {intervention} out", before))
                else:
                    self._state.say(f"not done: {intervention} is no what-if any more", error=True)
            case Keep(intervention):
                if self._is_newest(intervention):
                    self._keep()
        self._state.run.note_what_if()

    def _is_newest(self, intervention: Intervention | None) -> bool:
        """Return whether the newest what-if is the one that is meant; if not, say so."""
        newest = self._state.run.timeline.discardable
        if newest is None:
            self._state.say("there is no what-if")
        elif intervention is not None and intervention is not newest:
            self._state.say(f"not done: meanwhile the what-if is {newest}", error=True)
        else:
            return True
        return False

    def _intervene(self, intervention: Intervention) -> None:
        self._state.goal = None
        timeline = self._state.run.timeline
        held = timeline.trainer.network.pins
        try:
            self._check_changes()
            check(intervention, timeline.trainer.network.declaration)
            if timeline.is_in_force(intervention):
                now = "it is so already, so nothing is changed"
                if isinstance(intervention, Release):
                    now = f"held are {', '.join(map(str, held))}" if held else "nothing is held"
                raise InterventionError(str(intervention), now)
            way = timeline.intervene(intervention)
        except (InterventionError, KioskError) as error:
            self._state.say(str(error), error=True)
        else:
            self._go(self._with_what_if(intervention, way))

    def _with_what_if(self, intervention: Intervention, way: Iterator[float]) -> Iterator[float]:
        """Go to the place with a new what-if; if it is stopped before that is made, say so."""
        state, run = self._state, self._state.run
        made = False
        try:
            for fraction in way:
                made |= any(each is intervention for each in run.timeline.what_ifs)
                run.note_what_if()
                yield fraction
        finally:
            run.note_what_if()
            if not (made or any(each is intervention for each in run.timeline.what_ifs)):
                state.say(f"stopped before {intervention} was made: G goes back", error=True)

    def _go(self, way: Iterator[float]) -> None:
        """Go to the place with or without a what-if."""
        self._state.breakpoints.rearm()
        self._state.goal = Goal(Stride.UPDATE, 1, way)

    def _keep(self) -> None:
        """Keep all what-ifs."""
        timeline = self._state.run.timeline
        kept = timeline.what_ifs
        text = str(kept[0]) if len(kept) == 1 else f"{len(kept)} what-ifs"
        exchange = exchange_of(timeline.exchange_what_ifs)
        self._steps.note(Done(f"keeping {text}", exchange=exchange, in_branch=True))
        if len(kept) > 1:
            self._state.say(f"kept {len(kept)} what-ifs: {', '.join(map(str, kept))}")

    # Settings

    def _configure(self, command: Configure) -> None:
        """Apply settings that need no restart."""
        state, run = self._state, self._state.run
        tried, earlier = len(run.timeline.what_ifs), run.trainer.settings
        try:
            settings = self._chosen(command.settings, command.base)
            self._check_changes()
            before = self._steps.before() if run.timeline.in_past else None
            made = run.timeline.all_changes
            run.timeline.configure(settings)
        except KioskError as error:
            state.say(str(error), error=True)
            return
        except ValueError as error:
            state.say(f"not changed: {error}", error=True)
            return
        run.timeline.limit_memory(settings.timeline)
        if run.second_network is not None:
            run.second_network.timeline.limit_memory(settings.timeline)
        if command.base is not None:
            gone = tried - len(run.timeline.what_ifs)
            ahead = f"{gone} what-ifs, which lay ahead, are" if gone > 1 else "the what-if ahead is"
            names = ", ".join(command.settings.differences(command.base))
            state.say(f"changed {names}" + f"; {ahead} gone" * bool(gone))
        if before is not None and run.timeline.all_changes is not made:
            names = ", ".join(settings.differences(earlier))
            self._steps.note(Done(f"changing {names} in the past", before))

    def _check_changes(self) -> None:
        """Refuse another change where a guest's run has as many as it may have.

        Raises:
            KioskError: it has.
        """
        timeline, kiosk = self._state.run.timeline, self._state.kiosk
        if kiosk is not None:
            kiosk.check_changes(timeline.changes, len(timeline.ghosts))

    def _chosen(self, settings: Settings, base: Settings | None) -> Settings:
        """Return the run's settings with what differs between `settings` and `base` changed.

        Raises:
            ValueError: `base` are the settings of another run, or they do not go together.
        """
        current, kiosk = self._state.run.trainer.settings, self._state.kiosk
        if kiosk is not None:
            kiosk.check(settings)
        if base is None:
            return settings
        if names := current.needs_restart(base):
            raise ValueError(f"meanwhile the network shown has another {', '.join(names)}")
        return current.with_(**{n: getattr(settings, n) for n in settings.differences(base)})

    def _restart(self, command: Restart) -> None:
        """Begin again from the seed; if that fails, the present run stays as it is."""
        from rnn_tui.session.restarting import restart  # not needed before the first

        state, run = self._state, self._state.run
        try:
            settings = self._chosen(command.settings or run.trainer.settings, command.base)
            before = self._steps.before()
            replaces, how = restart(state, settings)
        except ValueError as error:  # settings that do not go together, data that cannot be read
            state.say(str(error), error=True)
        except Exception as error:  # too little memory, a task with an error
            state.report(error, "not restarted")
        else:
            self._steps.note_restart(Done("the restart", before), replaces=replaces)
            state.say("; ".join(filter(None, (how, self._steps.way_to_old()))))

    def _undo_step(self, command: UndoStep) -> None:
        """Take the newest destructive step back, or make it again."""
        state, run = self._state, self._state.run
        said, way = self._steps.take_back(command.count)
        if not said:
            state.say("there is nothing to take back: no restart, no fork, nothing removed")
            return
        if not any(trainer in state.run.trainers for trainer in run.trainers):
            updates = state.run.trainer.updates
            said = f"the run before is back, at update {updates}; R goes to the other one again"
        state.say(said)
        if way is not None:
            self._go(way)

    # Proofs

    def _check_gradient(self, command: CheckGradient) -> None:
        """Note that a gradient is to be checked, once the move under way is over."""
        state = self._state
        if not self._fits(command.declaration):
            return
        if state.goal is not None and state.goal.endless:
            state.say("a gradient is checked while the run stands still: space pauses")
        elif command.parameter < state.run.trainer.parameters.size:
            state.check = command
