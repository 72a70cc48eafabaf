"""Which tensors of somebody's file are the weights, and what is said of those that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_tui.layouts.torch_layout import network_names
from rnn_tui.tensor_files.content import ContentError, Shape
from rnn_tui.tensor_files.weight_names import WeightSizes, find_weights

Shapes = dict[str, Shape]
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def module(
    start: str, cell: str = "lstm", *, d: int = 3, h: int = 2, layers: int = 1, bias: bool = True
) -> Shapes:
    """Return the shapes of torch.nn.LSTM and the like; with `layers` 0, of an LSTMCell."""
    shapes: Shapes = {}
    rows = BLOCKS[cell] * h
    for layer in range(layers or 1):
        end = f"_l{layer}" if layers else ""
        shapes[f"{start}weight_ih{end}"] = (rows, h if layer else d)
        shapes[f"{start}weight_hh{end}"] = (rows, h)
        if bias:
            shapes |= {f"{start}bias_ih{end}": (rows,), f"{start}bias_hh{end}": (rows,)}
    return shapes


def linear(start: str, *, h: int = 2, o: int = 5, bias: bool = True) -> Shapes:
    return {f"{start}.weight": (o, h)} | ({f"{start}.bias": (o,)} if bias else {})


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", BLOCKS)
@pytest.mark.parametrize(
    ("recurrent", "readout"),
    [
        ("rnn.", "readout"),
        ("lstm.", "fc"),
        ("", "linear"),
        ("model.", "model.head"),
        ("module._orig_mod.encoder.gru.", "module._orig_mod.decoder"),
        ("0.", "1"),
    ],
)
def test_names_with_prefixes(
    recurrent: str, readout: str, cell: str, layers: int, bias: bool
) -> None:
    shapes = linear(readout, bias=bias) | module(recurrent, cell, layers=layers, bias=bias)
    found = find_weights(shapes)
    assert found.names == network_names(cell, layers)
    assert found.missing == tuple(n for n in found.names if "bias" in n and not bias)
    assert set(found.spelling.values()) == shapes.keys()
    assert found.spelling["rnn.weight_hh_l0"] == f"{recurrent}weight_hh_l0"
    assert found.sizes(shapes) == WeightSizes(cell, layers, 2, 3, 5)
    assert bool(found.assumed) == (recurrent != "rnn.")
    tensors = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    weights = found.complete(tensors)
    assert {n: w.shape for n, w in weights.items()} == found.shapes(found.sizes(shapes))
    assert all(weights[n].any() == (n not in found.missing) for n in weights)


def test_cells_without_layers() -> None:
    shapes = module("cell.", "gru", layers=0) | linear("out")
    assert find_weights(shapes).sizes(shapes) == WeightSizes("gru", 1, 2, 3, 5)
    shapes = module("cells.1.", d=2, layers=0) | module("cells.0.", layers=0) | linear("out")
    found = find_weights(shapes)
    assert found.spelling["rnn.weight_ih_l1"] == "cells.1.weight_ih"
    assert found.sizes(shapes) == WeightSizes("lstm", 2, 2, 3, 5)
    assert found.assumed == "cells.0, cells.1 are taken for layers 1 to 2"


def test_names_that_the_file_gives() -> None:
    shapes = module("a.") | module("b.", "gru") | linear("fc") | linear("fc2")
    found = find_weights(shapes, {"b": "rnn", "fc2": "readout"})
    assert found.spelling["rnn.bias_hh_l0"] == "b.bias_hh_l0"
    assert found.spelling["readout.weight"] == "fc2.weight"
    assert set(found.others) == module("a.").keys() | linear("fc").keys()
    whole = {name: f"rnn.{name[2:]}" for name in module("a.")}
    found = find_weights(module("a.") | linear("fc"), whole)
    assert found.spelling["rnn.weight_ih_l0"] == "a.weight_ih_l0"


IMPOSSIBLE: dict[str, tuple[Shapes, str]] = {
    "bidirectional": (
        module("lstm.") | {"lstm.weight_ih_l0_reverse": (8, 3)} | linear("fc"),
        "it is bidirectional ('lstm.weight_ih_l0_reverse'), .* without bidirectional=True",
    ),
    "projection": (
        module("lstm.") | {"lstm.weight_hr_l0": (1, 2)} | linear("fc"),
        "it has a projection, proj_size ('lstm.weight_hr_l0'), .* without proj_size",
    ),
    "keras": (
        {"lstm/lstm_cell/kernel:0": (3, 8), "lstm/lstm_cell/recurrent_kernel:0": (2, 8)},
        "its names are Keras' ('lstm/lstm_cell/recurrent_kernel:0'), .* weight_ih_l0 = kernel.T",
    ),
    "flax": (
        {"cell/hf/kernel": (2, 2), "cell/ii/kernel": (3, 2)},
        "its names are Flax's ('cell/hf/kernel'), .* concatenate([ii, if, ig, io], 1).T",
    ),
    "mlx": (
        {"lstm.Wx": (8, 3), "lstm.Wh": (8, 2), "lstm.bias": (8,)},
        "its names are MLX's ('lstm.Wx'), .* weight_ih_l0 = Wx",
    ),
    "several": (
        module("encoder.") | module("decoder.") | linear("fc"),
        "it has 2 recurrent modules ('decoder', 'encoder'), .* names = {",
    ),
    "embedding": (
        {"embedding.weight": (30, 3)} | module("lstm.") | linear("fc"),
        "it has an embedding ('embedding.weight'), .* weight_ih_l0 @ embedding.weight.T",
    ),
    "two readouts": (
        module("lstm.") | linear("actor") | linear("critic"),
        "several of its tensors could be the readout ('actor.weight', 'critic.weight'), .* names",
    ),
    "no readout": (
        module("lstm."),
        "it has no readout, a linear layer .* beside the recurrent weights there is nothing",
    ),
    "no cell": (
        linear("fc"),
        "it has no recurrent weights, .* weight_ih_l0 .* there are 'fc.bias', 'fc.weight'",
    ),
    "more": (
        module("lstm.") | linear("fc") | {"norm.weight": (2,)},
        'it holds more than .*: \'norm.weight\'; save only .*startswith(("lstm.", "fc."))',
    ),
    "one bias": (
        module("lstm.", bias=False) | linear("fc") | {"lstm.bias": (8,)},
        "tensor 'lstm.bias' is no part of PyTorch's modules, .* save it as bias_ih",
    ),
    "a hole": (
        module("lstm.", layers=3) | linear("fc"),
        "tensor weight_hh_l1 is missing: there are .*",
    ),
    "no first layer": (
        {n.replace("_l0", "_l1"): shape for n, shape in module("lstm.").items()} | linear("fc"),
        "tensor weight_ih_l0 is missing: there are .*",
    ),
    "no recurrence": (
        {"lstm.weight_ih_l0": (8, 3)} | linear("fc"),
        "tensor weight_hh_l0 is missing: there are .*",
    ),
    "two blocks": (
        {"lstm.weight_ih_l0": (4, 3), "lstm.weight_hh_l0": (4, 2)} | linear("fc"),
        "tensor 'lstm.weight_hh_l0' has shape (4, 2); expected (H, H) of an RNN, .*",
    ),
    "another size": (
        module("lstm.") | linear("fc", h=4),
        "the readout 'fc.weight' reads 4 numbers, but 'lstm.weight_hh_l0' is of 2 hidden units",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_be_is_said_by_its_name(case: str) -> None:
    shapes, expected = IMPOSSIBLE[case]
    if case == "a hole":
        shapes.pop("lstm.weight_hh_l1")
    with pytest.raises(ContentError) as caught:
        find_weights(shapes).sizes(shapes)
    said = str(caught.value)
    for part in expected.split(".*"):
        assert part.strip() in said
    assert "\n" not in said


def test_names_that_fit_nothing() -> None:
    shapes = module("a.") | linear("fc")
    with pytest.raises(ContentError, match="speak of 'lstm', which is not there; there are 'a"):
        find_weights(shapes, {"lstm": "rnn"})
    with pytest.raises(ContentError, match="call 'a' 'lstm'; expected rnn or readout"):
        find_weights(shapes, {"a": "lstm"})
    ours = module("rnn.") | linear("readout")
    with pytest.raises(ContentError, match=r"but that is recurrent weights \('rnn\.weight_ih_l0'"):
        find_weights(ours, {"rnn": "readout"})
    with pytest.raises(ContentError, match=r"a linear layer \('readout\.weight'\): is"):
        find_weights(ours, {"readout": "rnn"})
    with pytest.raises(ContentError, match=r"rnn or readout: \{'a': 'rnn'\} is the order"):
        find_weights(shapes, {"rnn": "a"})
    with pytest.raises(ContentError, match="but that is"):
        find_weights(ours, {"rnn": "readout", "readout": "rnn"})
    with pytest.raises(ContentError, match="call two tensors"):
        find_weights(shapes | module("b."), {"a": "rnn", "b": "rnn"})
