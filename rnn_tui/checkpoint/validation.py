"""Validation: check a file's names, shapes and texts against the settings and the task.

Every function raises `ContentError` if the file does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from rnn_tui.checkpoint.case import is_of_case
from rnn_tui.checkpoint.format import CUSTOM_TASK, WINDOW, vocabulary
from rnn_tui.checkpoint.source import SOURCE, TAIL_TENSOR
from rnn_tui.checkpoint.versions import file_version
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.network.architecture import Architecture, architecture_with
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.history import BUCKETS, RECENT
from rnn_tui.engine.training.optimizers import optimizer_class
from rnn_tui.engine.training.test_losses import MOST
from rnn_tui.layouts.torch_layout import (
    FIRST_TORCH_TENSOR,
    READOUT,
    TORCH_CELLS,
    network_names,
    network_shapes,
)
from rnn_tui.settings import SettingError, Settings, quote
from rnn_tui.tasks import Task
from rnn_tui.tensor_files.content import BFLOAT16, ContentError, Shape
from rnn_tui.tensor_files.header import Header, TensorEntry

TESTED, TESTED_SINCE = "tested", 4  # the version of the first files with test losses
HISTORY = {"recent": (RECENT, 2), "buckets": (BUCKETS, 6), TESTED: (MOST, 2)}
"""Arrays of the history, each with the rows that it has at most, and its columns."""


def checked_settings(header: Header) -> Settings:
    """Return the settings of a checkpoint; `header` has been through `versions.upgraded`."""
    texts = header.texts
    try:
        settings = Settings.from_json(header.mapping("settings"), file_version(header))
    except SettingError as error:
        raise ContentError(f"its settings: {error}") from error
    if texts["cell"] != settings.cell:
        cell = quote(texts["cell"])
        raise ContentError(f"its cell is {cell}, but its settings say {settings.cell!r}")
    return settings


def check_custom_task(header: Header, settings: Settings, task: Task | None) -> None:
    """Check that `task`, passed by the caller, is the one that the run was trained on.

    Args:
        header: the file's header.
        settings: the file's settings, which name the task unless it is a custom one.
        task: the task object passed by the caller; None for the task of the settings.
    """
    custom = header.texts.get(CUSTOM_TASK)
    if task is None:
        if custom is not None:
            raise ContentError(
                f"its task {quote(custom)} is not one of rnn-tui's own: from Python, "
                "give load a task object"
            )
    elif task.name != custom:
        own = f"its task is {quote(settings.task if custom is None else custom)}"
        raise ContentError(f"{own}, not the given {quote(task.name)}")


def check_run_names(header: Header, settings: Settings) -> None:
    """Check the names of all tensors of a run, before the network is made."""
    memory = [f"optimizer.{name}" for name in optimizer_class(settings.optimizer).memory_names]
    layers = range(1, settings.layers + 1)
    names = make_cell(settings.cell).states
    states = [f"state.{name_in_layer(name, layer)}" for layer in layers for name in names]
    network = network_names(settings.cell, settings.layers)
    window = ("parameters", *memory, *states) if WINDOW in header.texts else ()
    shown = (f"{WINDOW}.{name}" for name in window)
    kept = HISTORY if file_version(header) >= TESTED_SINCE else [n for n in HISTORY if n != TESTED]
    history = (f"history.{name}" for name in kept)
    source = (TAIL_TENSOR,) if SOURCE in header.texts and TAIL_TENSOR in header.tensors else ()
    expected = (*network, *memory, *states, *history, *shown, *source)
    check_names({n: e for n, e in header.tensors.items() if not is_of_case(n)}, expected)


def check_names(
    tensors: Mapping[str, TensorEntry], expected: tuple[str, ...], *, others: bool = False
) -> None:
    """Check that all `expected` tensors are there and, unless `others` are allowed, no others."""
    if missing := [name for name in expected if name not in tensors]:
        raise ContentError(f"tensor {missing[0]} is missing; expected {', '.join(expected)}")
    unknown = sorted(set(tensors) - set(expected))
    if unknown and not others:
        raise ContentError(f"tensor {quote(unknown[0])} is unknown; expected {', '.join(expected)}")


def check_cell(header: Header, cell: str) -> None:
    """Check that the file's weights are those of `cell`, by their names and by its metadata."""
    own_names = cell not in TORCH_CELLS.values()
    torch_names = FIRST_TORCH_TENSOR in header.tensors
    if own_names and torch_names:
        fitting = ", ".join(TORCH_CELLS.values())
        raise ContentError(f"its weights are of a PyTorch cell ({fitting}), not of --cell {cell}")
    # PyTorch uses the same names for all its cells; `check_shapes` tells those apart.
    stored = header.texts.get("cell", cell)
    if stored != cell and not torch_names:
        raise ContentError(f"it holds {quote(stored)} weights, not those of --cell {cell}")


