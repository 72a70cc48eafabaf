"""The engine against PyTorch: golden numbers always, a live comparison where torch is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, from_torch, to_torch, trained, worst
from safetensors.numpy import save_file

from rnn_tui.checkpoint.starting_weights import load_weights
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.torch_layout import gradients_of
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Topology

FIXTURES = Path(__file__).resolve().parent / "fixtures"
KINDS = {"rnn-tanh": CELLS[0], "rnn-relu": CELLS[1], "lstm": CELLS[2], "gru": CELLS[3]}

Arrays = dict[str, np.ndarray]


def golden(name: str, prefix: str = "") -> Arrays:
    with np.load(FIXTURES / name) as file:
        return {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}


def flat_parameters(architecture: Architecture, tensors: Arrays) -> np.ndarray:
    """Our flat vector of PyTorch's tensors."""
    values = from_torch(tensors, architecture.cell, architecture.layers)
    flat = np.empty(architecture.parameter_count())
    for name, array in views(architecture.parameters(), flat).items():
        array[...] = values[name]
    return flat


# One window, forward and backward


@pytest.mark.parametrize("shape", ["6x3", "1x1"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_window(kind: str, shape: str) -> None:
    arrays = golden("torch_cells.npz", f"{kind}/{shape}/")
    steps, batch, features = arrays["x"].shape
    cell, activation = KINDS[kind]
    architecture = Architecture(cell, activation, features, 4, 2)
    tensors = {k.removeprefix("parameter/"): v for k, v in arrays.items() if "parameter/" in k}
    network = Network(architecture, flat_parameters(architecture, tensors), steps, batch)
    network.tape["x"][...] = arrays["x"]
    network.tape["target"][...] = arrays["target"]
    network.set_state({name: arrays[f"{name}0"] for name in network.cell.states})

    loss = trained(network)

    assert worst(network.tape["h"][1:], arrays["h"]) < 1e-14
    assert worst(network.tape["y"], arrays["y"]) < 1e-14
    if cell == "lstm":
        assert worst(network.tape["c"][-1], arrays["c_end"]) < 1e-14
    assert worst(loss, arrays["loss"]) < 1e-14
    found = to_torch(network.gradients, cell)
    for name, tensor in found.items():
        assert worst(tensor, arrays[f"gradient/{name}"]) < 1e-13, name
    whole = gradients_of(architecture, network.gradient)
    frozen = arrays["gradient/rnn.bias_hh_l0"] == 0  # made so there; of the same sum as bias_ih
    expected = np.where(frozen, arrays["gradient/rnn.bias_ih_l0"], found["rnn.bias_hh_l0"])
    assert worst(whole.pop("rnn.bias_hh_l0"), expected) < 1e-13
    assert all(np.array_equal(tensor, found[name]) for name, tensor in whole.items())


@pytest.mark.parametrize("kind", KINDS)
def test_the_layouts_here_are_those_of_the_checkpoints(kind: str, tmp_path: Path) -> None:
    """Written down twice, on purpose: here for the fixtures, in `rnn_tui.checkpoint` for files."""
    cell, activation = KINDS[kind]
    architecture = Architecture(cell, activation, 1, 4, 1)
    flat = np.random.default_rng(1).normal(size=architecture.parameter_count())
    tensors = to_torch(views(architecture.parameters(), flat), cell)
    assert np.array_equal(flat_parameters(architecture, tensors), flat)
    path = tmp_path / "weights.safetensors"
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path)
    settings = Settings(cell=cell, activation=activation, hidden=4, dtype="float64")
    assert np.array_equal(load_weights(path, settings), flat)


# Fifty updates of every optimizer

GOLDEN_OPTIMIZERS: dict[str, tuple[str, Hyperparameters]] = {
    "sgd": ("sgd", Hyperparameters(lr=0.1)),
    "momentum": ("sgd", Hyperparameters(lr=0.05, momentum=0.9)),
    "adagrad": ("adagrad", Hyperparameters(lr=0.05)),
    "adagrad-eps": ("adagrad", Hyperparameters(lr=0.05, eps=1e-2)),
    "rmsprop": ("rmsprop", Hyperparameters(lr=0.01)),
    "rmsprop-alpha": ("rmsprop", Hyperparameters(lr=0.01, alpha=0.8, eps=1e-3)),
    "adam": ("adam", Hyperparameters(lr=0.02)),
    "adam-betas": ("adam", Hyperparameters(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3)),
}
GOLDEN_CLIPS = {"none": 1.0, "value": 0.02, "norm": 0.1}
SHOWN = (0, 1, 2, 10, 50)  # updates after which the golden parameters were kept


@pytest.mark.parametrize("clip", GOLDEN_CLIPS)
@pytest.mark.parametrize("run", GOLDEN_OPTIMIZERS)
def test_fifty_updates(run: str, clip: str) -> None:
    arrays = golden("torch_updates.npz", f"{run}/{clip}/")
    windows = golden("torch_updates.npz", "windows")[""]  # [U, T+1, B, 1]
    architecture = Architecture("gru", "tanh", 1, 3, 1)
    flat = flat_parameters(architecture, split(arrays["parameters"][0], architecture))
    network = Network(architecture, flat, windows.shape[1] - 1, windows.shape[2])
    name, hyperparameters = GOLDEN_OPTIMIZERS[run]
    optimizer = make_optimizer(name, flat, hyperparameters)
    clipping = Clipping(clip, GOLDEN_CLIPS[clip])
    room = np.empty_like(flat)
    losses, norms, shown = [], [], [flat.copy()]
    for update, window in enumerate(windows, start=1):
        network.tape["x"][...] = window[:-1]
        network.tape["target"][...] = window[1:]
        network.set_state(None)
        losses.append(trained(network))
        norms.append(norm(network.gradient))
        optimizer.step(clipping.apply(network.gradient, room, norms[-1]))
        if update in SHOWN:
            shown.append(flat.copy())

    assert worst(losses, arrays["losses"]) < 1e-12
    assert worst(norms, arrays["norms"]) < 1e-12
    for ours, theirs in zip(shown, arrays["parameters"], strict=True):
        tensors = to_torch(views(architecture.parameters(), ours), "gru")
        ordered = np.concatenate([tensor.ravel() for tensor in tensors.values()])
        assert worst(ordered, theirs) < 1e-12


def split(vector: np.ndarray, architecture: Architecture) -> Arrays:
    """PyTorch's vector of parameters as tensors by name."""
    empty = views(architecture.parameters(), np.empty(architecture.parameter_count()))
    tensors, offset = {}, 0
    for name, tensor in to_torch(empty, architecture.cell, architecture.layers).items():
        tensors[name] = vector[offset : offset + tensor.size].reshape(tensor.shape)
        offset += tensor.size
    assert offset == vector.size
    return tensors


# 200 updates of the trainer beside PyTorch's own

UPDATES = 200
LIVE: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "lr": 0.05, "clip_by": "value", "clip": 0.1},
    "momentum": {"optimizer": "sgd", "lr": 0.01, "momentum": 0.9, "clip_by": "norm", "clip": 0.5},
    "adagrad": {"optimizer": "adagrad", "lr": 0.02, "clip_by": "value", "clip": 0.5},
    "rmsprop": {"optimizer": "rmsprop", "lr": 0.002, "clip_by": "norm", "clip": 1.0},
    "adam": {"optimizer": "adam", "lr": 0.003, "clip_by": "none"},
}


