"""The folder of autosaves: one folder a run, its newest files, who owns it, and the limit of all.

A run's folder contains:

=======================  ======================================================================
``lock``                 locked by the process that the run belongs to, and its number
``run.json``             a `RunNote`
``N.safetensors``        the newest `KEPT` autosaves, numbered as they were made
``N-second.safetensors`` the second network at the same place, if there is one; written first
=======================  ======================================================================
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from rnn_tui.files.atomic_file import remove_leftovers, write_atomically
from rnn_tui.files.process_lock import ProcessLock
from rnn_tui.files.state_folder import state_folder, state_path

KEPT = 3  # autosaves of each run
MOST_RUNS = 20  # that the folder keeps
MOST_BYTES = 2**30  # that all autosaves together take
FOLDER = "autosaves"
AUTOSAVE = re.compile(r"(\d{1,12})(-second)?\.safetensors")
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class RunNote:
    """What a run's folder says besides its checkpoints.

    Attributes:
        directory: the directory in which the program was started; relative paths begin there.
        path: the file that the user saves the run to; "" if there is none.
        own: that file as the run read or wrote it last, as text; "" if it is another's by now.
        match: whether the second network was given about as many parameters as the first.
        tried: the what-ifs that were neither kept nor discarded, as text; the autosave has them.
        left: true if the user has left the run on purpose.
        announced: true once the user has been told that the run can be resumed.
    """

    directory: str = ""
    path: str = ""
    own: str = ""
    match: bool = False
    tried: str = ""
    left: bool = False
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Autosave:
    """One autosave of a run.

    Attributes:
        path: its file.
        number: rises with each autosave of the run.
        time: when it was made, as `time.time`.
        size: in bytes, with the second network's.
        second: the second network's file; None if there is none.
    """

    path: Path
    number: int
    time: float
    size: int
    second: Path | None = None


@dataclass(frozen=True, slots=True)
class AutosavedRun:
    """A run's folder as it was when it was read.

    Attributes:
        path: the folder.
        autosaves: the newest first; at least one.
        owner: the process that the run belongs to, 0 if its number is not known; None if none.
        note: the run's note.
    """

    path: Path
    autosaves: tuple[Autosave, ...]
    owner: int | None
    note: RunNote = field(default_factory=RunNote)


def autosaves_path() -> Path:
    """Return where the folder of all autosaves is, or would be."""
    return state_path() / FOLDER


def autosaved_runs() -> list[AutosavedRun]:
    """Return all runs with an autosave, the newest first; an unreadable folder has none."""
    runs = [read_run(path) for path in _run_paths()]
    found = [run for run in runs if run is not None]
    return sorted(found, key=lambda run: (run.autosaves[0].time, run.path.name), reverse=True)


def read_run(path: Path) -> AutosavedRun | None:
    """Read one run's folder; None if there is no autosave in it."""
    autosaves = _autosaves(path)
    if not autosaves:
        return None
    return AutosavedRun(path, autosaves, ProcessLock(path / "lock").owner(), read_note(path))


def _run_paths() -> list[Path]:
    try:
        with os.scandir(autosaves_path()) as entries:
            return [Path(entry.path) for entry in entries if RUN.fullmatch(entry.name)]
    except OSError:
        return []


def _autosaves(folder: Path) -> tuple[Autosave, ...]:
    """Return the autosaves in a run's folder, the newest first."""
    files: dict[tuple[int, bool], os.stat_result] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if match := AUTOSAVE.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    files[int(match[1]), bool(match[2])] = entry.stat(follow_symlinks=False)
    found = []
    for number in sorted((n for n, is_second in files if not is_second), reverse=True):
        first, second = files[number, False], files.get((number, True))
        found.append(
            Autosave(
                path=autosave_path(folder, number),
                number=number,
                time=first.st_mtime,
                size=first.st_size + (second.st_size if second else 0),
                second=autosave_path(folder, number, second=True) if second else None,
            )
        )
    return tuple(found)


def autosave_path(folder: Path, number: int, *, second: bool = False) -> Path:
    """Return the path of an autosave."""
    return folder / f"{number}{'-second' if second else ''}.safetensors"


def read_note(folder: Path) -> RunNote:
    """Return a run's note; what it does not say, or says in a wrong way, has its default."""
    try:
        content = json.loads((folder / "run.json").read_bytes())
        return RunNote(
            **{
                each.name: content[each.name]
                for each in fields(RunNote)
                if type(content.get(each.name)) is type(each.default)
            }
        )
    except (OSError, ValueError, AttributeError, RecursionError):
        return RunNote()