def check_vocabulary(header: Header, task: Task) -> None:
    """Check that every code means the same symbol or class as when the run was saved."""
    stored, expected = header.mapping("vocabulary"), vocabulary(task)
    if set(stored) != set(expected):
        raise ContentError(f"vocabulary: expected {' and '.join(expected)}")
    for kind, names in expected.items():
        if stored[kind] == names:
            continue
        theirs = stored[kind] if isinstance(stored[kind], list) else []
        if names is None or len(theirs) != len(names):
            counts = f"{len(theirs) or 'none'}, those of the data {len(names or ()) or 'none'}"
            raise ContentError(f"its {kind} are {counts}")
        code = next(k for k, name in enumerate(names) if theirs[k] != name)
        pair = f"{quote(theirs[code])}, in the data {quote(names[code])}"
        raise ContentError(f"its {kind} are not those of the data: number {code + 1} is {pair}")


def check_run_sizes(tensors: Mapping[str, TensorEntry], settings: Settings) -> None:
    """Check that all tensors of a run are as large as its settings say, before its task is made.

    The size of an input and of an output belong to the task; here they are what the tensors of
    the first layer and of the readout say.
    """
    features, outputs = sizes_of(tensors, settings)
    architecture = architecture_with(settings, features, outputs)
    check_run_shapes(tensors, architecture, settings)


def sizes_of(tensors: Mapping[str, TensorEntry], settings: Settings) -> tuple[int, int]:
    """Return the size of an input and of an output, as the tensors say; 0 where they do not."""
    first = tensors[network_names(settings.cell, settings.layers)[0]].shape
    bias = tensors[READOUT[1]].shape
    features = first[-1 if FIRST_TORCH_TENSOR in tensors else 0] if len(first) == 2 else 0
    outputs = bias[0] if len(bias) == 1 else 0
    return features, outputs


def check_run_shapes(
    tensors: Mapping[str, TensorEntry], architecture: Architecture, settings: Settings
) -> None:
    """Check the shapes of all tensors of a run; those of the history may have any length."""
    size, state = (architecture.parameter_count(),), (settings.batch, settings.hidden)
    expected = network_shapes(architecture)
    for name in tensors:
        part = name.removeprefix(f"{WINDOW}.")
        if part.startswith("optimizer.") or part == "parameters":
            expected[name] = size
        elif part.startswith("state."):
            expected[name] = state
    check_shapes(tensors, expected, settings)
    for name, (most, width) in HISTORY.items():
        if f"history.{name}" not in tensors:  # files of earlier versions lack one
            continue
        shape = tensors[f"history.{name}"].shape
        if len(shape) != 2 or shape[0] > most or shape[1] != width:
            raise ContentError(
                f"tensor history.{name} has shape {shape}; expected (N, {width}), N at most {most}"
            )


def check_shapes(
    tensors: Mapping[str, TensorEntry],
    expected: Mapping[str, Shape],
    settings: Settings,
    spelling: Mapping[str, str] = MappingProxyType({}),
    cause: str = "",
) -> None:
    """Check the shapes of the `expected` tensors; the error names the settings that would fit.

    Args:
        tensors: what the file says of its tensors, by our names.
        expected: the shapes.
        settings: of the network.
        spelling: the file's names by ours, where they differ.
        cause: what the error begins with if it is a network of these settings.
    """
    for name, shape in expected.items():
        stored = tensors[name].shape
        if stored != shape:
            cause = _other_network(tensors, settings) or cause
            called = spelling.get(name, name)
            called = called if called == name else quote(called)
            raise ContentError(f"{cause}tensor {called} has shape {stored}; expected {shape}")


def _other_network(tensors: Mapping[str, TensorEntry], settings: Settings) -> str:
    """Return the beginning of a message: the cell and size of the file's weights.

    It is empty if they are those of the settings, or cannot be seen from the weights.
    """
    if "rnn.weight_hh_l0" not in tensors:
        shape = tensors["readout.weight"].shape
        if len(shape) != 2 or shape[1] == settings.hidden:
            return ""
        return f"it has hidden size {shape[1]}, not --hidden {settings.hidden}: "
    shape = tensors["rnn.weight_hh_l0"].shape
    if len(shape) != 2 or not shape[1] or shape[0] % shape[1]:
        return ""
    hidden, blocks = shape[1], shape[0] // shape[1]
    cell = TORCH_CELLS.get(blocks, "unknown")
    if (hidden, cell) == (settings.hidden, settings.cell):
        return ""
    has = f"it has hidden size {hidden} and {blocks} gate {'block' if blocks == 1 else 'blocks'}"
    return f"{has} ({cell}), not --cell {settings.cell} --hidden {settings.hidden}: "


def check_dtypes(tensors: Mapping[str, TensorEntry], settings: Settings) -> None:
    """Check that a run's arrays are of the settings' dtype, its history and data float64."""
    dtype = np.dtype(settings.dtype)
    for name, entry in tensors.items():
        if is_of_case(name):
            continue
        double = name.startswith("history.") or name == TAIL_TENSOR
        expected = np.dtype(np.float64) if double else dtype
        if entry.dtype != expected or entry.kind == BFLOAT16:
            raise ContentError(f"tensor {name} is {_kind_of(entry)}; expected {expected}")


def _kind_of(entry: TensorEntry) -> str:
    """Return what a tensor's numbers are, in words."""
    return "bfloat16" if entry.kind == BFLOAT16 else str(entry.dtype)
