"""Limits how much memory the past of a run may take: stores its keyframes, drops some when full."""

from __future__ import annotations

import bisect

import numpy as np

from rnn_tui.engine.training.keyframe import Keyframe

DENSE = 16  # number of newest keyframes, none of which is dropped
MOST = 1024  # keyframes at most: with more of them, going back is not noticeably faster


class KeyframeStore:
    """The keyframes of a run in order of time, within a memory budget; at most one per update.

    When the budget is exceeded, old keyframes are dropped, evenly over the run; the newest `DENSE`
    stay. The first keyframe is never dropped, so every update can still be reached by replaying
    from an earlier keyframe.

    Attributes:
        budget: bytes that the keyframes may take; two are kept even if they take more.
        bytes: bytes that the keyframes take.
    """

    def __init__(self, first: Keyframe, budget: int) -> None:
        self.budget = budget
        self.bytes = first.size
        self._keyframes = [first]
        self._updates = [first.updates]  # of each keyframe

    def __len__(self) -> int:
        return len(self._keyframes)

    @property
    def updates(self) -> tuple[int, ...]:
        """The number of updates done at each keyframe, rising."""
        return tuple(self._updates)

    @property
    def first(self) -> Keyframe:
        """The earliest keyframe."""
        return self._keyframes[0]

    def copy(self) -> KeyframeStore:
        """Return a copy that shares the keyframes, which nothing changes."""
        result = KeyframeStore(self._keyframes[0], self.budget)
        result.bytes = self.bytes
        result._keyframes, result._updates = self._keyframes.copy(), self._updates.copy()
        return result

    def nearest(self, updates: int) -> Keyframe:
        """Return the last keyframe with at most `updates` updates done; the first if none has.

        Args:
            updates: number of updates done at the place to be reached.
        """
        return self._keyframes[max(bisect.bisect_right(self._updates, updates) - 1, 0)]

    def insert(self, keyframe: Keyframe) -> None:
        """Add a keyframe, unless that update has one; drop others when there are too many."""
        row = bisect.bisect_left(self._updates, keyframe.updates)
        if row < len(self._updates) and self._updates[row] == keyframe.updates:
            return
        self._updates.insert(row, keyframe.updates)
        self._keyframes.insert(row, keyframe)
        self.bytes += keyframe.size
        self.limit(self.budget)
        if len(self._keyframes) > MOST:
            self._thin_out(MOST // 8)

    def limit(self, budget: int) -> None:
        """Set the budget, and drop keyframes until they keep to it."""
        self.budget = budget
        # Drop many at once, because choosing them takes a while.
        while len(self._keyframes) > 2 and self.bytes > self.budget:
            self._thin_out(max(len(self._keyframes) // 16, 1))

    def drop_after(self, updates: int) -> None:
        """Drop the keyframes with more than `updates` updates done, but never the first."""
        row = max(bisect.bisect_right(self._updates, updates), 1)
        self.bytes -= sum(keyframe.size for keyframe in self._keyframes[row:])
        del self._keyframes[row:], self._updates[row:]

    def _thin_out(self, number: int) -> None:
        """Drop up to `number` keyframes, those whose neighbours are closest together.

        The first one stays, and so do the newest `DENSE` as long as there are others. One call
        never drops two neighbours.
        """
        updates = np.array(self._updates)
        gaps = updates[2:] - updates[:-2]
        old = gaps[:-DENSE] if len(gaps) > DENSE else gaps
        dropped: set[int] = set()
        for row in (np.argsort(old, kind="stable") + 1).tolist():
            if row - 1 not in dropped and row + 1 not in dropped:
                dropped.add(row)
                if len(dropped) == number:
                    break
        self.bytes -= sum(self._keyframes[row].size for row in dropped)
        kept = [row for row in range(len(updates)) if row not in dropped]
        self._keyframes = [self._keyframes[row] for row in kept]
        self._updates = [self._updates[row] for row in kept]
