"""Parameters of a network: names, shapes, gate blocks, and the factors of their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_tui.engine.core.expressions import Array

Views = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter: its shape, and the two arrays of the tape whose product is its gradient.

    A matrix has the gradient dW = Σ_t left_tᵀ·right_t: one product over all T·B rows gives the sum,
    one over the B rows of timestep t gives that timestep's contribution. For a bias, left is 1. A
    vector that has a left is multiplied elementwise: dp = Σ_{t,b} left_t⊙right_t.

    Parameters that follow each other, have the same `right`, and whose `left` are adjacent on the
    tape are one matrix and share one product; so W_x, W_h and b in this order.

    Attributes:
        name: ``W_x``, ``b``, …
        shape: [rows, columns], or [columns] for a vector.
        left: the array [T, B, rows] that it is multiplied by, named as in `Tape.flat`; None: 1.
        right: the array [T, B, columns] with the gradient of the product.
        blocks: the gates that its columns are divided into, in order.
    """

    name: str
    shape: tuple[int, ...]
    left: str | None
    right: str
    blocks: tuple[str, ...] = ("",)

    @property
    def elementwise(self) -> bool:
        """True for a vector whose entries are each multiplied by one entry of `left`: p⊙c."""
        return self.left is not None and len(self.shape) == 1


def block_views(parameters: Views, name: str, blocks: tuple[str, ...]) -> dict[str, Array]:
    """Return views of the columns of each gate: ``W_xi``, ``W_xf``, … of W_x; ``b_i``, … of b."""
    array = parameters[name]
    width = array.shape[-1] // len(blocks)
    return {
        block_name(name, block): array[..., k * width : (k + 1) * width]
        for k, block in enumerate(blocks)
    }


def block_name(name: str, block: str) -> str:
    """Return the name of a gate's block: ``W_xf`` for ``W_x`` and ``f``, ``b_f`` for ``b``."""
    if not block:
        return name
    return f"{name}{block}" if "_" in name else f"{name}_{block}"
