"""What is remembered of a run: the recent updates whole, all of them decimated.

Memory and the cost of reading do not depend on how long the run has lasted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

RECENT = 4096  # updates kept whole
BUCKETS = 1024  # points of the decimated history, at most
SMOOTHING = 0.99  # weight of the past in the smoothed loss


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a run so far: update numbers (from 1) and, at each, loss, smoothed loss, ‖g‖.

    When decimated, a point stands for a bucket of `stride` updates: `update` is its last one,
    `loss` and `grad_norm` are means over the bucket, `low` and `high` the bucket's extreme losses,
    `smoothed` the smoothed loss at its end.
    """

    stride: int
    update: Float64
    loss: Float64
    low: Float64
    high: Float64
    smoothed: Float64
    grad_norm: Float64


class History:
    """Appended to once an update; see `Curve` for what comes out.

    The smoothed loss is an exponential moving average with its start corrected:
    ``s_k = 0.99·s_{k-1} + 0.01·L_k``, shown as ``s_k/(1 − 0.99^k)``.
    """

    def __init__(self) -> None:
        self.count = 0  # updates seen
        self.average = 0.0  # s_k
        self.weight = 1.0  # 0.99^k
        self._recent = np.zeros((RECENT, 2))  # loss, ‖g‖, a ring by update number
        self.stride = 1
        self._full = np.zeros((BUCKETS, 6))  # update, loss, low, high, smoothed, ‖g‖
        self._buckets = 0
        self._pending = 0  # updates in the bucket being filled

    @property
    def smoothed(self) -> float:
        """The smoothed loss after the newest update; 0 before the first."""
        return self.average / (1.0 - self.weight) if self.count else 0.0

    def append(self, loss: float, grad_norm: float) -> None:
        """The loss and the gradient's norm before clipping of the next update."""
        self._recent[self.count % RECENT] = (loss, grad_norm)
        self.count += 1
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * loss
        self.weight *= SMOOTHING
        self._pending += 1
        if self._pending == self.stride:
            self._close_bucket()

    def _close_bucket(self) -> None:
        losses, norms = self.recent(self._pending)
        self._full[self._buckets] = (
            self.count,
            losses.mean(),
            losses.min(),
            losses.max(),
            self.smoothed,
            norms.mean(),
        )
        self._buckets += 1
        self._pending = 0
        if self._buckets == BUCKETS:
            self._halve()

    def _halve(self) -> None:
        """Buckets in pairs become one."""
        pairs = self._full.reshape(-1, 2, 6)
        half = BUCKETS // 2
        merged = pairs.mean(axis=1)
        merged[:, 0] = pairs[:, 1, 0]
        merged[:, 2] = pairs[:, :, 2].min(axis=1)
        merged[:, 3] = pairs[:, :, 3].max(axis=1)
        merged[:, 4] = pairs[:, 1, 4]
        self._full[:half] = merged
        self._buckets = half
        self.stride *= 2

    def recent(self, updates: int) -> tuple[Float64, Float64]:
        """Losses and gradient norms of the newest `updates` (at most RECENT), oldest first."""
        updates = min(updates, self.count, RECENT)
        places = np.arange(self.count - updates, self.count) % RECENT
        rows = self._recent[places]
        return rows[:, 0], rows[:, 1]

    def curve(self) -> Curve:
        """The whole run, decimated; a copy."""
        full = self._full[: self._buckets].copy()
        return Curve(self.stride, *full.T)
