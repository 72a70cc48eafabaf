"""The simple recurrent cell (Elman 1990), with tanh or, as in the IRNN (Le et al. 2015), relu."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import (
    HIDDEN_GRADIENT,
    Cell,
    Kernel,
    Operation,
    ParameterSpec,
    Row,
    Views,
    affine,
)
from rnn_tui.engine.expressions import ONE, Array, Dot, Expression, Function, Square, Value
from rnn_tui.engine.tape import ArraySpec, Tape


class RnnCell(Cell):
    """``a_t = x_t·W_x + h_<t-1>·W_h + b``, ``h_t = φ(a_t)`` with φ = tanh or relu."""

    name = "rnn"
    gates = ("",)
    states = ("h",)

    def __init__(self, activation: str) -> None:
        self.activation = activation
        self.smooth = activation == "tanh"
        bounded = (-1.0, 1.0) if self.smooth else None
        self.rows = (
            Row("x_t", "input"),
            Row("h_<t-1>", "hidden state before", bounded),
            Row("a_t", "pre-activation"),
            Row("h_t", "hidden state", bounded),
        )
        self.forward_operations = (
            Operation("a_t", "pre-activation", affine(), row="a_t"),
            Operation("h_t", "hidden state", Function(activation, Value("a_t")), row="h_t"),
        )
        self.backward_operations = (
            HIDDEN_GRADIENT,
            Operation(
                "da_t",
                f"through {activation}′",
                Value("dh_t") * self._slope(),
                row="a_t",
                column="gradient",
            ),
            Operation(
                "dh_<t-1>",
                "sent to timestep t−1",
                Dot("da_t", "W_h", transposed=True),
                row="h_<t-1>",
                column="gradient",
            ),
        )

    def _slope(self) -> Expression:
        """φ′(a_t)."""
        return ONE - Square(Value("h_t")) if self.smooth else Function("step", Value("a_t"))

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        return (
            ParameterSpec("W_x", (features, hidden), "x", "da"),
            ParameterSpec("W_h", (hidden, hidden), "h_prev", "da"),
            ParameterSpec("b", (hidden,), None, "da"),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        return tuple(ArraySpec(name, hidden) for name in ("ax", "a", "slope", "da"))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return RnnKernel(parameters, tape, self.activation)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {"a_t": tape["a"][t - 1], "da_t": tape["da"][t - 1]}


class RnnKernel(Kernel):
    """Per timestep one product, one sum, one nonlinearity forward; two more and a product back."""

    def __init__(self, parameters: Views, tape: Tape, activation: str) -> None:
        self.W_x = parameters["W_x"]  # [D, H]
        self.W_h = parameters["W_h"]  # [H, H]
        self.b = parameters["b"]  # [H]
        self.W_hT = np.empty_like(self.W_h)  # [H, H], contiguous W_hᵀ of this update
        self.x = tape.flat("x")  # [T·B, D]
        self.ax = tape.flat("ax")  # [T·B, H], x·W_x + b
        self.h_after = tape["h"][1:]  # [T, B, H]
        self.slope = tape["slope"]  # [T, B, H], φ′
        self.a = tape["a"]  # [T, B, H]
        self.last = tape["dh_next"][-1]  # [B, H]
        self.relu = activation == "relu"
        self.zero = np.zeros((), tape.dtype)
        self.one = np.ones((), tape.dtype)
        h, da, dh, dh_next = tape["h"], tape["da"], tape["dh"], tape["dh_next"]
        steps = range(tape.steps)
        # One tuple of [B, H] views per timestep, made once.
        self.forward_rows = [(h[k], self.a[k], tape["ax"][k], h[k + 1]) for k in steps]
        self.backward_rows = [
            (dh[k], tape["dh_y"][k], dh_next[k + 1], self.slope[k], da[k], dh_next[k])
            for k in steps
        ]

    def begin_forward(self) -> None:
        self.x.dot(self.W_x, out=self.ax)
        np.add(self.ax, self.b, out=self.ax)

    def forward(self, first: int, last: int) -> None:
        W_h, add, relu, zero = self.W_h, np.add, self.relu, self.zero
        for h_prev, a, ax, h in self.forward_rows[first - 1 : last]:
            h_prev.dot(W_h, out=a)
            add(a, ax, out=a)
            if relu:
                np.maximum(a, zero, out=h)
            else:
                np.tanh(a, out=h)

    def begin_backward(self) -> None:
        np.copyto(self.W_hT, self.W_h.T)
        self.last.fill(0)
        if self.relu:
            np.greater(self.a, self.zero, out=self.slope, casting="unsafe")
        else:
            np.multiply(self.h_after, self.h_after, out=self.slope)
            np.subtract(self.one, self.slope, out=self.slope)

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT, np.add, np.multiply
        for dh, dh_y, dh_next, slope, da, dh_prev in reversed(self.backward_rows[first - 1 : last]):
            add(dh_y, dh_next, out=dh)
            multiply(dh, slope, out=da)
            da.dot(W_hT, out=dh_prev)
