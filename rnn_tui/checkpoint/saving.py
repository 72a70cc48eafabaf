"""Saving: write a run to a checkpoint file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save as serialise

from rnn_tui import __version__
from rnn_tui.checkpoint.format import (
    CUSTOM_TASK,
    FORMAT,
    VERSION,
    Array,
    CheckpointError,
    os_error_text,
    vocabulary,
)
from rnn_tui.checkpoint.torch_layout import tensors_of
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.settings import quote
from rnn_tui.tasks import DataState


def save(path: str | os.PathLike[str], trainer: Trainer) -> None:
    """Write the run of `trainer` to `path`, completely or, if that fails, not at all.

    After a divergence the last finite state is written.

    Raises:
        CheckpointError: the file cannot be written, or the run has something that the format does
            not provide for: a pinned value, a cut path, the state of an unusual custom task.
    """
    if pins := trainer.network.pins:
        names = ", ".join(map(str, pins))
        raise CheckpointError(path, f"a checkpoint cannot hold what is pinned: release {names}")
    tensors, texts = _contents(path, trainer)
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    try:
        write_atomically(path, serialise(whole, texts))
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {os_error_text(error)}") from error


def _contents(
    path: str | os.PathLike[str], trainer: Trainer
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the tensors and the metadata texts of a file; see `rnn_tui.checkpoint.format`."""
    keyframe = trainer.keyframe()
    history, curve = trainer.history.state()
    tensors = tensors_of(trainer.architecture, keyframe.parameters)
    tensors |= {f"optimizer.{name}": array for name, array in keyframe.memory.items()}
    tensors |= {f"state.{name}": array for name, array in keyframe.states.items()}
    tensors |= {f"history.{name}": array for name, array in curve.items()}
    texts = {
        "format": FORMAT,
        "version": VERSION,
        "program": f"rnn-tui {__version__}",
        "cell": trainer.settings.cell,
        "settings": json.dumps(trainer.settings.to_json()),
        "place": json.dumps(
            {name: getattr(keyframe, name) for name in ("updates", "position", "revealed")}
        ),
        "optimizer": json.dumps(
            {"name": trainer.settings.optimizer, "steps": keyframe.updates_made}
        ),
        "data": json.dumps(_data_state(path, trainer, keyframe.data)),
        "history": json.dumps(history),
        "vocabulary": json.dumps(vocabulary(trainer.task)),
    }
    if trainer.custom_task is not None:
        texts[CUSTOM_TASK] = trainer.task.name
    return tensors, texts


def _data_state(
    path: str | os.PathLike[str], trainer: Trainer, data: DataState
) -> dict[str, int | str]:
    """Return the task's state as a mapping for JSON.

    Raises:
        CheckpointError: the task is a custom one that does not draw from PCG64.
    """
    try:
        return data.to_json()
    except (KeyError, TypeError) as error:
        if trainer.custom_task is None:
            raise
        reason = f"a checkpoint cannot hold the state of the task {quote(trainer.task.name)}"
        raise CheckpointError(path, reason) from error


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
            raise NotADirectoryError(None, f"there is no folder {str(Path(path).parent)!r}")
        file, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=target.parent)
        os.close(file)
        os.unlink(name)
    except OSError as error:
        failure = CheckpointError(path, f"cannot be written: {os_error_text(error)}")
        failure.args = (f"{option} {failure}",)
        raise failure from None
