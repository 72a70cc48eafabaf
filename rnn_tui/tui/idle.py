"""The end of a guest's session after a time without a key."""

from __future__ import annotations

import time
from collections.abc import Callable

from rnn_tui.kiosk import Kiosk

LEAST_WAIT = 0.05  # seconds between two looks


class IdleWatch:
    """Tells the guest that the session is about to end, and then ends it.

    Training is no sign of a guest: only keys, pastes and clicks are.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        later: Callable[[float, Callable[[], None]], object],
        warn: Callable[[str], None],
        end: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wait for nothing yet.

        Args:
            kiosk: says how long.
            later: calls a function after so many seconds.
            warn: tells the guest.
            end: ends the session.
            clock: the time in seconds.
        """
        self._kiosk = kiosk
        self._later, self._warn, self._end, self._clock = later, warn, end, clock
        self._heard = clock()
        self._warned = False

    def start(self) -> None:
        """Begin to wait."""
        self.heard()
        self._look()

    def heard(self) -> None:
        """Note that the guest has done something."""
        self._heard, self._warned = self._clock(), False

    def _look(self) -> None:
        """Warn or end if it is time, and look again when it may be."""
        left = self._heard + self._kiosk.idle - self._clock()
        if left <= 0:
            self._end()
            return
        if left <= self._kiosk.warning:
            if not self._warned:
                self._warned = True
                self._warn(f"no key for a while: the session ends in {time_text(left)}")
            self._later(max(left, LEAST_WAIT), self._look)
        else:
            self._later(max(left - self._kiosk.warning, LEAST_WAIT), self._look)


def time_text(seconds: float) -> str:
    """Return a time in words: "15 minutes", "1 minute", "90 seconds"."""
    whole = max(round(seconds), 1)
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if whole % size == 0 and whole >= size:
            number = whole // size
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return ""
