"""What of each run is in files, and how much training would be lost with it.

A run is one trainer with its past: a restart makes a new one, and a second network is one, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.ownership import FileIdentity, RunFiles, data_file

LONG = 60.0  # seconds of training after which a run is not as it was saved, whatever its update


class RunRecord:
    """The files of a run and its training since it was last written to one.

    Attributes:
        files: the files that it loaded or made.
        trained: seconds of training since the last save or start.
    """

    def __init__(self, trainer: Trainer, files: RunFiles) -> None:
        self.files = files
        self.trained = 0.0
        self._saved_at = self._started_at = trainer.updates
        files.protect(*data_file(trainer.settings.data))

    def saved(self, timeline: Timeline) -> None:
        """Note that the run has just been written to a file, as it is at the present place."""
        self._saved_at = timeline.trainer.updates
        if _newest_update(timeline) == self._saved_at:
            self.trained = 0.0

    def unsaved_update(self, timeline: Timeline) -> int | None:
        """Return the newest update of the run that is in no file; None if it is in one.

        Where the run has gone back, that is the newest update reached, not the one that is shown.
        """
        newest = _newest_update(timeline)
        # After a what-if the same number may be that of another update.
        in_file = newest in (self._saved_at, self._started_at) and self.trained < LONG
        return None if in_file else newest


def _newest_update(timeline: Timeline) -> int:
    """Return the newest update that a run has reached."""
    trainer = timeline.trainer
    return max(trainer.updates, timeline.newest.index // trainer.schedule.end)


@dataclass(frozen=True, slots=True)
class UnsavedRun:
    """Training that is in no file.

    Attributes:
        update: the run's newest update.
        seconds: how long it was trained for since the last save or start.
        of_old: whether it is the run before the restart.
        of_second: whether it is the second network.
        ahead: whether the run has gone back from there, so that a save would not hold it.
    """

    update: int
    seconds: float
    of_old: bool = False
    of_second: bool = False
    ahead: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SaveQuestion:
    """What the user is asked before a file is replaced that the run neither loaded nor made.

    Attributes:
        number: rises with each question, so that each is asked once.
        path: the file that was to be written.
        reason: why it was not, as a phrase.
        replaceable: whether it is written if the user agrees; otherwise only another name helps.
        suggestion: another path, which is free.
        seen: the file as it was; the answer is about this one.
        run: what tells the run that was to be saved from others.
    """

    number: int
    path: str
    reason: str
    replaceable: bool
    suggestion: str
    seen: FileIdentity | None
    run: object


class RunRecords:
    """The records of all runs of a session that are still in reach."""

    def __init__(self) -> None:
        self._records: WeakKeyDictionary[Trainer, RunRecord] = WeakKeyDictionary()

    def of(self, trainer: Trainer, files: RunFiles | None = None) -> RunRecord:
        """Return the record of the run of `trainer`.

        Args:
            trainer: the run.
            files: the files that it owns if it is new here; None: none yet.
        """
        record = self._records.get(trainer)
        if record is None:
            record = self._records[trainer] = RunRecord(trainer, files or RunFiles())
        return record

    def unsaved(
        self, timeline: Timeline, *, of_old: bool = False, of_second: bool = False
    ) -> tuple[UnsavedRun, ...]:
        """Return what would be lost of the run of `timeline`."""
        record = self.of(timeline.trainer)
        update = record.unsaved_update(timeline)
        if update is None:
            return ()
        ahead = update > timeline.trainer.updates
        return (UnsavedRun(update, record.trained, of_old, of_second, ahead),)
