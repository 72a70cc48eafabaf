"""Sharing a machine: training makes room when other programs wait for the processor.

In a room full of guests every program could train all the time. Then a key waits for its turn
behind all of them, however little it needs. So training that finds itself kept waiting rests,
longer and longer, until it is not: the processor has room to answer keys, and all guests train at
about the same speed, as those who take more are kept waiting more.
"""

from __future__ import annotations

import time

KEPT_WAITING = 0.1  # share of a slice's time in which another program had the processor
SHORTEST_REST, LONGEST_REST = 0.002, 0.25  # seconds
LONGER, SHORTER = 2.0, 0.95  # a rest against the one before


class FairShare:
    """Says how long to rest after a slice of work."""

    def __init__(self) -> None:
        self._rest = 0.0
        self._began = self._worked = 0.0

    def begin(self) -> None:
        """Note that a slice of work begins, in the thread that works."""
        self._began, self._worked = time.perf_counter(), time.thread_time()

    def rest(self) -> float:
        """Return the seconds to rest after the slice that was begun."""
        seconds = time.perf_counter() - self._began
        waited = seconds - (time.thread_time() - self._worked)
        if waited > KEPT_WAITING * seconds:
            self._rest = min(LONGEST_REST, max(SHORTEST_REST, LONGER * self._rest))
        else:
            self._rest *= SHORTER
            if self._rest < SHORTEST_REST:
                self._rest = 0.0
        return self._rest
