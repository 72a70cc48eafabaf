"""Checkpoints: a run goes on as if it had never stopped, and no bad file gets in."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.toy import ToyTask
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from rnn_tui.checkpoint.checksum import checksums
from rnn_tui.checkpoint.format import CHECKSUM, TEXTS, CheckpointError
from rnn_tui.checkpoint.loading import load, load_run, load_weights
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.torch_layout import network_names
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tasks import DataError, DataState, Topology

GONE = object()
NETWORK = network_names("rnn", 1)
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}  # the cells that PyTorch has
OWN = tuple(name for name in DECLARATIONS["cell"].choices if name not in BLOCKS)

small_settings = st.builds(
    Settings,
    cell=st.sampled_from(DECLARATIONS["cell"].choices),
    activation=st.sampled_from(["tanh", "relu"]),
    hidden=st.integers(1, 5),
    layers=st.sampled_from([1, 1, 2, 3]),
    steps=st.integers(1, 5),
    batch=st.integers(1, 3),
    windows=st.sampled_from(["sweep", "random"]),
    carry=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    optimizer=st.sampled_from(["sgd", "adagrad", "rmsprop", "adam"]),
    momentum=st.sampled_from([0.0, 0.9]),
    num_points=st.just(40),
    clip_by=st.sampled_from(["value", "norm", "none"]),
    clip=st.just(0.1),
    seed=st.integers(0, 3),
)
moves = st.lists(
    st.sampled_from(["reveal", "step", "finish_pass", "finish_update"]), min_size=0, max_size=25
)


def bits(trainer: Trainer) -> dict[str, bytes | str]:
    """Everything a run is made of, to be compared bit for bit."""
    arrays = {"parameters": trainer.parameters, "gradient": trainer.network.gradient}
    arrays |= {f"memory {name}": array for name, array in trainer.optimizer.memory.items()}
    arrays |= {name: trainer.network.tape.states[name] for name in trainer.network.states}
    numbers, curve = trainer.history.state()
    arrays |= curve
    rest = {
        "cursor": repr(trainer.cursor),
        "loss": repr((trainer.loss, trainer.grad_norm)),
        "optimizer": repr(trainer.optimizer.updates_made),
        "data": repr(trainer.task.state()),
        "history": repr((numbers, trainer.history.smoothed)),
    }
    return {name: array.tobytes() for name, array in arrays.items()} | rest


def contents(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and texts of a file, read with nothing of ours."""
    with safe_open(path, framework="np") as file:
        return load_file(path), file.metadata()


@given(small_settings, st.integers(0, 12), moves)
@example(Settings(hidden=3, steps=3), 5000, ["step"])  # more updates than the history keeps whole
def test_going_on_is_never_having_stopped(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings, updates: int, moves: list[str]
) -> None:
    path = tmp_path_factory.mktemp("run") / "run.safetensors"
    trainer = Trainer(settings)
    trainer.run(updates)
    for move in moves:
        getattr(trainer, move)()
    before = bits(trainer)
    save(path, trainer)
    assert bits(trainer) == before, "saving changed the run"
    loaded = load(path)
    assert loaded.settings == settings
    assert loaded.cursor == trainer.cursor
    if trainer.position == trainer.schedule.end:  # the window is there too, with its gradient
        assert bits(loaded) == before
    for each in (trainer, loaded):
        each.finish_update()
        each.run(3)
        each.step()
    assert bits(loaded) == bits(trainer)


# ---------------------------------------------------------------- symbols, classes, topologies

HEADINGS = [
    (loss, symbols, topology)
    for loss in ("mse", "cross-entropy")
    for symbols in (True, False)
    for topology in (Topology.many_to_one(4), Topology.one_to_many(4))
]


