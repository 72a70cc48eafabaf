"""How much of the last state depends on earlier ones directly, through the gate that keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import Layer
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True)
class DirectPath:
    """The part of ∂c_E/∂c_t that passes through forget gates only, and through no weight.

    For the GRU z takes the place of f, and h that of c. E is the timestep where the way back
    begins.

    Attributes:
        gate: "f" or "z", by its name in its layer: "f2" in the second.
        state: "c" or "h", likewise.
        product: [E+1, H] float64, f_{t+1}⊙ … ⊙f_E for t = 0 … E; an empty product is 1.
        mean: [E+1], over units.
        largest: [E+1], over units.
    """

    gate: str
    state: str
    product: Array
    mean: Array
    largest: Array


def direct_path(
    network: Network, sample: int = 0, layer: int = 1, end: int | None = None
) -> DirectPath | None:
    """Return the direct path of one sample in one layer; None if no gate keeps the state.

    Args:
        network: its forward pass is done.
        sample: of the batch, from 0.
        layer: from 1.
        end: the timestep where the way back begins; None: T.
    """
    steps = network.tape.steps if end is None else end
    for gate, state in (("f", "c"), ("z", "h")):
        if gate in network.cell.gates:
            return _direct_path(network, sample, network.layers[layer - 1], gate, state, steps)
    return None


def _direct_path(
    network: Network, sample: int, layer: Layer, gate: str, state: str, steps: int
) -> DirectPath:
    """Multiply the values of `gate`, one timestep after the other from the last of `steps` down."""
    tape = layer.cell_tape(network.tape)
    product = np.ones((steps + 1, network.architecture.hidden))
    for t in range(steps, 0, -1):
        gates = network.cell.values(tape, t)[f"{gate}_t"]  # [B, H]
        product[t - 1] = product[t] * gates[sample]
    return DirectPath(
        layer.name(gate), layer.name(state), product, product.mean(axis=1), product.max(axis=1)
    )
