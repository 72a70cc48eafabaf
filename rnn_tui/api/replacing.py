"""Which files `save` and `dump` replace: those of their own kind; others only where forced to.

A script is run again and again, and each time it is another run to `rnn_tui.files.ownership`, by
which ``train --out`` would refuse the file of the time before. So what is there is looked at: a
case file, which a script makes anew each time, is replaced by a case file; a checkpoint by one of
a run with the same settings, as it has if the script is the same. Everything else stays, as it
does for ``train --out``, unless the caller agrees.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from rnn_tui.cases.reading import is_case
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.summary import read_summary
from rnn_tui.files.ownership import FileTakenError, RunFiles, Standing, WriteCheck
from rnn_tui.settings import Settings
from rnn_tui.tensor_files.content import NUMBERS, ContentError
from rnn_tui.tensor_files.reading import open_content

_OTHERS = (".pt", ".pth", ".pkl", ".npy", ".npz", ".h5", ".keras", ".onnx")
"""Endings of formats that are never written, and whose readers would fail."""
_FORCE = "another name, or force=True, which replaces it"


def path_text(what: str, path: object) -> str:
    """Return a path as text.

    Raises:
        TypeError: it is none.
    """
    if isinstance(path, bytes) or not isinstance(path, str | os.PathLike):
        raise TypeError(f"{what}: a path is text, not a {type(path).__name__}")
    return str(os.fspath(path))


def check_replacing(
    path: str, files: RunFiles, reason_against: Callable[[str], str], *, force: bool
) -> WriteCheck:
    """Return the check of a file that is about to be written, which may be.

    Args:
        path: the file.
        files: those of the run.
        reason_against: says why a file that is not the run's own is not replaced: "it is no …";
            "" if it may be.
        force: whether the caller agrees to replace it whatever it is.

    Raises:
        OSError: it may not be written, or cannot be looked at.
    """
    stem, ending = os.path.splitext(path)
    if ending.lower() in _OTHERS:
        raise FileTakenError(
            f"what is written is a safetensors file, not {ending}; call it "
            f"{os.path.basename(stem)}.safetensors"
        )
    check = files.check(path)
    if check.standing is Standing.FOREIGN:
        reason = "" if force else reason_against(path)
        if reason:
            raise FileTakenError(f"{reason}; {_FORCE}")
        check = files.check(path, check.seen)
    check.require()
    return check


def no_case(path: str) -> str:
    """Return why a file that is there is not replaced by a case file."""
    try:
        with open_content(path, NUMBERS) as file:
            return "" if is_case(file.header) else "there is a file that is no case file"
    except ContentError:
        return "there is a file that is no case file"


def no_such_run(settings: Settings) -> Callable[[str], str]:
    """Return what says why a file that is there is not replaced by a run with these settings."""

    def reason(path: str) -> str:
        try:
            there = read_summary(path).settings
        except CheckpointError:
            return "there is a file that is no checkpoint of rnn-tui"
        if not (differing := settings.needs_restart(there)):
            return ""
        name = differing[0]
        values = f"{name} {getattr(there, name)}, here {getattr(settings, name)}"
        return f"there is the checkpoint of another run ({values})"

    return reason
