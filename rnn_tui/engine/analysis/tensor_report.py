"""What is reported of a tensor of parameters at one place of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.engine.core.expressions import Array

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.distribution import Distribution

QUANTITIES = ("value", "gradient", "share of t", "last change")
VALUE, GRADIENT, SHARE, CHANGE = QUANTITIES
NO_GRADIENT = "The backward pass computes it, T → 1."
NO_CHANGE = "What an update changes is shown in UPDATE: u goes there."


@dataclass(frozen=True, slots=True, eq=False)
class TensorReport:
    """A tensor at one place of the run.

    Attributes:
        tensor: its name.
        quantity: what is reported of it, one of QUANTITIES.
        t: the timestep; of a gradient, the sum so far is of T … t; 0 for what has no timestep.
        entries: the numbers, of the tensor's shape.
        distribution: how they are distributed.
    """

    tensor: str
    quantity: str
    t: int
    entries: Array
    distribution: Distribution
