"""Starting weights of a new run: of a checkpoint, of a case file, or of a model from elsewhere.

What the file says of the network is taken where nobody has said it: the cell, the hidden size, the
layers. What somebody has said is compared with the file.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.cases.reading import case_of
from rnn_tui.cases.texts import is_case
from rnn_tui.checkpoint.checksum import check_tensors
from rnn_tui.checkpoint.format import FORMAT, CheckpointError
from rnn_tui.checkpoint.validation import (
    check_cell,
    check_names,
    check_shapes,
    check_vocabulary,
    checked_settings,
)
from rnn_tui.checkpoint.versions import upgraded
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.layouts.torch_layout import (
    FIRST_TORCH_TENSOR,
    READOUT,
    network_names,
    network_shapes,
    parameters_of,
)
from rnn_tui.registry import CELLS
from rnn_tui.settings import DECLARATIONS, SettingError, Settings, Value, quote
from rnn_tui.tasks import Task, make_task
from rnn_tui.tensor_files.content import ALL_FLOATS, NUMBERS, Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import OpenFile, open_content
from rnn_tui.tensor_files.weight_names import find_weights


@dataclass(frozen=True, slots=True, eq=False)
class StoredWeights:
    """What a file says of the network that its weights are of.

    Attributes:
        header: the file's header, with the weights under our names.
        spelling: the file's name of each weight that it has, by ours.
        known: settings of the network that the file says.
        missing: the biases that it lacks, by our names.
        remark: what was taken for what, in words; "" where the file has our names.
        weights: of a case file, which is read as a whole; None: they are not read yet.
    """

    header: Header
    spelling: Mapping[str, str]
    known: Mapping[str, Value]
    missing: tuple[str, ...] = ()
    remark: str = ""
    weights: Mapping[str, Array] | None = None

    @property
    def of_checkpoint(self) -> bool:
        """Whether the file is a checkpoint, whose other tensors are not looked at."""
        return self.header.texts.get("format") == FORMAT


def stored_settings(
    path: str | os.PathLike[str], chosen: Mapping[str, Value]
) -> tuple[dict[str, Value], str]:
    """Return settings of the network in a file, and one line that says what was taken.

    Args:
        path: the file.
        chosen: what the user has chosen, which is left as it is.

    Raises:
        CheckpointError: the file holds no network that there can be here.
    """
    with _naming(path), open_content(path, NUMBERS) as file:
        stored = _stored(file)
        taken = {name: value for name, value in stored.known.items() if name not in chosen}
        for name, value in taken.items():
            try:
                DECLARATIONS[name].check(value)
            except SettingError as error:
                raise ContentError(f"its network cannot be run here: {error}") from None
    listed = ", ".join(f"{DECLARATIONS[name].option} {value}" for name, value in taken.items())
    said = [f"taken {listed}"] if taken else []
    if stored.remark:
        said.append(stored.remark)
    if stored.missing:
        said.append("a bias that it lacks is zeros")
    wide = any(stored.header.tensors[name].dtype == np.float64 for name in stored.spelling)
    if wide and chosen.get("dtype", DECLARATIONS["dtype"].default) == "float32":
        said.append("its float64 becomes float32: --dtype float64 keeps it")
    cell = chosen.get("cell", taken.get("cell"))
    if cell == "rnn" and not {"activation"} & (chosen.keys() | taken.keys()):
        said.append("whether tanh or relu cannot be seen in it: --activation says so")
    name = os.path.basename(os.fspath(path))
    return taken, f"{name}: {'; '.join(said)}" if said else ""


def load_weights(
    path: str | os.PathLike[str], settings: Settings, task: Task | None = None
) -> Array:
    """Read starting weights.

    The file may be a checkpoint, a case file, or a file that holds the weights of an RNN, a GRU or
    an LSTM of PyTorch's and of a linear readout, whatever these are called; see
    `rnn_tui.tensor_files.weight_names`.

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
    check_memory(settings)
    task = make_task(settings) if task is None else task
    architecture = architecture_of(settings, task)
    check_memory(settings, architecture)
    with _naming(path), open_content(path, NUMBERS) as file:
        stored = _stored(file)
        if stored.of_checkpoint:
            check_vocabulary(stored.header, task)
        _check_fit(stored, settings, architecture, task)
        weights = _read(file, stored, architecture)
        with np.errstate(over="ignore"):  # the check below reports an overflow
            flat = parameters_of(architecture, weights, np.dtype(settings.dtype))
        if not np.isfinite(flat).all():
            raise ContentError(f"its numbers are too large for --dtype {settings.dtype}")
    return flat


