"""PyTorch's names and layout of the weights, converted to and from ours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rnn_tui.checkpoint.format import Array, Shape
from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.network.architecture import Architecture, views

FIRST, READOUT = "rnn.weight_ih_l0", ("readout.weight", "readout.bias")
CELLS_BY_BLOCKS = {1: "rnn", 3: "gru", 4: "lstm"}


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
