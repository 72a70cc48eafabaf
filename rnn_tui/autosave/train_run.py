"""Autosaves of a run that is trained without a screen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.autosave import INTERVAL
from rnn_tui.checkpoint.saving import capture
from rnn_tui.tensor_files.content import ContentError

if TYPE_CHECKING:
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.run_view import RunView
    from rnn_tui.engine.training.trainer import Trainer

LONGEST_WAIT = 60.0  # seconds for the last autosave to reach the disk


class TrainAutosave:
    """Autosaves a run every minute, and once more when it is asked to."""

    def __init__(
        self, trainer: Trainer, writer: AutosaveWriter, view: RunView | None = None
    ) -> None:
        """Begin where `trainer` stands; nothing is written before it has moved.

        Args:
            trainer: the run.
            writer: writes its autosaves.
            view: how it was looked at when it was saved before; None if it was not.
        """
        self._view = view
        self._trainer = trainer
        self._writer = writer
        self._run = writer.next_run()
        self._saved_index = trainer.index
        self._saved_at = time.monotonic()

    @property
    def folder(self) -> Path | None:
        """The folder of the run's autosaves; None if there is none yet."""
        folder = self._run.folder
        return None if folder is None else folder.path

    def look(self) -> None:
        """Autosave if it is time; called between two chunks of updates."""
        if time.monotonic() - self._saved_at >= INTERVAL:
            self._hand_over()

    def save_now(self) -> Path | None:
        """Autosave the run where it stands, and wait until that is done.

        Returns:
            The folder of its autosaves; None if there is nothing to save, or it cannot be saved.
        """
        self._hand_over()
        return self.folder if self._writer.wait(LONGEST_WAIT) else None

    def release(self, *, left: bool) -> None:
        """Let other programs have the run.

        Args:
            left: whether it ended as the user wanted, so that nobody need be told of it.
        """
        self._writer.release(self._run, left=left)
        self._writer.wait(LONGEST_WAIT)

    def _hand_over(self) -> None:
        """Have the run written, unless it stands where it was saved last."""
        index, self._saved_at = self._trainer.index, time.monotonic()
        if index == self._saved_index and not self._writer.failed:
            return
        try:
            captured = capture(self._trainer, self._view)
        except ContentError as error:
            self._writer.fail(str(error))
        except MemoryError:
            self._writer.fail("there is too little memory for a copy")
        else:
            self._saved_index = index
            self._writer.write(self._run, captured)
