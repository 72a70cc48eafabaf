"""The simple recurrent cell (Elman 1990), with tanh or, as in the IRNN (Le et al. 2015), relu."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Cell, Kernel, affine, recurrent_input
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Expression, Function, Square, Value
from rnn_tui.engine.core.gate_layout import TransposedWeights, cache_sized_chunks
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape


def slope(activation: str) -> Expression:
    """φ′(a_t), of h_t where that is enough."""
    return ONE - Square(Value("h_t")) if activation == "tanh" else Function("step", Value("a_t"))


class RnnCell(Cell):
    """``a_t = x_t·W_x + h_<t-1>·W_h + b``, ``h_t = φ(a_t)`` with φ = tanh or relu."""

    name = "rnn"
    gates = ("",)
    blocks = gates
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
                Value("dh_t") * slope(activation),
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

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        return (
            ParameterSpec("W_x", (features, hidden), "x", "da"),
            ParameterSpec("W_h", (hidden, hidden), "h_prev", "da"),
            ParameterSpec("b", (hidden,), None, "da"),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        return tuple(ArraySpec(name, hidden) for name in ("a", "da"))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return RnnKernel(parameters, tape, self.activation)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {"a_t": tape["a"][t - 1], "da_t": tape["da"][t - 1]}


class ActivationKernel(Kernel):
    """What cells share whose h_t is φ(a_t). da is φ′(a) first, and then the product with dh."""

    def __init__(self, tape: Tape, activation: str) -> None:
        self.h_after = tape["h"][1:]  # [T, B, H]
        self.a, self.da = tape["a"], tape["da"]  # [T, B, H]
        self.last = tape["dh_next"][-1]  # [B, H]
        self.relu = activation == "relu"
        self.zero = np.zeros((), tape.dtype)
        self.one = np.ones((), tape.dtype)

    def begin_backward(self) -> None:
        self.last.fill(0)

    def _fill(self, part: slice) -> None:
        """da of some timesteps: φ′."""
        da, h = self.da[part], self.h_after[part]
        if self.relu:
            np.greater(self.a[part], self.zero, out=da, casting="unsafe")
        else:
            np.multiply(h, h, da)
            np.subtract(self.one, da, da)


class RnnKernel(ActivationKernel):
    """Per timestep one product and one nonlinearity forward; a sum and two products back."""

    def __init__(self, parameters: Views, tape: Tape, activation: str) -> None:
        super().__init__(tape, activation)
        inputs, ax, self.W = recurrent_input(parameters, tape)  # W: [D+H+1, H] or [H, H]
        self.W_hT = TransposedWeights(parameters["W_h"].T, tape.batch)  # [H, H]
        h, dh = tape["h"], tape["dh"]
        sent = list(tape["dh_next"])  # few views, as they fill the cache
        parts = cache_sized_chunks(tape, h.shape[-1])
        steps = range(tape.steps)
        # One tuple of views [B, …] per timestep, made once; of factors their products.
        self.forward_rows = [
            (inputs[k].dot, None if ax is None else ax[k], self.a[k], h[k + 1]) for k in steps
        ]
        self.backward_rows = [
            (part, dh[k], tape["dh_y"][k], sent[k + 1], self.da[k], self.da[k].dot, sent[k])
            for k, part in enumerate(parts)
        ]

    def forward(self, first: int, last: int) -> None:
        W, tanh, relu, zero = self.W, np.tanh, self.relu, self.zero
        for inputs_times, ax, a, h in self.forward_rows[first - 1 : last]:
            inputs_times(W, a)
            if ax is not None:
                np.add(a, ax, a)
            if relu:
                np.maximum(a, zero, out=h)
            else:
                tanh(a, h)

    def begin_backward(self) -> None:
        super().begin_backward()
        self.W_hT.refresh()

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT.array, np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for part, dh, dh_y, dh_next, da, da_times, dh_prev in rows:
            if part is not None:
                self._fill(part)
            add(dh_y, dh_next, dh)
            multiply(dh, da, da)
            da_times(W_hT, dh_prev)
