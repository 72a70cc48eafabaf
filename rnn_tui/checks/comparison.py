"""Compares somebody's numbers with ours, tensor by tensor, in the order of the computation.

The error of an entry is |a − b| / max(|a|, |b|, 10⁻³·max|tensor|).
"""

from __future__ import annotations

from dataclasses import dataclass

Index = tuple[int, ...]
"""An entry of a tensor in the shape that their file has, from 0."""


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """One tensor of theirs beside ours.

    Attributes:
        name: in the case, such as "grad.h" or "grad.rnn.weight_hh_l0".
        max_relative_error: the largest error of an entry; infinite where theirs is not finite.
        entry: where it is.
        agrees: whether it is within the tolerance.
    """

    name: str
    max_relative_error: float
    entry: Index
    agrees: bool


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first entry that differs, in the order of the computation.

    Forward by time, then backward by time, then the gradients of the parameters.

    Attributes:
        name: of its tensor.
        t: its timestep, from 1; None for the loss and for a parameter's gradient.
        entry: where it is in the tensor.
        theirs: their number.
        ours: our number.
    """

    name: str
    t: int | None
    entry: Index
    theirs: float
    ours: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of somebody's numbers beside ours.

    Attributes:
        tolerance: the error up to which two numbers agree.
        loss: theirs and ours; theirs None if they gave none.
        tensors: every tensor that they gave, in the order of the computation.
        first: the first entry that differs; None if all agree.
    """

    tolerance: float
    loss: tuple[float | None, float]
    tensors: tuple[TensorComparison, ...]
    first: FirstDifference | None

    @property
    def agrees(self) -> bool:
        """Whether all numbers agree."""
        return self.first is None
