"""Writes how far a lesson has come in a thread of its own, so that no key waits for a disk."""

from __future__ import annotations

import threading

from rnn_tui.lessons.progress import LessonProgress, write_progress


class ProgressWriter:
    """Writes the newest progress of one lesson; what was not written yet is replaced."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wake = threading.Condition()
        self._newest: LessonProgress | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self, progress: LessonProgress) -> None:
        """Have progress written, and return at once."""
        with self._wake:
            self._newest = progress
            self._wake.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
                self._thread.start()

    def close(self, timeout: float = 2.0) -> None:
        """Wait until all is written, for so many seconds at most."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._newest is not None or self._closing)
                progress, self._newest = self._newest, None
            if progress is None:
                return
            write_progress(self._name, progress)
