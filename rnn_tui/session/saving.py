"""Saving the run of a session: to a file of its own, or after a question."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.ownership import RunFiles, Standing, WriteCheck
from rnn_tui.files.shown_folder import shown_folder
from rnn_tui.session.commands import Save
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.session.state import SessionState

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import RunView


def save_run(state: SessionState, command: Save, view: RunView | None = None) -> None:
    """Write a checkpoint as `command` says; where that would replace another's file, ask instead.

    Args:
        state: the session's state; the notice and the question are left there.
        command: the path, and the answer to the question before.
        view: how the run is looked at.
    """
    if state.kiosk is not None:
        state.say("not saved: a kiosk writes no files", error=True)
        return
    trainer = state.run.trainer
    files = state.records.of(trainer).files
    question = command.answer
    if question is not None and question.run is not files:
        state.say("not saved: meanwhile another network is shown", error=True)
        return
    agreed = question.seen if question is not None and question.path == command.path else None
    path = command.path or files.path
    try:
        check = _generated(trainer, files) if path is None else files.check(path, agreed)
        if not check.allowed:
            _ask(state, files, check)
            return
        _save(state, trainer, view, check)
    except (OSError, CheckpointError) as error:
        _explain(state, files, path, error)
        return
    if command.path is not None:
        files.path = command.path


def _save(state: SessionState, trainer: Trainer, view: RunView | None, check: WriteCheck) -> None:
    """Write the checkpoint and say so.

    Raises:
        CheckpointError: it cannot be written, or has been taken since `check`.
    """
    from rnn_tui.checkpoint.saving import save  # not needed before the first save

    save(check.path, trainer, view, guard=check)
    state.records.of(trainer).saved(state.run.timeline)
    gone = ", old run dropped" if state.forget_old() else ""
    open_what_ifs = len(state.run.timeline.what_ifs)
    what_ifs = f"{open_what_ifs} what-ifs" if open_what_ifs > 1 else "the what-if"
    kept = f", {what_ifs} kept in it" if open_what_ifs else ""
    named = os.path.dirname(check.path)  # then the path says it
    where = "" if named else f" in {shown_folder(check.path)}"
    state.say(f"saved {check.path} at update {trainer.updates}{where}{gone}{kept}")


def _ask(
    state: SessionState, files: RunFiles, check: WriteCheck, reason: str | None = None
) -> None:
    """Leave a question for the user: replace the file, or another name."""
    number = state.question.number + 1 if state.question is not None else 1
    state.question = SaveQuestion(
        number=number,
        path=check.path,
        reason=reason or check.reason,
        replaceable=reason is None and check.standing is Standing.FOREIGN,
        suggestion=_suggestion(files, check.path),
        seen=check.seen,
        run=files,
    )


def _explain(
    state: SessionState, files: RunFiles, path: str | None, error: OSError | CheckpointError
) -> None:
    """Say why nothing was saved; ask for another name where that can help."""
    text = str(error) if isinstance(error, CheckpointError) else (error.strerror or "").lower()
    state.say(f"not saved: {text}", error=True)
    cause = error if isinstance(error, OSError) else error.__cause__
    if not isinstance(cause, OSError):
        return  # the run itself cannot be saved, under no name
    name = path or _generated_name(state.run.trainer)
    check = WriteCheck(files, name, Standing.FREE)
    _ask(state, files, check, text.removeprefix(f"{name!r}: "))


def _generated(trainer: Trainer, files: RunFiles) -> WriteCheck:
    """Return the check of a name made of the settings, in the folder of the program's start.

    The user has not chosen it, so what is there, even an empty file, is not written to.
    """
    name = _generated_name(trainer)
    check = files.check(name)
    return check if check.standing is Standing.OWN else files.free_beside(name)


def _generated_name(trainer: Trainer) -> str:
    """Return a name made of the settings and the update."""
    settings = trainer.settings
    return f"{settings.task}-{settings.cell}{settings.hidden}-{trainer.updates}.safetensors"


def _suggestion(files: RunFiles, path: str) -> str:
    """Return a free path like `path`, in the user's own folder if that one is gone."""
    for folder in ("", os.path.expanduser("~")):
        candidate = os.path.join(folder, os.path.basename(path)) if folder else path
        try:
            if os.path.isdir(os.path.dirname(os.path.abspath(candidate))):
                return files.free_beside(candidate).path
        except OSError:
            continue
    return path
