"""A layer of plain neurons: no recurrence, so nothing is remembered from timestep to timestep."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Cell, Kernel, gradient
from rnn_tui.engine.cells.rnn import ActivationKernel, slope
from rnn_tui.engine.core.expressions import Dot, Function, Value, Zeros
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape

# ---------------------------------------------------------------- the declaration


class NeuronCell(Cell):
    """``a_t = x_t·W_x + b``, ``h_t = φ(a_t)`` with φ = tanh or relu.

    The simple cell without W_h. No operation reads h_<t-1>, so its gradient is exactly 0.
    """

    name = "neuron"
    gates = ("",)
    states = ("h",)
    recurrent = False

    def __init__(self, activation: str) -> None:
        """Declare the cell for `activation`, the name of φ."""
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
            gradient("a_t", f"through {activation}′", Value("dh_t") * slope(activation)),
            gradient("h_<t-1>", "nothing is sent to timestep t−1", Zeros("dh_t")),
        )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        return (
            ParameterSpec("W_x", (features, hidden), "x", "da"),
            ParameterSpec("b", (hidden,), None, "da"),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        # a_t is ax_t = x_t·W_x + b, as nothing is added to it: one array with two names.
        return (ArraySpec("ax", hidden, parts=(("a", 0, hidden),)), ArraySpec("da", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return NeuronKernel(tape, self.activation)


# ---------------------------------------------------------------- the kernel


class NeuronKernel(ActivationKernel):
    """Computes all timesteps of a range at once, as they do not depend on each other."""

    def __init__(self, tape: Tape, activation: str) -> None:
        super().__init__(tape, activation)
        self.dh, self.dh_y = tape["dh"], tape["dh_y"]  # [T, B, H]
        self.dh_next = tape["dh_next"]  # [T+1, B, H]

    def forward(self, first: int, last: int) -> None:
        a, h = self.a[first - 1 : last], self.h_after[first - 1 : last]  # [n, B, H]
        if self.relu:
            np.maximum(a, self.zero, out=h)  # h_t = relu(a_t)
        else:
            np.tanh(a, h)  # h_t = tanh(a_t)

    def backward(self, first: int, last: int) -> None:
        chunk = slice(first - 1, last)
        self.dh_next[chunk].fill(0)  # dh_<t-1> = 0
        np.add(self.dh_y[chunk], self.dh_next[first : last + 1], self.dh[chunk])  # dh_t
        self._fill_slopes(chunk)  # da = φ′(a)
        np.multiply(self.dh[chunk], self.da[chunk], self.da[chunk])  # da_t = dh_t⊙φ′(a_t)
