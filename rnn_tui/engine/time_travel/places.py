"""Places in a run, and the strides between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from rnn_tui.engine.training.schedule import Pass, Schedule
from rnn_tui.engine.training.trainer import Trainer


class Stride(StrEnum):
    """The distances that one key moves by."""

    OPERATION = "operation"
    TIMESTEP = "timestep"
    PASS = "pass"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a run, which can be returned to.

    Attributes:
        index: number of schedule steps done since the run began (`Trainer.index`).
        revealed: number of operations of the last schedule step that are shown.
    """

    index: int
    revealed: int


def place_back(trainer: Trainer, place: Place, stride: Stride, count: int = 1) -> Place:
    """Return the place `count` strides before `place`; the run's start if there are fewer.

    This takes as long for 10^9 strides as for one.
    """
    if place.index <= 0 or count < 1:
        return place if place.index > 0 else Place(0, 0)
    end = trainer.schedule.end
    match stride:
        case Stride.OPERATION:
            return _place_of_operation(trainer, _operations_until(trainer, place) - count)
        case Stride.TIMESTEP:
            index = place.index - count
        case Stride.PASS:
            index = _passes_back(trainer.schedule, place.index, count)
        case Stride.UPDATE:
            index = ((place.index - 1) // end - (count - 1)) * end
    return Place(index, operation_count(trainer, index)) if index > 0 else Place(0, 0)


def _passes_back(schedule: Schedule, index: int, count: int) -> int:
    """Return the schedule index at which the pass begins that began `count` passes before."""
    starts = (0, *(p for p in range(1, schedule.end) if _begins_pass(schedule, p)))
    window, position = divmod(index - 1, schedule.end)
    number = window * len(starts) + bisect_left(starts, position + 1) - count
    window, row = divmod(number, len(starts))
    return window * schedule.end + starts[row]


def _begins_pass(schedule: Schedule, position: int) -> bool:
    """Return whether going back by passes stops at `position`, from 1: the first one of a pass."""
    return position == 1 or schedule.pass_at(position)[0] != schedule.pass_at(position - 1)[0]


def _operations_of_update(trainer: Trainer) -> tuple[int, ...]:
    """Return the number of operations up to each position of an update, from position 0."""
    counts = (operation_count(trainer, position) for position in range(trainer.schedule.end + 1))
    return tuple(accumulate(counts))


def _operations_until(trainer: Trainer, place: Place) -> int:
    """Return the number of operations revealed since the run began."""
    until = _operations_of_update(trainer)
    window, before = divmod(place.index - 1, trainer.schedule.end)
    return window * until[-1] + until[before] + place.revealed


def _place_of_operation(trainer: Trainer, number: int) -> Place:
    """Return the place where `number` operations are revealed since the run began."""
    if number <= 0:
        return Place(0, 0)
    until = _operations_of_update(trainer)
    window, rest = divmod(number - 1, until[-1])
    position = bisect_right(until, rest)
    return Place(window * trainer.schedule.end + position, rest + 1 - until[position - 1])


def place_of_operation(
    trainer: Trainer, update: int, stage: Pass, t: int, symbol: str = ""
) -> Place:
    """Return the place where an operation is the newest one that is shown.

    Args:
        trainer: its schedule and its network's operations are read.
        update: the number of updates before.
        stage: FORWARD, LOSS or BACKWARD.
        t: the timestep, from 1; 0 for the loss.
        symbol: what the operation computes; "" for the last one of the timestep.
    """
    schedule, declared = trainer.schedule, trainer.network.declaration
    position, operations = schedule.loss, declared.forward_operations
    if stage is Pass.FORWARD:
        position = schedule.forward(t)
    elif stage is Pass.BACKWARD:
        position, operations = schedule.backward(t), declared.backward_operations
    symbols = [operation.symbol for operation in operations]
    index = update * schedule.end + position
    shown = operation_count(trainer, index)
    return Place(index, symbols.index(symbol) + 1 if symbol in symbols else shown)


def operation_count(trainer: Trainer, index: int) -> int:
    """Return the number of operations of the schedule step that ends at schedule index `index`."""
    if index <= 0:
        return 0
    position = (index - 1) % trainer.schedule.end + 1
    stage, t = trainer.schedule.pass_at(position)
    if not t:
        return 1
    declared, forward = trainer.network.declaration, stage is Pass.FORWARD
    return len(declared.forward_operations if forward else declared.backward_operations)


def stride_end(trainer: Trainer, stride: Stride) -> int:
    """Return the index at the end of this pass or update; of the next if this one is complete."""
    schedule = trainer.schedule
    position = trainer.position if trainer.position < schedule.end else 0
    start = trainer.index - position
    if stride is Stride.UPDATE:
        return start + schedule.end
    if (
        not trainer.cursor.complete
        and trainer.position
        and schedule.pass_at(position)[0] != schedule.pass_at(position + 1)[0]
    ):
        return trainer.index  # only the rest of this timestep is to be revealed
    return start + schedule.next_pass_end(position)
