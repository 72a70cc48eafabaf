"""The gradient of one timestep's loss alone, on its way back through time.

With a loss at every timestep ‖∂L/∂h_t‖ is a sum of many of them and follows the errors. That of one
loss shows what the recurrence does to a gradient: whether it grows, holds or dies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.backward_step import backward_step
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import layer_number, name_without_layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import pins_at
from rnn_tui.engine.network.sample_window import forward_values


@dataclass(frozen=True, slots=True, eq=False)
class LossGradient:
    """The size of ∂L_t/∂s_k for every state s and k = 0 … t, over batch and units.

    L_t is what timestep t adds to the mean loss.

    Attributes:
        t: the timestep of the loss, from 1.
        norms: by the state's name in its layer (``h``, ``c2``), [t+1] float64: entry k is
            ‖∂L_t/∂s_k‖; k = 0 is the window's first state, where the gradient is cut.
    """

    t: int
    norms: Mapping[str, Array]

    def of(self, state: str, layer: int | None) -> Array:
        """Return the norms of a cell's state in one layer or (None) in all together, [t+1].

        Args:
            state: its name in the cell: ``h``, ``c``.
            layer: from 1.
        """
        chosen = [
            norms
            for name, norms in self.norms.items()
            if name_without_layer(name) == state and layer in (None, layer_number(name))
        ]
        together: Array = np.hypot.reduce(chosen, axis=0)
        return together


def decades_per_step(norms: Array) -> float | None:
    """Return by how many powers of ten a gradient changes in a step back, on average.

    From the last to the first of those norms [K], by timestep, that are positive and finite; None
    where there are fewer than two.
    """
    usable = np.flatnonzero(np.isfinite(norms) & (norms > 0))
    if len(usable) < 2:
        return None
    first, last = usable[0], usable[-1]
    return float((np.log10(norms[first]) - np.log10(norms[last])) / (last - first))


def loss_gradient(network: Network, t: int) -> LossGradient:
    """Return the result of `loss_gradient_work`, computed without a break."""
    return complete(loss_gradient_work(network, t))


def loss_gradient_work(network: Network, t: int) -> Work[LossGradient]:
    """Follow the gradient of timestep t's loss back to the window's beginning, alone.

        ∂L_t/∂h_t       = dy_t·W_yᵀ
        ∂L_t/∂s_{k−1}   = the cells' declared backward step at k, of ∂L_t/∂s_k

    In float64, so that what dies does not end early. A part of the work is one timestep.

    Args:
        network: its backward pass has begun, so that dh_y is there.
        t: from 1.
    """
    declaration, tape = network.declaration, network.tape
    backward = declaration.cell_backward_operations
    read = {symbol for operation in backward for symbol in operation.expression.symbols()}
    weights = _in_float64(_blocks(network), read)
    shape = (tape.batch, network.architecture.hidden)
    arriving = {state: np.zeros(shape) for state in network.states}
    norms = {state: np.empty(t + 1) for state in network.states}
    for k in range(t, 0, -1):
        values = forward_values(declaration, network.parameters, tape, k, network.pins)
        values = _in_float64(values, read - weights.keys()) | weights
        entering = tape["dh_y"][k - 1].astype(np.float64) if k == t else np.zeros(shape)
        with np.errstate(all="ignore"):
            pins = pins_at(network.pins, backward, k)
            done = backward_step(backward, values, entering, arriving, pins)
            for state in network.states:
                norms[state][k] = np.linalg.norm(done[f"d{state}_t"])
                arriving[state] = done[f"d{state}_<t-1>"]
        yield Progress(t - k + 1, t)
    for state, sizes in norms.items():
        sizes[0] = np.linalg.norm(arriving[state])
    return LossGradient(t, norms)


def _blocks(network: Network) -> dict[str, Array]:
    """Return the blocks of all layers' parameters, by the names that operations use."""
    blocks: dict[str, Array] = {}
    for layer in network.layers:
        blocks |= layer.parameter_blocks(network.parameters)
    return blocks


def _in_float64(values: Mapping[str, Array], names: set[str]) -> dict[str, Array]:
    """Return those of `values` that are called one of `names`, in float64."""
    return {name: values[name].astype(np.float64) for name in names if name in values}
