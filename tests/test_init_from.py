"""Starting weights: of a checkpoint, or of a file that holds nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    BLOCKS,
    NETWORK,
    OWN,
    contents,
    gates,
)
from safetensors.numpy import save_file

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.starting_weights import load_weights
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings


def torch_weights(
    cell: str, hidden: int, dtype: type[np.floating[Any]] = np.float32
) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    wide = BLOCKS[cell] * hidden
    shapes = [(wide, 1), (wide, hidden), (wide,), (wide,), (1, hidden), (1,)]
    tensors = (random.normal(0, 0.5, shape).astype(dtype) for shape in shapes)
    return dict(zip(NETWORK, tensors, strict=True))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("cell", BLOCKS)
def test_weights_without_metadata(tmp_path: Path, cell: str, dtype: type[np.floating[Any]]) -> None:
    tensors = torch_weights(cell, 3, dtype)
    save_file(tensors, tmp_path / "weights")
    settings = Settings(cell=cell, hidden=3, dtype="float64")
    trainer = Trainer(settings, load_weights(tmp_path / "weights", settings))
    ours = trainer.network.parameters
    assert trainer.parameters.dtype == np.float64
    np.testing.assert_array_equal(gates(ours["W_h"], cell).T, tensors["rnn.weight_hh_l0"])
    np.testing.assert_array_equal(gates(ours["W_x"], cell).T, tensors["rnn.weight_ih_l0"])
    np.testing.assert_array_equal(ours["b_y"], tensors["readout.bias"])
    bias_ih = tensors["rnn.bias_ih_l0"].astype(np.float64)
    bias_hh = tensors["rnn.bias_hh_l0"].astype(np.float64)
    summed = 6 if cell == "gru" else len(bias_ih)
    np.testing.assert_array_equal(gates(ours["b"], cell)[:summed], (bias_ih + bias_hh)[:summed])
    if cell == "gru":
        np.testing.assert_array_equal(ours["b"][6:], bias_ih[6:])
        np.testing.assert_array_equal(ours["b_hn"], bias_hh[6:])


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_weights_of_a_checkpoint(tmp_path: Path, cell: str) -> None:
    settings = Settings(cell=cell, hidden=3, steps=4)
    trainer = Trainer(settings)
    trainer.run(5)
    save(tmp_path / "run", trainer)
    np.testing.assert_array_equal(load_weights(tmp_path / "run", settings), trainer.parameters)
    other = settings.with_(steps=7, batch=3, optimizer="adam", dtype="float64")
    np.testing.assert_array_equal(load_weights(tmp_path / "run", other), trainer.parameters)


WEIGHTS_ERRORS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "missing": (
        lambda tensors: tensors.pop("readout.weight"),
        "it has no readout, a linear layer (weight, and bias if you like) from the hidden units to "
        "the outputs; beside the recurrent weights there are 'readout.bias'",
    ),
    "too many": (
        lambda tensors: tensors.update({"fc.weight": np.zeros((1, 3))}),
        "several of its tensors could be the readout ('fc.weight', 'readout.weight'), and a "
        "network here has one linear layer: save only that one, or say which in the metadata: "
        'names = {"<the recurrent part>": "rnn", "<the readout>": "readout"}',
    ),
    "more layers": (
        lambda tensors: tensors.update(
            {name.replace("l0", "l1"): np.zeros((3, 3)) for name in NETWORK[:2]}
        ),
        "it has 2 layers, not --layers 1",
    ),
    "another cell": (
        lambda tensors: tensors.update(torch_weights("lstm", 16)),
        "it has hidden size 16 and 4 gate blocks (lstm), not --cell rnn --hidden 3: "
        "tensor rnn.weight_ih_l0 has shape (64, 1); expected (3, 1)",
    ),
    "another shape": (
        lambda tensors: tensors.update({"rnn.weight_ih_l0": np.zeros((3, 2))}),
        "it reads 2 numbers per timestep and gives 1, but of the task cos there are 1 and 1: "
        "tensor rnn.weight_ih_l0 has shape (3, 2); expected (3, 1)",
    ),
    "whole numbers": (
        lambda tensors: tensors.update({"readout.bias": np.zeros(1, np.int64)}),
        "tensor 'readout.bias' is I64; expected F16, F32, F64, BF16",
    ),
    "not finite": (
        lambda tensors: tensors.update({"readout.bias": np.full(1, np.nan)}),
        "tensor 'readout.bias' holds nan; every number must be finite",
    ),
    "too large": (
        lambda tensors: tensors.update({"readout.bias": np.full(1, 1e300)}),
        "its numbers are too large for --dtype float32",
    ),
}


@pytest.mark.parametrize("case", WEIGHTS_ERRORS)
def test_weights_that_do_not_fit(tmp_path: Path, case: str) -> None:
    spoil, expected = WEIGHTS_ERRORS[case]
    tensors: dict[str, Any] = torch_weights("rnn", 3)
    spoil(tensors)
    path = tmp_path / "weights"
    save_file(tensors, path)
    with pytest.raises(CheckpointError) as caught:
        load_weights(path, Settings(hidden=3))
    assert str(caught.value).endswith(expected)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cell", OWN)
def test_weights_of_its_own_names_without_metadata(tmp_path: Path, cell: str) -> None:
    trainer = Trainer(Settings(cell=cell, hidden=3, steps=4))
    save(tmp_path / "run", trainer)
    tensors = contents(tmp_path / "run")[0]
    network = {name: array for name, array in tensors.items() if name[:2] in ("rn", "re")}
    save_file(network, tmp_path / "weights")
    found = load_weights(tmp_path / "weights", trainer.settings)
    np.testing.assert_array_equal(found, trainer.parameters)
    with pytest.raises(CheckpointError, match="it has hidden size 3, not --hidden 4: tensor "):
        load_weights(tmp_path / "weights", trainer.settings.with_(hidden=4))


@pytest.mark.parametrize("cell", OWN)
def test_weights_of_pytorch_do_not_fit_a_cell_that_it_lacks(tmp_path: Path, cell: str) -> None:
    save_file(torch_weights("lstm", 3), tmp_path / "weights")
    with pytest.raises(CheckpointError) as caught:
        load_weights(tmp_path / "weights", Settings(cell=cell, hidden=3))
    expected = f"its weights are of a PyTorch cell (rnn, gru, lstm), not of --cell {cell}"
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize("cell", OWN)
@pytest.mark.parametrize("wanted", DECLARATIONS["cell"].choices)
def test_weights_of_a_cell_that_pytorch_lacks_fit_no_other(
    tmp_path: Path, cell: str, wanted: str
) -> None:
    save(tmp_path / "run", Trainer(Settings(cell=cell, hidden=3, steps=4)))
    if wanted != cell:
        with pytest.raises(CheckpointError) as caught:
            load_weights(tmp_path / "run", Settings(cell=wanted, hidden=3))
        expected = f"it holds {cell!r} weights, not those of --cell {wanted}"
        assert str(caught.value).endswith(expected)
