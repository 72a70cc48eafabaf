"""The simple recurrent cell (Elman 1990), with tanh or, as in the IRNN (Le et al. 2015), relu."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from rnn_tui.engine.cells.base import (
    HIDDEN_GRADIENT,
    Cell,
    Kernel,
    affine,
    gradient,
    loop_rows,
    recurrent_input,
)
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Expression, Function, Square, Value
from rnn_tui.engine.core.gate_layout import BoundProduct, TransposedWeights, cache_sized_chunks
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import Tape

# ---------------------------------------------------------------- the declaration


def slope(activation: str) -> Expression:
    """Return φ′(a_t): of tanh in terms of h_t, 1 − h_t²."""
    return ONE - Square(Value("h_t")) if activation == "tanh" else Function("step", Value("a_t"))


class RnnCell(Cell):
    """``a_t = x_t·W_x + h_<t-1>·W_h + b``, ``h_t = φ(a_t)`` with φ = tanh or relu."""

    name = "rnn"
    gates = ("",)
    states = ("h",)

    def __init__(self, activation: str) -> None:
        """Declare the cell for `activation`, the name of φ."""
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
            gradient("a_t", f"through {activation}′", Value("dh_t") * slope(activation)),
            gradient("h_<t-1>", "sent to timestep t−1", Dot("da_t", "W_h", transposed=True)),
        )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return RnnKernel(parameters, tape, self.activation)


# ---------------------------------------------------------------- the kernel


class ActivationKernel(Kernel):
    """Base of the kernels of cells with h_t = φ(a_t).

    Backward, the array da first holds φ′(a_t), for a chunk of timesteps at once, and then
    da_t = dh_t⊙φ′(a_t).
    """

    def __init__(self, tape: Tape, activation: str) -> None:
        self.h_after = tape["h"][1:]  # [T, B, H]
        self.a, self.da = tape["a"], tape["da"]  # [T, B, H]
        self.last = tape["dh_next"][-1]  # [B, H]
        self.relu = activation == "relu"
        self.zero = np.zeros((), tape.dtype)
        self.one = np.ones((), tape.dtype)

    def begin_backward(self) -> None:
        self.last.fill(0)

    def _fill_slopes(self, chunk: slice) -> None:
        """Write φ′(a_t) to da of the timesteps of `chunk`."""
        da, h = self.da[chunk], self.h_after[chunk]  # [n, B, H]
        if self.relu:
            np.greater(self.a[chunk], self.zero, out=da, casting="unsafe")  # 1 where a > 0
        else:
            np.multiply(h, h, da)  # h²
            np.subtract(self.one, da, da)  # 1 − h²


class RnnForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on."""

    input_product: Iterable[BoundProduct]  # f(W, a): a = [x_t | h_<t-1> | 1]·W or h_<t-1>·W_h
    ax: Iterable[Array | None]  # [B, H], x_t·W_x + b where the product does not contain it
    a: Iterable[Array]  # [B, H]
    h: Iterable[Array]  # [B, H]


class RnnBackwardViews(NamedTuple):
    """Views of each timestep that the backward loop works on: [B, H] each."""

    chunk: Iterable[slice | None]  # of timesteps that ends here
    dh_y: Iterable[Array]
    dh_next: Iterable[Array]
    dh: Iterable[Array]
    da: Iterable[Array]
    da_product: Iterable[BoundProduct]  # f(W, out) writes da·W to out
    dh_prev: Iterable[Array]


class RnnKernel(ActivationKernel):
    """One product and one nonlinearity per timestep forward; a sum and two products backward."""

    def __init__(self, parameters: Views, tape: Tape, activation: str) -> None:
        super().__init__(tape, activation)
        inputs, ax, self.W = recurrent_input(parameters, tape)  # W: [D+H+1, H] or [H, H]
        self.W_hT = TransposedWeights(parameters["W_h"].T, tape.batch)  # [H, H]
        steps, hidden = tape.steps, self.da.shape[-1]
        self.forward_rows = list(
            loop_rows(
                RnnForwardViews(
                    input_product=[row.dot for row in inputs],
                    ax=[None] * steps if ax is None else ax,
                    a=self.a,
                    h=self.h_after,
                )
            )
        )
        # Each view made once: more of them would fill the cache.
        da, dh_next = list(self.da), list(tape["dh_next"])
        self.backward_rows = list(
            loop_rows(
                RnnBackwardViews(
                    chunk=cache_sized_chunks(tape, hidden),
                    dh_y=tape["dh_y"],
                    dh_next=dh_next[1:],
                    dh=tape["dh"],
                    da=da,
                    da_product=[row.dot for row in da],
                    dh_prev=dh_next[:-1],
                )
            )
        )

    def forward(self, first: int, last: int) -> None:
        W, zero, relu = self.W, self.zero, self.relu
        add, maximum, tanh = np.add, np.maximum, np.tanh
        for input_product, ax, a, h in self.forward_rows[first - 1 : last]:
            input_product(W, a)  # a_t = [x_t | h_<t-1> | 1]·W
            if ax is not None:
                add(a, ax, a)  # a_t = h_<t-1>·W_h + (x_t·W_x + b)
            if relu:
                maximum(a, zero, out=h)  # h_t = relu(a_t)
            else:
                tanh(a, h)  # h_t = tanh(a_t)

    def begin_backward(self) -> None:
        super().begin_backward()
        self.W_hT.refresh()

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT.array, np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for chunk, dh_y, dh_next, dh, da, da_product, dh_prev in rows:
            if chunk is not None:
                self._fill_slopes(chunk)  # da = φ′(a), of all timesteps of the chunk
            add(dh_y, dh_next, dh)  # dh_t = dh_y + dh_next
            multiply(dh, da, da)  # da_t = dh_t⊙φ′(a_t)
            da_product(W_hT, dh_prev)  # dh_<t-1> = da_t·W_hᵀ
