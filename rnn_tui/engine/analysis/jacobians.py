"""Jacobians of the state over time (Pascanu, Mikolov and Bengio 2013), of one sample.

The state s_t is all that is carried: h_t, for the LSTM h_t and then c_t, layer after layer. With
row vectors, ds_{t−1} = ds_t·J_t where J_t = ∂s_t/∂s_{t−1}, J_t[i, j] = ∂s_t[i]/∂s_{t−1}[j]. For the
simple cell J_t = diag(φ′(a_t))·W_hᵀ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.backward_step import backward_step
from rnn_tui.engine.analysis.spectra import spectral_norm
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import pins_at
from rnn_tui.engine.network.sample_window import SampleWindow


@dataclass(frozen=True, slots=True)
class JacobianNorms:
    """Spectral norms, entry t−1 for timestep t = 1 … E, float64; E: where the way back begins.

    Attributes:
        states: names of the states that s consists of.
        step: [E], ‖J_t‖₂.
        product: [E], ‖J_E·J_{E−1} ⋯ J_t‖₂ = ‖∂s_E/∂s_{t−1}‖₂: the factor by which a gradient at E
            can grow at most on its way to t−1. Over all layers together.
        by_layer: [L, E], the same of one layer's states alone, ‖∂s_E/∂s_{t−1}‖₂ of that part of s.
            A layer is not read by those below it, so this way never leaves the layer.
    """

    states: tuple[str, ...]
    step: Array
    product: Array
    by_layer: Array

    def of_layer(self, layer: int | None) -> Array:
        """Return `product` of one layer, from 1, or (None) of all of them together, [T]."""
        if layer is None:
            return self.product
        product: Array = self.by_layer[layer - 1]
        return product


def step_jacobian(network: Network, t: int, sample: int = 0) -> Array:
    """Return J_t = ∂s_t/∂s_{t−1} of one sample, [S, S] float64; S: H per layer, LSTM 2H."""
    window = network.sample_window(sample)
    size = network.architecture.hidden * len(network.states)
    return _times_jacobian(window, t, np.eye(size))


def jacobian_norms(network: Network, sample: int = 0, end: int | None = None) -> JacobianNorms:
    """Return the result of `jacobian_norms_work`, computed without a break."""
    return complete(jacobian_norms_work(network, sample, end))


def jacobian_norms_work(
    network: Network, sample: int = 0, end: int | None = None
) -> Work[JacobianNorms]:
    """Compute the norms of each step's Jacobian and of their product; a part is one timestep.

    The rows of the identity, and those of the product so far, go back through the cell's declared
    operations. In float64, so that long products neither vanish nor overflow early.

    Args:
        network: its forward pass is done.
        sample: of the batch, from 0.
        end: the timestep where the way back begins; None: T.
    """
    states, steps = network.states, network.tape.steps if end is None else end
    window = network.sample_window(sample)
    size = network.architecture.hidden * len(states)
    step, product = np.empty(steps), np.empty(steps)
    layers = len(network.layers)
    by_layer, own = np.empty((layers, steps)), size // layers
    rows = np.concatenate([np.eye(size), np.eye(size)])  # [2S, S]
    for t in range(steps, 0, -1):
        sent = _times_jacobian(window, t, rows)
        step[t - 1], product[t - 1] = spectral_norm(sent[:size]), spectral_norm(sent[size:])
        rows[size:] = sent[size:]
        for k in range(layers):
            part = slice(k * own, (k + 1) * own)
            by_layer[k, t - 1] = spectral_norm(rows[size:][part, part])
        yield Progress(steps - t + 1, steps)
    return JacobianNorms(states, step, product, by_layer)


def _float64_values(window: SampleWindow, t: int) -> dict[str, Array]:
    """Return the values of timestep t in float64."""
    return {name: array.astype(np.float64) for name, array in window.values(t).items()}


def _times_jacobian(window: SampleWindow, t: int, rows: Array) -> Array:
    """Return rows·J_t, [R, S]: of gradients with respect to s_t those with respect to s_{t−1}."""
    states, backward = window.declaration.states, window.declaration.cell_backward_operations
    values, pins = _float64_values(window, t), pins_at(window.pins, backward, t)
    width = rows.shape[1] // len(states)
    parts = {state: rows[:, k * width : (k + 1) * width] for k, state in enumerate(states)}
    with np.errstate(all="ignore"):
        sent = backward_step(backward, values, np.zeros((1, width)), parts, pins)
    return np.concatenate([sent[f"d{state}_<t-1>"] for state in states], axis=1)
