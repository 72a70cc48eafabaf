"""Checkpoints: a run goes on as if it had never stopped, and no bad file gets in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    BLOCKS,
    bits,
    contents,
    gates,
    rewrite,
    text,
    trained,
)
from engine.toy import ToyTask
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from shares import share

from rnn_tui.checkpoint.arithmetic import ARITHMETIC
from rnn_tui.checkpoint.format import TEXTS, CheckpointError
from rnn_tui.checkpoint.loading import load, load_run
from rnn_tui.checkpoint.saving import save
from rnn_tui.checkpoint.starting_weights import load_weights
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tasks import DataState, Topology

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
        "history.tested": (0, 2),
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
    with pytest.raises(CheckpointError, match="it has 2 layers, not --layers 1"):
        load_weights(path, settings.with_(layers=1))
    with pytest.raises(CheckpointError, match="it has 2 layers, not --layers 3"):
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
    with pytest.raises(CheckpointError, match="it has 2 layers, not --layers 1"):
        load_weights(path, settings.with_(layers=1))


def test_metadata_can_be_read_by_anyone(tmp_path: Path) -> None:
    settings = Settings(cell="lstm", hidden=2, steps=3, optimizer="sgd")
    trainer = Trainer(settings)
    trainer.run(4)
    trainer.step()
    save(tmp_path / "run", trainer)
    texts = contents(tmp_path / "run")[1]
    # "window" is only there after an update, "view" on a screen
    assert set(texts) == {*TEXTS, ARITHMETIC}
    assert (texts["format"], texts["version"]) == ("rnn-tui checkpoint", "5")
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
@pytest.mark.parametrize(
    "moves", share([1, 3, 9, 10], first=1)
)  # of 10: in both passes, after the update
def test_what_is_held_is_kept(tmp_path: Path, cell: str, moves: int) -> None:
    settings = Settings(cell=cell, hidden=3, steps=3, layers=2, batch=2)
    trainer = Trainer(settings)
    trainer.run(2)
    for held in ("x_2 = 0.25", "h2_1[1] = -1e-7", "h_3[2:3] = 1", "detach @3"):
        trainer.intervene(parse(held, trainer.network.declaration))
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
