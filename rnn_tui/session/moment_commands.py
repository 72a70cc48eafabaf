"""Going to places that are named, and back to moments that were noted."""

from __future__ import annotations

from rnn_tui.engine.time_travel.places import Place, Stride, operation_count
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.places.looking import PlaceError
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.commands import GoToPlace, NoteMoment, ReturnToMoment
from rnn_tui.session.moments import Moments, moment_of, return_to
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


def place_of_line(trainer: Trainer, line: PlaceLine, first: int = 0) -> Place:
    """Return the place that a line names in the run of `trainer`.

    Args:
        trainer: its schedule and its network's operations are read.
        line: the line; what is looked at is left out.
        first: the earliest update in reach.

    Raises:
        PlaceError: the run has no such place, or it cannot be reached.
    """
    name = line.alone.short
    if line.at_start:
        if first:
            raise PlaceError(f"{name} is out of reach: {_begins(first)}")
        return Place(0, 0)
    schedule = trainer.schedule
    if line.t > schedule.steps:
        raise PlaceError(f"{name}: there is no timestep {line.t}: windows have {schedule.steps}")
    position = {
        Pass.BATCH: schedule.batch,
        Pass.LOSS: schedule.loss,
        Pass.CLIP: schedule.clip,
        Pass.FORWARD: schedule.forward(line.t),
        Pass.BACKWARD: schedule.backward(line.t),
        Pass.UPDATE: 0,
    }
    index = line.update * schedule.end + position[line.stage]
    if index <= first * schedule.end:
        raise PlaceError(f"{name} is out of reach: {_begins(first)}")
    operations = operation_count(trainer, index)
    if line.operation is not None and line.operation > operations:
        raise PlaceError(f"{name}: there is no operation {line.operation}: it has {operations}")
    return Place(index, operations if line.operation is None else line.operation)


def _begins(first: int) -> str:
    return f"the run can be followed from update {first} on"
