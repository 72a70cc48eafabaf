"""Jacobians of the state over time (Pascanu, Mikolov and Bengio 2013), of one sample.

The state s_t is all that is carried: h_t, and for the LSTM h_t and c_t one after the other, and so
layer after layer. With
row vectors, ds_{t−1} = ds_t·J_t where J_t = ∂s_t/∂s_{t−1}, J_t[i, j] = ∂s_t[i]/∂s_{t−1}[j]. For the
simple cell J_t = diag(φ′(a_t))·W_hᵀ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.gradient_map import send_back
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import pins_at
from rnn_tui.engine.network.sample_window import SampleWindow


@dataclass(frozen=True, slots=True)
class JacobianNorms:
    """Spectral norms, entry t−1 for timestep t = 1 … T, float64.

    step[t−1] = ‖J_t‖₂; product[t−1] = ‖J_T·J_{T−1} ⋯ J_t‖₂ = ‖∂s_T/∂s_{t−1}‖₂, the most that a
    gradient at T can be stretched on its way to t−1. `states` are those s consists of.
    """

    states: tuple[str, ...]
    step: Array  # [T]
    product: Array  # [T]


def step_jacobian(network: Network, t: int, sample: int = 0) -> Array:
    """J_t = ∂s_t/∂s_{t−1} of one sample, [S, S] float64; S is H, for the LSTM 2H, each layer."""
    window = network.sample_window(sample)
    size = network.architecture.hidden * len(network.states)
    return _send(window, t, np.eye(size))


def jacobian_norms(network: Network, sample: int = 0) -> JacobianNorms:
    """See `jacobian_norms_work`; all at once."""
    return complete(jacobian_norms_work(network, sample))


def jacobian_norms_work(network: Network, sample: int = 0) -> Work[JacobianNorms]:
    """Norms of each step's Jacobian and of their product from T down; a part is one timestep.

    The rows of the identity, and those of the product so far, go back through the cell's own
    backward step. In float64, so that long products neither vanish nor overflow early.
    """
    states, steps = network.states, network.tape.steps
    window = network.sample_window(sample)
    size = network.architecture.hidden * len(states)
    step, product = np.empty(steps), np.empty(steps)
    rows = np.concatenate([np.eye(size), np.eye(size)])  # [2S, S]
    for t in range(steps, 0, -1):
        sent = _send(window, t, rows)
        step[t - 1], product[t - 1] = spectral_norm(sent[:size]), spectral_norm(sent[size:])
        rows[size:] = sent[size:]
        yield Progress(steps - t + 1, steps)
    return JacobianNorms(states, step, product)


def _wide(window: SampleWindow, t: int) -> dict[str, Array]:
    """The values of timestep t in float64."""
    return {name: array.astype(np.float64) for name, array in window.values(t).items()}


def _send(window: SampleWindow, t: int, rows: Array) -> Array:
    """Gradients with respect to s_t, [R, S], become gradients with respect to s_{t−1}: rows·J_t."""
    states, backward = window.declaration.states, window.declaration.cell_backward_operations
    values, held = _wide(window, t), pins_at(window.pins, backward, t)
    width = rows.shape[1] // len(states)
    parts = {state: rows[:, k * width : (k + 1) * width] for k, state in enumerate(states)}
    with np.errstate(all="ignore"):
        sent = send_back(backward, values, np.zeros((1, width)), parts, held)
    return np.concatenate([sent[f"d{state}_<t-1>"] for state in states], axis=1)


def spectral_norm(matrix: Array) -> float:
    """‖M‖₂, the largest singular value; NaN when an entry is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    largest = float(np.max(np.abs(matrix), initial=0.0))
    if largest == 0.0:
        return 0.0
    return largest * float(np.linalg.svd(matrix / largest, compute_uv=False)[0])


def spectral_radii(network: Network) -> dict[str, float]:
    """max |λ| of each gate's block of W_h, by name (``W_h``, or ``W_hi``, ``W_hf``, …).

    NaN where an entry is not finite; empty for a cell without recurrence. In the simple cell, with
    φ′ ≤ 1, gradients vanish when the largest singular value is below 1, and can explode only when
    it is above.
    """
    found: dict[str, float] = {}
    for layer in network.layers:
        blocks = layer.recurrent_blocks(network.parameters)
        found |= {name: spectral_radius(block) for name, block in blocks.items()}
    return found


def spectral_radius(matrix: Array) -> float:
    """max |λ| of a square matrix; NaN when an entry is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    return float(np.max(np.abs(np.linalg.eigvals(matrix.astype(np.float64)))))


@dataclass(frozen=True, slots=True)
class DirectPath:
    """What the gates alone let through from T back to t, past every weight.

    product[t] = f_{t+1}⊙ … ⊙f_T for t = 0 … T (an empty product is 1): the direct part of
    ∂c_T/∂c_t. For the GRU z takes the place of f, and h that of c.
    """

    gate: str  # "f" or "z"
    state: str  # "c" or "h"
    product: Array  # [T+1, H] float64
    mean: Array  # [T+1], over units
    largest: Array  # [T+1], over units


def direct_path(network: Network, sample: int = 0) -> DirectPath | None:
    """Products of the gate that keeps the state, of one sample; None for a cell without one.

    Of stacked layers those of the first.
    """
    for gate, state in (("f", "c"), ("z", "h")):
        if gate in network.cell.gates:
            return _direct_path(network, sample, gate, state)
    return None


def _direct_path(network: Network, sample: int, gate: str, state: str) -> DirectPath:
    steps = network.tape.steps
    product = np.ones((steps + 1, network.architecture.hidden))
    for t in range(steps, 0, -1):
        gates = network.cell.values(network.layers[0].cell_tape(network.tape), t)[
            f"{gate}_t"
        ]  # [B, H]
        product[t - 1] = product[t] * gates[sample]
    return DirectPath(gate, state, product, product.mean(axis=1), product.max(axis=1))