@pytest.mark.parametrize(("loss", "symbols", "topology"), HEADINGS)
@pytest.mark.parametrize("cell", BLOCKS)
def test_runs_of_every_problem_go_on(
    tmp_path: Path, cell: str, loss: str, symbols: bool, topology: Topology
) -> None:
    settings = Settings(cell=cell, hidden=3, steps=4, batch=2, carry=True)

    def toy() -> ToyTask:
        return ToyTask(settings, loss, topology, symbols)

    trainer = Trainer(settings, task=toy())
    trainer.run(7)
    for steps in (1, 3, 3, 4):  # within the forward pass, at the loss, in the backward pass, after
        for _ in range(steps):
            trainer.step()
            trainer.step()
        save(tmp_path / "run", trainer)
        loaded = load(tmp_path / "run", toy())
        for each in (loaded, trainer):
            each.finish_update()
        assert bits(loaded) == bits(trainer)
    weights = load_weights(tmp_path / "run", settings, toy())
    assert weights.shape == trainer.parameters.shape


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    path, settings = tmp_path / "run", Settings(hidden=3, steps=4)
    task = ToyTask(settings)
    trainer = Trainer(settings, task=task)
    save(path, trainer)
    load(path, ToyTask(settings))
    for change, expected in (
        ({"symbols": ["a", "x", "c", "d"]}, "number 2 is 'x', in the data 'b'"),
        ({"labels": ["a", "b", "c"]}, "its labels are 3, those of the data 4"),
        ({"labels": None}, "its labels are none, those of the data 4"),
        ({"symbols": [1, "b", "c", "d"]}, "number 1 is 1, in the data 'a'"),
    ):
        save(path, trainer)
        rewrite(path, text("vocabulary", **change))
        for read in (lambda: load(path, task), lambda: load_weights(path, settings, task)):
            with pytest.raises(CheckpointError) as caught:
                read()
            assert expected in str(caught.value)
            assert "\n" not in str(caught.value)


def test_a_run_on_a_custom_task_is_loaded_with_that_task_only(tmp_path: Path) -> None:
    path, settings = tmp_path / "run", Settings(hidden=3, steps=4)
    save(path, Trainer(settings, task=ToyTask(settings)))
    assert contents(path)[1]["custom_task"] == "toy"
    other = ToyTask(settings)
    other.name = "other"
    save(tmp_path / "ordinary", Trainer(settings))
    for file, task, reason in (
        (path, None, "its task 'toy' is not one of rnn-tui's own: from Python, give load a task"),
        (path, other, "its task is 'toy', not the given 'other'"),
        (tmp_path / "ordinary", other, "its task is 'cos', not the given 'other'"),
    ):
        with pytest.raises(CheckpointError) as caught:
            load(file, task)
        assert str(caught.value).startswith(f"{str(file)!r}: {reason}")
        assert "\n" not in str(caught.value)
    assert load(path, ToyTask(settings)).custom_task is not None


def test_a_state_that_is_not_pcg64s_is_not_saved(tmp_path: Path) -> None:
    class Constant(ToyTask):
        def state(self) -> DataState:
            return DataState(0, {})

    settings = Settings(hidden=3, steps=4)
    with pytest.raises(CheckpointError, match="cannot hold the state of the task 'toy'"):
        save(tmp_path / "run", Trainer(settings, task=Constant(settings)))
    assert list(tmp_path.iterdir()) == []


def test_numbers_in_the_header_are_there_at_once(tmp_path: Path) -> None:
    trainer = Trainer(Settings(hidden=4, steps=5))
    trainer.run(7)
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert (loaded.loss, loaded.grad_norm) == (trainer.loss, trainer.grad_norm)
    assert loaded.history.smoothed == trainer.history.smoothed


def test_a_loaded_run_is_saved_the_same(tmp_path: Path) -> None:
    trainer = Trainer(Settings(cell="gru", hidden=4, steps=5, optimizer="adam"))
    trainer.run(9)
    trainer.step()
    save(tmp_path / "one", trainer)
    save(tmp_path / "two", load(tmp_path / "one"))
    one, two = (contents(tmp_path / name) for name in ("one", "two"))
    assert one[1] == two[1]
    assert {name: array.tobytes() for name, array in one[0].items()} == {
        name: array.tobytes() for name, array in two[0].items()
    }


# ---------------------------------------------------------------- the format


