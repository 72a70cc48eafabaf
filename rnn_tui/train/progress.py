"""How far a training without a screen has come."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_tui.engine.training.breakpoints import BreakpointHit
from rnn_tui.engine.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """The progress of a run.

    Attributes:
        done: updates completed by this run.
        wanted: updates it was asked for.
        seconds: time spent training, and nothing else.
        smoothed: the smoothed loss, NaN before the first update.
        stop: the breakpoint that ended it, divergence included; None while it may go on.
    """

    done: int
    wanted: int
    seconds: float
    smoothed: float
    stop: BreakpointHit | None = None

    @property
    def per_second(self) -> float:
        """Updates per second of training, NaN before the first."""
        return self.done / self.seconds if self.done and self.seconds > 0 else math.nan


def smoothed_loss(trainer: Trainer) -> float:
    """Return the smoothed loss; NaN before the first update."""
    return trainer.history.smoothed if trainer.history.count else math.nan
