"""The schedule that trains one window, and places in it.

    batch → forward t=1 … T → loss → backward t=T … 1 → clip → update

A *position* counts the micro-operations of this update that are done: 0 before the batch, 2T+4 when
the update is complete. A `Cursor` is the same place for people: the last micro-operation done, and
how many of its operations have been revealed.
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
    """A place in a run.

    Attributes:
        update: updates completed so far.
        stage: the pass of the last micro-operation done.
        t: its timestep from 1, 0 where the pass has none.
        operation: operations of it that are revealed, at most `operations`; 0 only before the
            first batch is drawn.
        operations: operations it has.
    """

    update: int
    stage: Pass
    t: int
    operation: int
    operations: int

    @property
    def complete(self) -> bool:
        """Whether everything of this micro-operation is revealed."""
        return self.operation == self.operations

    @property
    def drawn(self) -> bool:
        """Whether this update's batch is there."""
        return self.stage is not Pass.BATCH or self.operation > 0

    def forward_at(self, t: int, operations: int) -> int:
        """How many of a timestep's `operations` are revealed in the forward pass at `t`."""
        if self.stage is Pass.BATCH:
            return 0
        if self.stage is Pass.FORWARD and t >= self.t:
            return self.operation if t == self.t else 0
        return operations

    def backward_at(self, t: int, operations: int) -> int:
        """How many of a timestep's `operations` are revealed in the backward pass at `t`."""
        if self.stage in (Pass.CLIP, Pass.UPDATE):
            return operations
        if self.stage is not Pass.BACKWARD or t < self.t:
            return 0
        return self.operation if t == self.t else operations


@dataclass(frozen=True, slots=True)
class Schedule:
    """Positions in the schedule of a window of `steps` timesteps (T)."""

    steps: int
    batch: int = field(init=False)  # position once the batch is there; forward t is ``batch + t``
    loss: int = field(init=False)  # once the loss is known
    clip: int = field(init=False)  # once the gradient is clipped
    end: int = field(init=False)  # once the parameters are updated

    def __post_init__(self) -> None:
        """All follows from T; kept, as every micro-operation asks for it."""
        positions = {"batch": 1, "loss": self.steps + 2, "clip": 2 * self.steps + 3}
        for name, position in (positions | {"end": 2 * self.steps + 4}).items():
            object.__setattr__(self, name, position)

    def forward(self, t: int) -> int:
        """Position once timestep `t` of the forward pass is done."""
        return 1 + t

    def backward(self, t: int) -> int:
        """Position once timestep `t` of the backward pass is done."""
        return 2 * self.steps + 3 - t

    def place(self, position: int) -> tuple[Pass, int]:
        """The pass and timestep of the micro-operation that led to `position`."""
        if position <= 1:
            return Pass.BATCH, 0
        if position < self.loss:
            return Pass.FORWARD, position - 1
        if position == self.loss:
            return Pass.LOSS, 0
        if position < self.clip:
            return Pass.BACKWARD, 2 * self.steps + 3 - position
        return (Pass.CLIP if position == self.clip else Pass.UPDATE), 0

    def pass_end(self, position: int) -> int:
        """Where the pass ends that is under way at `position`, or, at its end, the next pass."""
        following = min(position + 1, self.end)
        for end in (self.batch, self.steps + 1, self.loss, self.clip - 1, self.clip, self.end):
            if following <= end:
                return end
        return self.end
