"""Starting weights of a model that was made and named elsewhere, and what of it is refused."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from cli_support import figures
from safetensors.numpy import save_file

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.starting_weights import load_weights, stored_settings
from rnn_tui.cli import run
from rnn_tui.command_line.options import read
from rnn_tui.command_line.start import start_run, starting_weights
from rnn_tui.layouts.new_trainer import begins_as_given
from rnn_tui.layouts.torch_layout import network_shapes
from rnn_tui.settings import Settings

pytestmark = pytest.mark.usefixtures("elsewhere")

Tensors = dict[str, np.ndarray]


def network(cell: str = "lstm", layers: int = 1, hidden: int = 3) -> Tensors:
    """Return random weights of a network that reads and gives one number, under our names."""
    from rnn_tui.engine.network.architecture import Architecture

    random = np.random.default_rng(5)
    shapes = network_shapes(Architecture(cell, "tanh", 1, hidden, 1, layers=layers))
    # Halves of eighths: exact in every kind of number, bfloat16 as well.
    return {n: random.integers(-8, 9, s).astype(np.float32) / 8 for n, s in shapes.items()}


def called(tensors: Tensors, recurrent: str, readout: str) -> Tensors:
    parts = {"rnn": recurrent, "readout": readout}
    split = {name: name.split(".", 1) for name in tensors}
    return {parts[p] + "." * bool(parts[p]) + end: tensors[n] for n, (p, end) in split.items()}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_model_with_other_names(cell: str, layers: int) -> None:
    tensors = network(cell, layers)
    save_file(tensors, "ours")
    save_file(called(tensors, f"model.{cell}", "model.fc"), "theirs")
    taken, said = stored_settings("theirs", {})
    assert taken == {"cell": cell, "hidden": 3, "layers": layers}
    assert said.startswith(
        f"theirs: taken --cell {cell}, --hidden 3, --layers {layers}; "
        f"model.{cell} as rnn, model.fc as readout"
    )
    assert ("; whether tanh or relu cannot be seen in it" in said) == (cell == "rnn")
    settings = Settings(cell=cell, hidden=3, layers=layers)
    np.testing.assert_array_equal(load_weights("theirs", settings), load_weights("ours", settings))


def test_float64_that_becomes_float32_is_said() -> None:
    save_file({name: array.astype(np.float64) for name, array in network().items()}, "wide")
    said = "its float64 becomes float32: --dtype float64 keeps it"
    assert said in stored_settings("wide", {})[1]
    assert said in stored_settings("wide", {"dtype": "float32", "cell": "lstm"})[1]
    assert "float" not in stored_settings("wide", {"dtype": "float64"})[1]
    save_file(network(), "narrow")
    assert "float" not in stored_settings("narrow", {})[1]


def test_biases_that_are_not_there_are_zeros() -> None:
    tensors = {name: array for name, array in network().items() if "bias" not in name}
    save_file(called(tensors, "", "out"), "theirs")
    zeros = {n: np.zeros_like(array) for n, array in network().items() if "bias" in n}
    save_file(tensors | zeros, "ours")
    settings = Settings(cell="lstm", hidden=3)
    np.testing.assert_array_equal(load_weights("theirs", settings), load_weights("ours", settings))
    assert stored_settings("theirs", {"cell": "lstm"})[1] == (
        "theirs: taken --hidden 3, --layers 1; its tensors as rnn, out as readout; "
        "a bias that it lacks is zeros"
    )


def test_bfloat16(tmp_path: Path) -> None:
    tensors = called(network("gru"), "gru", "fc")
    save_file(tensors, "wide")
    header, content = {}, b""
    for name, array in tensors.items():
        narrow = (array.view(np.uint32) >> 16).astype("<u2").tobytes()
        place = [len(content), len(content) + len(narrow)]
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": place}
        content += narrow
    text = json.dumps(header).encode()
    Path("narrow").write_bytes(len(text).to_bytes(8, "little") + text + content)
    settings = Settings(cell="gru", hidden=3)
    np.testing.assert_array_equal(load_weights("narrow", settings), load_weights("wide", settings))


def test_a_run_takes_what_nobody_has_said(capsys: pytest.CaptureFixture[str]) -> None:
    save_file(called(network("gru", 2), "gru", "head"), "weights")
    line = ["train", "--init-from", "weights", "--updates", "1", "--out", "run"]
    assert run([*line, "--preset", "tutorial"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == (
        "rnn-tui: weights: taken --cell gru, --hidden 3, --layers 2; gru as rnn, head as readout"
    )
    settings = load("run").settings
    assert (settings.cell, settings.hidden, settings.layers) == ("gru", 3, 2)
    # A checkpoint says its network as well, and that of a plain cell its activation.
    figures(capsys, *["--activation", "relu", "--hidden", "5", "--updates", "1", "--out", "relu"])
    figures(capsys, *["--init-from", "relu", "--updates", "0", "--out", "again"])
    assert load("again").settings.activation == "relu"
    np.testing.assert_array_equal(load("again").parameters, load("relu").parameters)


def test_the_app_takes_them_as_well() -> None:
    tensors = called(network("gru", 2), "gru", "head")
    save_file(tensors, "weights")
    options = read(["--init-from", "weights", "--lr", "0.1"])
    assert options is not None
    start = start_run(options)
    assert start.taken.startswith("weights: taken --cell gru, --hidden 3, --layers 2; ")
    assert start.trainer.architecture.layers == 2
    assert begins_as_given(start.trainer)
    assert [file.path for file in starting_weights(options)] == ["weights"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--cell rnn", "it has hidden size 3 and 4 gate blocks (lstm), not --cell rnn --hidden 3"),
        ("--hidden 4", "it has hidden size 3 and 4 gate blocks (lstm), not --cell lstm --hidden 4"),
        ("--layers 2", "it has 1 layer, not --layers 2"),
        ("--cell lstm-peephole", "its weights are of a PyTorch cell (rnn, gru, lstm), not of "),
        ("--task adding", "it reads 1 numbers per timestep and gives 1, but of the task adding "),
        ("--init small", "--init small has no effect with --init-from 'weights', which has the "),
    ],
)
def test_what_contradicts_the_file(
    options: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save_file(called(network(), "lstm", "fc"), "weights")
    assert run(["train", "--init-from", "weights", "--updates", "0", *options.split()]) == 2
    assert expected in capsys.readouterr().err


def test_a_network_that_is_too_large() -> None:
    tensors = network(layers=9, hidden=1)
    save_file(called(tensors, "lstm", "fc"), "weights")
    with pytest.raises(CheckpointError, match="cannot be run here: --layers must be a whole"):
        stored_settings("weights", {})


def _npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, weights=np.zeros(3))
    return file.getvalue()


FORMATS: dict[str, tuple[bytes, str]] = {
    "torch.save": (
        b"PK\x03\x04" + bytes(22) + b"\x0e\x00\x00\x00model/data.pkl",
        "a file of torch.save (.pt, .pth), a pickle, which can run code and is never loaded; in "
        "Python, safetensors.torch.save_file(model.state_dict(), 'model.safetensors') makes",
    ),
    **{
        f"pickle {protocol}": (
            pickle.dumps({"lstm.weight_ih_l0": [1.0]}, protocol=protocol),
            "it is a pickle (.pt, .pth, .pkl), which can run code and is never loaded; in Python, ",
        )
        for protocol in (2, 4, 5)
    },
    "npz": (_npz(), "an archive of NumPy's (.npz); in Python, safetensors.numpy.save_file("),
    "npy": (b"\x93NUMPY\x01\x00v\x00{'descr'", "an array of NumPy (.npy); in Python, safeten"),
    "h5": (b"\x89HDF\r\n\x1a\n" + bytes(50), "an HDF5 file, as Keras saves (.h5); in Python, "),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\x032.1:\x90\x01", "an ONNX model or another protocol"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_other_formats_are_known_by_their_bytes(kind: str) -> None:
    content, expected = FORMATS[kind]
    Path("file").write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        stored_settings("file", {})
    assert str(caught.value).startswith("'file': it is not a safetensors file: it is ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
