"""The progress of a training without a screen, on stderr."""

from __future__ import annotations

import math
import shutil
import time
from typing import TYPE_CHECKING, TextIO

from rnn_tui.command_line.exit import print_error

if TYPE_CHECKING:
    from rnn_tui.train import TrainProgress

REDRAW_SECONDS = 0.1
LOG_SECONDS = 2.0  # between two lines of a log, at least
LONGEST_SILENCE = 30.0  # seconds between two lines of a log, at most


class ProgressLine:
    """Share, updates, losses, speed and time left.

    On a terminal that is one line, redrawn in place. Elsewhere, in a log file say, it is a line of
    its own at each tenth of the run, none sooner than `LOG_SECONDS` after the one before, and at
    least each `LONGEST_SILENCE`.
    """

    def __init__(self, stream: TextIO, *, visible: bool, title: str = "") -> None:
        """Write on `stream` if `visible` is true; `title` begins each line."""
        self._stream = stream
        self._visible = visible
        self._redrawn = stream.isatty()
        self._title = f"{title}  " if title else ""
        self._drawn_at = 0.0
        self._logged_at = time.monotonic()
        self._tenths = 0  # of the run, at the newest line of a log

    def show(self, progress: TrainProgress) -> None:
        """Show `progress`, unless something was shown a moment ago."""
        if not self._visible:
            return
        now = time.monotonic()
        if not self._redrawn:
            self._log(progress, now)
        elif now - self._drawn_at >= REDRAW_SECONDS:
            self._drawn_at = now
            self._draw(progress_text(progress, self._title))

    def _log(self, progress: TrainProgress, now: float) -> None:
        """Write a line of its own if it is time."""
        silence = now - self._logged_at
        tenths = 10 * progress.done // progress.wanted
        if silence >= LONGEST_SILENCE or (tenths > self._tenths and silence >= LOG_SECONDS):
            self._logged_at, self._tenths = now, tenths
            self._write(f"{progress_text(progress, self._title)}\n")

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


def progress_text(progress: TrainProgress, title: str = "") -> str:
    """Return at most 79 plain characters, which every terminal shows correctly.

    Where a title or a test loss take room, the bar is shorter.
    """
    share = progress.done / progress.wanted
    tested = "" if math.isnan(progress.tested) else f"  test {progress.tested:.3g}"
    cells = max(14 - len(title) - len(tested), 0)
    bar = f"[{'#' * int(share * cells):-<{cells}}] " if cells > 3 else ""
    counts = f"{progress.done:,}/{progress.wanted:,}"
    text = f"{title}{share:4.0%} {bar}{counts}  loss {progress.smoothed:.3g}{tested}"
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
