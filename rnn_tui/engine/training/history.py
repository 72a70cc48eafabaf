"""The history of a run: recent updates one by one, and the whole run at a lower resolution.

Memory and the cost of reading do not depend on the length of the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.test_losses import TestLosses

Float64 = npt.NDArray[np.float64]

RECENT = 4096  # updates kept one by one
BUCKETS = 1024  # points of the whole run at most: each stands for a bucket of updates
LONGEST = 50  # updates: the time constant of the smoothed loss
SHARE = 5  # until then it is the fifth part of the run, of which SHARE updates are averaged first
SETTLED = LONGEST * SHARE  # updates after which it is LONGEST


@dataclass(frozen=True, slots=True, eq=False)
class RunCurve:
    """The curve of a run: arrays [N] of update numbers (from 1), losses and gradient norms ‖g‖.

    Each point stands for a bucket of `stride` updates: `update` is the last of them, `loss` and
    `grad_norm` are means over the bucket, `low` and `high` the bucket's lowest and highest loss,
    `smoothed` is the smoothed loss at its end.
    """

    stride: int
    update: Float64
    loss: Float64
    low: Float64
    high: Float64
    smoothed: Float64
    grad_norm: Float64

    def after(self, update: int) -> RunCurve:
        """Return the points after update number `update`."""
        later = self.update > update
        columns = (self.update, self.loss, self.low, self.high, self.smoothed, self.grad_norm)
        return RunCurve(self.stride, *(column[later] for column in columns))


@dataclass(frozen=True, slots=True)
class HistoryPosition:
    """The counters of a history, which fix its place in the run.

    Attributes:
        count: number of updates, k.
        average: a_k, see `History`.
        twice: b_k.
    """

    count: int
    average: float
    twice: float


def gain_at(count: int) -> float:
    """Return 1/T_k, the weight of update number k in its average; see `History`."""
    if count >= SETTLED:
        return 1.0 / LONGEST
    return 1.0 / max(min(count, SHARE), count / SHARE)


def smoothed_loss(average: float, twice: float) -> float:
    """Return the smoothed loss; see `History`."""
    return average * (average / twice) if twice else average


class ReplayedUpdates:
    """The updates that a replay has come through, where they are not known one by one any more."""

    def __init__(self) -> None:
        self._rows = np.zeros((0, 2))  # loss, ‖g‖: a ring buffer, by update number
        self._first, self._last = 1, 0

    def add(self, update: int, loss: float, grad_norm: float) -> None:
        """Add an update; what does not lead up to it is forgotten."""
        if not len(self._rows):
            self._rows = np.zeros((RECENT, 2))
        if update != self._last + 1:
            self._first = update
        self._last = update
        self._first = max(self._first, update - RECENT + 1)
        self._rows[(update - 1) % RECENT] = loss, grad_norm

    def has(self, first: int, last: int) -> bool:
        """Return whether all updates from `first` to `last` are known."""
        return self._first <= first and last <= self._last

    def fill(self, ring: Float64, last: int, most: int) -> int:
        """Copy the updates up to `last`, at most so many, to a ring buffer of the same kind.

        Returns:
            How many were known.
        """
        if not (self._first <= last <= self._last and most > 0):
            return 0
        places = np.arange(max(self._first - 1, last - most), last) % RECENT
        ring[places] = self._rows[places]
        return len(places)


class History:
    """Loss and gradient norm of every update; `curve` returns them as a `RunCurve`.

    The smoothed loss is an exponential moving average of the losses L, corrected for its lag by the
    average of that average:

        a_k = a_{k-1} + (L_k − a_{k-1})/T_k     T_k = min(50, max(min(k, 5), k/5))
        b_k = b_{k-1} + (a_k − b_{k-1})/T_k
        smoothed = a_k·(a_k/b_k)

    Where the loss falls by a constant factor in each update, a_k is c times too high and b_k is c²
    times, so the quotient takes out exactly that; where it stays the same, all three are its mean.
    This is double exponential smoothing (Brown 1963), in the form 2a − b that reacts without lag
    (DEMA, Mulloy 1994), for the logarithm of the averages, as a loss cannot fall below 0 and is
    drawn on a logarithmic axis; a and b themselves are means, so that it can be compared with the
    loss without memory and with that on test data. T_k grows with the run, lest its first losses,
    the largest, stay in the average.

    Attributes:
        count: number of updates done at the run's current place.
        newest: number of updates known; more than `count` after going back.
        average: a_k; 0 before the first update.
        twice: b_k.
        stride: number of updates that a point of `curve` stands for.
        tested: the losses measured on test data.
        forks: how often updates were dropped, because others followed.
    """

    def __init__(self) -> None:
        self.count = 0
        self.newest = 0
        self.average = self.twice = 0.0
        self.tested = TestLosses()
        self.forks = 0
        self._recent = np.zeros((RECENT, 2))  # loss, ‖g‖: a ring buffer, by update number
        self._known = 0  # number of updates in the ring buffer
        self.stride = 1
        self._full = np.zeros((BUCKETS, 6))  # update, loss, low, high, smoothed, ‖g‖
        self._finer: dict[int, Float64] = {}  # what _full was before each halving, by its stride
        self._buckets = 0  # number of complete rows of _full
        self._pending = 0  # number of updates in the bucket being filled
        self._replayed = ReplayedUpdates()
        self._holes = False  # whether the ring has NaN in place of updates that are not known

    @property
    def smoothed(self) -> float:
        """The smoothed loss after the newest update; 0 before the first."""
        return smoothed_loss(self.average, self.twice)

    @property
    def last(self) -> tuple[float, float]:
        """Loss and gradient norm of the last update before the run's current place.

        NaN before the first update, and where it lies further back than updates are kept.
        """
        if not self.newest - self._known < self.count:
            return math.nan, math.nan
        loss, grad_norm = self._recent[(self.count - 1) % RECENT].tolist()
        return loss, grad_norm

    def append(self, loss: float, grad_norm: float) -> None:
        """Add the next update: its loss, and its gradient's norm before clipping.

        After going back, an update that is known already only moves the counters.
        """
        self.count += 1
        gain = gain_at(self.count)
        self.average += gain * (loss - self.average)
        self.twice += gain * (self.average - self.twice)
        if self.count <= self.newest:
            if self.count <= self.newest - self._known:
                self._replayed.add(self.count, loss, grad_norm)
            return
        self.newest = self.count
        row = (self.count - 1) % RECENT
        self._recent[row, 0] = loss
        self._recent[row, 1] = grad_norm
        self._known = min(self._known + 1, RECENT)
        self._pending += 1
        if self.stride == 1:  # a bucket of one update
            values = (self.count, loss, loss, loss, self.smoothed, grad_norm)
            self._full[self._buckets] = values
            self._finish_bucket()
        elif self._pending % min(self.stride, RECENT) == 0:
            self._fold()

    def _fold(self) -> None:
        """Add the newest updates to the bucket being filled, before the ring overwrites them."""
        rows = self._newest(min(self.stride, RECENT))
        if self._holes:
            rows, self._holes = rows[~np.isnan(rows[:, 0])], False
        row, losses = self._full[self._buckets], rows[:, 0]
        low, high = np.minimum.reduce(losses), np.maximum.reduce(losses)
        means = np.add.reduce(rows) / len(rows)  # loss, ‖g‖
        folds = -(-self._pending // RECENT)  # number of folds into this bucket, with this one
        if folds > 1:
            low, high = min(low, row[2]), max(high, row[3])
            means = row[[1, 5]] + (means - row[[1, 5]]) / folds
        row[:] = (self.count, means[0], low, high, self.smoothed, means[1])
        if self._pending == self.stride:
            self._finish_bucket()

    def _finish_bucket(self) -> None:
        """Begin the next bucket; halve the number of buckets when the array is full."""
        self._buckets += 1
        self._pending = 0
        if self._buckets == BUCKETS:
            self._halve()

    def _halve(self) -> None:
        """Merge the buckets in pairs, which doubles the stride."""
        self._finer[self.stride] = self._full.copy()
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
        """Return losses and gradient norms, each [N], of the newest updates, oldest first.

        Args:
            updates: N, at most RECENT; fewer are returned if fewer are known.
        """
        rows = self._newest(min(updates, self._known)).copy()
        return rows[:, 0], rows[:, 1]

    def _newest(self, updates: int) -> Float64:
        """Return the newest rows of the ring [updates, 2], oldest first; a view if possible."""
        end = (self.newest - 1) % RECENT + 1
        if updates <= end:
            return self._recent[end - updates : end]
        return np.concatenate((self._recent[end - updates :], self._recent[:end]))

    def curve(self) -> RunCurve:
        """Return the curve of the whole run, a copy."""
        full = self._full[: self._buckets].copy()
        return RunCurve(self.stride, *full.T)

    # Going back

    @property
    def position(self) -> HistoryPosition:
        """The counters, to `rewind` to later."""
        return HistoryPosition(self.count, self.average, self.twice)

    def rewind(self, position: HistoryPosition) -> None:
        """Go back (or forward) to `position`; keep later updates until `forget_after`."""
        self.count, self.average, self.twice = position.count, position.average, position.twice
        self.newest = max(self.newest, self.count)

    def forget_after(self) -> None:
        """Drop all updates after `count`, because others will follow.

        What is left is the curve of a run that has never been further: of the same stride. The
        bucket that contains update `count` is filled again, from updates known one by one; of those
        that are not (see `first_missing`) the bucket has nothing.
        """
        dropped = self.newest - self.count
        if dropped <= 0:
            return
        self.forks += 1
        self.tested.forget_after(self.count)
        self._finer = {stride: rows for stride, rows in self._finer.items() if stride < self.stride}
        if (finer := self._stride_at(self.count)) < self.stride:
            self._full, self.stride = self._finer.pop(finer), finer
            self._finer = {each: rows for each, rows in self._finer.items() if each < finer}
        self._buckets, self._pending = divmod(self.count, self.stride)
        self._known = known = max(self._known - dropped, 0)
        self._known += self._replayed.fill(self._recent, self.count - known, RECENT - known)
        pending = min(self._pending, RECENT)
        self._holes = self._known < pending
        for update in range(self.count - pending + 1, self.count - self._known + 1):
            self._recent[(update - 1) % RECENT] = math.nan
        self.newest = self.count
        self._replayed = ReplayedUpdates()
        if _is_folded(self._pending):  # the row that it has so far is of the future that is dropped
            rows = self._newest(self._known) if self._known else np.full((1, 2), self.smoothed)
            low, high, means = rows[:, 0].min(), rows[:, 0].max(), rows.mean(axis=0)
            row = (self.count, means[0], low, high, self.smoothed, means[1])
            self._full[self._buckets] = row

    def _stride_at(self, count: int) -> int:
        """Return the stride of a run of `count` updates; this one's if finer rows are not kept."""
        stride = 1
        while stride * BUCKETS <= count:
            stride *= 2
        return stride if stride in self._finer else self.stride

    def first_missing(self, count: int) -> int | None:
        """Return the number of updates before the bucket of `count`, to be filled again from there.

        None if its updates up to `count` are known one by one, so that `forget_after` can go back
        to it as it is.
        """
        stride = self._stride_at(count)
        first = count - count % stride
        before_ring = self.newest - self._known
        known = first >= before_ring or self._replayed.has(first + 1, min(count, before_ring))
        return None if known or first == count else first

    # Checkpoints

    def state(self) -> tuple[dict[str, int | float], dict[str, Float64]]:
        """Return the numbers and arrays that `restore` needs, without the updates after `count`.

        Returns:
            Numbers by name, and copies of the arrays ``recent`` [≤ RECENT, 2], ``buckets``
            [≤ BUCKETS, 6], of which the last row may be incomplete, and ``tested`` [N, 2], updates
            and test losses.
        """
        if self.count < self.newest:
            here = deepcopy(self)
            here.forget_after()
            return here.state()
        numbers = {
            "count": self.count,
            "stride": self.stride,
            "average": self.average,
            "twice": self.twice,
        }
        recent = np.stack(self.recent(RECENT), axis=1)
        rows = self._buckets + _is_folded(self._pending)
        buckets = self._full[:rows].copy()
        return numbers, {"recent": recent, "buckets": buckets, "tested": self.tested.rows}

    def restore(self, numbers: Mapping[str, object], arrays: Mapping[str, Array]) -> None:
        """Set this history to a `state`: its numbers and its arrays.

        Raises:
            ValueError: the parts do not fit together; the message is one line and nothing changed.
        """
        count, stride = numbers.get("count"), numbers.get("stride")
        average, twice = numbers.get("average"), numbers.get("twice")
        if type(count) is not int or type(stride) is not int or count < 0 or stride < 1:
            raise ValueError("history: count and stride must be whole numbers")
        if type(average) is not float or type(twice) is not float:
            raise ValueError("history: average and twice must be numbers")
        if not (math.isfinite(average) and math.isfinite(twice)):
            raise ValueError("history: average and twice must be finite")
        buckets = min(count // stride, BUCKETS)
        rows = buckets + _is_folded(count % stride)
        known = min(*arrays["recent"].shape[:1], count, RECENT)  # fewer after going back
        shapes = {"recent": (known, 2), "buckets": (rows, 6)}
        if stride & (stride - 1) or buckets == BUCKETS:
            raise ValueError(f"history: a stride of {stride} does not fit {count} updates")
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                actual = arrays[name].shape
                raise ValueError(f"history: {name} has shape {actual}; expected {shape}")
        ends, whole = arrays["buckets"][:, 0], np.arange(1, buckets + 1) * stride
        last = ends[buckets:]  # of the row that is not complete, if there is one
        rising = (ends[:buckets] == whole).all() and (last > buckets * stride).all()
        if not (rising and (last <= count).all()):
            raise ValueError(f"history: its rows do not fit {count} updates, {stride} each")
        self.tested.restore(arrays["tested"], count)
        self.count, self.stride, self.average, self.twice = count, stride, average, twice
        self.newest, self._known = count, known
        self._buckets, self._pending = buckets, count % stride
        self._full[:rows] = arrays["buckets"]
        self._recent[np.arange(count - known, count) % RECENT] = arrays["recent"]

    def smooth_again(self) -> HistoryPosition:
        """Compute the smoothed loss of a run anew, for one that was kept with another definition.

        Of updates that are known one by one it is the same number as if they had been appended; of
        those before, one that their buckets' means lead to.

        Returns:
            The counters before the last update.
        """
        whole = self._known if self.stride > 1 else 0  # updates that are not taken from buckets
        self.average = self.twice = 0.0
        before = self.position
        ends = self._full[: self._buckets, 0]
        for row in self._full[: int(ends.searchsorted(self.count - whole, side="right"))]:
            before = self.position
            self._smooth(int(row[0]), float(row[1]), self.stride)
            row[4] = self.smoothed
        for back, loss in enumerate(self.recent(whole)[0].tolist()):
            number, before = self.count - whole + back + 1, self.position
            self._smooth(number, loss, 1)
            if number % self.stride == 0:
                self._full[number // self.stride - 1, 4] = self.smoothed
        return HistoryPosition(max(self.count - 1, 0), before.average, before.twice)

    def _smooth(self, count: int, loss: float, updates: int) -> None:
        """Take so many updates of one loss, the last of them number `count`, into the averages."""
        if math.isfinite(loss):
            gain = 1.0 - (1.0 - gain_at(count)) ** updates if updates > 1 else gain_at(count)
            self.average += gain * (loss - self.average)
            self.twice += gain * (self.average - self.twice)


def _is_folded(pending: int) -> bool:
    """Return whether a bucket of `pending` updates so far has a row in the decimated history."""
    return pending >= RECENT
