"""The progress of a training without a screen, on stderr."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, TextIO

from rnn_tui.cli_exit import print_error

if TYPE_CHECKING:
    from rnn_tui.train import TrainProgress

REDRAW_SECONDS = 0.1


class ProgressLine:
    """A line on a terminal that is redrawn in place: share, updates, loss, speed, time left."""

    def __init__(self, stream: TextIO, *, visible: bool) -> None:
        """Draw on `stream` if it is a terminal and `visible` is true."""
        self._stream = stream
        self._visible = visible and stream.isatty()
        self._drawn_at = 0.0

    def show(self, progress: TrainProgress) -> None:
        """Draw `progress`, unless the line was drawn a moment ago."""
        now = time.monotonic()
        if self._visible and now - self._drawn_at >= REDRAW_SECONDS:
            self._drawn_at = now
            self._draw(progress_text(progress))

    def clear(self) -> None:
        """Leave an empty line, the cursor at its start."""
        if self._drawn_at:
            self._draw("")

    def interrupt(self, message: str) -> None:
        """Write one line of its own; the progress goes on below it. Any thread may call this."""
        self.clear()
        print_error(message)

    def _draw(self, text: str) -> None:
        columns = min(80, shutil.get_terminal_size().columns) - 1  # the last column would wrap
        # With the cursor back at the start, the terminal's ^C of Ctrl-C does no harm.
        self._write(f"\r{text[:columns]:{columns}}\r")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, UnicodeError):
            self._visible = False


def progress_text(progress: TrainProgress) -> str:
    """Return at most 79 plain characters, which every terminal shows correctly."""
    share = progress.done / progress.wanted
    bar = f"{'#' * int(share * 14):-<14}"
    counts = f"{progress.done:,}/{progress.wanted:,}"
    text = f"{share:4.0%} [{bar}] {counts}  loss {progress.smoothed:.3g}"
    speed = progress.per_second
    if not speed > 0:
        return text
    left = round((progress.wanted - progress.done) / speed)
    return f"{text}  {speed:,.0f}/s  {_clock(left)} left"


def _clock(seconds: int) -> str:
    """Return a duration as hours, minutes and seconds: "1:02:03", or "2:03"."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
