"""Helpers of the engine's tests: random networks with their windows, and PyTorch's layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnn_tui import registry
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.tasks.base import Topology

CELLS = tuple(
    (name, activation)
    for name in registry.CELLS.names
    for activation in (
        ("tanh", "relu") if "activation" in registry.CELLS[name].settings else ("tanh",)
    )
)
"""Every cell with every activation: rnn tanh, rnn relu, lstm, gru, …"""
CELL_PARAMETERS = {
    "rnn": ("W_x", "W_h", "b"),
    "lstm": ("W_x", "W_h", "b"),
    "gru": ("W_x", "W_h", "b", "b_hn"),
}
"""The parameters of the cells that PyTorch has too."""
RECURRENT_CELLS = tuple(kind for kind in CELLS if make_cell(*kind).recurrent)
"""Those of `CELLS` that have a state."""
SMOOTH_CELLS = tuple(kind for kind in CELLS if make_cell(*kind).smooth)
"""Those of `CELLS` that are differentiable everywhere, so that a complex step is exact."""


@dataclass(frozen=True)
class Case:
    """The description of a small network and of one window, both filled with random numbers.

    Attributes:
        cell, activation: names, as in `CELLS`.
        steps, batch, features, hidden, outputs: the sizes T, B, D, H, O.
        seed: of all random numbers.
        loss: "mse" or "cross-entropy".
        inputs, counted: of each timestep, whether it has an input and whether its output counts in
            the loss [T]; empty means every timestep.
        symbols: whether the inputs are codes of symbols instead of vectors.
        layers: how many layers of cells.
        samples: for each timestep, whether each sample counts in the loss [T][B]; empty means that
            all do where `counted` says so.
        reduction: "mean" over what counts, or "sum".
    """

    cell: str
    activation: str
    steps: int
    batch: int
    features: int
    hidden: int
    outputs: int
    seed: int
    loss: str = "mse"
    inputs: tuple[bool, ...] = ()
    counted: tuple[bool, ...] = ()
    symbols: bool = False
    layers: int = 1
    samples: tuple[tuple[bool, ...], ...] = ()
    reduction: str = "mean"

    @property
    def architecture(self) -> Architecture:
        """The architecture of the network."""
        topology = None
        counted = self.counted or tuple(map(any, self.samples))
        if self.inputs or counted:
            every = (True,) * self.steps
            topology = Topology(self.inputs or every, counted or every)
        sizes = (self.features, self.hidden, self.outputs)
        problem = Problem(self.loss, self.symbols, topology, self.samples or None, self.reduction)
        return Architecture(self.cell, self.activation, *sizes, problem, self.layers)

    def numbers(self) -> dict[str, np.ndarray]:
        """Return the random numbers of the network and its window, drawn from N(0, 0.7²).

        Returns:
            "parameters" [P], biases included; "x" [T, B, D] or, of symbols, [T, B]; "target"
            [T, B, O] or, of classes, [T, B]; and each state before the first timestep, by name,
            [B, H]. Codes are drawn uniformly; −1 stands for no symbol and no class.
        """
        random = np.random.default_rng(self.seed)
        names = [name for layer in self.architecture.make_layers() for name in layer.states]
        shapes: dict[str, tuple[int, ...]] = {
            "parameters": (self.architecture.parameter_count(),),
            "x": (self.steps, self.batch, self.features),
            "target": (self.steps, self.batch, self.outputs),
            **dict.fromkeys(names, (self.batch, self.hidden)),
        }
        drawn: dict[str, np.ndarray] = {
            name: 0.7 * random.normal(size=shape) for name, shape in shapes.items()
        }
        counts = self.architecture.problem.sample_mask(self.steps, self.batch)
        if self.loss == "cross-entropy":
            codes = random.integers(self.outputs, size=(self.steps, self.batch))
            drawn["target"] = np.where(counts, codes, -1)
        else:
            drawn["target"][~counts] = 0
        if self.symbols:
            drawn["x"] = random.integers(self.features, size=(self.steps, self.batch))
        if self.inputs:
            drawn["x"][~np.array(self.inputs)] = -1 if self.symbols else 0
        return drawn

    def network(self, dtype: Any = np.float64, **changed: np.ndarray) -> Network:
        """Return the network with its window on the tape and nothing computed yet.

        Args:
            dtype: the type of all its numbers.
            **changed: arrays in place of those of `numbers`, by the same names.
        """
        numbers = self.numbers() | changed
        flat = numbers["parameters"].astype(dtype)
        network = Network(self.architecture, flat, self.steps, self.batch)
        network.inputs[...] = numbers["x"]
        network.targets[...] = numbers["target"]
        network.encode()
        network.set_state({name: numbers[name] for name in network.states})
        return network


def trained(network: Network) -> float:
    """Run the forward and the backward pass over the whole window and return the loss."""
    network.forward(1, network.tape.steps)
    loss = network.loss()
    network.backward(1, network.tape.steps)
    return loss


def cases(kinds: tuple[tuple[str, str], ...] = CELLS) -> st.SearchStrategy[Case]:
    """Return a strategy for cases of any small size, with squared error at every timestep."""
    return st.builds(
        lambda kind, *sizes: Case(*kind, *sizes),
        st.sampled_from(kinds),
        *(st.integers(1, most) for most in (6, 5, 3, 5, 3)),
        st.integers(0, 2**32 - 1),
    )


def headed_cases(kinds: tuple[tuple[str, str], ...] = CELLS) -> st.SearchStrategy[Case]:
    """Return a strategy for cases of any small size, loss, topology, input and depth.

    As `cases`, with squared error or cross-entropy, masks of any kind, vectors or symbols as
    inputs, and one to three layers.
    """

    def masks(case: Case) -> st.SearchStrategy[Case]:
        mask = st.lists(st.booleans(), min_size=case.steps, max_size=case.steps).map(tuple)
        return st.builds(
            lambda loss, layers, symbols, inputs, counted: replace(
                case, loss=loss, layers=layers, symbols=symbols, inputs=inputs, counted=counted
            ),
            st.sampled_from(["mse", "cross-entropy"]),
            st.sampled_from([1, 1, 2, 3]),
            st.booleans(),
            mask.filter(any),
            mask.filter(any),
        )

    return cases(kinds).flatmap(masks)


def masked_cases(kinds: tuple[tuple[str, str], ...] = CELLS) -> st.SearchStrategy[Case]:
    """Return a strategy for cases as `headed_cases`, in which samples count one by one."""

    def samples(case: Case) -> st.SearchStrategy[Case]:
        row = st.lists(st.booleans(), min_size=case.batch, max_size=case.batch).map(tuple)
        mask = st.lists(row, min_size=case.steps, max_size=case.steps).map(tuple)
        return st.builds(
            lambda samples, reduction: replace(
                case, counted=(), samples=samples, reduction=reduction
            ),
            mask.filter(lambda rows: any(map(any, rows))),
            st.sampled_from(["mean", "sum"]),
        )

    return headed_cases(kinds).flatmap(samples)


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether type, shape and every bit are equal; 0 and −0 differ, a NaN equals itself."""
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def worst(actual: Any, expected: Any) -> float:
    """Return the largest absolute difference, divided by the largest absolute value expected."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = float(np.max(np.abs(expected), initial=0.0)) or 1.0
    return float(np.max(np.abs(actual - expected), initial=0.0)) / scale


def to_torch(values: Mapping[str, np.ndarray], cell: str, layers: int = 1) -> dict[str, np.ndarray]:
    """Return parameters or gradients, given by our names, in PyTorch's layout, names and order."""
    tensors: dict[str, np.ndarray] = {}
    for k in range(1, layers + 1):
        layer = {name: values[name_in_layer(name, k)] for name in CELL_PARAMETERS[cell]}
        tensors |= {f"rnn.{n}_l{k - 1}": array for n, array in _layer_to_torch(layer, cell).items()}
    return tensors | {"readout.weight": values["W_y"].T, "readout.bias": values["b_y"]}


