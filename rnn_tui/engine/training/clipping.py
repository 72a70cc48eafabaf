"""Gradient clipping: an operation of its own, between the backward pass and the update."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array


@dataclass(frozen=True, slots=True)
class Clipping:
    """By ``value``: every entry clamped to ±limit. By ``norm``: all of them times
    ``min(1, limit/(‖g‖ + 1e-6))`` (torch.nn.utils.clip_grad_norm_). ``none``: left as they are."""

    by: str
    limit: float

    def factor(self, norm_before: float) -> float:
        """What every entry is multiplied by; 1 unless clipping is by norm."""
        return min(1.0, self.limit / (norm_before + 1e-6)) if self.by == "norm" else 1.0

    def apply(self, gradient: Array, room: Array, norm_before: float) -> Array:
        """The gradient clipped, in `room`; or itself, when there is nothing to change. All [P]."""
        # No entry exceeds the norm, so a norm well below the limit spares looking at each.
        within = norm_before < 0.9 * self.limit and self.limit > 1e-5
        if self.by == "value" and not within:
            limit = gradient.dtype.type(self.limit)
            np.minimum(gradient, limit, out=room)
            np.maximum(room, -limit, out=room)
            return room
        if self.factor(norm_before) < 1.0:
            np.multiply(gradient, gradient.dtype.type(self.factor(norm_before)), out=room)
            return room
        return gradient
