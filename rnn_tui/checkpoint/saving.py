"""Saving: write a run to a checkpoint file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save as serialise

from rnn_tui import __version__
from rnn_tui.cases.case import Case
from rnn_tui.checkpoint.arithmetic import ARITHMETIC, arithmetic_here
from rnn_tui.checkpoint.case import CASE, case_of_task, case_to_json, tensors_of_case
from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import (
    CHECKSUM,
    CUSTOM_TASK,
    FORMAT,
    LARGEST_COUNT,
    VERSION,
    VIEW,
    WINDOW,
    CheckpointError,
    vocabulary,
)
from rnn_tui.checkpoint.held import held_to_json
from rnn_tui.checkpoint.run_view import RunView
from rnn_tui.checkpoint.source import SOURCE, source_tensors, source_to_json
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.atomic_file import WriteGuard, check_folder, write_atomically
from rnn_tui.files.regular_file import size_text
from rnn_tui.layouts.torch_layout import tensors_of
from rnn_tui.settings import quote
from rnn_tui.tasks import DataState
from rnn_tui.tasks.source import DataSource
from rnn_tui.tensor_files.content import Array, ContentError, os_error_text
from rnn_tui.tensor_files.header import LARGEST_HEADER

_ROOM_FOR_TENSORS = 2**17  # bytes of a header for the names, places and checksums of all tensors


@dataclass(frozen=True, slots=True, eq=False)
class CapturedRun:
    """Everything a checkpoint keeps of a run, copied at one moment; nothing in it changes any more.

    Attributes:
        architecture: the network's sizes.
        keyframe: where the run is.
        window: the start of the window that is shown right after its update; None elsewhere.
        curve: the arrays of the history, by name.
        texts: the metadata, by name, except the checksum.
        source: the data that it was trained on; None where its task does not tell.
        case: the case that it is on; None on another task.
    """

    architecture: Architecture
    keyframe: Keyframe
    window: Keyframe | None
    curve: Mapping[str, Array]
    texts: Mapping[str, str]
    source: DataSource | None
    case: Case | None = None

    def to_bytes(self) -> bytes:
        """Return the content of the file; any thread may call this."""
        tensors = tensors_of(self.architecture, self.keyframe.parameters)
        tensors |= _carried(self.keyframe)
        if self.window is not None:
            window = {"parameters": self.window.parameters, **_carried(self.window)}
            tensors |= {f"{WINDOW}.{name}": array for name, array in window.items()}
        tensors |= {f"history.{name}": array for name, array in self.curve.items()}
        tensors |= source_tensors(self.source)
        if self.case is not None:
            tensors |= tensors_of_case(self.case)
        whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
        return serialise(whole, {**self.texts, CHECKSUM: checksums(self.texts, whole)})


def _carried(keyframe: Keyframe) -> dict[str, Array]:
    """Return the tensors of what is carried from update to update besides the parameters."""
    memory = {f"optimizer.{name}": array for name, array in keyframe.memory.items()}
    return memory | {f"state.{name}": array for name, array in keyframe.states.items()}


def save(
    path: str | os.PathLike[str],
    trainer: Trainer,
    view: RunView | None = None,
    guard: WriteGuard | None = None,
) -> None:
    """Write the run of `trainer` to `path`, completely or, if that fails, not at all.

    After a divergence the last finite state is written.

    Args:
        path: the file.
        trainer: the run.
        view: how it is looked at; None: without a screen and breakpoints.
        guard: says whether a file that is there may be replaced; None: any may.

    Raises:
        CheckpointError: the file cannot be written, or the run has something that the format does
            not provide for: the state of an unusual custom task.
    """
    try:
        captured = capture(trainer, view)
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error.__cause__
    save_captured(path, captured, guard)


def save_captured(
    path: str | os.PathLike[str], captured: CapturedRun, guard: WriteGuard | None = None
) -> None:
    """Write a run as it was when it was captured; see `save`.

    Raises:
        CheckpointError: the file cannot be written.
    """
    try:
        write_atomically(path, captured.to_bytes(), guard)
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {os_error_text(error)}") from error


def checkpoint_bytes(trainer: Trainer, view: RunView | None = None) -> bytes:
    """Return the content of the file that `save` writes.

    Raises:
        ContentError: as `capture` does.
    """
    return capture(trainer, view).to_bytes()


def capture(trainer: Trainer, view: RunView | None = None) -> CapturedRun:
    """Copy what a checkpoint keeps; in the trainer's thread, as only the copying has to be there.

    Args:
        trainer: the run.
        view: how it is looked at; None: without a screen and breakpoints.

    Raises:
        ContentError: the run has something that the format does not provide for.
    """
    keyframe = trainer.keyframe()
    if max(keyframe.updates, keyframe.updates_made) > LARGEST_COUNT:
        raise ContentError(f"a checkpoint counts at most {LARGEST_COUNT:,} updates")
    updated = trainer.position == trainer.schedule.end and trainer.divergence is None
    updated = updated and trainer.optimizer.updates_made > 0  # else it was replaced since
    window = trainer.window_start() if updated else None
    history, curve = trainer.history.state()
    parts: dict[str, object] = {
        "settings": trainer.settings.to_json(),
        "place": {name: getattr(keyframe, name) for name in ("updates", "position", "revealed")},
        "optimizer": {"name": trainer.settings.optimizer, "steps": keyframe.updates_made},
        "data": _data_state(trainer, keyframe.data),
        "history": history,
        "vocabulary": vocabulary(trainer.task),
        "held": held_to_json(keyframe.pins),
        ARITHMETIC: arithmetic_here().to_json(),
    }
    if window is not None:
        parts[WINDOW] = {
            "steps": window.updates_made,
            "data": _data_state(trainer, window.data),
            "history": asdict(window.history),
            "settings": asdict(trainer.optimizer.last_hyperparameters),
        }
    if view is not None:
        parts[VIEW] = view.to_json()
    source = trainer.task.source()
    if source is not None:
        parts[SOURCE] = source_to_json(source)
    case = case_of_task(trainer.task) if trainer.custom_task is None else None
    if case is not None:
        parts[CASE] = case_to_json(case)
    texts = {
        "format": FORMAT,
        "version": VERSION,
        "program": f"rnn-tui {__version__}",
        "cell": trainer.settings.cell,
        **{name: json.dumps(part) for name, part in parts.items()},
    }
    if trainer.custom_task is not None:
        texts[CUSTOM_TASK] = trainer.task.name
    if len(json.dumps(texts)) + _ROOM_FOR_TENSORS > LARGEST_HEADER:
        size = size_text(LARGEST_HEADER)
        raise ContentError(f"its symbols have too many names for a checkpoint's header of {size}")
    return CapturedRun(trainer.architecture, keyframe, window, curve, texts, source, case)


def _data_state(trainer: Trainer, data: DataState) -> dict[str, int | str]:
    """Return the task's state as a mapping for JSON.

    Raises:
        ContentError: the task is a custom one that does not draw from PCG64.
    """
    try:
        return data.to_json()
    except (KeyError, TypeError) as error:
        if trainer.custom_task is None:
            raise
        reason = f"a checkpoint cannot hold the state of the task {quote(trainer.task.name)}"
        raise ContentError(reason) from error


def _folder(path: str, target: Path) -> str:
    """Return the folder of a path as it was written; of a symbolic link, that where it leads."""
    return str(target.parent if os.path.islink(path) else Path(path).parent)


def check_writable(option: str, path: str) -> None:
    """Check, before a long run, that `save` can write to `path`; leave no file behind.

    Args:
        option: the command-line option that gave `path`, for the message.
        path: where the run is to be saved.

    Raises:
        CheckpointError: `path` cannot be written; the message begins with `option`.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if not target.parent.is_dir():
            raise NotADirectoryError(None, f"there is no folder {_folder(path, target)!r}")
        check_folder(target.parent)
    except OSError as error:
        failure = CheckpointError(path, f"cannot be written: {os_error_text(error)}")
        failure.args = (f"{option} {failure}",)
        raise failure from None
