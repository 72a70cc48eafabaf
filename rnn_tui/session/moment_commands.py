"""Going to places that are named, and back to moments that were noted."""

from __future__ import annotations

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.places.looking import PlaceError
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.commands import GoToPlace, NoteMoment, ReturnToMoment
from rnn_tui.session.moments import Moments, moment_of, return_to
from rnn_tui.session.named_places import place_of_line
from rnn_tui.session.state import Goal, SessionState
from rnn_tui.session.taking_back import Done, DoneSteps


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
        case GoToPlace(place, noted):
            _go_to(state, place, noted, moments)
        case NoteMoment(key):
            moments.note(key, moment_of(state), state.run.timeline.budget)
        case ReturnToMoment():
            _return(state, command, moments, steps)


def _go_to(state: SessionState, line: PlaceLine, noted: str, moments: Moments) -> None:
    timeline = state.run.timeline
    try:
        place = place_of_line(state.run.trainer, line, timeline.first)
    except PlaceError as error:
        state.say(str(error), error=True)
        return
    if noted:
        moments.note(noted, moment_of(state), timeline.budget)
    state.breakpoints.rearm()
    state.goal = Goal(Stride.UPDATE, 1, timeline.seek(place))


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
