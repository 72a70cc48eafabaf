"""An LSTM in plain NumPy with one wrong line, and the case of what it computed: for a picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn_tui.cases.case import Case

Array = NDArray[np.float64]
STEPS, SAMPLES, INPUTS, HIDDEN, OUTPUTS = 6, 4, 2, 5, 2
DIGITS = 12  # after the point: fewer than a machine's rounding changes


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + e^−a)."""
    result: Array = 1 / (1 + np.exp(-a))
    return result


def case_with_mistake() -> Case:
    """Return a case whose backward pass lacks a factor 1 − f."""
    random = np.random.default_rng(1)
    W = random.normal(size=(INPUTS + HIDDEN, 4 * HIDDEN)) * 0.6  # rows: x, h; gates i, f, g, o
    b = random.normal(size=4 * HIDDEN) * 0.3
    Wy, by = random.normal(size=(HIDDEN, OUTPUTS)) * 0.6, np.zeros(OUTPUTS)
    x = random.normal(size=(STEPS, SAMPLES, INPUTS))
    target = np.cumsum(x, axis=0) / np.arange(1, STEPS + 1)[:, None, None]

    h, c = np.zeros((2, SAMPLES, HIDDEN))
    memory: list[tuple[Array, ...]] = []
    for t in range(STEPS):
        z = np.hstack([x[t], h])
        i, f, g, o = np.split(z @ W + b, 4, axis=1)
        i, f, g, o, c_prev = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o), c
        c = f * c_prev + i * g
        h = o * np.tanh(c)
        memory.append((z, i, f, g, o, c_prev, c, h))
    y = np.array([h @ Wy + by for *_, h in memory])
    dy = 2 * (y - target) / y.size

    dW, db, dWy = np.zeros_like(W), np.zeros_like(b), np.zeros_like(Wy)
    dh_next, dc_next = np.zeros((2, SAMPLES, HIDDEN))
    dhs, dcs = np.zeros((2, STEPS, SAMPLES, HIDDEN))
    for t in reversed(range(STEPS)):
        z, i, f, g, o, c_prev, c, h = memory[t]
        dWy += h.T @ dy[t]
        dhs[t] = dh = dy[t] @ Wy.T + dh_next
        dcs[t] = dc = dh * o * (1 - np.tanh(c) ** 2) + dc_next
        da_i, da_f = dc * g * i * (1 - i), dc * c_prev * f  # here: f * (1 - f)
        da_g, da_o = dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)
        da = np.hstack([da_i, da_f, da_g, da_o])
        dW += z.T @ da
        db += da.sum(0)
        dh_next, dc_next = da @ W[INPUTS:].T, dc * f

    def tensors(W: Array, b: Array, bias_hh: Array, Wy: Array, by: Array) -> dict[str, Array]:
        """Return weights, or their gradients, under PyTorch's names."""
        rnn = {"weight_ih_l0": W[:INPUTS].T, "weight_hh_l0": W[INPUTS:].T, "bias_ih_l0": b}
        named = {f"rnn.{name}": array for name, array in {**rnn, "bias_hh_l0": bias_hh}.items()}
        return {**named, "readout.weight": Wy.T, "readout.bias": by}

    weights = tensors(W, b, np.zeros_like(b), Wy, by)
    gradients = tensors(dW, db, db, dWy, dy.sum((0, 1)))
    theirs: dict[str, Any] = {
        "loss": np.mean((y - target) ** 2),
        "output": y,
        "h": np.array([m[-1] for m in memory]),
        "c": np.array([m[-2] for m in memory]),
        "grad.output": dy,
        "grad.h": dhs,
        "grad.c": dcs,
        **{f"grad.{name}": array for name, array in gradients.items()},
    }
    return Case(
        cell="lstm",
        activation="tanh",
        loss="mse",
        reduction="mean",
        layers=1,
        hidden=HIDDEN,
        dtype=np.dtype(np.float64),
        weights={name: np.ascontiguousarray(array) for name, array in weights.items()},
        given_weights=tuple(weights),
        x=x,
        target=target,
        mask=np.ones((STEPS, SAMPLES), bool),
        features=INPUTS,
        outputs=OUTPUTS,
        theirs={name: np.round(array, DIGITS) for name, array in theirs.items()},
        name="case.safetensors",
    )
