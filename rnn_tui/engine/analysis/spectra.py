"""Spectral norms of matrices, and spectral radii of the recurrent weights."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network


def spectral_norm(matrix: Array) -> float:
    """Return ‖M‖₂, the largest singular value; NaN when an entry is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    largest = float(np.max(np.abs(matrix), initial=0.0))
    if largest == 0.0:
        return 0.0
    return largest * float(np.linalg.svd(matrix / largest, compute_uv=False)[0])


def spectral_radii(network: Network) -> dict[str, float]:
    """Return max |λ| of each gate's block of W_h, by name (``W_h``, or ``W_hi``, ``W_hf``, …).

    NaN where an entry is not finite; empty for a cell without recurrence. In the simple cell, with
    φ′ ≤ 1, gradients vanish when the largest singular value is below 1, and can explode only when
    it is above.
    """
    radii: dict[str, float] = {}
    for layer in network.layers:
        blocks = layer.recurrent_blocks(network.parameters)
        radii |= {name: spectral_radius(block) for name, block in blocks.items()}
    return radii


def spectral_radius(matrix: Array) -> float:
    """Return max |λ| of a square matrix; NaN when an entry is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    return float(np.max(np.abs(np.linalg.eigvals(matrix.astype(np.float64)))))
