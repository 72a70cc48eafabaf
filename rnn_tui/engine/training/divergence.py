"""The first number of a run that was not finite."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.training.schedule import Pass


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first number that was not finite: where it was made and what it belongs to."""

    stage: Pass
    t: int  # 0 where the pass has no timestep
    tensor: str
    value: float  # NaN or ±inf

    def __str__(self) -> str:
        place = f" at t={self.t}" if self.t else ""
        return f"{self.tensor} is {self.value} in {self.stage}{place}"
