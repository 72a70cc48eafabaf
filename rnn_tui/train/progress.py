"""How far a training without a screen has come."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_tui.engine.training.breakpoints import BreakpointHit
from rnn_tui.engine.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """The end of a run whose test loss no longer falls.

    Attributes:
        tests: how many there were without an improvement.
        update: of the best test loss.
        loss: the best test loss.
        kept: whether the network of that update is kept.
    """

    tests: int
    update: int
    loss: float
    kept: bool

    @property
    def reason(self) -> str:
        """Why the run ended."""
        tests = "1 test" if self.tests == 1 else f"{self.tests:,} tests"
        since = f"since update {self.update:,}" if self.update else "at all"
        return f"--patience {self.tests}: {tests} without an improvement {since}"

    @property
    def advice(self) -> str:
        """One sentence for a student."""
        if not self.update:
            return "No test loss was a finite number."
        how = "it is kept" if self.kept else "--keep best saves the network that had it"
        return f"The best test loss was {self.loss:.3g}; {how}."


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """The progress of a run.

    Attributes:
        done: updates completed by this run.
        wanted: updates it was asked for.
        seconds: time spent training, and nothing else.
        smoothed: the smoothed loss, NaN before the first update.
        stop: the breakpoint that ended it, divergence included; None while it may go on.
        early: the end for want of an improvement in tests; None while it may go on.
        tested: the newest test loss, NaN where none is measured.
    """

    done: int
    wanted: int
    seconds: float
    smoothed: float
    stop: BreakpointHit | None = None
    early: EarlyStop | None = None
    tested: float = math.nan

    @property
    def end(self) -> BreakpointHit | EarlyStop | None:
        """What ended it; None while it may go on."""
        return self.stop or self.early

    @property
    def per_second(self) -> float:
        """Updates per second of training, NaN before the first."""
        return self.done / self.seconds if self.done and self.seconds > 0 else math.nan


def smoothed_loss(trainer: Trainer) -> float:
    """Return the smoothed loss; NaN before the first update."""
    return trainer.history.smoothed if trainer.history.count else math.nan
