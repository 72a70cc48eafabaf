"""How much of the last state depends on earlier ones directly, through the gate that keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import Layer
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True)
class DirectPath:
    """The part of ∂c_T/∂c_t that passes through forget gates only, and through no weight.

    For the GRU z takes the place of f, and h that of c.

    Attributes:
        gate: "f" or "z", by its name in its layer: "f2" in the second.
        state: "c" or "h", likewise.
        product: [T+1, H] float64, f_{t+1}⊙ … ⊙f_T for t = 0 … T; an empty product is 1.
        mean: [T+1], over units.
        largest: [T+1], over units.
    """

    gate: str
    state: str
    product: Array
    mean: Array
    largest: Array


def direct_path(network: Network, sample: int = 0, layer: int = 1) -> DirectPath | None:
    """Return the direct path of one sample in one layer; None if no gate keeps the state."""
    for gate, state in (("f", "c"), ("z", "h")):
        if gate in network.cell.gates:
            return _direct_path(network, sample, network.layers[layer - 1], gate, state)
    return None


def _direct_path(network: Network, sample: int, layer: Layer, gate: str, state: str) -> DirectPath:
    """Multiply the values of `gate`, one timestep after the other from T down."""
    tape, steps = layer.cell_tape(network.tape), network.tape.steps
    product = np.ones((steps + 1, network.architecture.hidden))
    for t in range(steps, 0, -1):
        gates = network.cell.values(tape, t)[f"{gate}_t"]  # [B, H]
        product[t - 1] = product[t] * gates[sample]
    return DirectPath(
        layer.name(gate), layer.name(state), product, product.mean(axis=1), product.max(axis=1)
    )