class RunFolder:
    """The folder of a run that belongs to this process.

    Attributes:
        path: the folder.
        note: the run's note, as it is written there.
    """

    def __init__(self, path: Path, lock: ProcessLock, note: RunNote) -> None:
        self.path = path
        self.note = note
        self._lock = lock
        self._past: int | None = None  # the number of the newest autosave if it is of the past

    @classmethod
    def create(cls, note: RunNote) -> RunFolder:
        """Make a folder for a new run.

        Raises:
            OSError: it cannot be made.
        """
        root = state_folder(FOLDER)
        while True:
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(4).hex()}"
            path = root / name
            path.mkdir(mode=0o700)
            lock = ProcessLock(path / "lock")
            # Another process that tidies up may take a folder without a lock for an empty one.
            with contextlib.suppress(FileNotFoundError):
                if lock.acquire():
                    break
        run = cls(path, lock, note)
        try:
            run.write_note(note)
        except OSError:
            run.delete()
            raise
        return run

    @classmethod
    def take(cls, path: Path) -> RunFolder | None:
        """Take the folder of an earlier run; None if it belongs to a process or has vanished."""
        lock = ProcessLock(path / "lock")
        try:
            taken = lock.acquire()
        except OSError:
            taken = False
        return cls(path, lock, read_note(path)) if taken else None

    @property
    def held(self) -> bool:
        """True while the run belongs to this process."""
        return self._lock.held

    def take_again(self) -> bool:
        """Take the folder again after `release`; return whether it is held."""
        try:
            return self._lock.acquire()
        except OSError:
            return False

    def release(self) -> None:
        """Let other processes have the run."""
        self._lock.release()

    def write_note(self, note: RunNote) -> None:
        """Write the run's note.

        Raises:
            OSError: it cannot be written; the one before is still there.
        """
        write_atomically(self.path / "run.json", json.dumps(asdict(note)).encode())
        self.note = note

    def write(self, content: bytes, second: bytes | None = None, *, past: bool = False) -> Path:
        """Write an autosave, then remove what is beyond `KEPT` and beyond the limit of all runs.

        Args:
            content: the first network.
            second: the second network; None if there is none.
            past: whether the run has gone back from its newest place. Only the newest autosave is
                ever of the past, so that looking around there pushes no training out.

        Returns:
            The path of its file.

        Raises:
            OSError: it cannot be written; all earlier ones are still there.
        """
        newest = _autosaves(self.path)[:1]
        number = newest[0].number + 1 if newest else 1
        path = autosave_path(self.path, number)
        second_path = autosave_path(self.path, number, second=True)
        _remove(second_path)  # of an attempt that was killed before the first network's file
        try:
            if second is not None:
                write_atomically(second_path, second)
            write_atomically(path, content)
        except OSError:
            _remove(second_path)
            raise
        before, self._past = self._past, number if past else None
        if before is not None:
            _remove(autosave_path(self.path, before))
            _remove(autosave_path(self.path, before, second=True))
        remove_surplus(self.path)
        return path

    def delete(self) -> None:
        """Delete the run's autosaves and the folder."""
        _delete(self.path, self._lock)


def tidy() -> None:
    """Remove what killed programs left half written, and what is beyond the limits."""
    for path in _run_paths():
        remove_leftovers(path)
    remove_surplus()


def remove_surplus(own: Path | None = None) -> None:
    """Keep the limits: `KEPT` autosaves of the run `own`, `MOST_RUNS`, `MOST_BYTES`.

    Beyond these the oldest runs are deleted that belong to no process; then `own` is reduced to
    its newest autosave.
    """
    if own is not None:
        _keep_newest(own, KEPT)
    runs = autosaved_runs()
    _delete_empty({run.path for run in runs})
    count, size = len(runs), sum(_size(run) for run in runs)
    for run in reversed(runs):
        if count <= MOST_RUNS and size <= MOST_BYTES:
            return
        if run.path != own and run.owner is None and _delete_unowned(run.path):
            count, size = count - 1, size - _size(run)
    if own is not None and size > MOST_BYTES:
        _keep_newest(own, 1)


def _size(run: AutosavedRun) -> int:
    return sum(autosave.size for autosave in run.autosaves)


def _keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest `count` autosaves in a run's folder."""
    kept = {autosave.number for autosave in _autosaves(folder)[:count]}
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            match = AUTOSAVE.fullmatch(name)
            if match and int(match[1]) not in kept:
                _remove(folder / name)


def _delete_empty(others: set[Path]) -> None:
    """Delete the folders without an autosave, unless a process owns them."""
    for path in _run_paths():
        if path not in others:
            _delete_unowned(path)


def _delete_unowned(path: Path) -> bool:
    """Delete a run's folder, unless a process owns it; return whether it was deleted."""
    lock = ProcessLock(path / "lock")
    try:
        if not lock.acquire():
            return False
    except OSError:
        return False
    return _delete(path, lock)


def _delete(path: Path, lock: ProcessLock) -> bool:
    """Delete the folder of a run whose lock is held, the lock last; return whether it is gone.

    Files that this program does not make stay, and the folder with them.
    """
    remove_leftovers(path)
    _keep_newest(path, 0)
    for name in ("run.json", "lock"):
        _remove(path / name)
    lock.release()
    with contextlib.suppress(OSError):
        path.rmdir()
        return True
    return not _autosaves(path)


def _remove(path: Path) -> None:
    """Delete a file; it is no error if there is none."""
    with contextlib.suppress(OSError):
        path.unlink()
