"""Gradient clipping: a schedule step of its own, between the backward pass and the update."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array


@dataclass(frozen=True, slots=True)
class Clipping:
    """A way of clipping the gradient.

    ``value``: every entry is clamped to ±limit. ``norm``: all entries are multiplied by
    ``min(1, limit/(‖g‖ + 1e-6))`` (torch.nn.utils.clip_grad_norm_). ``none``: nothing changes.

    Attributes:
        by: "value", "norm" or "none".
        limit: the largest magnitude of an entry, or the largest norm.
    """

    by: str
    limit: float

    def factor(self, norm: float) -> float:
        """Return the factor that clipping by norm multiplies a gradient of this norm by; else 1."""
        return min(1.0, self.limit / (norm + 1e-6)) if self.by == "norm" else 1.0

    def apply(self, gradient: Array, out: Array, norm: float) -> Array:
        """Clip a gradient.

        Args:
            gradient: [P], not changed.
            out: [P], overwritten if clipping changes something.
            norm: the norm ‖g‖ of `gradient`.

        Returns:
            The clipped gradient: `out`, or `gradient` itself if clipping changes nothing.
        """
        # No entry exceeds the norm, so a norm well below the limit means that none is clipped.
        within = norm < 0.9 * self.limit and self.limit > 1e-5
        if self.by == "value" and not within:
            limit = gradient.dtype.type(self.limit)
            np.minimum(gradient, limit, out=out)
            np.maximum(out, -limit, out=out)
            return out
        if self.factor(norm) < 1.0:
            np.multiply(gradient, gradient.dtype.type(self.factor(norm)), out=out)
            return out
        return gradient
