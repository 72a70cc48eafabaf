"""What the engine's tests share: random networks, windows, and PyTorch's layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnn_tui import registry
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.layers import numbered
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
CELL_PARAMETERS = {  # of those that PyTorch has
    "rnn": ("W_x", "W_h", "b"),
    "lstm": ("W_x", "W_h", "b"),
    "gru": ("W_x", "W_h", "b", "b_hn"),
}
RECURRENT_CELLS = tuple(kind for kind in CELLS if kind[0] != "neuron")
SMOOTH_CELLS = tuple(kind for kind in CELLS if kind[1] != "relu")


@dataclass(frozen=True)
class Case:
    """A network and a window, all of it random: T, B, D, H, O, a seed, and the cell."""

    cell: str
    activation: str
    steps: int
    batch: int
    features: int
    hidden: int
    outputs: int
    seed: int
    loss: str = "mse"
    inputs: tuple[bool, ...] = ()  # the topology's masks; empty: every timestep
    counted: tuple[bool, ...] = ()
    symbols: bool = False
    layers: int = 1

    @property
    def architecture(self) -> Architecture:
        topology = None
        if self.inputs or self.counted:
            every = (True,) * self.steps
            topology = Topology(self.inputs or every, self.counted or every)
        sizes = (self.features, self.hidden, self.outputs)
        problem = Problem(self.loss, self.symbols, topology)
        return Architecture(self.cell, self.activation, *sizes, problem, self.layers)

    def numbers(self) -> dict[str, np.ndarray]:
        """Parameters (biases not zero), start states, inputs and targets, from N(0, 0.7²)."""
        random = np.random.default_rng(self.seed)
        names = [name for layer in self.architecture.make_layers() for name in layer.states]
        shapes: dict[str, tuple[int, ...]] = {
            "parameters": (self.architecture.parameter_count(),),
            "x": (self.steps, self.batch, self.features),
            "target": (self.steps, self.batch, self.outputs),
            **dict.fromkeys(names, (self.batch, self.hidden)),
        }
        found: dict[str, np.ndarray] = {
            name: 0.7 * random.normal(size=shape) for name, shape in shapes.items()
        }
        counts = np.array(self.architecture.problem.mask(self.steps))
        if self.loss == "cross-entropy":
            codes = random.integers(self.outputs, size=(self.steps, self.batch))
            found["target"] = np.where(counts[:, None], codes, -1)
        else:
            found["target"][~counts] = 0
        if self.symbols:
            found["x"] = random.integers(self.features, size=(self.steps, self.batch))
        if self.inputs:
            found["x"][~np.array(self.inputs)] = -1 if self.symbols else 0
        return found

    def network(self, dtype: Any = np.float64, **changed: np.ndarray) -> Network:
        """The network with its window on the tape, nothing computed yet."""
        numbers = self.numbers() | changed
        flat = numbers["parameters"].astype(dtype)
        network = Network(self.architecture, flat, self.steps, self.batch)
        network.inputs[...] = numbers["x"]
        network.targets[...] = numbers["target"]
        network.encode()
        network.set_state({name: numbers[name] for name in network.states})
        return network


def trained(network: Network) -> float:
    """Both passes over the window; the loss."""
    network.forward(1, network.tape.steps)
    loss = network.loss()
    network.backward(1, network.tape.steps)
    return loss


def cases(kinds: tuple[tuple[str, str], ...] = CELLS) -> st.SearchStrategy[Case]:
    """Small networks of any shape."""
    return st.builds(
        lambda kind, *sizes: Case(*kind, *sizes),
        st.sampled_from(kinds),
        *(st.integers(1, most) for most in (6, 5, 3, 5, 3)),
        st.integers(0, 2**32 - 1),
    )


def headed_cases(kinds: tuple[tuple[str, str], ...] = CELLS) -> st.SearchStrategy[Case]:
    """Those of `cases` with any loss, any topology, of numbers or symbols, up to three layers."""

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


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal to the last bit: zeros of either sign differ, NaNs may be equal."""
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def worst(found: Any, expected: Any) -> float:
    """The largest difference, relative to the largest number expected."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = float(np.max(np.abs(expected), initial=0.0)) or 1.0
    return float(np.max(np.abs(found - expected), initial=0.0)) / scale


def to_torch(values: Mapping[str, np.ndarray], cell: str, layers: int = 1) -> dict[str, np.ndarray]:
    """Parameters or gradients by our names, as PyTorch lays them out and in its order."""
    found: dict[str, np.ndarray] = {}
    for k in range(1, layers + 1):
        layer = {name: values[numbered(name, k)] for name in CELL_PARAMETERS[cell]}
        found |= {f"rnn.{n}_l{k - 1}": array for n, array in _layer_to_torch(layer, cell).items()}
    return found | {"readout.weight": values["W_y"].T, "readout.bias": values["b_y"]}


def _layer_to_torch(values: dict[str, np.ndarray], cell: str) -> dict[str, np.ndarray]:
    """Our one bias is PyTorch's bias_ih; bias_hh is zero but for the GRU's n block, our b_hn.

    The LSTM's gates are stored o, i, f, g here and i, f, g, o there.
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
    """The way back: what `to_torch` made, by our names."""
    found = {"W_y": tensors["readout.weight"].T, "b_y": tensors["readout.bias"]}
    for k in range(1, layers + 1):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layer = {name: tensors[f"rnn.{name}_l{k - 1}"] for name in names}
        hidden = layer["weight_hh"].shape[1]
        values = {"W_x": layer["weight_ih"].T, "W_h": layer["weight_hh"].T, "b": layer["bias_ih"]}
        values |= {"b_hn": layer["bias_hh"][-hidden:]} if cell == "gru" else {}
        values = {name: _rolled(name, array, cell, 1) for name, array in values.items()}
        found |= {numbered(name, k): array for name, array in values.items()}
    return found


def _rolled(name: str, array: np.ndarray, cell: str, blocks: int) -> np.ndarray:
    """The gates' columns of an LSTM's parameter, moved on by so many blocks."""
    if cell != "lstm" or name not in ("W_x", "W_h", "b"):
        return array
    return np.roll(array, blocks * array.shape[-1] // 4, axis=-1)
