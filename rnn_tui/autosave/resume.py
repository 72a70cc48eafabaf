"""Resuming: what can be resumed, the list of it, and opening one autosave."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.autosave import LIST, NEWEST
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.summary import read_summary
from rnn_tui.files.autosave_folder import (
    MOST_BYTES,
    MOST_RUNS,
    Autosave,
    AutosavedRun,
    RunFolder,
    RunNote,
    autosaved_runs,
    autosaves_path,
)
from rnn_tui.files.regular_file import size_text
from rnn_tui.settings import DECLARATIONS, quote

if TYPE_CHECKING:
    from rnn_tui.checkpoint.loading import SavedRun
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.second_network import Versus

LONGEST_NUMBER = 9  # digits


class ResumeError(ValueError):
    """There is nothing that can be resumed, or not this; the message is one line."""


@dataclass(frozen=True, slots=True, eq=False)
class ResumedRun:
    """A run opened from an autosave.

    Attributes:
        saved: the run and how it was looked at.
        second: the second network's trainer; None if there is none.
        versus: the choice of the second network; None if there is none.
        folder: the run's folder, which belongs to this process now; None if the run goes on in a
            new one, because this is not its newest autosave or it belongs to another process.
        note: what the folder says of the run.
        message: one line for the user: what was opened.
    """

    saved: SavedRun
    second: Trainer | None
    versus: Versus | None
    folder: RunFolder | None
    note: RunNote
    message: str


Agree = Callable[[str], bool]
"""Says whether to go on with data that have changed; see `rnn_tui.checkpoint.loading.load_run`."""


def resume(choice: str, data: str | None = None, agree: Agree = lambda change: False) -> ResumedRun:
    """Open an autosave.

    Args:
        choice: `NEWEST`, or a number of `list_text`.
        data: the data file that the run learns from; None for the one that it had.
        agree: see `Agree`.

    Raises:
        ResumeError: there is no such autosave, or it cannot be read.
        DataError, SettingError: the data that the run learns from cannot be read or do not fit.
    """
    if choice == NEWEST:
        return _resume_newest(data, agree)
    return _resume_number(choice, data, agree)


def _resume_newest(data: str | None, agree: Agree) -> ResumedRun:
    """Open the newest run that belongs to no process."""
    runs = autosaved_runs()
    for run in runs:
        folder = RunFolder.take(run.path) if run.owner is None else None
        if folder is not None:
            with _released_on_error(folder):
                return _open_newest(run, folder, data, agree)
    if runs:
        used = "the only autosaved run belongs to a program that is running"
        if len(runs) > 1:
            used = f"all {len(runs)} autosaved runs belong to programs that are running"
        raise ResumeError(f"there is nothing to resume: {used}")
    raise ResumeError(f"there is nothing to resume in {str(autosaves_path())!r}")


def _open_newest(
    run: AutosavedRun, folder: RunFolder, data: str | None, agree: Agree
) -> ResumedRun:
    """Open the newest autosave of a run that can be read."""
    failure: CheckpointError | None = None
    for autosave in run.autosaves:
        try:
            resumed = _open(run, autosave, folder, data, agree)
        except CheckpointError as error:
            failure = failure or error
            continue
        if failure is not None:
            message = f"{resumed.message}: a newer one cannot be read"
            resumed = replace(resumed, message=message)
        with contextlib.suppress(OSError):  # the next attempt to write will say what is wrong
            folder.write_note(replace(folder.note, left=False, announced=False))
        return resumed
    raise ResumeError(str(failure))


def _resume_number(choice: str, data: str | None, agree: Agree) -> ResumedRun:
    """Open an autosave by its number in the list."""
    if not choice.isdecimal() or len(choice) > LONGEST_NUMBER:
        raise ResumeError(f"--resume must be {LIST} or a number of that list, not {choice!r}")
    listed = [(run, autosave) for run in autosaved_runs() for autosave in run.autosaves]
    if not listed:
        raise ResumeError(f"there is nothing to resume in {str(autosaves_path())!r}")
    if not 1 <= int(choice) <= len(listed):
        numbers = "1" if len(listed) == 1 else f"a number from 1 to {len(listed)}"
        raise ResumeError(f"--resume must be {numbers}, not {choice}; --resume list shows them")
    run, autosave = listed[int(choice) - 1]
    newest = autosave is run.autosaves[0]
    folder = RunFolder.take(run.path) if newest and run.owner is None else None
    try:
        if folder is None:
            return _open(run, autosave, None, data, agree)
        with _released_on_error(folder):
            return _open_newest(replace(run, autosaves=(autosave,)), folder, data, agree)
    except CheckpointError as error:
        raise ResumeError(str(error)) from error


@contextlib.contextmanager
def _released_on_error(folder: RunFolder) -> Iterator[None]:
    """Give the folder of a run back if the run cannot be opened."""
    try:
        yield
    except BaseException:
        folder.release()
        raise


def _open(
    run: AutosavedRun,
    autosave: Autosave,
    folder: RunFolder | None,
    data: str | None,
    agree: Agree,
) -> ResumedRun:
    """Read an autosave.

    Raises:
        CheckpointError: it cannot be read.
        DataError, SettingError: see `resume`.
    """
    from rnn_tui.checkpoint.loading import load_run

    def read(path: Path) -> SavedRun:
        where = data or _data_path(path, run.note)
        return load_run(path, data=where, trusted=True, agree=agree)

    saved = read(autosave.path)
    second = None if autosave.second is None else read(autosave.second).trainer
    versus = None
    if second is not None:
        from rnn_tui.second_network import Versus

        versus = Versus(second.settings.cell, run.note.match)
    trainer = saved.trainer
    what = "resumed" if folder is not None else "opened a copy of"
    message = f"{what} the run of {_when(autosave.time)} at update {trainer.updates:,}"
    if run.note.tried:
        message += f" with the what-ifs kept: {quote(run.note.tried)}"
    return ResumedRun(saved, second, versus, folder, run.note, message)


def _data_path(path: Path, note: RunNote) -> str | None:
    """Return the data file of an autosave, if its path began in another directory than this one."""
    settings = read_summary(path).settings
    name = os.path.expanduser(settings.data)
    relative = name and not os.path.isabs(name) and DECLARATIONS["data"].used_by(settings)
    if not relative or note.directory in ("", os.getcwd()):
        return None
    return os.path.join(note.directory, name)


# ---------------------------------------------------------------- the list


def list_text() -> str:
    """Return the list of all autosaves, numbered for `--resume N`, the newest run first."""
    runs, where = autosaved_runs(), f"They lie in {autosaves_path()}"
    limit = f"at most {MOST_RUNS} runs and {size_text(MOST_BYTES)}"
    if not runs:
        return f"There are no autosaves. {where}: {limit}."
    rows = [("", "when", "run", "updates", "smoothed", "")]
    for run in runs:
        for autosave in run.autosaves:
            rows.append((str(len(rows)), _when(autosave.time), *_described(run, autosave)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join(
        (*lines, "", f"--resume opens the newest that is not in use. {where}: {limit}.")
    )


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    """Return a row of the list; numbers are set flush right."""
    number, when, run, updates, loss, state = row
    texts = (number.rjust(widths[0]), when.ljust(widths[1]), run.ljust(widths[2]))
    return "  ".join((*texts, updates.rjust(widths[3]), loss.rjust(widths[4]), state)).rstrip()


def _described(run: AutosavedRun, autosave: Autosave) -> tuple[str, str, str, str]:
    """Return the run, the updates, the smoothed loss and the state of an autosave, as texts."""
    try:
        summary = read_summary(autosave.path)
    except CheckpointError:
        return "cannot be read", "", "", ""
    network = summary.network
    if autosave.second is not None:
        network += " and a second network"
        with contextlib.suppress(CheckpointError):
            second = read_summary(autosave.second).settings
            network = f"{summary.network} versus {second.cell} {second.hidden}"
    loss = "" if math.isnan(summary.smoothed) else f"{summary.smoothed:.3g}"
    return network, f"{summary.updates:,}", loss, _state(run)


def _state(run: AutosavedRun) -> str:
    """Return who has a run, or how it ended."""
    if run.owner is not None:
        return f"in use by process {run.owner}" if run.owner else "in use"
    return "left" if run.note.left else "lost"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


# ---------------------------------------------------------------- what the next start says


def lost_runs() -> list[AutosavedRun]:
    """Return the runs whose process died, and of which the user has not been told yet."""
    return [
        run
        for run in autosaved_runs()
        if run.owner is None and not (run.note.left or run.note.announced)
    ]


def announcement(runs: Sequence[AutosavedRun]) -> str:
    """Return one line about lost runs; empty if there are none."""
    for run in runs:
        with contextlib.suppress(CheckpointError):
            summary = read_summary(run.autosaves[0].path)
            what = f"{summary.network} at update {summary.updates:,}"
            others = f"; {len(runs)} in all: --resume list" if len(runs) > 1 else ""
            return f"rnn-tui --resume reopens a lost run: {what}{others}"
    return ""


def mark_announced(runs: Iterable[AutosavedRun]) -> None:
    """Note that the user has been told of these runs, so that no further start says so again."""
    for run in runs:
        folder = RunFolder.take(run.path)
        if folder is not None:
            with contextlib.suppress(OSError):
                folder.write_note(replace(folder.note, announced=True))
            folder.release()
