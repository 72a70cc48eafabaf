"""Read a run from a file, everything checked before it is used."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from rnn_tui.checkpoint.format import (
    FLOATS,
    FORMAT,
    LARGEST_COUNT,
    TEXTS,
    VERSION,
    Array,
    CheckpointError,
    Shape,
    _reason,
    _WrongError,
)
from rnn_tui.checkpoint.saving import _vocabulary
from rnn_tui.checkpoint.torch_layout import (
    CELLS_BY_BLOCKS,
    FIRST,
    _from_file,
    _network_shapes,
    network_names,
)
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.network.layers import numbered
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.optimizers import optimizer_class
from rnn_tui.engine.training.trainer import Trainer, architecture_of
from rnn_tui.settings import SettingError, Settings, quote
from rnn_tui.tasks import DataState, Task, make_task

# ---------------------------------------------------------------- loading


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file holds, numbers checked to be finite floats, nothing else yet."""

    texts: Mapping[str, str]
    tensors: Mapping[str, Array]


def load(path: str | os.PathLike[str]) -> Trainer:
    """Read a run; going on from it gives the same bits as never having stopped.

    Raises:
        CheckpointError: the file is not a checkpoint, or not a whole and valid one.
        DataError: the data that the run learns from cannot be read.
    """
    with _naming(path):
        content = _read(path)
        settings = _settings(content.texts)
        _check_keys(content.tensors, settings)
    trainer = Trainer(settings)
    with _naming(path):
        _check_vocabulary(content.texts, trainer.task)
        _check_shapes(content.tensors, _shapes(trainer), settings)
        _resume(trainer, content)
    return trainer


def _resume(trainer: Trainer, content: _Content) -> None:
    """Bring a fresh trainer to where the file's run stood."""
    keyframe = _keyframe(content, trainer)
    history = trainer.history
    try:
        history.restore(_mapping(content.texts, "history"), _part(content.tensors, "history"))
        keyframe = replace(keyframe, mark=history.mark())
        if history.count:  # until the next window is through, these are the newest
            loss, grad_norm = (float(column[0]) for column in history.recent(1))
            keyframe = replace(keyframe, loss=loss, grad_norm=grad_norm)
        with np.errstate(all="ignore"):  # a run may have been saved on its way to diverge
            trainer.restore(keyframe)
    except ValueError as error:
        raise _WrongError(str(error)) from error
    if keyframe.position and not 1 <= keyframe.revealed <= trainer.cursor.operations:
        raise _WrongError(f"place: {keyframe.revealed} operations cannot be revealed there")


def load_weights(path: str | os.PathLike[str], settings: Settings) -> Array:
    """Read starting weights [P] in the settings' dtype: all tensors of `network_names`.

    A whole checkpoint will do, and so will a file without metadata that holds only these, in
    float16, float32 or float64.

    Raises:
        CheckpointError: the file is not like that, or does not fit the settings.
        DataError: the settings' data cannot be read.
    """
    task = make_task(settings)
    architecture = architecture_of(settings, task)
    with _naming(path):
        content = _read(path)
        ours = content.texts.get("format") == FORMAT
        if ours and "vocabulary" in content.texts:
            _check_vocabulary(content.texts, task)
        _check_cell(content, settings.cell)
        names = network_names(settings.cell, settings.layers)
        _check_names(content.tensors, names, others=ours)
        _check_layers(content.tensors, settings)
        weights = {name: content.tensors[name] for name in names}
        _check_shapes(weights, _network_shapes(architecture), settings)
        with np.errstate(over="ignore"):  # said better below
            flat = _from_file(architecture, weights, np.dtype(settings.dtype))
        if not np.isfinite(flat).all():
            raise _WrongError(f"its numbers are too large for --dtype {settings.dtype}")
    return flat


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except _WrongError as wrong:
        raise CheckpointError(path, str(wrong)) from wrong.__cause__


