"""Going to places that are named, and back to moments that were noted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.places.looking import PlaceError
from rnn_tui.session.commands import GoToPlace, NoteMoment, ReturnToMoment
from rnn_tui.session.moments import Moments, moment_of, return_to
from rnn_tui.session.named_places import place_of_line
from rnn_tui.session.state import Goal, SessionState, TrainingRun
from rnn_tui.session.taking_back import Done, DoneSteps

SLICE = 0.004  # seconds of measuring before the next look at commands


def carry_out(
    state: SessionState,
    command: GoToPlace | NoteMoment | ReturnToMoment,
    moments: Moments,
    steps: DoneSteps,
) -> None:
    """Carry one of the commands out, or say why not.

    Args:
        state: the session's state.
        command: the command.
        moments: those that were noted.
        steps: the destructive steps, to which a return to another branch belongs.
    """
    match command:
        case GoToPlace():
            _go_to(state, command, moments)
        case NoteMoment(key):
            moments.note(key, moment_of(state), state.run.timeline.budget)
        case ReturnToMoment():
            _return(state, command, moments, steps)


def _go_to(state: SessionState, command: GoToPlace, moments: Moments) -> None:
    trainer, timeline = state.run.trainer, state.run.timeline
    lines = [command.place] if command.reached is None else [command.reached, command.place]
    declaration, first = trainer.network.declaration, timeline.first
    try:
        places = [place_of_line(trainer.schedule, declaration, each, first) for each in lines]
    except PlaceError as error:
        state.say(str(error), error=True)
        return
    if command.noted:
        moments.note(command.noted, moment_of(state), timeline.budget)
    state.breakpoints.rearm()
    way = _way(state.run, places, command)
    state.goal = Goal(Stride.UPDATE, 1, way, quiet=command.tested is not None)


def _way(run: TrainingRun, places: Sequence[Place], command: GoToPlace) -> Iterator[float]:
    """Go to one place after the other; measure and look at predictions on the way to the first."""
    timeline, before = run.timeline, places[0].index // run.trainer.schedule.end
    if command.tested is not None:
        run.predictor.forget_looks()
    for update in sorted({*(command.tested or ()), *command.looked}):
        if timeline.first <= update <= before:
            for fraction in timeline.seek(timeline.place_of(update)):
                yield fraction * update / max(before, 1)
            done = update / max(before, 1)
            yield from _finish(run, done)  # what was under way
            if update in command.looked:
                run.predictor.evaluate(run.trainer)
            else:
                run.predictor.measure_test_loss(run.trainer, running=False)
            yield from _finish(run, done)
    for place in places:
        yield from timeline.seek(place)
        second = run.second_network
        while second is not None and place is not places[-1]:  # there lock step brings it
            if second.follow(place, time.perf_counter() + SLICE):
                break
            yield 1.0


def _finish(run: TrainingRun, done: float) -> Iterator[float]:
    """Finish what is predicted and measured, yielding how much of the way is done."""
    while run.predictor.busy:
        run.predictor.work(SLICE)
        yield done


def _return(
    state: SessionState, command: ReturnToMoment, moments: Moments, steps: DoneSteps
) -> None:
    moment = moments.get(command.key)
    if moment is None:
        state.say("not done: this moment is not kept any more", error=True)
        return
    before = moment_of(state)
    way = return_to(state, moment, breakpoints=True)
    if command.exchanged:
        moments.note(command.key, before, state.run.timeline.budget)
    elif not moment.is_on_branch_of(before):
        steps.note(Done("going back to where this was", before))
    if way is not None:
        state.breakpoints.rearm()
        state.goal = Goal(Stride.UPDATE, 1, way)