@pytest.mark.parametrize("cell", BLOCKS)
def test_names_and_shapes_are_pytorchs(tmp_path: Path, cell: str) -> None:
    settings = Settings(cell=cell, hidden=3, steps=4, batch=2, optimizer="adam")
    trainer = Trainer(settings)
    trainer.run(2)
    save(tmp_path / "run", trainer)
    wide, size = BLOCKS[cell] * 3, trainer.parameters.size
    states = ("h", "c") if cell == "lstm" else ("h",)
    expected = {
        "rnn.weight_ih_l0": (wide, 1),
        "rnn.weight_hh_l0": (wide, 3),
        "rnn.bias_ih_l0": (wide,),
        "rnn.bias_hh_l0": (wide,),
        "readout.weight": (1, 3),
        "readout.bias": (1,),
        "optimizer.m": (size,),
        "optimizer.v": (size,),
        **{f"state.{name}": (2, 3) for name in states},
        **{f"window.{name}": (size,) for name in ("parameters", "optimizer.m", "optimizer.v")},
        **{f"window.state.{name}": (2, 3) for name in states},
        "history.recent": (2, 2),
        "history.buckets": (2, 6),
    }
    tensors = load_file(tmp_path / "run")
    assert {name: array.shape for name, array in tensors.items()} == expected
    ours = trainer.network.parameters
    np.testing.assert_array_equal(tensors["rnn.weight_hh_l0"], gates(ours["W_h"], cell).T)
    np.testing.assert_array_equal(tensors["readout.weight"], ours["W_y"].T)
    np.testing.assert_array_equal(tensors["rnn.bias_ih_l0"], gates(ours["b"], cell))
    bias_hh = np.zeros(wide, np.float32)
    if cell == "gru":
        bias_hh[6:] = ours["b_hn"]
    np.testing.assert_array_equal(tensors["rnn.bias_hh_l0"], bias_hh)


OWN_NAMES = {
    "neuron": "W_x b",
    "lstm-coupled": "W_xo W_xf W_xg W_ho W_hf W_hg b_o b_f b_g",
    "lstm-peephole": "W_xo W_xi W_xf W_xg W_ho W_hi W_hf W_hg b_o b_i b_f b_g p_i p_f p_o",
    "gru-reset-before": "W_xr W_xz W_xn W_hr W_hz W_hn b_r b_z b_n",
}


@pytest.mark.parametrize("cell", OWN_NAMES)
def test_a_cell_that_pytorch_lacks_has_names_of_its_own(tmp_path: Path, cell: str) -> None:
    trainer = Trainer(Settings(cell=cell, hidden=3, steps=4))
    trainer.run(2)
    save(tmp_path / "run", trainer)
    tensors, texts = contents(tmp_path / "run")
    assert texts["cell"] == cell
    names = [f"rnn.{name}_l0" for name in OWN_NAMES[cell].split()]
    assert {name for name in tensors if name.startswith("rnn.")} == set(names)
    values = trainer.network.values(1)
    for short, name in zip(OWN_NAMES[cell].split(), names, strict=True):
        np.testing.assert_array_equal(tensors[name], values[short])
    np.testing.assert_array_equal(tensors["readout.weight"], trainer.network.parameters["W_y"].T)


@pytest.mark.parametrize("cell", BLOCKS)
def test_layers_are_pytorchs(tmp_path: Path, cell: str) -> None:
    settings = Settings(cell=cell, hidden=3, steps=4, layers=2)
    trainer = Trainer(settings)
    trainer.run(3)
    path = tmp_path / "run"
    save(path, trainer)
    tensors, _ = contents(path)
    ours, wide = trainer.network.parameters, BLOCKS[cell] * 3
    shapes = {name: tensors[f"rnn.{name}_l1"].shape for name in ("weight_ih", "weight_hh")}
    assert shapes == {"weight_ih": (wide, 3), "weight_hh": (wide, 3)}
    for name, tensor in (("W2_x", "weight_ih"), ("W2_h", "weight_hh"), ("b2", "bias_ih")):
        np.testing.assert_array_equal(gates(ours[name], cell).T, tensors[f"rnn.{tensor}_l1"])
    for state in trainer.network.states:
        expected = trainer.keyframe().states[state]
        np.testing.assert_array_equal(tensors[f"state.{state}"], expected)
    assert load_weights(path, settings).tobytes() == trainer.parameters.tobytes()
    with pytest.raises(CheckpointError, match="it has more layers than --layers 1"):
        load_weights(path, settings.with_(layers=1))
    with pytest.raises(CheckpointError, match=r"tensor rnn\.weight_ih_l2 is missing"):
        load_weights(path, settings.with_(layers=3))


