"""Norms of vectors."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.core.expressions import Array


def norm(vector: Array) -> float:
    """The L2 norm ‖v‖ of all entries; inf or NaN only when an entry is, or ‖v‖ exceeds float64.

    The sum of squares of finite float32 numbers may overflow; then it is taken in float64, and when
    that overflows too, of numbers scaled by the largest.
    """
    square = float(np.vdot(vector, vector))  # `dot` would warn of an overflow
    if math.isfinite(square):
        return math.sqrt(square)
    largest = float(np.max(np.abs(vector)))
    if not math.isfinite(largest):
        return largest
    scaled = vector.astype(np.float64) / largest
    return largest * math.sqrt(float(scaled.dot(scaled)))
