"""Between places as a run has them, two numbers, and as they are named in a line."""

from __future__ import annotations

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.time_travel.places import Place, operation_count
from rnn_tui.engine.training.schedule import Cursor, Pass, Schedule
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.places.looking import PlaceError
from rnn_tui.places.place_line import OVER_TIME, PlaceLine


def line_of_cursor(cursor: Cursor) -> PlaceLine:
    """Return the place of a cursor as a line has it, without what is looked at.

    Where no batch is drawn yet, this is the end of the update before, or the start.
    """
    if not cursor.has_batch:
        if cursor.update:
            return PlaceLine(cursor.update, Pass.UPDATE)
        return PlaceLine(0, Pass.BATCH, 0, 0)
    partial = cursor.stage in OVER_TIME and not cursor.complete
    return PlaceLine(cursor.update, cursor.stage, cursor.t, cursor.operation if partial else None)


def line_of(trainer: Trainer, place: Place) -> PlaceLine:
    """Return a place in the run of `trainer` as a line has it."""
    end = trainer.schedule.end
    if place.index <= 0:
        return PlaceLine(0, Pass.BATCH, 0, 0)
    updates, position = divmod(place.index - 1, end)
    stage, t = trainer.schedule.pass_at(position + 1)
    operations = operation_count(trainer, place.index)
    complete = updates + (stage is Pass.UPDATE)
    return line_of_cursor(Cursor(complete, stage, t, place.revealed, operations))


def place_of_line(
    schedule: Schedule, declaration: NetworkDeclaration, line: PlaceLine, first: int = 0
) -> Place:
    """Return the place that a line names in a run.

    Args:
        schedule: the run's.
        declaration: of its network, whose operations are counted.
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
    operations = 1
    if line.stage is Pass.FORWARD:
        operations = len(declaration.forward_operations)
    elif line.stage is Pass.BACKWARD:
        operations = len(declaration.backward_operations)
    if line.operation is not None and line.operation > operations:
        raise PlaceError(f"{name}: there is no operation {line.operation}: it has {operations}")
    return Place(index, operations if line.operation is None else line.operation)


def _begins(first: int) -> str:
    return f"the run can be followed from update {first} on"