@pytest.mark.parametrize("cell", OWN_NAMES)
def test_layers_of_other_cells_have_names_alike(tmp_path: Path, cell: str) -> None:
    settings = Settings(cell=cell, hidden=3, steps=4, layers=2)
    trainer = Trainer(settings)
    trainer.run(2)
    path = tmp_path / "run"
    save(path, trainer)
    tensors, _ = contents(path)
    values = trainer.network.values(1)
    for name in OWN_NAMES[cell].split():
        np.testing.assert_array_equal(tensors[f"rnn.{name}_l1"], values[name_in_layer(name, 2)])
    assert load_weights(path, settings).tobytes() == trainer.parameters.tobytes()
    with pytest.raises(CheckpointError, match="it has more layers than --layers 1"):
        load_weights(path, settings.with_(layers=1))


def test_metadata_can_be_read_by_anyone(tmp_path: Path) -> None:
    settings = Settings(cell="lstm", hidden=2, steps=3, optimizer="sgd")
    trainer = Trainer(settings)
    trainer.run(4)
    trainer.step()
    save(tmp_path / "run", trainer)
    texts = contents(tmp_path / "run")[1]
    assert set(texts) == set(TEXTS)  # "window" is only there after an update, "view" on a screen
    assert (texts["format"], texts["version"]) == ("rnn-tui checkpoint", "3")
    assert texts["cell"] == "lstm"
    assert Settings.from_json(json.loads(texts["settings"])) == settings
    assert json.loads(texts["place"]) == {"updates": 4, "position": 1, "revealed": 1}
    assert json.loads(texts["optimizer"]) == {"name": "sgd", "steps": 4}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", BLOCKS)
def test_pytorch_computes_the_same(tmp_path: Path, cell: str, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
    from safetensors.torch import load_file as load_torch

    trainer = Trainer(Settings(cell=cell, hidden=5, steps=6, batch=2, dtype=dtype, carry=False))
    trainer.run(30)
    save(tmp_path / "run", trainer)
    tensors = load_torch(tmp_path / "run")

    def part(prefix: str) -> dict[str, Any]:
        names = [name for name in tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): tensors[name] for name in names}

    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    rnn = kind(1, 5, dtype=getattr(torch, dtype))
    readout = torch.nn.Linear(5, 1, dtype=getattr(torch, dtype))
    rnn.load_state_dict(part("rnn."))
    readout.load_state_dict(part("readout."))
    for _ in range(trainer.schedule.loss):
        trainer.step()
    trainer.finish_pass()
    tape = trainer.network.tape
    with torch.no_grad():
        y = readout(rnn(torch.from_numpy(tape["x"].copy()))[0]).numpy()
    np.testing.assert_allclose(tape["y"], y, rtol=0, atol=1e-6 if dtype == "float32" else 1e-14)


# ---------------------------------------------------------------- weights to start from


