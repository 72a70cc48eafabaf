"""Shared by the tests of case files: small ones with random numbers, written with safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from rnn_tui.cases.names import states_of, weight_shapes

FORMAT = "rnn-tui case 1"


def case_arrays(
    cell: str = "lstm",
    *,
    layers: int = 1,
    steps: int = 4,
    batch: int = 3,
    features: int = 2,
    hidden: int = 3,
    outputs: int = 2,
    codes: bool = False,
    classes: bool = False,
    dtype: str = "float64",
    seed: int = 0,
) -> dict[str, Any]:
    """Return the tensors of a case with mask and states, time first, without anybody's numbers."""
    random = np.random.default_rng(seed)
    order = (steps, batch)

    def floats(*shape: int) -> Any:
        return (0.6 * random.normal(size=shape)).astype(dtype)

    shapes = weight_shapes(cell, layers, features, hidden, outputs)
    arrays: dict[str, Any] = {name: floats(*shape) for name, shape in shapes.items()}
    arrays["x"] = random.integers(0, features, order) if codes else floats(*order, features)
    arrays["target"] = random.integers(0, outputs, order) if classes else floats(*order, outputs)
    arrays["mask"] = np.ones(order, bool)
    arrays["mask"][-1, 1:] = arrays["mask"][1, 0] = False
    for state in states_of(cell):
        arrays[f"{state}0"] = floats(layers, batch, hidden)
    return arrays


def batch_first(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the same tensors with the batch before time."""
    moved = dict(arrays)
    for name in ("x", "target", "mask", "output", "grad.output"):
        if name in moved:
            moved[name] = moved[name].swapaxes(0, 1)
    for name in ("h", "c", "grad.h", "grad.c"):
        if name in moved:
            moved[name] = moved[name].swapaxes(-3, -2)
    return moved


def write(path: Path, arrays: dict[str, Any], **texts: str) -> Path:
    """Write a case file; what the metadata say of cell and loss is found from the tensors."""
    found = {"format": FORMAT, "cell": "lstm", "loss": "mse", **texts}
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(whole, path, {name: text for name, text in found.items() if text})
    return path
