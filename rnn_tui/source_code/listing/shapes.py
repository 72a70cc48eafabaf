"""The shapes of values in letters: ``h_t`` is [B, H], ``W_xf`` is [D, H]."""

from __future__ import annotations

from collections.abc import Mapping

from rnn_tui.engine.core.parameters import block_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.layers import name_in_layer

Shape = tuple[str, ...]
OUTPUTS = ("y_t", "p_t", "dy_t", "target_t")


def sizes(declaration: NetworkDeclaration) -> Mapping[str, int]:
    """Return what the letters stand for."""
    architecture = declaration.architecture
    return {
        "T": declaration.steps,
        "B": declaration.batch,
        "D": architecture.features,
        "H": architecture.hidden,
        "O": architecture.outputs,
        "P": declaration.parameter_count,
        "1": 1,
    }


def shapes(declaration: NetworkDeclaration) -> dict[str, Shape]:
    """Return the shape of every value that is no vector of a layer's units, [B, H]."""
    found: dict[str, Shape] = dict.fromkeys(OUTPUTS, ("B", "O"))
    found |= {"x_t": ("B", "D"), "W_y": ("H", "O"), "b_y": ("O",), "N": (), "mask_t": ("B", "1")}
    for layer in declaration.layers:
        for spec in layer.specs:
            rows: Shape = ()
            if len(spec.shape) > 1:
                rows = ("D",) if spec.left == "x" and layer.number == 1 else ("H",)
            for block in spec.blocks:
                found[name_in_layer(block_name(spec.name, block), layer.number)] = (*rows, "H")
    return found


def shape_of(value: str, known: Mapping[str, Shape]) -> Shape:
    """Return the shape of a value at a timestep; `known`: see `shapes`."""
    return known.get(value, ("B", "H"))