def gates(array: np.ndarray, cell: str) -> np.ndarray:
    """Columns gate by gate in PyTorch's order; an LSTM's are o, i, f, g here, i, f, g, o there."""
    return np.roll(array, -array.shape[-1] // 4, axis=-1) if cell == "lstm" else array


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
        lambda tensors: tensors.pop("readout.bias"),
        f"tensor readout.bias is missing; expected {', '.join(NETWORK)}",
    ),
    "too many": (
        lambda tensors: tensors.update({"rnn.weight_hh_l1": np.zeros((3, 3))}),
        f"tensor 'rnn.weight_hh_l1' is unknown; expected {', '.join(NETWORK)}",
    ),
    "another cell": (
        lambda tensors: tensors.update(torch_weights("lstm", 16)),
        "it has hidden size 16 and 4 gate blocks (lstm), not --cell rnn --hidden 3: "
        "tensor rnn.weight_ih_l0 has shape (64, 1); expected (3, 1)",
    ),
    "another shape": (
        lambda tensors: tensors.update({"rnn.weight_ih_l0": np.zeros((3, 2))}),
        "tensor rnn.weight_ih_l0 has shape (3, 2); expected (3, 1)",
    ),
    "whole numbers": (
        lambda tensors: tensors.update({"readout.bias": np.zeros(1, np.int64)}),
        "tensor 'readout.bias' is I64; expected F16, F32, F64",
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


# ---------------------------------------------------------------- files that are not right


def trained(**changes: Any) -> Trainer:
    trainer = Trainer(Settings(**{"hidden": 3, "steps": 4, **changes}))
    trainer.run(5)
    trainer.step()
    return trainer


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, str]], object]) -> None:
    """Load the file, change tensors and texts, and write it again."""
    tensors, texts = contents(path)
    change(tensors, texts)
    if CHECKSUM in texts:  # so that what was changed is found by another check
        texts[CHECKSUM] = checksums(texts, tensors)
    save_file(tensors, path, texts)


def text(_text: str, **values: object) -> Callable[[dict[str, Any], dict[str, str]], object]:
    """Change some values of the JSON object called `_text`; GONE removes one."""

    def change(tensors: dict[str, Any], texts: dict[str, str]) -> None:
        kept = {**json.loads(texts[_text]), **values}
        texts[_text] = json.dumps({key: kept[key] for key in kept if kept[key] is not GONE})

    return change


def tensor(name: str, array: np.ndarray) -> Callable[[dict[str, Any], dict[str, str]], object]:
    return lambda tensors, texts: tensors.update({name: array})


def raw(name: str, value: str) -> Callable[[dict[str, Any], dict[str, str]], object]:
    return lambda tensors, texts: texts.update({name: value})


