"""Shared by the tests of case files: small ones with random numbers, written with safetensors."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from rnn_tui.cases.case import Case
from rnn_tui.cases.names import states_of, weight_shapes
from rnn_tui.cases.reading import read_case
from rnn_tui.registry import CELLS

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
    arrays["mask"][-1, 1:] = False
    if steps > 1:
        arrays["mask"][1, 0] = False
    for state in states_of(cell):
        arrays[f"{state}0"] = floats(layers, batch, hidden)
    return arrays


def random_case(random: np.random.Generator) -> Case:
    """Return a case of any cell, sizes, loss, mask and reduction."""
    cell = str(random.choice(CELLS.names))
    names = ("layers", "steps", "batch", "features", "hidden", "outputs")
    sizes = {name: int(random.integers(1, 5)) for name in names}
    kinds = {name: bool(random.integers(2)) for name in ("codes", "classes")}
    arrays = case_arrays(cell, **sizes, **kinds, seed=int(random.integers(1000)))  # type: ignore[arg-type]
    shape = arrays["mask"].shape
    arrays["mask"] = random.random(shape) < random.choice([0.3, 1.0])
    arrays["mask"][random.integers(shape[0]), random.integers(shape[1])] = True
    for name in ("mask", "h0", "c0", "readout.bias"):
        if random.random() < 0.3:
            arrays.pop(name, None)
    texts = {
        "cell": cell,
        "loss": "cross-entropy" if kinds["classes"] else "mse",
        "reduction": str(random.choice(["mean", "sum"])),
    }
    with TemporaryDirectory() as folder:
        return read_case(write(Path(folder) / "a.safetensors", arrays, **texts))


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
