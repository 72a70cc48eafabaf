"""The schedule: the steps that train one window, in order.

    batch → forward t=1 … T → loss → backward t=T … 1 → clip → update

A *schedule step* is one of these: the whole batch, one timestep of a pass over time, the loss, the
clipping or the update. It is larger than an *operation*, which is one equation: the schedule step
of a timestep contains up to a dozen operations.

A *position* is the number of schedule steps of this update that are done: 0 before the batch, 2T+4
when the update is complete. A `Cursor` gives the same place in words: the last schedule step done,
as pass and timestep, and how many of its operations have been revealed.

Attributes and variables of type `Pass` are called `stage`, because `pass` is a keyword of Python.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Pass(StrEnum):
    """The passes of the schedule, in order."""

    BATCH = "BATCH"
    FORWARD = "FORWARD"
    LOSS = "LOSS"
    BACKWARD = "BACKWARD"
    CLIP = "CLIP"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a run, by pass and timestep.

    Attributes:
        update: number of updates completed.
        stage: the pass of the last schedule step done.
        t: the timestep of that step, from 1; 0 if the pass has no timesteps.
        operation: number of operations of that step that are revealed, at most `operations`; 0
            only before the first batch is drawn.
        operations: number of operations of that step.
    """

    update: int
    stage: Pass
    t: int
    operation: int
    operations: int

    @property
    def complete(self) -> bool:
        """Whether all operations of this schedule step are revealed."""
        return self.operation == self.operations

    @property
    def has_batch(self) -> bool:
        """Whether this update's batch is drawn."""
        return self.stage is not Pass.BATCH or self.operation > 0

    def revealed_forward(self, t: int, operations: int) -> int:
        """Return how many of the forward `operations` of timestep `t` are revealed."""
        if self.stage is Pass.BATCH:
            return 0
        if self.stage is Pass.FORWARD and t >= self.t:
            return self.operation if t == self.t else 0
        return operations

    def revealed_backward(self, t: int, operations: int) -> int:
        """Return how many of the backward `operations` of timestep `t` are revealed."""
        if self.stage in (Pass.CLIP, Pass.UPDATE):
            return operations
        if self.stage is not Pass.BACKWARD or t < self.t:
            return 0
        return self.operation if t == self.t else operations


@dataclass(frozen=True, slots=True)
class Schedule:
    """The positions of the schedule for a window of `steps` timesteps (T).

    Attributes:
        steps: T.
        batch: position once the batch is drawn.
        loss: position once the loss is known.
        clip: position once the gradient is clipped.
        end: position once the parameters are updated.
    """

    steps: int
    batch: int = field(init=False)
    loss: int = field(init=False)
    clip: int = field(init=False)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        """Compute all positions once, because every schedule step reads them."""
        positions = {"batch": 1, "loss": self.steps + 2, "clip": 2 * self.steps + 3}
        for name, position in (positions | {"end": 2 * self.steps + 4}).items():
            object.__setattr__(self, name, position)

    def forward(self, t: int) -> int:
        """Return the position once timestep `t` of the forward pass is done."""
        return 1 + t

    def backward(self, t: int) -> int:
        """Return the position once timestep `t` of the backward pass is done."""
        return 2 * self.steps + 3 - t

    def pass_at(self, position: int) -> tuple[Pass, int]:
        """Return the pass and the timestep (0 if it has none) of the last schedule step done.

        At position 0, where none is done, this is (BATCH, 0).
        """
        if position <= 1:
            return Pass.BATCH, 0
        if position < self.loss:
            return Pass.FORWARD, position - 1
        if position == self.loss:
            return Pass.LOSS, 0
        if position < self.clip:
            return Pass.BACKWARD, 2 * self.steps + 3 - position
        return (Pass.CLIP if position == self.clip else Pass.UPDATE), 0

    def next_pass_end(self, position: int) -> int:
        """Return the first position after `position` at which a pass is complete."""
        following = min(position + 1, self.end)
        for end in (self.batch, self.steps + 1, self.loss, self.clip - 1, self.clip, self.end):
            if following <= end:
                return end
        return self.end
