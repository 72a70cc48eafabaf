"""The kernels of stacked layers as one kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.gate_layout import GateLayout
from rnn_tui.engine.core.parameters import Views, block_name, block_views
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.layers import Layer, delta_name


class StackedKernel(Kernel):
    """The kernels of all layers as one, going through all layers timestep by timestep.

    So stepping gives the same bits as running. For the same reason the input products of upper
    layers are computed timestep by timestep: BLAS gives other bits for another number of rows.
    """

    def __init__(
        self, layers: Sequence[Layer], kernels: Sequence[Kernel], parameters: Views, whole: Tape
    ) -> None:
        """Combine the `kernels` of all `layers`, from the bottom up, which are bound to `whole`."""
        self.kernels = tuple(kernels)
        self.reads_one_hot = self.kernels[0].reads_one_hot
        self.connections = [_Connection(*pair, parameters, whole) for pair in pairwise(layers)]

    def begin_forward(self) -> None:
        for kernel in self.kernels:
            kernel.begin_forward()

    def forward(self, first: int, last: int) -> None:
        bottom, *upper = self.kernels
        for t in range(first, last + 1):
            bottom.forward(t, t)
            for connection, kernel in zip(self.connections, upper, strict=True):
                connection.pass_up(t)
                kernel.forward(t, t)

    def begin_backward(self) -> None:
        for kernel in self.kernels:
            kernel.begin_backward()

    def backward(self, first: int, last: int) -> None:
        bottom, *upper = self.kernels
        downward = list(zip(reversed(self.connections), reversed(upper), strict=True))
        for t in range(last, first - 1, -1):
            for connection, kernel in downward:
                kernel.backward(t, t)
                connection.pass_down(t)
            bottom.backward(t, t)

    def finish_deltas(self) -> None:
        for kernel in self.kernels:
            kernel.finish_deltas()


class _Connection:
    """The connection of two layers: h_t goes up as x_t, its gradient comes down."""

    def __init__(self, below: Layer, layer: Layer, parameters: Views, whole: Tape) -> None:
        source, tape = below.cell_tape(whole), layer.cell_tape(whole)
        weights = layer.cell_parameters(parameters)
        steps = range(whole.steps)
        self.h = source["h"][1:]  # [T, B, H], of the layer below
        self.x = tape["x"]  # [T, B, H], a copy that is adjacent to this layer's own h
        self.W_x = weights["W_x"]  # [H, G·H]
        self.products: list[tuple[Callable[[Array, Array], object], Array]] = []
        if "ax" in tape.names:  # several gates, see `GateLayout`
            layout, ax = GateLayout(tape), tape.all_parts("ax")
            self.W = layout.split_weights(self.W_x)
            self.b = layout.split_weights(weights["b"][np.newaxis])
            self.products = [(layout.product(self.x[k]), ax[k]) for k in steps]
        self.down = source["dh_y"]  # [T, B, H]
        self.scratch = np.empty(self.down.shape[1:], tape.dtype)  # [B, H]
        self.deltas = [self._deltas(layer, tape, k + 1) for k in steps]

    def _deltas(self, layer: Layer, tape: Tape, t: int) -> list[tuple[Array, Array]]:
        """Return the factors of ∂L/∂x_t = Σ da·W_xᵀ: one pair, or one per gate if da is split."""
        cell, values = layer.cell, layer.cell.values(tape, t)
        views = {gate: values[delta_name(gate)] for gate in cell.gates}
        joined = tape.arrays.get("da")
        if joined is not None and all(np.shares_memory(view, joined) for view in views.values()):
            return [(joined[t - 1], self.W_x.T)]
        blocks = block_views({"W_x": self.W_x}, "W_x", cell.blocks)
        return [(view, blocks[block_name("W_x", gate)].T) for gate, view in views.items()]

    def pass_up(self, t: int) -> None:
        """Copy h_t to the input, and compute ax_t where the kernel does not multiply x itself."""
        x = self.x[t - 1]
        np.copyto(x, self.h[t - 1])
        if self.products:
            times_x, ax = self.products[t - 1]
            times_x(self.W, ax)  # ax_t = x_t·W_x
            np.add(ax, self.b, ax)  # + b

    def pass_down(self, t: int) -> None:
        """Compute ∂L/∂x_t, for the layer below."""
        down = self.down[t - 1]
        (first, weights), *rest = self.deltas[t - 1]
        first.dot(weights, down)
        for delta, block in rest:
            delta.dot(block, self.scratch)  # da_gate·W_x_gateᵀ
            np.add(down, self.scratch, down)