def _read(path: str | os.PathLike[str]) -> _Content:
    """Texts and tensors of any safetensors file that holds finite floats only."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise _WrongError("it is a folder" if os.path.isdir(path) else "it is no regular file")
        with open(path, "rb"):  # says why it cannot be read, which safe_open does not
            pass
        with safe_open(os.fspath(path), framework="np") as file:
            texts = dict(file.metadata() or {})
            return _Content(texts, {name: _tensor(file, name) for name in file.keys()})  # noqa: SIM118
    except FileNotFoundError:
        raise _WrongError("there is no such file") from None
    except OSError as error:
        raise _WrongError(f"cannot be read: {_reason(error)}") from error
    except SafetensorError as error:
        raise _WrongError(f"it is not a safetensors file, or not a whole one ({error})") from error


def _tensor(file: Any, name: str) -> Array:
    dtype = file.get_slice(name).get_dtype()
    if dtype not in FLOATS:
        raise _WrongError(f"tensor {quote(name)} is {dtype}; expected {', '.join(FLOATS)}")
    array: Array = file.get_tensor(name)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise _WrongError(f"tensor {quote(name)} holds {bad}; every number must be finite")
    return array


def _settings(texts: Mapping[str, str]) -> Settings:
    """The settings in a file of ours, of this version."""
    if texts.get("format") != FORMAT:
        raise _WrongError("it was not saved by rnn-tui; if it holds weights, use train --init-from")
    if texts.get("version") != VERSION:
        version = quote(texts.get("version", ""))
        raise _WrongError(f"its format has version {version}; this rnn-tui reads {VERSION!r}")
    if missing := [name for name in TEXTS if name not in texts]:
        raise _WrongError(f"its metadata lack {', '.join(missing)}")
    try:
        settings = Settings.from_json(_mapping(texts, "settings"))
    except SettingError as error:
        raise _WrongError(f"its settings: {error}") from error
    if texts["cell"] != settings.cell:
        raise _WrongError(
            f"its cell is {quote(texts['cell'])}, but its settings say {settings.cell!r}"
        )
    return settings


def _mapping(texts: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        values = json.loads(texts[name])
    except (ValueError, RecursionError) as error:
        raise _WrongError(f"its metadata {name!r} are not JSON ({error})") from error
    if not isinstance(values, dict):
        raise _WrongError(f"its metadata {name!r} are not a JSON object")
    return values


def _part(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The tensors called `prefix`.…, by the rest of their names."""
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in tensors.items() if n.startswith(start)}


# ---------------------------------------------------------------- checks


def _check_keys(tensors: Mapping[str, Array], settings: Settings) -> None:
    """The names, before a network of that size is made."""
    memory = [f"optimizer.{name}" for name in optimizer_class(settings.optimizer).memory_names]
    layers = range(1, settings.layers + 1)
    names = make_cell(settings.cell).states
    states = [f"state.{numbered(name, layer)}" for layer in layers for name in names]
    network = network_names(settings.cell, settings.layers)
    _check_names(tensors, (*network, *memory, *states, "history.recent", "history.buckets"))


def _check_cell(content: _Content, cell: str) -> None:
    """Whether the file's names are those of `cell`; what PyTorch lacks fits nothing else."""
    own = cell not in CELLS_BY_BLOCKS.values()
    if own and FIRST in content.tensors:
        fitting = ", ".join(CELLS_BY_BLOCKS.values())
        raise _WrongError(f"its weights are of a PyTorch cell ({fitting}), not of --cell {cell}")
    found = content.texts.get("cell", cell)
    if found != cell and (own or FIRST not in content.tensors):
        raise _WrongError(f"it holds {quote(found)} weights, not those of --cell {cell}")


def _check_layers(tensors: Mapping[str, Array], settings: Settings) -> None:
    """That there are no more layers in a file than will be read."""
    if any(name.startswith("rnn.") and name.endswith(f"_l{settings.layers}") for name in tensors):
        raise _WrongError(f"it has more layers than --layers {settings.layers}")


def _check_names(
    tensors: Mapping[str, Array], expected: tuple[str, ...], *, others: bool = False
) -> None:
    if missing := [name for name in expected if name not in tensors]:
        raise _WrongError(f"tensor {missing[0]} is missing; expected {', '.join(expected)}")
    unknown = sorted(set(tensors) - set(expected))
    if unknown and not others:
        raise _WrongError(f"tensor {quote(unknown[0])} is unknown; expected {', '.join(expected)}")