def _layer_to_torch(values: dict[str, np.ndarray], cell: str) -> dict[str, np.ndarray]:
    """Return one layer's parameters in PyTorch's layout, without the layer's number in the names.

    Our one bias is PyTorch's bias_ih; bias_hh is zero except for the GRU's n block, our b_hn. The
    gates of an LSTM are stored in the order o, i, f, g here and i, f, g, o in PyTorch.
    """
    values = {name: _rolled(name, array, cell, -1) for name, array in values.items()}
    bias = values["b"]
    hidden_bias = np.zeros_like(bias)
    if cell == "gru":
        hidden_bias[-values["b_hn"].size :] = values["b_hn"]
    return {
        "weight_ih": values["W_x"].T,
        "weight_hh": values["W_h"].T,
        "bias_ih": bias,
        "bias_hh": hidden_bias,
    }


def from_torch(
    tensors: Mapping[str, np.ndarray], cell: str, layers: int = 1
) -> dict[str, np.ndarray]:
    """Return PyTorch's tensors by our names and in our layout; the inverse of `to_torch`."""
    parameters = {"W_y": tensors["readout.weight"].T, "b_y": tensors["readout.bias"]}
    for k in range(1, layers + 1):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layer = {name: tensors[f"rnn.{name}_l{k - 1}"] for name in names}
        hidden = layer["weight_hh"].shape[1]
        values = {"W_x": layer["weight_ih"].T, "W_h": layer["weight_hh"].T, "b": layer["bias_ih"]}
        values |= {"b_hn": layer["bias_hh"][-hidden:]} if cell == "gru" else {}
        values = {name: _rolled(name, array, cell, 1) for name, array in values.items()}
        parameters |= {name_in_layer(name, k): array for name, array in values.items()}
    return parameters


def _rolled(name: str, array: np.ndarray, cell: str, blocks: int) -> np.ndarray:
    """Return an LSTM's parameter with its gates' columns rotated by `blocks` gates."""
    if cell != "lstm" or name not in ("W_x", "W_h", "b"):
        return array
    return np.roll(array, blocks * array.shape[-1] // 4, axis=-1)
