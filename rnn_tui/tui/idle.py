"""The end of a guest's session after a time without a key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnn_tui.kiosk import Kiosk

if TYPE_CHECKING:
    from textual.app import App

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
        awake: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wait for nothing yet.

        Args:
            kiosk: says how long.
            later: calls a function after so many seconds.
            warn: tells the guest.
            end: ends the session.
            awake: returns whether the guest is not idle even without a key.
            clock: the time in seconds.
        """
        self._kiosk = kiosk
        self._later, self._warn, self._end, self._clock = later, warn, end, clock
        self._awake = awake
        self._heard = clock()
        self._warned = False

    @classmethod
    def of_app(
        cls,
        app: App[Any],
        kiosk: Kiosk,
        warn: Callable[[str], None],
        end: Callable[[], None],
        awake: Callable[[], bool],
    ) -> IdleWatch:
        """Return one that looks in the event loop that runs, as messages of `app` do."""
        loop = asyncio.get_running_loop()

        def call(function: Callable[[], None]) -> None:
            with app._context():
                function()

        def later(seconds: float, function: Callable[[], None]) -> None:
            loop.call_later(seconds, call, function)

        return cls(kiosk, later, warn, end, awake)

    def start(self) -> None:
        """Begin to wait."""
        self.heard()
        self._look()

    def heard(self) -> bool:
        """Note that the guest has done something; return whether that was after a warning."""
        warned = self._warned
        self._heard, self._warned = self._clock(), False
        return warned

    def _look(self) -> None:
        """Warn or end if it is time, and look again when it may be."""
        if self._awake():
            self.heard()
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
