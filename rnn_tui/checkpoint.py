"""The file format: one `.safetensors` file holds a run, and nothing in it can run code.

Tensors (H hidden units, G gate blocks, D inputs, O outputs, B batch, P parameters; those of a
second layer end in ``_l1`` and have H inputs, its states are ``state.h2, state.c2``, and so on):

======================  ===========  ==========================================================
``rnn.weight_ih_l0``    (G·H, D)     of rnn, lstm and gru: PyTorch's names, layout, gate order;
``rnn.weight_hh_l0``    (G·H, H)     with ``rnn.`` stripped torch.nn.RNN, LSTM and GRU load
``rnn.bias_ih_l0``      (G·H)        them, with ``readout.`` stripped torch.nn.Linear does
``rnn.bias_hh_l0``      (G·H)        zeros, but for the GRU's n block, which is b_hn
``rnn.W_xf_l0``, …      (D, H), …    of cells that PyTorch lacks instead: our names and layout
                                     (x·W), gate by gate, as the screen has them
``readout.weight``      (O, H)
``readout.bias``        (O)
``optimizer.<name>``    (P)          its memory, flat, in our order: W_x, W_h, b, …, W_y, b_y,
                                     each row by row in our layout (x·W); LSTM gates o, i, f, g
``state.h, state.c``    (B, H)       carried into the window that is under way or comes next
``history.recent``      (N, 2)       float64: loss and gradient norm of the newest updates
``history.buckets``     (M, 6)       float64: the whole curve, decimated
======================  ===========  ==========================================================

Metadata, text by name: ``format``, ``version``, ``program``, ``cell``, and as JSON ``settings``,
``place`` (updates, position and revealed operations), ``optimizer`` (name, steps), ``data`` (the
walk and PCG64's state), ``history`` and ``vocabulary`` (the names of the symbols and of the classes
by code, null where there are none: weights mean nothing beside another vocabulary).

In memory a product is x·W and there is one bias; PyTorch has W·x and two biases that sum to it.
`_to_torch` and `_from_torch` are the only places that convert; `cell` says which cell it is.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from rnn_tui import __version__
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.cells.base import block_views
from rnn_tui.engine.layers import numbered
from rnn_tui.engine.network import Architecture, views
from rnn_tui.engine.optimizers import OPTIMIZERS
from rnn_tui.engine.trainer import Keyframe, Trainer, architecture_of
from rnn_tui.settings import SettingError, Settings, quote
from rnn_tui.tasks import DataState, Task, make_task

FORMAT = "rnn-tui checkpoint"
VERSION = "2"
TEXTS = (
    "format",
    "version",
    "program",
    "cell",
    "settings",
    "place",
    "optimizer",
    "data",
    "history",
    "vocabulary",
)
FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
FIRST, READOUT = "rnn.weight_ih_l0", ("readout.weight", "readout.bias")
CELLS_BY_BLOCKS = {1: "rnn", 3: "gru", 4: "lstm"}
LARGEST_COUNT = 10**15  # of updates: beyond it float64 no longer counts exactly in the history

Array = npt.NDArray[np.floating[Any]]
Shape = tuple[int, ...]


class CheckpointError(ValueError):
    """A file that cannot be read or written; the message is one line that names it."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        """Say what is wrong with the file at `path`."""
        super().__init__(f"{os.fspath(path)!r}: {' '.join(reason.split())}")


class _WrongError(Exception):
    """What is wrong with the file being read; becomes a CheckpointError that names it."""


# ---------------------------------------------------------------- layouts


def network_names(cell: str, layers: int) -> tuple[str, ...]:
    """The names of the network's tensors: PyTorch's, in its order, or ours for a cell it lacks."""
    if cell in CELLS_BY_BLOCKS.values():
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return (*(f"rnn.{kind}_l{k}" for k in range(layers) for kind in kinds), *READOUT)
    architecture = Architecture(cell, "tanh", 1, 1, 1, layers=layers)
    return (*_by_gate(architecture, np.empty(architecture.parameter_count())), *READOUT)


def _by_gate(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """Views of the cells' parameters, each gate's by itself, under our own names."""
    found: dict[str, Array] = {}
    ours = views(architecture.parameters(), flat)
    specs = architecture.make_cell().parameters(1, 1)  # for names and blocks
    for layer in architecture.make_layers():
        weights = layer.weights(ours)
        for spec in specs:
            blocks = block_views(weights, spec.name, spec.blocks)
            found |= {f"rnn.{name}_l{layer.number - 1}": array for name, array in blocks.items()}
    return found


def _to_file(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """The network's tensors from our flat vector [P]."""
    if architecture.cell in CELLS_BY_BLOCKS.values():
        return _to_torch(architecture, flat)
    ours = views(architecture.parameters(), flat)
    readout = dict(zip(READOUT, (ours["W_y"].T, ours["b_y"]), strict=True))
    return _by_gate(architecture, flat) | readout


