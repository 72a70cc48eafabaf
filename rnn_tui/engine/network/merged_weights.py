"""Parameters that are multiplied as one matrix, as they follow each other in the flat vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.core.tape import Tape


@dataclass(frozen=True, slots=True)
class MergedWeights:
    """Parameters that follow each other in the flat vector and form one matrix.

    Its gradient is ``leftᵀ·right``, one product over all T·B rows; see `ParameterSpec`.

    Attributes:
        names: of the parameters, from the matrix's first row to its last.
        lefts: what each of them is multiplied by, an array of the tape; None for a bias.
        right: the array of the tape that holds the gradient of the product.
        start: index of its first entry in the flat vector.
        shape: [rows, columns], or [columns] of a vector.
    """

    names: tuple[str, ...]
    lefts: tuple[str | None, ...]
    right: str
    start: int
    shape: tuple[int, ...]

    @property
    def elementwise(self) -> bool:
        """True for a vector that is multiplied entry by entry; see `ParameterSpec`."""
        return self.lefts[0] is not None and len(self.shape) == 1

    def view(self, flat: Array) -> Array:
        """Return its view of a flat vector [P]."""
        return flat[self.start : self.start + math.prod(self.shape)].reshape(self.shape)

    def left(self, tape: Tape) -> Array:
        """Return what it is multiplied by: [T·B, rows]; for a bias alone, ones [T·B]."""
        first, last = self.lefts[0], self.lefts[-1]
        if first is None:
            return np.ones(tape.steps * tape.batch, tape.dtype)
        if first == last:
            return tape.flat(first)
        rows = tape.adjacent(first, last or ("one" if first == "h" else "one_prev"))
        return rows.reshape(-1, rows.shape[-1])


def merge_weights(
    specs: Sequence[ParameterSpec], start: int, *, separate_inputs: bool = False
) -> tuple[MergedWeights, ...]:
    """Merge parameters whose left factors are adjacent on the tape, such as W_x, W_h and b.

    Args:
        specs: parameters in the order of the flat vector.
        start: index of the first of them in the flat vector.
        separate_inputs: x is not beside h on the tape, so W_x stays a matrix of its own.
    """
    adjacent: set[tuple[str | None, str | None]] = {("h_prev", None), ("h", None)}
    if not separate_inputs:
        adjacent.add(("x", "h_prev"))
    merged: list[MergedWeights] = []
    for spec in specs:
        rows, width = math.prod(spec.shape[:-1]), spec.shape[-1]
        last = merged[-1] if merged else None
        if last and last.right == spec.right and (last.lefts[-1], spec.left) in adjacent:
            shape = (last.shape[0] + rows, width)
            names, lefts = (*last.names, spec.name), (*last.lefts, spec.left)
            merged[-1] = MergedWeights(names, lefts, spec.right, last.start, shape)
        else:
            merged.append(MergedWeights((spec.name,), (spec.left,), spec.right, start, spec.shape))
        start += rows * width
    return tuple(merged)
