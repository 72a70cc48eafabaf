"""Places in a run, and the strides between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


def place_before(trainer: Trainer, place: Place, stride: Stride) -> Place:
    """Return the place one stride before `place`; the run's start if it is there already."""
    if place.index <= 0:
        return Place(0, 0)
    schedule = trainer.schedule
    window, position = divmod(place.index - 1, schedule.end)
    position += 1
    match stride:
        case Stride.OPERATION if place.revealed > 1:
            return Place(place.index, place.revealed - 1)
        case Stride.OPERATION | Stride.TIMESTEP:
            index = place.index - 1
        case Stride.PASS:
            index = window * schedule.end + _pass_start(schedule, position)
        case Stride.UPDATE:
            index = window * schedule.end
    return Place(index, operation_count(trainer, index))


def _pass_start(schedule: Schedule, position: int) -> int:
    """Return the first position of this pass; from there, that of the pass before; 0 from BATCH."""
    stage = schedule.pass_at(max(position - 1, 1))[0]
    start = position - 1
    while start > 1 and schedule.pass_at(start - 1)[0] == stage:
        start -= 1
    return start


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
