"""Loading: read a run or starting weights from a file; everything is checked before use."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.checkpoint.format import (
    FORMAT,
    LARGEST_COUNT,
    Array,
    CheckpointError,
    ContentError,
)
from rnn_tui.checkpoint.reading import Content, read_content, whole_number
from rnn_tui.checkpoint.run_view import RunView
from rnn_tui.checkpoint.torch_layout import network_names, network_shapes, parameters_of
from rnn_tui.checkpoint.validation import (
    check_cell,
    check_custom_task,
    check_dtypes,
    check_layers,
    check_names,
    check_run_names,
    check_run_shapes,
    check_shapes,
    check_vocabulary,
    checked_settings,
)
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings, quote
from rnn_tui.tasks import DataState, Task, make_task


@dataclass(frozen=True, slots=True, eq=False)
class SavedRun:
    """The content of a checkpoint.

    Attributes:
        trainer: the run, at the place where it was saved.
        view: how it was looked at; None if the file does not say.
    """

    trainer: Trainer
    view: RunView | None


def load(path: str | os.PathLike[str], task: Task | None = None) -> Trainer:
    """Read a run, as `load_run` does, without the view of it."""
    return load_run(path, task).trainer


def load_run(path: str | os.PathLike[str], task: Task | None = None) -> SavedRun:
    """Read a run; continuing it gives the same bits as if it had never stopped.

    Args:
        path: the file.
        task: for a run on a custom task object (`Trainer.custom_task`): a new object of the same
            kind. Its state is restored from the file, and its name is checked.

    Raises:
        CheckpointError: the file is not a complete and valid checkpoint, or its run is on another
            task.
        DataError: the data that the run learns from cannot be read.
    """
    with _naming(path):
        content = read_content(path)
        settings = checked_settings(content)
        check_custom_task(content, settings, task)
        check_run_names(content.tensors, settings)
    trainer = Trainer(settings, task=task)
    with _naming(path):
        check_vocabulary(content, trainer.task)
        check_run_shapes(content.tensors, trainer)
        check_dtypes(content.tensors, settings)
        _resume(trainer, content)
    return SavedRun(trainer, None)


def load_weights(
    path: str | os.PathLike[str], settings: Settings, task: Task | None = None
) -> Array:
    """Read starting weights: all tensors of `network_names`.

    The file may be a checkpoint, or a file without metadata that holds only these tensors, in
    float16, float32 or float64.

    Args:
        path: the file.
        settings: the settings of the run that will begin with these weights.
        task: the task object of that run; None for the task that `settings` name.

    Returns:
        The parameters [P] in the settings' dtype.

    Raises:
        CheckpointError: the file is no such file, or does not fit the settings.
        DataError: the settings' data cannot be read.
    """
    task = make_task(settings) if task is None else task
    architecture = architecture_of(settings, task)
    with _naming(path):
        content = read_content(path)
        is_checkpoint = content.texts.get("format") == FORMAT
        if is_checkpoint and "vocabulary" in content.texts:
            check_vocabulary(content, task)
        check_cell(content, settings.cell)
        names = network_names(settings.cell, settings.layers)
        check_names(content.tensors, names, others=is_checkpoint)
        check_layers(content.tensors, settings)
        weights = {name: content.tensors[name] for name in names}
        check_shapes(weights, network_shapes(architecture), settings)
        with np.errstate(over="ignore"):  # the check below reports an overflow
            flat = parameters_of(architecture, weights, np.dtype(settings.dtype))
        if not np.isfinite(flat).all():
            raise ContentError(f"its numbers are too large for --dtype {settings.dtype}")
    return flat


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a ContentError raised within the block into a CheckpointError that names the file."""
    try:
        yield
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error.__cause__


def _resume(trainer: Trainer, content: Content) -> None:
    """Bring a new trainer to the state of the file's run."""
    keyframe = _keyframe(content, trainer)
    history = trainer.history
    try:
        history.restore(content.mapping("history"), content.tensors_under("history"))
        keyframe = replace(keyframe, history=history.position)
        if history.count:  # the newest ones, until the current window's are computed
            loss, grad_norm = (float(column[0]) for column in history.recent(1))
            keyframe = replace(keyframe, loss=loss, grad_norm=grad_norm)
        with np.errstate(all="ignore"):  # a run may have been saved shortly before it diverges
            trainer.restore(keyframe)
    except ValueError as error:
        raise ContentError(str(error)) from error
    if keyframe.position and not 1 <= keyframe.revealed <= trainer.cursor.operations:
        raise ContentError(f"place: {keyframe.revealed} operations cannot be revealed there")


def _keyframe(content: Content, trainer: Trainer) -> Keyframe:
    """Return the file's keyframe, after checking the range of every number.

    The caller fills in the loss, the gradient norm and the history's position.
    """
    place = content.mapping("place")
    optimizer = content.mapping("optimizer")
    if optimizer.get("name") != trainer.settings.optimizer:
        stored, expected = quote(optimizer.get("name")), trainer.settings.optimizer
        raise ContentError(f"its optimizer is {stored}, but its settings say {expected!r}")
    position = whole_number(place, "position", trainer.schedule.end - 1)
    try:
        data = DataState.from_json(content.mapping("data"))
    except ValueError as error:
        raise ContentError(str(error)) from error
    dtype = np.dtype(trainer.settings.dtype)
    return Keyframe(
        updates=whole_number(place, "updates", LARGEST_COUNT),
        position=position,
        revealed=whole_number(place, "revealed", LARGEST_COUNT if position else 0),
        parameters=parameters_of(trainer.architecture, content.tensors, dtype),
        memory=content.tensors_under("optimizer"),
        updates_made=whole_number(optimizer, "steps", LARGEST_COUNT),
        states=content.tensors_under("state"),
        data=data,
        settings=trainer.settings,
        loss=math.nan,
        grad_norm=math.nan,
        history=trainer.history.position,
    )
