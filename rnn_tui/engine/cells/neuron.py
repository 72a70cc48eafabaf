"""A layer of plain neurons: no recurrence, so nothing is remembered from timestep to timestep."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Cell, Kernel
from rnn_tui.engine.cells.rnn import ActivationKernel, slope
from rnn_tui.engine.core.expressions import Array, Dot, Function, Value, Zeros
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape


class NeuronCell(Cell):
    """``a_t = x_t·W_x + b``, ``h_t = φ(a_t)`` with φ = tanh or relu.

    The simple cell without W_h: h_<t-1> is there and nothing reads it, so no gradient comes back to
    it either, ∂L/∂h_<t-1> = 0.
    """

    name = "neuron"
    gates = ("",)
    blocks = gates
    states = ("h",)
    recurrent = False

    def __init__(self, activation: str) -> None:
        self.activation = activation
        self.smooth = activation == "tanh"
        bounded = (-1.0, 1.0) if self.smooth else None
        self.rows = (
            Row("x_t", "input"),
            Row("h_<t-1>", "hidden state before: not read", bounded),
            Row("a_t", "pre-activation"),
            Row("h_t", "hidden state", bounded),
        )
        self.forward_operations = (
            Operation("a_t", "pre-activation", Dot("x_t", "W_x") + Value("b"), row="a_t"),
            Operation("h_t", "hidden state", Function(activation, Value("a_t")), row="h_t"),
        )
        self.backward_operations = (
            HIDDEN_GRADIENT,
            Operation(
                "da_t",
                f"through {activation}′",
                Value("dh_t") * slope(activation),
                row="a_t",
                column="gradient",
            ),
            Operation(
                "dh_<t-1>",
                "nothing is sent to timestep t−1",
                Zeros("dh_t"),
                row="h_<t-1>",
                column="gradient",
            ),
        )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        return (
            ParameterSpec("W_x", (features, hidden), "x", "da"),
            ParameterSpec("b", (hidden,), None, "da"),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        a_t = ArraySpec("ax", hidden, parts=(("a", 0, hidden),))  # nothing is added to it
        return (a_t, ArraySpec("da", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return NeuronKernel(tape, self.activation)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {"a_t": tape["a"][t - 1], "da_t": tape["da"][t - 1]}


class NeuronKernel(ActivationKernel):
    """Timesteps do not depend on each other: all of a range at once."""

    def __init__(self, tape: Tape, activation: str) -> None:
        super().__init__(tape, activation)
        self.dh, self.dh_y = tape["dh"], tape["dh_y"]  # [T, B, H]
        self.dh_next = tape["dh_next"]  # [T+1, B, H]

    def forward(self, first: int, last: int) -> None:
        a, h = self.a[first - 1 : last], self.h_after[first - 1 : last]
        if self.relu:
            np.maximum(a, self.zero, out=h)
        else:
            np.tanh(a, h)

    def backward(self, first: int, last: int) -> None:
        part = slice(first - 1, last)
        self.dh_next[part].fill(0)
        np.add(self.dh_y[part], self.dh_next[first : last + 1], self.dh[part])
        self._fill(part)
        np.multiply(self.dh[part], self.da[part], self.da[part])
