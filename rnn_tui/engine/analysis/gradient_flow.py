"""What can be derived from a tape, on demand: nothing here is kept up while training."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.network import Network


def gradient_norms(network: Network, layer: int = 1) -> Array:
    """‖∂L/∂h_t‖ of a layer's h for t = 1 … T over batch and units, [T] float64."""
    gradient = network.tape[name_in_layer("dh", layer)].astype(np.float64)
    norms: Array = np.sqrt(np.einsum("tbh,tbh->t", gradient, gradient))
    return norms


def relative_change(before: Array, delta: Array) -> float | None:
    """log10(‖Δp‖/‖p‖), the health of an update (near −3 is good); None when either is 0."""
    change, size = norm(delta.astype(np.float64)), norm(before.astype(np.float64))
    return float(np.log10(change / size)) if change > 0 and size > 0 else None


def loss_parts(declaration: NetworkDeclaration, tape: Tape) -> Array:
    """What each timestep of each sample on `tape` adds to the loss, [T, B] float64.

    ``mse``: Σ_o (y − target)²/N; ``cross-entropy``: −log p[class]/N, as log Σ e^(y − max) + max − y
    of the class, which stays finite where p itself becomes 0. N is the whole batch's, of which
    `tape` may be a part; where the loss does not count the part is 0.
    """
    y = tape["y"].astype(np.float64)  # [T, B, O]
    with np.errstate(all="ignore"):  # after a divergence; whoever asks looks
        if declaration.loss_function.classes:
            largest = y.max(axis=-1, keepdims=True)  # [T, B, 1]
            wanted = np.maximum(tape["classes"], 0)[..., None]
            picked = np.take_along_axis(y, wanted, axis=-1)
            parts = np.log(np.exp(y - largest).sum(axis=-1)) + (largest - picked)[..., 0]
        else:
            error = y - tape["target"]
            parts = (error * error).sum(axis=-1)
    parts[~np.array(declaration.mask)] = 0
    result: Array = parts / declaration.term_count
    return result
