"""Parameters of a network: names, shapes, gate blocks, and what their gradients are products of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_tui.engine.core.expressions import Array

Views = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter: its shape, and the two tape sequences whose product over time is its gradient.

    Parameters that follow each other, have the same `right` and whose `left` lie beside each other
    on the tape make one matrix and share one product; so W_x, W_h and b in this order.

    dW = Σ_t left_tᵀ·right_t (for a bias, left is 1), so one matrix product over all T·B rows gives
    the sum, and one over the B rows of timestep t gives that timestep's share. A vector that has a
    left is multiplied elementwise: dp = Σ_{t,b} left_t⊙right_t. `blocks` names the gates its
    columns are divided into.
    """

    name: str
    shape: tuple[int, ...]
    left: str | None
    right: str
    blocks: tuple[str, ...] = ("",)

    @property
    def elementwise(self) -> bool:
        """Whether each of its entries is multiplied by one entry of `left`: p⊙c."""
        return self.left is not None and len(self.shape) == 1


def block_views(parameters: Views, name: str, blocks: tuple[str, ...]) -> dict[str, Array]:
    """A parameter's columns divided by gate: ``W_x`` → ``W_xi``, ``W_xf``, …; biases ``b_i``, …"""
    array = parameters[name]
    width = array.shape[-1] // len(blocks)
    return {
        block_name(name, block): array[..., k * width : (k + 1) * width]
        for k, block in enumerate(blocks)
    }


def block_name(name: str, block: str) -> str:
    """The name of a gate's block: ``W_x`` and ``f`` make ``W_xf``, ``b`` and ``f`` ``b_f``."""
    if not block:
        return name
    return f"{name}{block}" if "_" in name else f"{name}_{block}"