def _check_vocabulary(texts: Mapping[str, str], task: Task) -> None:
    """That every code stands for what it stood for."""
    found, expected = _mapping(texts, "vocabulary"), _vocabulary(task)
    if set(found) != set(expected):
        raise _WrongError(f"vocabulary: expected {' and '.join(expected)}")
    for kind, names in expected.items():
        if found[kind] == names:
            continue
        theirs = found[kind] if isinstance(found[kind], list) else []
        if names is None or len(theirs) != len(names):
            counts = f"{len(theirs) or 'none'}, those of the data {len(names or ()) or 'none'}"
            raise _WrongError(f"its {kind} are {counts}")
        place = next(k for k, name in enumerate(names) if theirs[k] != name)
        pair = f"{quote(theirs[place])}, in the data {quote(names[place])}"
        raise _WrongError(f"its {kind} are not those of the data: number {place + 1} is {pair}")


def _shapes(trainer: Trainer) -> dict[str, Shape]:
    """The shapes of all but the history, which checks its own."""
    size = trainer.parameters.size
    state = (trainer.settings.batch, trainer.settings.hidden)
    return (
        _network_shapes(trainer.architecture)
        | {f"optimizer.{name}": (size,) for name in trainer.optimizer.memory}
        | {f"state.{name}": state for name in trainer.network.states}
    )


def _check_shapes(
    tensors: Mapping[str, Array], expected: Mapping[str, Shape], settings: Settings
) -> None:
    for name, shape in expected.items():
        found = tensors[name].shape
        if found != shape:
            where = _explained(tensors, settings)
            raise _WrongError(f"{where}tensor {name} has shape {found}; expected {shape}")


def _explained(tensors: Mapping[str, Array], settings: Settings) -> str:
    """What the weights say the file's network is, if it is another than the settings'."""
    if "rnn.weight_hh_l0" not in tensors:
        found = tensors["readout.weight"].shape
        if len(found) != 2 or found[1] == settings.hidden:
            return ""
        return f"it has hidden size {found[1]}, not --hidden {settings.hidden}: "
    found = tensors["rnn.weight_hh_l0"].shape
    if len(found) != 2 or not found[1] or found[0] % found[1]:
        return ""
    hidden, blocks = found[1], found[0] // found[1]
    cell = CELLS_BY_BLOCKS.get(blocks, "unknown")
    if (hidden, cell) == (settings.hidden, settings.cell):
        return ""
    has = f"it has hidden size {hidden} and {blocks} gate {'block' if blocks == 1 else 'blocks'}"
    return f"{has} ({cell}), not --cell {settings.cell} --hidden {settings.hidden}: "


def _keyframe(content: _Content, trainer: Trainer) -> Keyframe:
    """Where the run stood, every number checked against its range and every array's dtype."""
    dtype = np.dtype(trainer.settings.dtype)
    for name, array in content.tensors.items():
        wanted = np.dtype(np.float64) if name.startswith("history.") else dtype
        if array.dtype != wanted:
            raise _WrongError(f"tensor {name} is {array.dtype}; expected {wanted}")
    place = _mapping(content.texts, "place")
    optimizer = _mapping(content.texts, "optimizer")
    if optimizer.get("name") != trainer.settings.optimizer:
        found, expected = quote(optimizer.get("name")), trainer.settings.optimizer
        raise _WrongError(f"its optimizer is {found}, but its settings say {expected!r}")
    position = _whole(place, "position", trainer.schedule.end - 1)
    try:
        data = DataState.from_json(_mapping(content.texts, "data"))
    except ValueError as error:
        raise _WrongError(str(error)) from error
    return Keyframe(
        updates=_whole(place, "updates", LARGEST_COUNT),
        position=position,
        revealed=_whole(place, "revealed", LARGEST_COUNT if position else 0),
        parameters=_from_file(trainer.architecture, content.tensors, dtype),
        memory=_part(content.tensors, "optimizer"),
        steps_taken=_whole(optimizer, "steps", LARGEST_COUNT),
        states=_part(content.tensors, "state"),
        data=data,
        settings=trainer.settings,
        loss=math.nan,
        grad_norm=math.nan,
        mark=trainer.history.mark(),
    )


def _whole(values: Mapping[str, Any], name: str, highest: int) -> int:
    value = values.get(name)
    if type(value) is not int or not 0 <= value <= highest:
        found = quote(value)
        raise _WrongError(f"{name} must be a whole number from 0 to {highest}, not {found}")
    return value