def write_series(path: Path) -> np.ndarray:
    """Write a noisy sum of two waves to a CSV file and return its numbers."""
    random = np.random.default_rng(11)
    k = np.arange(700)
    series = np.sin(k / 5) + 0.4 * np.cos(k / 13) + 0.2 * random.normal(size=k.size)
    path.write_text("value\n" + "\n".join(repr(float(v)) for v in series), encoding="utf-8")
    return series


def torch_losses(
    torch: Any, trainer: Trainer, inputs: np.ndarray, targets: np.ndarray
) -> list[float]:
    """Return the losses of the same run in PyTorch; only its start comes from the engine.

    Args:
        torch: the package.
        trainer: of the run, before its first update.
        inputs: [n, D] of the part that is trained on, in the network's units.
        targets: [n, O] likewise.
    """
    settings = trainer.settings
    dtype = getattr(torch, settings.dtype)
    tensors = to_torch(trainer.network.parameters, settings.cell)
    if settings.cell == "rnn":
        rnn = torch.nn.RNN(inputs.shape[1], settings.hidden, nonlinearity=settings.activation)
    else:
        kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
        rnn = kinds[settings.cell](inputs.shape[1], settings.hidden)
    readout = torch.nn.Linear(settings.hidden, targets.shape[1])
    rnn, readout = rnn.to(dtype), readout.to(dtype)
    for prefix, module in (("rnn.", rnn), ("readout.", readout)):
        names = [name for name in tensors if name.startswith(prefix)]
        own = {n.removeprefix(prefix): torch.tensor(tensors[n].copy()) for n in names}
        module.load_state_dict(own)
    free = torch.zeros_like(rnn.bias_hh_l0)
    if settings.cell == "gru":
        free[2 * settings.hidden :] = 1
    rnn.bias_hh_l0.register_hook(lambda gradient: gradient * free)
    parameters = [*rnn.parameters(), *readout.parameters()]
    stepper = torch_optimizer(torch, settings)(parameters)

    steps, batch = settings.steps, settings.batch
    length = len(inputs) // batch  # of each stream

    def in_streams(values: np.ndarray) -> Any:
        """Return values as a tensor [L, B, …]."""
        parts = [values[b * length : (b + 1) * length] for b in range(batch)]
        return torch.tensor(np.stack(parts, axis=1), dtype=dtype)

    read, wanted = in_streams(inputs), in_streams(targets)
    losses, start = [], 0
    state: Any = None  # the tensor h, or the LSTM's two
    for _ in range(UPDATES):
        if length - start < steps + 1:
            start, state = 0, None
        x, target = read[start : start + steps], wanted[start + 1 : start + steps + 1]
        start += steps
        stepper.zero_grad()
        h, state = rnn(x, state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss = torch.nn.functional.mse_loss(readout(h), target)
        loss.backward()
        if settings.clip_by == "value":
            torch.nn.utils.clip_grad_value_(parameters, settings.clip)
        elif settings.clip_by == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        stepper.step()
        losses.append(loss.item())
    return losses


def torch_optimizer(torch: Any, settings: Settings) -> Callable[[Any], Any]:
    """PyTorch's optimizer with our numbers, its own eps and betas."""
    rest = {"momentum": settings.momentum} if settings.optimizer == "sgd" else {}
    kinds = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam"}
    kind = getattr(torch.optim, kinds[settings.optimizer])
    return lambda parameters: kind(parameters, lr=settings.lr, **rest)


@pytest.mark.torch
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("optimizer", LIVE)
@pytest.mark.parametrize("kind", KINDS)
def test_losses_equal_those_of_torch(
    kind: str, optimizer: str, batch: int, dtype: str, limit: float, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="the live comparison needs PyTorch")
    torch.set_num_threads(1)
    cell, activation = KINDS[kind]
    path = tmp_path / "series.csv"
    series = write_series(path)
    settings = Settings(
        task="series",
        data=str(path),
        scale="none",
        windows="sweep",
        carry=True,
        cell=cell,
        activation=activation,
        hidden=16,
        steps=20,
        batch=batch,
        dtype=dtype,
        **LIVE[optimizer],
    )
    trainer = Trainer(settings)
    column = series[: len(series) * 4 // 5, None]
    expected = np.array(torch_losses(torch, trainer, column, column))
    assert trainer.run(UPDATES) == UPDATES
    found = trainer.history.recent(UPDATES)[0]

    wrong = float(np.max(np.abs(found - expected) / expected))
    print(f"{kind} {optimizer} B={batch} {dtype}: largest relative difference {wrong:.1e}")
    assert wrong < limit
    assert expected[-20:].mean() < expected[:20].mean()  # something was learnt


COLUMNS: dict[str, dict[str, Any]] = {
    "two inputs, one target": {"target": "sales", "inputs": "sales,price"},
    "other inputs": {"target": "sales", "inputs": "price,visits"},
    "two targets": {"target": "sales,price", "inputs": "visits,sales"},
    "changes": {"target": "sales", "inputs": "sales,price", "difference": True},
    "from 0 to 1": {"target": "sales", "inputs": "sales,price", "scale": "minmax"},
}


@pytest.mark.torch
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru"])
def test_losses_of_several_columns_equal_those_of_torch(
    kind: str, columns: str, dtype: str, limit: float, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="the live comparison needs PyTorch")
    torch.set_num_threads(1)
    random, k = np.random.default_rng(5), np.arange(900)
    price = 5 + np.cos(k / 17) + 0.1 * random.normal(size=k.size)
    sales = 200 - 30 * price + 8 * np.sin(k / 7) + random.normal(size=k.size)
    visits = np.round(1000 + 5 * sales + 40 * random.normal(size=k.size))
    table = {"sales": sales, "price": price, "visits": visits}
    path = tmp_path / "table.csv"
    lines = [
        ",".join(repr(float(each)) for each in row) for row in zip(*table.values(), strict=True)
    ]
    path.write_text("\n".join([",".join(table), *lines]), encoding="utf-8")
    cell, activation = KINDS[kind]
    settings = Settings(
        task="series",
        data=str(path),
        windows="sweep",
        carry=True,
        cell=cell,
        activation=activation,
        hidden=16,
        steps=20,
        batch=2,
        dtype=dtype,
        **COLUMNS[columns],
    )
    trainer = Trainer(settings)
    scaled = {name: _scaled(values, settings) for name, values in table.items()}
    inputs, targets = (
        np.column_stack([scaled[name] for name in text.split(",")])
        for text in (settings.inputs, settings.target)
    )
    expected = np.array(torch_losses(torch, trainer, inputs, targets))
    assert trainer.run(UPDATES) == UPDATES
    found = trainer.history.recent(UPDATES)[0]
    wrong = float(np.max(np.abs(found - expected) / expected))
    print(f"{kind} {columns} {dtype}: largest relative difference {wrong:.1e}")
    assert wrong < limit


def _scaled(values: np.ndarray, settings: Settings) -> np.ndarray:
    """Return the part of a column that is trained on, in the network's units."""
    training = values[: len(values) * 4 // 5]
    if settings.difference:
        training = training[1:] - training[:-1]
    offset, scale = training.mean(), training.std()
    if settings.scale == "minmax":
        offset, scale = training.min(), training.max() - training.min()
    scaled: np.ndarray = (training - offset) / scale
    return scaled


# Losses, masks, symbols and layers

# loss, timesteps that count, symbols, layers
PROBLEMS: dict[str, tuple[str, tuple[int, ...], bool, int]] = {
    "cross-entropy": ("cross-entropy", (1, 1, 1, 1, 1), False, 1),
    "cross-entropy-some-symbols": ("cross-entropy", (0, 1, 1, 0, 1), True, 1),
    "mse-last-symbols": ("mse", (0, 0, 0, 0, 1), True, 1),
    "mse-2-layers": ("mse", (1, 1, 1, 1, 1), False, 2),
    "cross-entropy-some-symbols-2-layers": ("cross-entropy", (0, 1, 1, 0, 1), True, 2),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_window_of_every_problem(kind: str, problem: str) -> None:
    arrays = golden("torch_problems.npz", f"{kind}/{problem}/")
    loss, counts, symbols, layers = PROBLEMS[problem]
    topology = Topology((True,) * 5, tuple(map(bool, counts)))
    architecture = Architecture(*KINDS[kind], 4, 3, 4, Problem(loss, symbols, topology), layers)
    flat = flat_parameters(architecture, split(arrays["parameters"], architecture))
    network = Network(architecture, flat, 5, 2)
    network.inputs[...], network.targets[...] = arrays["x"], arrays["target"]
    network.encode()
    states = [(layer, name) for layer in network.layers for name in network.cell.states]
    network.set_state(
        {layer.name(name): arrays[f"{name}0"][layer.number - 1] for layer, name in states}
    )

    found = trained(network)

    assert worst(network.tape["y"], arrays["y"]) < 1e-14
    assert worst(found, arrays["loss"]) < 1e-14
    tensors = to_torch(network.gradients, architecture.cell, layers)
    free = split(arrays["gradient"], architecture)
    for name, tensor in tensors.items():
        assert worst(tensor, free[name]) < 1e-13, name
