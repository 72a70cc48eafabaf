"""A network written by hand from the formulas, with nothing of the engine.

It computes forward only, also in complex numbers; its gradients are those of the complex step,
Im L(p + iε)/ε, which is exact to the last digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import Case

Numbers = npt.NDArray[Any]
TINY = 1e-40


def sigmoid(a: Numbers) -> Numbers:
    result: Numbers = 1 / (1 + np.exp(-a))
    return result


def relu(a: Numbers) -> Numbers:
    return np.where(a.real > 0, a, np.zeros(()))


def torch_gates(
    w: Mapping[str, Numbers], layer: int, x: Numbers, h: Numbers
) -> tuple[Numbers, Numbers]:
    """Return x·W_ihᵀ + b_ih and h·W_hhᵀ + b_hh of one timestep."""
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    W_ih, W_hh, b_ih, b_hh = (w[f"rnn.{kind}_l{layer}"] for kind in kinds)
    return x @ W_ih.T + b_ih, h @ W_hh.T + b_hh


def step(
    case: Case, w: Mapping[str, Numbers], layer: int, x: Numbers, h: Numbers, c: Numbers, dc: Any
) -> tuple[Numbers, Numbers]:
    """Return h_t and c_t of one layer, from x_t, h_<t-1> and c_<t-1>; `dc` is added to c_t."""
    own = {name[4:-3]: array for name, array in w.items() if name.endswith(f"_l{layer}")}

    def gate(letter: str) -> Numbers:
        a: Numbers = x @ own[f"W_x{letter}"] + h @ own[f"W_h{letter}"] + own[f"b_{letter}"]
        return a

    match case.cell:
        case "rnn":
            a = np.add(*torch_gates(w, layer, x, h))
            return (relu(a) if case.activation == "relu" else np.tanh(a)), c
        case "neuron":
            a = x @ own["W_x"] + own["b"]
            return (relu(a) if case.activation == "relu" else np.tanh(a)), c
        case "lstm":
            i, f, g, o = np.split(np.add(*torch_gates(w, layer, x, h)), 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g) + dc
            return sigmoid(o) * np.tanh(c), c
        case "lstm-coupled":
            f = sigmoid(gate("f"))
            c = f * c + (1 - f) * np.tanh(gate("g")) + dc
            return sigmoid(gate("o")) * np.tanh(c), c
        case "lstm-peephole":
            i = sigmoid(gate("i") + own["p_i"] * c)
            f = sigmoid(gate("f") + own["p_f"] * c)
            c = f * c + i * np.tanh(gate("g")) + dc
            return sigmoid(gate("o") + own["p_o"] * c) * np.tanh(c), c
        case "gru":
            from_x, from_h = (np.split(a, 3, axis=-1) for a in torch_gates(w, layer, x, h))
            r, z = (sigmoid(from_x[k] + from_h[k]) for k in (0, 1))
            n = np.tanh(from_x[2] + r * from_h[2])
            return (1 - z) * n + z * h, c
        case "gru-reset-before":
            r, z = sigmoid(gate("r")), sigmoid(gate("z"))
            n = np.tanh(x @ own["W_xn"] + (r * h) @ own["W_hn"] + own["b_n"])
            return (1 - z) * n + z * h, c
    raise ValueError(case.cell)


def loss_of(case: Case, y: Numbers) -> Numbers:
    """Return the loss of the outputs."""
    if case.loss == "mse":
        terms = ((y - case.target) ** 2).sum(axis=-1)
        count = case.mask.sum() * case.outputs
    else:
        shifted = y - y.real.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        classes = np.where(case.mask, case.target, 0)
        terms = -np.take_along_axis(logs, classes[..., None], axis=-1)[..., 0]
        count = case.mask.sum()
    total: Numbers = terms[case.mask].sum() / (count if case.reduction == "mean" else 1)
    return total


def forward(
    case: Case, weights: Mapping[str, Numbers], added: Mapping[str, Numbers] | None = None
) -> dict[str, Numbers]:
    """Return the loss, the outputs and all states; `added` to them as soon as they are computed."""
    added = added or {}
    states: dict[str, list[list[Numbers]]] = {"h": [], "c": []}
    x = case.x if case.x.ndim == 3 else np.eye(case.features)[case.x]
    nothing = np.zeros((case.batch, case.hidden))
    for layer in range(case.layers):
        h, c = (case.start[s][layer] if s in case.start else nothing for s in ("h", "c"))
        hs, cs = [], []
        for t in range(case.steps):
            dc = added["c"][layer, t] if "c" in added else 0
            h, c = step(case, weights, layer, x[t], h, c, dc)
            h = h + (added["h"][layer, t] if "h" in added else 0)
            hs.append(h)
            cs.append(c)
        states["h"].append(hs)
        states["c"].append(cs)
        x = np.array(hs)
    y = x @ weights["readout.weight"].T + weights["readout.bias"] + added.get("output", 0)
    results = {"loss": loss_of(case, y), "output": y, "h": np.array(states["h"])}
    return results | ({"c": np.array(states["c"])} if case.cell.startswith("lstm") else {})


def all_numbers(case: Case) -> dict[str, npt.NDArray[np.float64]]:
    """Return all that a case file may hold of its author's numbers, in float64."""
    weights = {name: array.astype(np.float64) for name, array in case.weights.items()}
    results = forward(case, weights)
    for name in [name for name in results if name != "loss"]:
        bump = np.zeros(results[name].shape, complex)
        results[f"grad.{name}"] = gradient = np.zeros(bump.shape)
        for k in np.ndindex(bump.shape):
            bump[k] = TINY * 1j
            gradient[k] = forward(case, weights, {name: bump})["loss"].imag / TINY
            bump[k] = 0
    for name, array in weights.items():
        moved = array.astype(complex)
        results[f"grad.{name}"] = gradient = np.zeros(array.shape)
        for k in np.ndindex(array.shape):
            moved[k] += TINY * 1j
            gradient[k] = forward(case, {**weights, name: moved})["loss"].imag / TINY
            moved[k] = array[k]
    return {name: np.asarray(array, np.float64) for name, array in results.items()}
