"""How much of each timestep's loss reaches how far back: the gradient, itemised by its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.analysis.backward_step import backward_step
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import pins_at
from rnn_tui.engine.network.sample_window import forward_values


@dataclass(frozen=True, slots=True, eq=False)
class GradientMap:
    """The size of the gradient of each timestep's loss at each timestep before it.

    L_t is what timestep t adds to the mean loss. The entry k = t is the window's first state,
    where the gradient is cut. The last row follows one gradient through the whole window, if the
    loss counts at T.

    Attributes:
        losses: the timesteps t whose losses are followed, ascending: [R]. All that count, or some.
        by_state: by the cell's name of a state, [L, R, T+1] float64: [l−1, r, k] is
            ‖∂L_t/∂h_{t−k}‖ over batch and units, of the h of layer l, for t = losses[r]; NaN where
            k > t.
    """

    losses: tuple[int, ...]
    by_state: Mapping[str, Array]

    @property
    def norms(self) -> Array:
        """Those of h, over all layers together, [R, T+1]."""
        return self.of("h", None)

    def of(self, state: str, layer: int | None) -> Array:
        """Return the norms of a cell's state in one layer, from 1, or (None) in all, [R, T+1]."""
        by_layer = self.by_state[state]
        if layer is not None:
            norms: Array = by_layer[layer - 1]
            return norms
        together: Array = np.hypot.reduce(by_layer, axis=0)
        return together


def gradient_map(network: Network, most: int | None = None) -> GradientMap:
    """Return the result of `gradient_map_work`, computed without a break."""
    return complete(gradient_map_work(network, most))


def gradient_map_work(network: Network, most: int | None = None) -> Work[GradientMap]:
    """Compute the gradient map of a window whose backward pass is done; a part is one timestep.

        ∂L_t/∂h_t       = dy_t·W_yᵀ
        ∂L_t/∂s_{k−1}   = the cells' declared backward step at k, of ∂L_t/∂s_k, for every state s

    The gradients of all L_t go back together, each from its own timestep on. They sum to dh.

    Args:
        network: the network with the window.
        most: how many losses are followed at most; of more, some are chosen evenly, the last
            among them. None: all.
    """
    tape, steps, declaration = network.tape, network.tape.steps, network.declaration
    backward, cell = declaration.cell_backward_operations, network.cell
    losses = _chosen(np.flatnonzero(declaration.mask) + 1, most)
    # With one sample the axis B is left out: one product instead of one per timestep.
    sample = tape["dh_y"].shape[1:] if tape.batch > 1 else tape["dh_y"].shape[2:]
    shape = (len(losses), *sample)
    norms = {
        state: np.full((len(network.layers), len(losses), steps + 1), np.nan)
        for state in cell.states
    }
    sent = {state: np.zeros(shape, tape.dtype) for state in network.states}  # by loss
    entering = np.zeros(shape, tape.dtype)
    for t in range(steps, 0, -1):
        first = int(np.searchsorted(losses, t))  # the losses from here on are at t or later
        entering[first:] = 0
        if first < len(losses) and losses[first] == t:
            entering[first] = tape["dh_y"][t - 1].reshape(sample)
        if first < len(losses):
            values = forward_values(declaration, network.parameters, tape, t, network.pins)
            with np.errstate(all="ignore"):
                arriving = {state: array[first:] for state, array in sent.items()}
                pins = pins_at(network.pins, backward, t)
                done = backward_step(backward, values, entering[first:], arriving, pins)
                for state, array in sent.items():
                    array[first:] = done[f"d{state}_<t-1>"]
                for state, by_layer in norms.items():
                    for each, layer in zip(by_layer, network.layers, strict=True):
                        sizes = _sizes(done[layer.name(f"d{state}_t")])
                        _enter(each[first:], losses[first:] - t, sizes)
        yield Progress(steps - t + 1, steps)
    with np.errstate(all="ignore"):
        for state, by_layer in norms.items():
            for each, layer in zip(by_layer, network.layers, strict=True):
                _enter(each, losses, _sizes(sent[layer.name(state)]))
    return GradientMap(tuple(map(int, losses)), norms)


def _chosen(losses: npt.NDArray[np.intp], most: int | None) -> npt.NDArray[np.intp]:
    """Return at most `most` of the timesteps `losses`, evenly, the last one among them."""
    if most is None or len(losses) <= most:
        return losses
    last = len(losses) - 1
    chosen: npt.NDArray[np.intp] = losses[last - np.linspace(last, 0, most).round().astype(int)]
    return chosen


def _sizes(gradients: Array) -> Array:
    """Return the norm of each of the R gradients [R, …]: [R] float64."""
    rows = gradients.reshape(len(gradients), -1).astype(np.float64)
    sizes: Array = np.sqrt(np.einsum("rk,rk->r", rows, rows))
    return sizes


def _enter(norms: Array, lags: npt.NDArray[np.intp], sizes: Array) -> None:
    """Write the size of each row's gradient, after as many timesteps as its lag, to `norms`."""
    norms[np.arange(len(lags)), lags] = sizes
