"""Writing autosaves in a thread of its own, so that neither training nor a key waits for a disk."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.files.autosave_folder import RunFolder, RunNote

if TYPE_CHECKING:
    from rnn_tui.checkpoint.saving import CapturedRun


class AutosaveTarget:
    """Where a run of this process is autosaved; the writer's thread changes it.

    Attributes:
        note: what the folder says of the run, or will say.
        folder: the folder; None before the first autosave.
    """

    def __init__(self, note: RunNote, folder: RunFolder | None = None) -> None:
        self.note = note if folder is None else folder.note
        self.folder = folder


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    """An autosave that waits to be written."""

    run: AutosaveTarget
    first: CapturedRun
    second: CapturedRun | None
    note: RunNote
    past: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Release:
    """A run that this process is done with; `left`: the user has left it on purpose."""

    run: AutosaveTarget
    left: bool


_Job = _Write | _Release | Callable[[], None]


class AutosaveWriter:
    """Writes autosaves one after the other; of several that wait of one run, only the newest."""

    def __init__(self, note: RunNote, folder: RunFolder | None = None) -> None:
        """Begin without a thread.

        Args:
            note: what the folders of this process's runs say.
            folder: the folder of the run that is resumed; None if none is.
        """
        self.report: Callable[[str, bool], None] = lambda text, error: None
        """Called with a line for the user and whether it is an error; in any thread."""
        self._note = note
        self._resumed = folder
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._failure = ""  # the newest reason for a failure; "" after a success
        self._thread: threading.Thread | None = None

    @property
    def failed(self) -> bool:
        """Whether the newest attempt failed."""
        return bool(self._failure)

    def next_run(self) -> AutosaveTarget:
        """Return what this writer knows a run by: first the one that is resumed, then new ones."""
        folder, self._resumed = self._resumed, None
        return AutosaveTarget(self._note, folder)

    def write(
        self,
        run: AutosaveTarget,
        first: CapturedRun,
        second: CapturedRun | None = None,
        note: RunNote | None = None,
        *,
        past: bool = False,
    ) -> None:
        """Have an autosave written, and return at once.

        Args:
            run: the run.
            first: its network, at the place that is to be kept.
            second: the second network; None if there is none.
            note: what the run's folder is to say; None if that has not changed.
            past: whether the run has gone back and can go on to its newest place from there.
        """
        self._put(_Write(run, first, second, note or run.note, past))

    def release(self, run: AutosaveTarget, *, left: bool) -> None:
        """Let other processes have a run, after what waits to be written; return at once.

        Args:
            run: the run.
            left: whether the user has left it on purpose, so that nobody need be told of it.
        """
        self._put(_Release(run, left))

    def wait(self, seconds: float) -> bool:
        """Wait until everything is written; return whether it is, and without an error."""
        with self._changed:
            done = self._changed.wait_for(lambda: not (self._jobs or self._busy), seconds)
            return done and not self._failure

    def call(self, work: Callable[[], None]) -> None:
        """Have `work` done by the writer's thread, and return at once; its errors are ignored."""
        self._put(work)

    def _put(self, job: _Job) -> None:
        with self._changed:
            if isinstance(job, _Write):
                self._jobs = deque(j for j in self._jobs if not _replaces(job, j))
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="autosave", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    # The thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                while not self._jobs:
                    self._changed.wait()
                job = self._jobs.popleft()
                self._busy = True
            match job:
                case _Write():
                    self._write(job)
                case _Release(run, left):
                    _release(run, left)
                case work:
                    with contextlib.suppress(Exception):
                        work()
            del job  # its copies take memory

    def _write(self, job: _Write) -> None:
        """Write an autosave; after a failure the next one is another attempt."""
        try:
            first = job.first.to_bytes()
            second = None if job.second is None else job.second.to_bytes()
            note = replace(job.note, left=False, announced=False)
            _held_folder(job.run, note).write(first, second, past=job.past)
        except OSError as error:
            self.fail((error.strerror or str(error)).lower())
        except MemoryError:
            self.fail("there is too little memory for a copy")
        except Exception as error:  # the run must go on, whatever is wrong with its autosave
            from rnn_tui.files.error_log import log_error

            log = log_error(error, "autosave")
            self.fail(f"an unexpected error; details in {log}" if log else "an unexpected error")
        else:
            if self._failure:
                self.report("autosaved again", False)
            self._failure = ""

    def fail(self, reason: str) -> None:
        """Note a failed attempt, and say why it failed, unless that was said already."""
        if reason != self._failure:
            self._failure = reason
            self.report(f"not autosaved, the run goes on: {reason}", True)


def _replaces(job: _Write, other: _Job) -> bool:
    """Return whether `job` makes the writing of `other`, which waits, needless."""
    return isinstance(other, _Write) and other.run is job.run and (other.past or not job.past)


def _held_folder(run: AutosaveTarget, note: RunNote) -> RunFolder:
    """Return the folder of `run`, which belongs to this process, with `note` in it.

    A new one is made if there is none, or if another process has taken it meanwhile.

    Raises:
        OSError: it cannot be made or written to.
    """
    folder = run.folder
    if folder is None or not (folder.held or folder.take_again()):
        run.folder = folder = RunFolder.create(note)
    if folder.note != note:
        folder.write_note(note)
    run.note = note
    return folder


def _release(run: AutosaveTarget, left: bool) -> None:
    """Give a run's folder back."""
    folder = run.folder
    if folder is None or not folder.held:
        return
    if left:
        with contextlib.suppress(OSError):
            folder.write_note(replace(folder.note, left=True))
    folder.release()
