"""The matrix products that a network computes for all timesteps of a window at once.

    ax   = x·W_x + b       before the forward pass, for kernels that do not multiply x themselves
    y    = h·W_y + b_y     after it
    dh_y = dy·W_yᵀ         before the backward pass
    dW   = leftᵀ·right     after it, for every matrix W; see `ParameterSpec`

Each object is bound to the tape and the vectors it reads and writes, and makes its views once.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.matrix_products import (
    Product,
    column_parts,
    halve_work,
    multiplier_for,
    multiply_with_matmul,
)
from rnn_tui.engine.network.one_hot import DENSE_WORK, ScatterAdd, look_up
from rnn_tui.engine.network.two_threads import ThreadPair


class InputProducts:
    """ax = x·W_x + b of the first layer, where the tape has ``ax``."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        self._multiply = multiplier_for(tape)
        self._x = tape.flat("x")  # [T·B, D]
        self._codes = tape["codes"].reshape(-1) if "codes" in tape.names else None  # [T·B]
        self._parts: list[tuple[Array, ...]] = []  # ax, and the columns of W_x and b
        if "ax" in tape.names:
            self._parts = column_parts(tape, "ax", parameters["W_x"], parameters["b"])

    def compute(self, *, one_hot: bool) -> None:
        """Compute ax; `one_hot`: for symbols, as rows of W_x looked up by their codes."""
        for ax, W_x, b in self._parts:
            if self._codes is not None and one_hot:
                look_up(self._codes, W_x, ax)
            else:
                self._multiply([(self._x, W_x, ax)])
            np.add(ax, b, ax)


class Readout:
    """y = h·W_y + b_y for all timesteps, and the gradient dh_y = dy·W_yᵀ."""

    def __init__(self, declaration: NetworkDeclaration, flat: Array, tape: Tape) -> None:
        weights = declaration.readout_weights
        h = weights.left(declaration.layers[-1].cell_tape(tape))  # [T·B, H+1]: h and 1
        matrix = weights.view(flat)  # [H+1, O]: W_y and b_y
        self._multiply = multiplier_for(tape)
        self._product: list[Product] = [(h, matrix, tape.flat("y"))]
        self._dy, self._W_yT, self._dh_y = tape.flat("dy"), matrix[:-1].T, tape.flat("dh_y")

    def forward(self) -> None:
        """Compute y; rows of timesteps that have no h yet are meaningless."""
        self._multiply(self._product)

    def backward(self) -> None:
        """Compute dh_y."""
        self._dy.dot(self._W_yT, self._dh_y)


class WeightGradients:
    """The gradients of all parameters: for each matrix, one product over all T·B rows."""

    def __init__(
        self,
        declaration: NetworkDeclaration,
        gradient: Array,
        tape: Tape,
        threads: ThreadPair | None,
    ) -> None:
        """Bind to the vector `gradient` [P] that is written to; `threads` share the work."""
        self._multiply = multiplier_for(tape)
        self._threads = threads
        self._elementwise: list[Product] = []  # gradient[h] = Σ_n left[n, h]·right[n, h]
        inputs: list[Product] = []  # of W_x in the first layer, if it is not merged with others
        others: list[Product] = []
        for layer, matrices in zip(declaration.layers, declaration.layer_weights, strict=True):
            layer_tape = layer.cell_tape(tape)
            for matrix in matrices:
                left, out = matrix.left(layer_tape), matrix.view(gradient)
                parts = column_parts(layer_tape, matrix.right, out)
                if matrix.elementwise:
                    self._elementwise += [(left, right, sums) for right, sums in parts]
                else:
                    separate = layer.number == 1 and matrix.names == ("W_x",)
                    products = inputs if separate else others
                    products += [(left.T, right, sums) for right, sums in parts]
        readout = declaration.readout_weights
        left = readout.left(declaration.layers[-1].cell_tape(tape))
        others.append((left.T, tape.flat("dy"), readout.view(gradient)))
        self._all = self._divide(inputs + others)
        self._without_inputs = self._divide(others)
        self._scatter = _input_gradient(declaration, gradient, tape)

    def _divide(self, products: list[Product]) -> tuple[list[Product], list[Product]]:
        """Divide the work between two threads, or leave it to one."""
        return (products, []) if self._threads is None else halve_work(products)

    def compute(self, *, one_hot: bool) -> None:
        """Compute the gradients of all parameters; the backward pass is done.

        `one_hot`: x is what its codes stand for, so that the gradient of W_x can be summed by
        symbol.
        """
        scatter = self._scatter if one_hot else None
        first, second = self._all if scatter is None else self._without_inputs
        if self._threads is None:
            self._multiply(first)
        else:
            self._threads.run(
                lambda: multiply_with_matmul(second), lambda: multiply_with_matmul(first)
            )
        for left, right, sums in self._elementwise:
            np.einsum("nh,nh->h", left, right, out=sums)
        if scatter is not None:
            scatter()


def _input_gradient(
    declaration: NetworkDeclaration, gradient: Array, tape: Tape
) -> ScatterAdd | None:
    """Return the sum by symbol that makes the gradient of W_x, where that is the faster way."""
    if not declaration.problem.symbols:
        return None
    W_x = next(each for each in declaration.layer_weights[0] if each.names == ("W_x",))
    sums = W_x.view(gradient)  # [D, G·H]
    if declaration.steps * declaration.batch * sums.size <= DENSE_WORK:
        return None
    pairs = [(right, out) for right, out in column_parts(tape, W_x.right, sums)]
    return ScatterAdd(tape["codes"].reshape(-1), pairs)
