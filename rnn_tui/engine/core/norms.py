"""Norms of vectors."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.core.expressions import Array


def norm(vector: Array) -> float:
    """Return the L2 norm ‖v‖ over all entries of `vector`, of any shape.

    It is inf or NaN only if an entry is, or if ‖v‖ exceeds float64. Where the sum of squares of
    finite numbers overflows, it is taken in float64 of the numbers divided by the largest.
    """
    square = float(np.vdot(vector, vector))  # `dot` would warn of an overflow
    if math.isfinite(square):
        return math.sqrt(square)
    largest = float(np.max(np.abs(vector)))
    if not math.isfinite(largest):
        return largest
    scaled = vector.astype(np.float64) / largest
    return largest * math.sqrt(float(scaled.dot(scaled)))


def log_relative_change(before: Array, change: Array) -> float | None:
    """Return log10(‖Δp‖/‖p‖) of a vector p and its change Δp; None when either is 0.

    Near −3 an update is of a healthy size.
    """
    changed, size = norm(change.astype(np.float64)), norm(before.astype(np.float64))
    return float(np.log10(changed / size)) if changed > 0 and size > 0 else None
