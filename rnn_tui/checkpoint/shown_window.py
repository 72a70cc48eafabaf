"""The window that a run saved right after an update had on the screen.

A checkpoint's weights are those after the update. For the window before it to be looked at again,
the file has the state at that window's start too, and the window is computed again from there. Only
if that leads to the very bits of the file is the run left there; otherwise, as on a machine that
rounds differently, it stands at the beginning of the next window.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace

from rnn_tui.checkpoint.format import LARGEST_COUNT, WINDOW
from rnn_tui.engine.training.history import HistoryPosition
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import SettingError, Settings, quote
from rnn_tui.tasks import DataState
from rnn_tui.tensor_files.content import Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import tensors_under, whole_number


def show_window(
    trainer: Trainer,
    header: Header,
    tensors: Mapping[str, Array],
    history: HistoryPosition | None,
) -> bool:
    """Go to the end of the update that the file was saved after, by computing its window again.

    Args:
        trainer: at the beginning of the next window, as the file says.
        header: the file's header.
        tensors: its tensors, by name.
        history: the history's counters at the window's start; None for those of the file.

    Returns:
        False if that does not lead to where `trainer` stands: then it still stands there.

    Raises:
        ContentError: the file's data of that window are not valid.
    """
    if WINDOW not in header.texts:
        return True
    if trainer.position or not trainer.updates:
        raise ContentError("window: the run is not right after an update")
    here, settings = trainer.keyframe(), trainer.settings
    start = _window_start(trainer, header, tensors_under(WINDOW, tensors), history)
    try:
        trainer.restore(start)
    except ValueError as error:
        raise ContentError(f"window: {error}") from error
    if not _is_at(trainer, here):
        trainer.restore(here)
        return False
    trainer.configure(settings)
    return True


def _window_start(
    trainer: Trainer,
    header: Header,
    tensors: Mapping[str, Array],
    history: HistoryPosition | None,
) -> Keyframe:
    """Return the keyframe of the window's start, its position at the end of the update.

    Args:
        trainer: at the beginning of the next window.
        header: the file's header.
        tensors: those of the window, by the rest of their names.
        history: the history's counters; None for those of the file.
    """
    values = header.mapping(WINDOW)
    try:
        data = DataState.from_json(_mapping(values, "data"))
    except ValueError as error:
        raise ContentError(f"window: {error}") from error

    return Keyframe(
        updates=trainer.updates - 1,
        position=trainer.schedule.end,
        revealed=1,
        parameters=tensors["parameters"],
        memory=tensors_under("optimizer", tensors),
        updates_made=whole_number(values, "steps", LARGEST_COUNT),
        states=tensors_under("state", tensors),
        data=data,
        settings=_settings(trainer.settings, _mapping(values, "settings")),
        loss=math.nan,
        grad_norm=math.nan,
        history=history or _history(trainer, _mapping(values, "history")),
        pins=trainer.network.pins,
    )


def _mapping(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object called `name`."""
    value = values.get(name)
    if not isinstance(value, Mapping):
        raise ContentError(f"window: {name} must be an object, not {quote(value)}")
    return value


def _settings(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return `settings` with the optimizer's hyperparameters of that update."""
    if set(values) != {field.name for field in fields(Hyperparameters)}:
        raise ContentError(f"window: settings {quote(sorted(values))} are not the optimizer's")
    try:
        return replace(settings, **values)  # type: ignore[arg-type]  # checked when made
    except SettingError as error:
        raise ContentError(f"window: {error}") from error


def _history(trainer: Trainer, values: Mapping[str, object]) -> HistoryPosition:
    """Return the history's counters at the window's start."""
    count, average, twice = (values.get(name) for name in ("count", "average", "twice"))
    if count != trainer.history.count - 1 or type(count) is not int:
        raise ContentError(f"window: a count of {quote(count)} does not fit the history")
    if type(average) is not float or not math.isfinite(average):
        raise ContentError(f"window: average must be a finite number, not {quote(average)}")
    if type(twice) is not float or not math.isfinite(twice):
        raise ContentError(f"window: twice must be a finite number, not {quote(twice)}")
    return HistoryPosition(count, average, twice)


def _is_at(trainer: Trainer, place: Keyframe) -> bool:
    """Return whether the next window would begin with the very bits of `place`."""
    here = trainer.keyframe()
    if trainer.divergence is not None or (here.updates_made, here.data, here.history) != (
        place.updates_made,
        place.data,
        place.history,
    ):
        return False
    arrays = [(here.parameters, place.parameters)]
    arrays += [(array, place.memory[name]) for name, array in here.memory.items()]
    arrays += [(array, place.states[name]) for name, array in here.states.items()]
    return all(one.tobytes() == other.tobytes() for one, other in arrays)
