"""The tensors of a case file by name: the weights of each cell with their shapes, and the rest.

A file may have names of its own for them; its metadata ``names`` say which: a JSON object from
their name, or the beginning of it up to a dot, to ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rnn_tui.registry import CELLS
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import ContentError, Shape
from rnn_tui.tensor_files.header import TensorEntry
from rnn_tui.tensor_files.weight_names import find_weights, refuse_impossible, refuse_swapped

READOUT_WEIGHT, READOUT_BIAS = "readout.weight", "readout.bias"
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""The gates of the cells that PyTorch has: its weights have so many times H rows."""
STARTS = {"h0": "h", "c0": "c"}
"""The tensors that the window begins with, and the states that they are."""
GRADIENT = "grad."
"""What the names of their gradients begin with."""
NUMBERS_OF_CASE = ("x", "target", "mask", *STARTS, "loss", "output", "h", "c")
"""The names of all tensors but weights and gradients."""


def weight_shapes(
    cell: str, layers: int, features: int, hidden: int, outputs: int
) -> dict[str, Shape]:
    """Return the names and shapes of a network's weights in a file, in order.

    Of PyTorch's cells they are PyTorch's. Of other cells they are ours, gate by gate, in our layout
    (x·W), as the screen has them; the readout is PyTorch's in any case.
    """
    shapes: dict[str, Shape] = {}
    for layer in range(layers):
        inputs = hidden if layer else features
        shapes |= {
            f"rnn.{name}_l{layer}": shape
            for name, shape in _cell_shapes(cell, inputs, hidden).items()
        }
    return shapes | {READOUT_WEIGHT: (outputs, hidden), READOUT_BIAS: (outputs,)}


def _cell_shapes(cell: str, inputs: int, hidden: int) -> dict[str, Shape]:
    """Return the names and shapes of one layer's weights."""
    if cell in GATES:
        rows = GATES[cell] * hidden
        return {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, hidden),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
    shapes: dict[str, Shape] = {}
    for spec in _declared(cell).parameters(inputs, hidden):
        *rows_of, width = spec.shape
        for gate in spec.blocks:
            name = f"{spec.name}{'' if '_' in spec.name or not gate else '_'}{gate}"
            shapes[name] = (*rows_of, width // len(spec.blocks))
    return shapes


def _declared(cell: str) -> Any:
    """Return the declaration of a cell, which says what its parameters are."""
    kind = CELLS.load(cell)
    return kind("tanh") if "activation" in CELLS[cell].settings else kind()


def states_of(cell: str) -> tuple[str, ...]:
    """Return the states that a cell carries from timestep to timestep: h, or h and c."""
    states: tuple[str, ...] = _declared(cell).states
    return states


def is_bias(name: str) -> bool:
    """Return whether a weight may be missing in a file: a bias, which is then zero."""
    if name == READOUT_BIAS or re.fullmatch(r"rnn\.bias_[ih]h_l\d+", name):
        return True
    return re.fullmatch(r"rnn\.b(_[a-z]+)?_l\d+", name) is not None


def layer_of(name: str) -> int:
    """Return the number of the layer, from 1, that the name of a weight says; 0 for others."""
    found = re.fullmatch(r"rnn\..+_l([0-9]{1,3})", name)
    return 0 if found is None else int(found[1]) + 1


def ours_by_name(
    theirs: Mapping[str, TensorEntry], names: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """Return their name of each tensor by ours, and what was assumed, in words; "" for nothing.

    Where no metadata say how the weights are called, their names are looked at as
    `rnn_tui.tensor_files.weight_names` does.

    Args:
        theirs: the tensors of the file.
        names: ours by theirs, whole or up to a dot.

    Raises:
        ContentError: two tensors have one name, a name of `names` is that of no tensor or of the
            other part, or the weights are of a network that there is none of here.
    """
    ours: dict[str, str] = {}
    unused = set(names)
    for name in theirs:
        mapped, by = _ours(name, names)
        unused.discard(by)
        if mapped in ours:
            pair = f"{quote(ours[mapped])} and {quote(name)}"
            raise ContentError(f"tensors {pair} are both {mapped}: leave one out")
        ours[mapped] = name
    if unused:
        first = quote(min(unused))
        raise ContentError(f"its metadata 'names': no tensor's name begins with {first}")
    weights = {n: t for n, t in ours.items() if _may_be_weight(n)}
    refuse_impossible(weights, named="rnn." if "rnn" in names.values() else "")
    refuse_swapped(weights, names)
    return (ours, "") if names else _found(ours, theirs)


def _may_be_weight(name: str) -> bool:
    """Return whether a tensor may be a weight, by its name alone."""
    return name not in NUMBERS_OF_CASE and not name.startswith(GRADIENT)


def _found(
    ours: Mapping[str, str], theirs: Mapping[str, TensorEntry]
) -> tuple[dict[str, str], str]:
    """Return the same with the names of the weights found where they are none of ours."""
    shapes = {name: theirs[name].shape for name in ours.values() if _may_be_weight(name)}
    if not shapes or (READOUT_WEIGHT in shapes and any(map(layer_of, shapes))):
        return dict(ours), ""
    found = find_weights(shapes)
    called = {theirs: our for our, theirs in found.spelling.items()}
    spelled: dict[str, str] = {}
    for name in ours.values():
        start = GRADIENT if name.startswith(GRADIENT) else ""
        our = start + called.get(name.removeprefix(start), name.removeprefix(start))
        spelled[our] = name
    return spelled, found.assumed


def _ours(name: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Return our name of a tensor, and the entry of `names` that says so; "" if none does."""
    if name in names:
        return names[name], name
    start = GRADIENT if name.startswith(GRADIENT) else ""
    rest = name.removeprefix(start)
    if rest in names:
        return start + names[rest], rest
    parts = rest.split(".")
    for count in range(len(parts) - 1, 0, -1):
        beginning = ".".join(parts[:count])
        if beginning in names:
            return ".".join((start + names[beginning], *parts[count:])), beginning
    return name, ""
