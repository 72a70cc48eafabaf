"""How much of each timestep's loss reaches how far back: the gradient, itemised by its source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.backward_step import backward_step
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import pins_at


@dataclass(frozen=True, slots=True)
class GradientMap:
    """The size of the gradient of each timestep's loss at each timestep before it.

    by_layer[l−1, t−1, k] = ‖∂L_t/∂h_{t−k}‖ over batch and units, of the h of layer l, t = 1 … T,
    k = 0 … t; NaN where k > t. L_t is what timestep t adds to the mean loss. The entry k = t is the
    window's first state h_0, where the gradient is cut. The last row, of t = T, follows one
    gradient through the whole window.
    """

    by_layer: Array  # [L, T, T+1] float64

    @property
    def norms(self) -> Array:
        """The same over all layers together, [T, T+1]."""
        return self.of_layer(None)

    def of_layer(self, layer: int | None) -> Array:
        """Return the norms of one layer, from 1, or (None) over all of them together, [T, T+1]."""
        if layer is not None:
            norms: Array = self.by_layer[layer - 1]
            return norms
        together: Array = np.hypot.reduce(self.by_layer, axis=0)
        return together


def gradient_map(network: Network) -> GradientMap:
    """Return the result of `gradient_map_work`, computed without a break."""
    return complete(gradient_map_work(network))


def gradient_map_work(network: Network) -> Work[GradientMap]:
    """Compute the gradient map of a window whose backward pass is done; a part is one timestep.

        ∂L_t/∂h_t       = dy_t·W_yᵀ
        ∂L_t/∂h_{s−1}   = the cell's backward step at s, of ∂L_t/∂h_s (and ∂L_t/∂c_s), s ≤ t

    The gradients of all L_t go back together, each from its own timestep on. They sum to dh.
    """
    tape, steps, backward = (
        network.tape,
        network.tape.steps,
        network.declaration.cell_backward_operations,
    )
    # With one sample the axis B is left out: one product instead of one per timestep.
    shape = tape["dh_y"].shape if tape.batch > 1 else (steps, tape["dh_y"].shape[-1])
    norms = np.full((len(network.layers), steps, steps + 1), np.nan)
    sources = tape["dh_y"].reshape(shape)
    sent = {state: np.zeros(shape, tape.dtype) for state in network.states}  # [T, B, H], by source
    entering = np.zeros(shape, tape.dtype)
    for t in range(steps, 0, -1):
        entering[t - 1 :] = 0
        entering[t - 1] = sources[t - 1]
        with np.errstate(all="ignore"):
            arriving = {state: array[t - 1 :] for state, array in sent.items()}
            pins = pins_at(network.pins, backward, t)
            done = backward_step(backward, network.values(t), entering[t - 1 :], arriving, pins)
            for state, array in sent.items():
                array[t - 1 :] = done[f"d{state}_<t-1>"]
            for each, layer in zip(norms, network.layers, strict=True):
                _enter(each, t, _sizes(done[layer.name("dh_t")]))
        yield Progress(steps - t + 1, steps)
    with np.errstate(all="ignore"):
        for each, layer in zip(norms, network.layers, strict=True):
            _enter(each, 0, _sizes(sent[layer.name("h")]), first=1)
    return GradientMap(norms)


def _sizes(gradients: Array) -> Array:
    """Return the norm of each of the R gradients [R, …]: [R] float64."""
    rows = gradients.reshape(len(gradients), -1).astype(np.float64)
    sizes: Array = np.sqrt(np.einsum("rk,rk->r", rows, rows))
    return sizes


def _enter(norms: Array, s: int, sizes: Array, first: int | None = None) -> None:
    """Write the sizes at timestep s of the gradients from timesteps `first` … T to `norms`.

    `first` is s if it is None.
    """
    for source, size in enumerate(sizes, s if first is None else first):
        norms[source - 1, source - s] = size