def _stored(file: OpenFile) -> StoredWeights:
    """Return what an open file says of its network."""
    header = file.header
    if header.texts.get("format") == FORMAT:
        return _of_checkpoint(upgraded(header))
    return _of_case(file) if is_case(header) else _of_model(header)


def _of_checkpoint(header: Header) -> StoredWeights:
    """Return what a checkpoint says of its network."""
    settings = checked_settings(header)
    names = ["cell", "hidden", "layers"]
    if "activation" in CELLS[settings.cell].settings:
        names.append("activation")
    known = {name: getattr(settings, name) for name in names}
    weights = network_names(settings.cell, settings.layers)
    return StoredWeights(header, dict(zip(weights, weights, strict=True)), known)


def _of_case(file: OpenFile) -> StoredWeights:
    """Return what a case file says of its network."""
    case = case_of(file)
    if not case.given_weights:
        raise ContentError("it is a case without weights; expected some to start from")
    known: dict[str, Value] = {"cell": case.cell, "hidden": case.hidden, "layers": case.layers}
    if "activation" in CELLS[case.cell].settings:
        known["activation"] = case.activation
    spelling = {name: case.spelling.get(name, name) for name in case.given_weights}
    missing = tuple(name for name in case.weights if name not in spelling)
    header = _renamed(file.header, spelling)
    return StoredWeights(header, spelling, known, missing, weights=case.weights)


def _of_model(header: Header) -> StoredWeights:
    """Return what a file of nothing but weights says of its network."""
    shapes = {name: entry.shape for name, entry in header.tensors.items()}
    names = header.mapping("names") if "names" in header.texts else {}
    if not all(isinstance(ours, str) for ours in names.values()):
        raise ContentError("its metadata 'names' are not texts by text")
    found = find_weights(shapes, names)
    for theirs in found.spelling.values():
        if (kind := header.tensors[theirs].kind) not in ALL_FLOATS:
            expected = ", ".join(ALL_FLOATS)
            raise ContentError(f"tensor {quote(theirs)} is {kind}; expected {expected}")
    sizes = found.sizes(shapes)
    cell = sizes.cell or header.texts.get("cell", "")
    known: dict[str, Value] = {"cell": cell} if cell in CELLS else {}
    known |= {"hidden": sizes.hidden, "layers": sizes.layers}
    renamed = _renamed(header, found.spelling)
    return StoredWeights(renamed, found.spelling, known, found.missing, found.assumed)


def _renamed(header: Header, spelling: Mapping[str, str]) -> Header:
    """Return a header of nothing but the weights, under our names."""
    tensors = {ours: header.tensors[theirs] for ours, theirs in spelling.items()}
    return replace(header, tensors=tensors)


def _check_fit(
    stored: StoredWeights, settings: Settings, architecture: Architecture, task: Task
) -> None:
    """Check that the weights are those of a network with these settings, for this task."""
    check_cell(stored.header, settings.cell)
    layers = stored.known["layers"]
    if layers != settings.layers:
        have = f"{layers} layer{'s' * (layers != 1)}"
        raise ContentError(f"it has {have}, not --layers {settings.layers}")
    expected = network_shapes(architecture)
    known = {name: shape for name, shape in expected.items() if name not in stored.missing}
    check_names(stored.header.tensors, tuple(known), others=stored.of_checkpoint)
    cause = "" if stored.of_checkpoint else _other_task(stored, architecture, task)
    check_shapes(stored.header.tensors, known, settings, stored.spelling, cause)


def _other_task(stored: StoredWeights, architecture: Architecture, task: Task) -> str:
    """Return the beginning of a message: the weights are for inputs or outputs of another size."""
    tensors = stored.header.tensors
    outputs = tensors[READOUT[0]].shape[0]
    features = architecture.features
    if FIRST_TORCH_TENSOR in tensors:
        features = tensors[FIRST_TORCH_TENSOR].shape[-1]
    if (features, outputs) == (architecture.features, architecture.outputs):
        return ""
    wanted = f"{architecture.features} and {architecture.outputs}"
    has = f"it reads {features} numbers per timestep and gives {outputs}"
    return f"{has}, but of the task {task.name} there are {wanted}: "


def _read(file: OpenFile, stored: StoredWeights, architecture: Architecture) -> Mapping[str, Array]:
    """Return all weights by our names; a bias that the file lacks is zeros."""
    if stored.weights is not None:
        return stored.weights
    read = file.read(stored.spelling.values())
    if stored.of_checkpoint:
        check_tensors(stored.header, read)
    weights = {ours: read[theirs] for ours, theirs in stored.spelling.items()}
    shapes = network_shapes(architecture)
    return weights | {name: np.zeros(shapes[name], np.float32) for name in stored.missing}


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a ContentError raised within the block into a CheckpointError that names the file."""
    try:
        yield
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error.__cause__