def _from_file(
    architecture: Architecture, tensors: Mapping[str, Array], dtype: npt.DTypeLike
) -> Array:
    """Our flat vector [P] from the network's tensors."""
    if architecture.cell in CELLS_BY_BLOCKS.values():
        return _from_torch(architecture, tensors, dtype)
    flat = np.empty(architecture.parameter_count(), dtype)
    for name, array in _by_gate(architecture, flat).items():
        array[...] = tensors[name]
    ours = views(architecture.parameters(), flat)
    ours["W_y"][...], ours["b_y"][...] = tensors[READOUT[0]].T, tensors[READOUT[1]]
    return flat


def _to_torch(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """PyTorch's tensors from our flat vector [P]."""
    ours = views(architecture.parameters(), flat)
    columns = _columns(architecture)
    arrays: list[Array] = []
    for layer in architecture.make_layers():
        weights = layer.weights(ours)
        bias_hh = np.zeros_like(weights["b"])
        if "b_hn" in weights:
            bias_hh[-architecture.hidden :] = weights["b_hn"]
        W_x, W_h, bias_ih = (weights[name][..., columns] for name in ("W_x", "W_h", "b"))
        arrays += (W_x.T, W_h.T, bias_ih, bias_hh)
    arrays += (ours["W_y"].T, ours["b_y"])
    return dict(zip(network_names(architecture.cell, architecture.layers), arrays, strict=True))


def _columns(architecture: Architecture) -> Array:
    """Where PyTorch's gates, block by block, stand among our columns: [G·H]."""
    cell, hidden = architecture.make_cell(), architecture.hidden
    starts = [hidden * cell.blocks.index(gate) for gate in cell.gates]
    return np.concatenate([np.arange(start, start + hidden) for start in starts])


def _from_torch(
    architecture: Architecture, tensors: Mapping[str, Array], dtype: npt.DTypeLike
) -> Array:
    """Our flat vector [P] from PyTorch's tensors; biases are summed in float64."""
    flat = np.empty(architecture.parameter_count(), dtype)
    ours = views(architecture.parameters(), flat)
    columns, n = _columns(architecture), slice(-architecture.hidden, None)
    *cells, weight, bias = (
        tensors[name] for name in network_names(architecture.cell, architecture.layers)
    )
    for layer in architecture.make_layers():
        weights = layer.weights(ours)
        first = 4 * (layer.number - 1)
        weight_ih, weight_hh, bias_ih, bias_hh = cells[first : first + 4]
        weights["W_x"][:, columns], weights["W_h"][:, columns] = weight_ih.T, weight_hh.T
        weights["b"][columns] = bias_ih.astype(np.float64) + bias_hh
        if "b_hn" in weights:
            weights["b"][n], weights["b_hn"][...] = bias_ih[n], bias_hh[n]
    ours["W_y"][...], ours["b_y"][...] = weight.T, bias
    return flat


def _network_shapes(architecture: Architecture) -> dict[str, Shape]:
    tensors = _to_file(architecture, np.zeros(architecture.parameter_count()))
    return {name: array.shape for name, array in tensors.items()}


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


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    """A temporary file in the same folder, synced and then renamed: never half a file."""
    target = Path(os.path.realpath(path))  # through a link, to the file it names
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    with _temporary(target) as file:
        _write_all(file, content)
        os.fsync(file)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, survives a power cut
    finally:
        os.close(folder)


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[int]:
    """A new file beside `target` that takes its place, or vanishes when anything goes wrong."""
    file, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    try:
        try:
            os.fchmod(file, _mode(target))
            yield file
        finally:
            os.close(file)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those of any new file."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


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


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


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
    memory = [f"optimizer.{name}" for name in OPTIMIZERS[settings.optimizer].memory_names]
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
    position = _whole(place, "position", trainer.program.end - 1)
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
