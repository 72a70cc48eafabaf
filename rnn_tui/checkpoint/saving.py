"""Write a run to a file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save as serialise

from rnn_tui import __version__
from rnn_tui.checkpoint.atomic_file import _write
from rnn_tui.checkpoint.format import FORMAT, VERSION, CheckpointError, _reason
from rnn_tui.checkpoint.torch_layout import _to_file
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tasks import Task

# ---------------------------------------------------------------- saving


def save(path: str | os.PathLike[str], trainer: Trainer) -> None:
    """Write where `trainer` stands, all or nothing: a failure leaves what was there before.

    After a divergence that is the last finite state.

    Raises:
        CheckpointError: the file cannot be written, or something is pinned or cut, which a file
            cannot tell.
    """
    if pins := trainer.network.pins:
        inside = ", ".join(map(str, pins))
        raise CheckpointError(path, f"a checkpoint cannot hold what is pinned: release {inside}")
    keyframe = trainer.keyframe()
    history, curve = trainer.history.state()
    tensors = _to_file(trainer.architecture, keyframe.parameters)
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
            {"name": trainer.settings.optimizer, "steps": keyframe.steps_taken}
        ),
        "data": json.dumps(keyframe.data.to_json()),
        "history": json.dumps(history),
        "vocabulary": json.dumps(_vocabulary(trainer.task)),
    }
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    try:
        _write(path, serialise(whole, texts))
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {_reason(error)}") from error


def _vocabulary(task: Task) -> dict[str, list[str] | None]:
    """What its codes stand for."""
    names = {"symbols": task.symbols, "labels": task.labels}
    return {kind: None if known is None else list(known) for kind, known in names.items()}


def check_writable(option: str, path: str) -> None:
    """Find out before a long run whether `save` could write there, leaving no trace.

    Raises:
        CheckpointError: it could not; the message begins with `option`.
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
        failure = CheckpointError(path, f"cannot be written: {_reason(error)}")
        failure.args = (f"{option} {failure}",)
        raise failure from None