WRONG: dict[str, tuple[Callable[[dict[str, Any], dict[str, str]], object], str]] = {
    "another program": (
        lambda tensors, texts: texts.clear(),
        "it was not saved by rnn-tui; if it holds weights, use train --init-from",
    ),
    "another version": (
        raw("version", "zwei"),
        "its format has version 'zwei'; this rnn-tui reads 1 to 3",
    ),
    "text missing": (lambda tensors, texts: texts.pop("data"), "its metadata lack data"),
    "no JSON": (raw("place", "{"), "its metadata 'place' are not JSON"),
    "deep JSON": (raw("place", "[" * 10_000), "its metadata 'place' are not JSON"),
    "no object": (raw("place", "[1]"), "its metadata 'place' are not a JSON object"),
    "setting unknown": (text("settings", colour="red"), "there is no setting 'colour'"),
    "setting missing": (text("settings", lr=GONE), "its settings: --lr is missing; it must be"),
    "setting wrong": (
        text("settings", hidden=-1),
        "its settings: --hidden must be a whole number from 1 to 4096, not -1",
    ),
    "cell": (raw("cell", "gru"), "its cell is 'gru', but its settings say 'rnn'"),
    "tensor missing": (
        lambda tensors, texts: tensors.pop("rnn.bias_hh_l0"),
        "tensor rnn.bias_hh_l0 is missing; expected rnn.weight_ih_l0, ",
    ),
    "memory missing": (
        lambda tensors, texts: tensors.pop("optimizer.s"),
        "tensor optimizer.s is missing; expected ",
    ),
    "tensor unknown": (tensor("extra", np.zeros(1)), "tensor 'extra' is unknown; expected "),
    "shape": (
        tensor("readout.weight", np.zeros((3, 1), np.float32)),
        "tensor readout.weight has shape (3, 1); expected (1, 3)",
    ),
    "size": (
        text("settings", hidden=4),
        "it has hidden size 3 and 1 gate block (rnn), not --cell rnn --hidden 4: "
        "tensor rnn.weight_ih_l0 has shape (3, 1); expected (4, 1)",
    ),
    "state": (
        tensor("state.h", np.zeros((2, 3), np.float32)),
        "tensor state.h has shape (2, 3); expected (1, 3)",
    ),
    "memory": (
        tensor("optimizer.s", np.zeros(3, np.float32)),
        "tensor optimizer.s has shape (3,); expected (19,)",
    ),
    "dtype": (
        tensor("state.h", np.zeros((1, 3))),
        "tensor state.h is float64; expected float32",
    ),
    "dtype of the history": (
        tensor("history.recent", np.zeros((5, 2), np.float32)),
        "tensor history.recent is float32; expected float64",
    ),
    "NaN": (
        tensor("readout.bias", np.full(1, np.nan, np.float32)),
        "tensor 'readout.bias' holds nan; every number must be finite",
    ),
    "infinite": (
        tensor("history.recent", np.full((5, 2), -np.inf)),
        "tensor 'history.recent' holds -inf; every number must be finite",
    ),
    "position": (
        text("place", position=12),
        "position must be a whole number from 0 to 11, not 12",
    ),
    "updates": (text("place", updates=-1), "updates must be a whole number from 0 to "),
    "revealed": (text("place", revealed=2), "2 operations cannot be revealed there"),
    "nothing revealed": (text("place", revealed=0), "0 operations cannot be revealed there"),
    "steps": (text("optimizer", steps=True), "steps must be a whole number from 0 to "),
    "optimizer": (
        text("optimizer", name="adam"),
        "its optimizer is 'adam', but its settings say 'adagrad'",
    ),
    "walk": (text("data", position=3), "no window of this sweep starts at point 3"),
    "walk's place": (text("data", position=-1), "position must be a whole number of at least 0"),
    "random state": (text("data", state="x"), "state must be a whole number, written as text"),
    "history": (text("history", count=4), "history: recent has shape (5, 2); expected (4, 2)"),
    "stride": (text("history", stride=3), "history: a stride of 3 does not fit 5 updates"),
    "average": (raw("history", '{"average": 1e999}'), "history: count and stride must be"),
    "no number": (
        text("history", average=float("nan")),
        "its metadata 'history' are not JSON (NaN is no number of JSON)",
    ),
    "twice": (
        raw("place", '{"updates": 5, "updates": 6}'),
        "its metadata 'place' are not JSON ('updates' is there twice)",
    ),
    "weight": (text("history", weight=1.0), "history: average and weight must be finite"),
    "symbols where none are": (
        text("vocabulary", symbols=["a"]),
        "its symbols are 1, those of the data none",
    ),
    "vocabulary": (text("vocabulary", labels=GONE), "vocabulary: expected symbols and labels"),
    "count": (text("history", count="5"), "history: count and stride must be whole numbers"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_one_line(tmp_path: Path, case: str) -> None:
    change, expected = WRONG[case]
    path = tmp_path / "run.safetensors"
    save(path, trained())
    rewrite(path, change)
    with pytest.raises(CheckpointError) as caught:
        load(path)
    message = str(caught.value)
    assert expected in message
    assert "run.safetensors" in message
    assert "\n" not in message


def test_every_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    save(path, trained(hidden=1, steps=1))
    content = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="not a safetensors file, or not a whole one"):
            load(path)


@given(st.data())
def test_no_damage_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "run"
    save(path, trained(hidden=1, steps=2))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        load(path).run(1)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, expected in {
        tmp_path: "it is a folder",
        tmp_path / "none": "there is no such file",
        tmp_path / "pipe": "it is a named pipe, not a regular file",
    }.items():
        with pytest.raises(CheckpointError, match=expected):
            load(path)
    (tmp_path / "text").write_text("not a checkpoint at all, just words\n" * 10)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load(tmp_path / "text")


def test_data_that_is_gone(tmp_path: Path) -> None:
    data = tmp_path / "numbers.csv"
    data.write_text("".join(f"{k % 7}\n" for k in range(60)))
    save(tmp_path / "run", trained(task="series", data=str(data)))
    load(tmp_path / "run").run(2)
    data.unlink()
    with pytest.raises(DataError, match=r"--data .*numbers.csv.*no such file"):
        load(tmp_path / "run")


# ---------------------------------------------------------------- all or nothing


@pytest.mark.parametrize("moment", ["fsync", "replace", "write"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, error: BaseException
) -> None:
    path = tmp_path / "run"
    trainer = trained()
    save(path, trainer)
    before = path.read_bytes()
    trainer.run(1)

    def fail(*_: object) -> None:
        raise error

    expected = CheckpointError if isinstance(error, OSError) else KeyboardInterrupt
    with monkeypatch.context() as broken:
        broken.setattr(os, moment, fail)
        with pytest.raises(expected):
            save(path, trainer)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run"]
    save(path, trainer)
    assert load(path).updates == trainer.updates


def test_the_end_of_the_process_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    save(path, trained())
    program = (
        "import os; from rnn_tui.checkpoint.loading import load; "
        "from rnn_tui.checkpoint.saving import save; "
        "trainer = load('run'); trainer.run(5); "
        "os.replace = lambda *names: os._exit(9); save('run', trainer)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=env)
    assert done.returncode == 9
    assert load(path).updates == 5


def test_saving_keeps_permissions_and_links(tmp_path: Path) -> None:
    path, link = tmp_path / "run", tmp_path / "link"
    save(path, trained())
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    path.chmod(0o640)
    link.symlink_to(path)
    save(link, trained())
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "run"]


def test_saving_where_it_cannot_be(tmp_path: Path) -> None:
    for path, expected in {
        tmp_path: "cannot be written: it is a folder",
        tmp_path / "none" / "run": "cannot be written: no such file or directory",
    }.items():
        with pytest.raises(CheckpointError, match=re.escape(expected)):
            save(path, trained())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("stepping", [False, True])
def test_after_a_divergence_the_last_finite_state_is_kept(tmp_path: Path, stepping: bool) -> None:
    exploding = Settings(hidden=8, activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
    trainer = Trainer(exploding)
    with np.errstate(all="ignore"):
        while trainer.divergence is None:
            trainer.step() if stepping else trainer.run(1)
    parameters, found = trainer.parameters.copy(), trainer.divergence
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert (loaded.updates, loaded.divergence) == (trainer.updates, None)
    np.testing.assert_array_equal(loaded.parameters, parameters)
    with np.errstate(all="ignore"):
        while loaded.divergence is None:
            loaded.step() if stepping else loaded.run(1)
    assert str(loaded.divergence) == str(found)


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
@pytest.mark.parametrize("moves", [1, 3, 9, 10])  # of 10: in both passes, after the update
def test_what_is_held_is_kept(tmp_path: Path, cell: str, moves: int) -> None:
    settings = Settings(cell=cell, hidden=3, steps=3, layers=2, batch=2)
    trainer = Trainer(settings)
    trainer.run(2)
    for text in ("x @2 = 0.25", "h2_1 @1 = -1e-7", "h_2 @3 = 1", "detach @3"):
        trainer.intervene(parse(text, trainer.network.declaration))
    for _ in range(moves):
        trainer.step()
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert loaded.network.pins == trainer.network.pins
    assert loaded.cursor == trainer.cursor
    for each in (trainer, loaded):
        each.finish_update()
        each.run(2)
    assert bits(loaded) == bits(trainer)


HELD: dict[str, tuple[object, str]] = {
    "no list": ({}, "held: expected a list of up to 1000 values"),
    "too many": ([{"cut": 1}] * 1001, "held: expected a list of up to 1000 values"),
    "neither": ([{"cut": 1, "t": 2}], "held: {'cut': 1, 't': 2} is neither a held value nor a cut"),
    "no number": ([{"cut": True}], "held: {'cut': True} is neither a held value nor a cut"),
    "timestep": ([{"cut": 5}], "held: 'detach @5': timesteps go from 1 to 4, not 5"),
    "unit": (
        [{"hold": "h_t", "value": 0.0, "unit": 4, "t": 1}],
        "held: 'h_4 @1 = 0': units of h go from 1 to 3, not 4",
    ),
    "name": (
        [{"hold": "f_t", "value": 0.0, "unit": None, "t": 1}],
        "held: 'f @1 = 0': there is no",
    ),
    "not finite": (
        [{"hold": "x_t", "value": math.inf, "unit": None, "t": 1}],
        "held: 'x @1 = inf': the value must be a finite number of float32",
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_what_cannot_be_held_is_refused(tmp_path: Path, case: str) -> None:
    values, expected = HELD[case]
    save(tmp_path / "run", trained())
    written = json.dumps(values).replace("Infinity", "1e999")
    rewrite(tmp_path / "run", raw("held", written))
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


WINDOW: dict[str, tuple[Callable[[dict[str, Any], dict[str, str]], object], str]] = {
    "position": (text("place", position=1, revealed=1), "window: the run is not right after an up"),
    "no window": (lambda tensors, texts: texts.pop("window"), "is unknown; expected "),
    "no tensors": (
        lambda tensors, texts: tensors.pop("window.parameters"),
        "tensor window.parameters is missing; expected ",
    ),
    "shape": (
        tensor("window.state.h", np.zeros((2, 3), np.float32)),
        "tensor window.state.h has shape (2, 3); expected (1, 3)",
    ),
    "steps": (text("window", steps=-1), "steps must be a whole number from 0 to "),
    "data": (text("window", data=[]), "window: data must be an object, not []"),
    "random": (text("window", data={"position": -1}), "window: data state: position must be a"),
    "walk": (text("window", settings={}), "window: settings [] are not the optimizer's"),
    "count": (
        text("window", history={"count": 5, "average": 0.0, "weight": 1.0}),
        "window: a count of 5 does not fit the history",
    ),
    "average": (
        text("window", history={"count": 4, "average": "x", "weight": 1.0}),
        "window: average must be a finite number, not 'x'",
    ),
    "weight": (
        text("window", history={"count": 4, "average": 0.0, "weight": 2.0}),
        "window: weight must be a number from 0 to 1, not 2",
    ),
}


@pytest.mark.parametrize("case", WINDOW)
def test_a_wrong_window_is_refused(tmp_path: Path, case: str) -> None:
    change, expected = WINDOW[case]
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(5)
    save(tmp_path / "run", trainer)
    rewrite(tmp_path / "run", change)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["window.parameters", "window.state.h", "window.optimizer.s"])
def test_a_window_that_does_not_lead_here_is_not_shown(tmp_path: Path, name: str) -> None:
    """As on a machine that rounds otherwise: the run goes on from the very bits of the file."""
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(5)
    save(tmp_path / "run", trainer)
    before = trainer.keyframe()

    def change(tensors: dict[str, Any], texts: dict[str, str]) -> None:
        tensors[name] = tensors[name] + np.float32(1e-3)

    rewrite(tmp_path / "run", change)
    saved = load_run(tmp_path / "run")
    assert "the window of update 5 is not shown" in saved.remark
    assert (saved.trainer.updates, saved.trainer.position) == (5, 0)
    np.testing.assert_array_equal(saved.trainer.parameters, before.parameters)
    for each in (trainer, saved.trainer):
        each.run(3)
    assert bits(saved.trainer) == bits(trainer)


def test_another_learning_rate_after_the_update_does_not_hide_its_window(tmp_path: Path) -> None:
    trainer = Trainer(Settings(hidden=3, steps=4, optimizer="adam"))
    trainer.run(5)
    trainer.configure(trainer.settings.with_(lr=0.5, beta1=0.8))
    save(tmp_path / "run", trainer)
    saved = load_run(tmp_path / "run")
    assert (saved.remark, saved.trainer.settings) == ("", trainer.settings)
    assert saved.trainer.cursor == trainer.cursor
    theirs, ours = saved.trainer.optimizer, trainer.optimizer
    assert theirs.last_hyperparameters == ours.last_hyperparameters
    for each in (trainer, saved.trainer):
        each.run(3)
    assert bits(saved.trainer) == bits(trainer)


def test_another_optimizer_after_the_update_does_not_harm_the_file(tmp_path: Path) -> None:
    trainer = Trainer(Settings(hidden=3, steps=4, optimizer="adam"))
    trainer.run(5)
    trainer.configure(trainer.settings.with_(optimizer="sgd", momentum=0.5))
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert (loaded.updates, loaded.position, loaded.settings) == (5, 0, trainer.settings)
    for each in (trainer, loaded):
        each.run(3)
    assert bits(loaded) == bits(trainer)
