"""Conversion of the weights between PyTorch's names and layout and ours.

PyTorch computes W·x with weights [G·H, D] and two biases; here a product is x·W with weights
[D, G·H] and there is one bias; only the GRU's n gate has a second one, ``b_hn``, inside the
product with the reset gate. The gates of PyTorch's blocks come in `Cell.gates` order, ours in
`Cell.blocks` order. Cells that PyTorch lacks are stored gate by gate under our own names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.tensor_files.content import Array, Shape

FIRST_TORCH_TENSOR = "rnn.weight_ih_l0"  # every file in PyTorch's layout has it
READOUT = ("readout.weight", "readout.bias")
TORCH_CELLS = {1: "rnn", 3: "gru", 4: "lstm"}  # by their number of gate blocks


def network_names(cell: str, layers: int) -> tuple[str, ...]:
    """Return the names of the network's tensors in a file.

    They are PyTorch's, in its order, or our own for a cell that PyTorch lacks.
    """
    if cell in TORCH_CELLS.values():
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return (*(f"rnn.{kind}_l{k}" for k in range(layers) for kind in kinds), *READOUT)
    architecture = Architecture(cell, "tanh", 1, 1, 1, layers=layers)
    return (*_by_gate(architecture, np.empty(architecture.parameter_count())), *READOUT)


def _by_gate(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """Return views of the cells' parameters in `flat` [P], one per gate, under our own names."""
    tensors: dict[str, Array] = {}
    ours = views(architecture.parameters(), flat)
    specs = architecture.make_cell().parameters(1, 1)  # for names and blocks
    for layer in architecture.make_layers():
        weights = layer.cell_parameters(ours)
        for spec in specs:
            blocks = block_views(weights, spec.name, spec.blocks)
            tensors |= {f"rnn.{name}_l{layer.number - 1}": array for name, array in blocks.items()}
    return tensors


def tensors_of(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """Return the tensors to write to a file, from our parameter vector `flat` [P]."""
    if architecture.cell in TORCH_CELLS.values():
        return _to_torch(architecture, flat)
    ours = views(architecture.parameters(), flat)
    readout = dict(zip(READOUT, (ours["W_y"].T, ours["b_y"]), strict=True))
    return _by_gate(architecture, flat) | readout


def parameters_of(
    architecture: Architecture, tensors: Mapping[str, Array], dtype: npt.DTypeLike
) -> Array:
    """Return our parameter vector [P] in `dtype`, from the network's tensors read from a file."""
    if architecture.cell in TORCH_CELLS.values():
        return _from_torch(architecture, tensors, dtype)
    flat = np.empty(architecture.parameter_count(), dtype)
    for name, array in _by_gate(architecture, flat).items():
        array[...] = tensors[name]
    ours = views(architecture.parameters(), flat)
    ours["W_y"][...], ours["b_y"][...] = tensors[READOUT[0]].T, tensors[READOUT[1]]
    return flat


def _to_torch(architecture: Architecture, flat: Array) -> dict[str, Array]:
    """Return PyTorch's tensors from our parameter vector `flat` [P]."""
    ours = views(architecture.parameters(), flat)
    columns = _torch_columns(architecture)
    arrays: list[Array] = []
    for layer in architecture.make_layers():
        weights = layer.cell_parameters(ours)
        bias_hh = np.zeros_like(weights["b"])
        if "b_hn" in weights:
            bias_hh[-architecture.hidden :] = weights["b_hn"]
        W_x, W_h, bias_ih = (weights[name][..., columns] for name in ("W_x", "W_h", "b"))
        arrays += (W_x.T, W_h.T, bias_ih, bias_hh)
    arrays += (ours["W_y"].T, ours["b_y"])
    return dict(zip(network_names(architecture.cell, architecture.layers), arrays, strict=True))


def gradients_of(architecture: Architecture, gradient: Array) -> dict[str, Array]:
    """Return the gradient of each tensor of `tensors_of`, from that of our parameters [P].

    PyTorch's two biases are added, so both have the gradient of our one; only in the n block of a
    GRU they are two here as well.
    """
    tensors = tensors_of(architecture, gradient)
    if architecture.cell not in TORCH_CELLS.values():
        return tensors
    for layer in range(architecture.layers):
        both, own = tensors[f"rnn.bias_ih_l{layer}"].copy(), f"rnn.bias_hh_l{layer}"
        if architecture.cell == "gru":
            both[-architecture.hidden :] = tensors[own][-architecture.hidden :]
        tensors[own] = both
    return tensors


def _torch_columns(architecture: Architecture) -> Array:
    """Return the indices of our columns in the order of PyTorch's rows, [G·H]."""
    cell, hidden = architecture.make_cell(), architecture.hidden
    starts = [hidden * cell.blocks.index(gate) for gate in cell.gates]
    return np.concatenate([np.arange(start, start + hidden) for start in starts])


def in_our_order(architecture: Architecture, flat: Array) -> Array:
    """Return a vector [P] in our order from one with each block of gates in PyTorch's order."""
    ours = flat.copy()
    theirs, columns = views(architecture.parameters(), flat), _torch_columns(architecture)
    named = views(architecture.parameters(), ours)
    for layer in architecture.make_layers():
        weights, stored = layer.cell_parameters(named), layer.cell_parameters(theirs)
        for name in ("W_x", "W_h", "b"):
            weights[name][..., columns] = stored[name]
    return ours


def _from_torch(
    architecture: Architecture, tensors: Mapping[str, Array], dtype: npt.DTypeLike
) -> Array:
    """Return our parameter vector [P] from PyTorch's tensors; biases are summed in float64."""
    flat = np.empty(architecture.parameter_count(), dtype)
    ours = views(architecture.parameters(), flat)
    columns, n = _torch_columns(architecture), slice(-architecture.hidden, None)
    *cells, weight, bias = (
        tensors[name] for name in network_names(architecture.cell, architecture.layers)
    )
    for layer in architecture.make_layers():
        weights = layer.cell_parameters(ours)
        first = 4 * (layer.number - 1)  # four tensors a layer
        weight_ih, weight_hh, bias_ih, bias_hh = cells[first : first + 4]
        weights["W_x"][:, columns], weights["W_h"][:, columns] = weight_ih.T, weight_hh.T
        weights["b"][columns] = bias_ih.astype(np.float64) + bias_hh
        if "b_hn" in weights:
            weights["b"][n], weights["b_hn"][...] = bias_ih[n], bias_hh[n]
    ours["W_y"][...], ours["b_y"][...] = weight.T, bias
    return flat


def network_shapes(architecture: Architecture) -> dict[str, Shape]:
    """Return the shape of each of the network's tensors in a file; no memory is used for it."""
    hidden, outputs = architecture.hidden, architecture.outputs
    readout = dict(zip(READOUT, ((outputs, hidden), (outputs,)), strict=True))
    if architecture.cell not in TORCH_CELLS.values():
        nothing = np.broadcast_to(np.zeros(1), (architecture.parameter_count(),))
        return {n: array.shape for n, array in _by_gate(architecture, nothing).items()} | readout
    blocks = next(count for count, cell in TORCH_CELLS.items() if cell == architecture.cell)
    rows, shapes = blocks * hidden, list[Shape]()
    for layer in range(architecture.layers):
        features = hidden if layer else architecture.features
        shapes += [(rows, features), (rows, hidden), (rows,), (rows,)]
    names = network_names(architecture.cell, architecture.layers)
    return dict(zip(names, [*shapes, *readout.values()], strict=True))
