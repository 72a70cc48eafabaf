"""A network as a checkpoint has it, without the data that it was trained on."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.checkpoint.checksum import check_tensors
from rnn_tui.checkpoint.format import CUSTOM_TASK, LARGEST_COUNT, CheckpointError
from rnn_tui.checkpoint.held import held_from_json
from rnn_tui.checkpoint.source import TAIL_TENSOR, check_source, source_of
from rnn_tui.checkpoint.validation import (
    check_dtypes,
    check_run_names,
    check_run_sizes,
    checked_settings,
    sizes_of,
)
from rnn_tui.checkpoint.versions import upgraded
from rnn_tui.engine.network.architecture import Architecture, architecture_with
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.memory_use import check_memory
from rnn_tui.layouts.torch_layout import network_names, parameters_of
from rnn_tui.settings import Settings
from rnn_tui.tasks.source import DataSource
from rnn_tui.tensor_files.content import NUMBERS, Array, ContentError
from rnn_tui.tensor_files.header import Header
from rnn_tui.tensor_files.reading import open_content, whole_number


@dataclass(frozen=True, slots=True, eq=False)
class StoredNetwork:
    """What a checkpoint says of its network and of the data.

    Attributes:
        settings: of its run; the data file is the one of the time when it was saved.
        architecture: the network's sizes, for windows of any length.
        parameters: [P], in the run's precision.
        pins: the values held at a constant, and cuts.
        updates: the updates done.
        source: what is known of the data; None in files of earlier versions.
        symbols: the names of the symbols, by code; empty where inputs are numbers.
    """

    settings: Settings
    architecture: Architecture
    parameters: Array
    pins: Pins
    updates: int
    source: DataSource | None
    symbols: tuple[str, ...]


def load_network(path: str | os.PathLike[str]) -> StoredNetwork:
    """Read the network of a checkpoint; no data file is opened.

    Raises:
        CheckpointError: the file is no valid checkpoint, or its run is on a custom task.
        SettingError: the network takes more memory than there is.
    """
    try:
        with open_content(path, NUMBERS) as file:
            header = upgraded(file.header)
            settings = checked_settings(header)
            if CUSTOM_TASK in header.texts:
                raise ContentError("its task is not one of rnn-tui's own")
            check_run_names(header, settings)
            check_dtypes(header.tensors, settings)
            check_run_sizes(header.tensors, settings)
            check_memory(settings)
            architecture = _architecture(header, settings)
            names = list(network_names(settings.cell, settings.layers))
            tensors = file.read(names + [n for n in (TAIL_TENSOR,) if n in header.tensors])
            check_tensors(header, tensors)
            parameters = parameters_of(architecture, tensors, np.dtype(settings.dtype))
            network = Network(architecture, parameters, settings.steps, 1)
            source = source_of(header, tensors)
            check_source(source, settings, architecture.features, architecture.outputs)
            return StoredNetwork(
                settings=settings,
                architecture=architecture,
                parameters=parameters,
                pins=held_from_json(header.parsed("held"), network.declaration),
                updates=whole_number(header.mapping("place"), "updates", LARGEST_COUNT),
                source=source,
                symbols=_symbols(header, architecture),
            )
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error.__cause__


def _architecture(header: Header, settings: Settings) -> Architecture:
    """Return the sizes of a network, as its tensors say them."""
    features, outputs = sizes_of(header.tensors, settings)
    symbols = header.mapping("vocabulary").get("symbols") is not None
    labels = header.mapping("vocabulary").get("labels") is not None
    problem = Problem("cross-entropy" if labels else "mse", symbols)
    return replace(architecture_with(settings, features, outputs), problem=problem)


def _symbols(header: Header, architecture: Architecture) -> tuple[str, ...]:
    """Return the names of the symbols."""
    names = header.mapping("vocabulary").get("symbols")
    if names is None:
        return ()
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not texts or len(names) != architecture.features:
        raise ContentError(f"vocabulary: expected {architecture.features} names of symbols")
    return tuple(names)
