"""The signals that end a training."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from rnn_tui.command_line.exit import Readers

HANG_UP = getattr(signal, "SIGHUP", 1)  # Windows has none


class StopSignal:
    """Catches the signals that ask for the end, so that the run ends between two chunks.

    Nobody may have sent SIGHUP where a connection without a terminal is lost: there a reader of the
    output has gone, which counts as SIGHUP and is ignored where that is.

    Attributes:
        signal: the one that was received last; None if there was none.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._previous: dict[int, Any] = {}  # handlers to be restored
        self._readers: Readers | None = None
        self._reader_gone = False

    def received(self) -> bool:
        """Return whether a signal was received, or a reader of the output has gone."""
        if self.signal is None and self._readers is not None and self._readers.one_has_gone():
            self.signal, self._reader_gone = HANG_UP, True
        return self.signal is not None

    @property
    def how(self) -> str:
        """What stopped the run, in words."""
        if self._reader_gone:
            return "a reader of its output has gone: stopped"
        if self.signal == signal.SIGINT:
            return "stopped by Ctrl-C"
        return f"stopped by {signal.Signals(self.signal or 0).name}"

    def __enter__(self) -> StopSignal:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)  # not every system has them all
            # A signal is ignored on purpose: by nohup, or for a job in the background.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._note)
        if HANG_UP in self._previous:
            self._readers = Readers()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
