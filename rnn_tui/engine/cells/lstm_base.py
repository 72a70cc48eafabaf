"""What the LSTM variants share: the arrays of a cell with the states h and c, and their kernel.

Forward, each variant has a loop of its own; backward they share one. With k standing for a gate,
and k′ for its derivative σ′ or tanh′, it is

    dh_t     = dh_y + dh_next
    dc_t     = dc_next + dh_t⊙(o_t⊙tanh′(c_t))
    da_o     = dh_t⊙(tanh(c_t)⊙o′)
    da_k     = dc_t⊙(∂c_t/∂k⊙k′)             for every other gate k
    dc_<t-1> = dc_t⊙f_t
    dh_<t-1> = Σ_k da_k·W_h_kᵀ

The factors in parentheses, and f_t, depend on the forward pass only, so they are computed for a
whole chunk of timesteps at once. They are local derivatives, and stand in the arrays where the
gradients will be: da and dc_next hold them until the loop multiplies them, in place, by dh_t or
dc_t. dh_dc, which is o_t⊙tanh′(c_t) = ∂h_t/∂c_t, stays a local derivative.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from rnn_tui.engine.cells.base import Cell, Kernel, loop_rows, recurrent_input
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.gate_layout import (
    Addition,
    BoundProduct,
    GateLayout,
    TransposedWeights,
    cache_sized_chunks,
)
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts


class LstmFamilyCell(Cell):
    """A cell with the states h and c, whose gates' pre-activations are affine in x_t and h_<t-1>.

    The blocks begin with o and end with the candidate g.
    """

    states = ("h", "c")
    split = True

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        width = len(self.blocks) * hidden
        gates = gate_parts("", self.blocks, hidden)
        deltas = gate_parts("da_", self.blocks, hidden)
        return (
            ArraySpec("tanh_c", hidden, group="memory", split=True),
            ArraySpec("gates", width, group="memory", parts=gates, split=True),
            ArraySpec("c", hidden, state=True, group="memory", split=True),
            # The local derivatives of the above, in the same order, see the module: dh_dc stays
            # one, the others become gradients.
            ArraySpec("dh_dc", hidden, group="deltas", split=True),
            ArraySpec("da", width, group="deltas", parts=deltas, split=True),
            ArraySpec("dc_next", hidden, state=True, group="deltas", split=True),
            ArraySpec("dc", hidden),
        )

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        values = {
            "c_<t-1>": tape["c"][k],
            "c_t": tape["c"][t],
            "tanh(c_t)": tape["tanh_c"][k],
            "dc_t": tape["dc"][k],
            "dc_next": tape["dc_next"][t],
            "dc_<t-1>": tape["dc_next"][k],
        }
        for gate in self.blocks:
            values |= {f"{gate}_t": tape[gate][k], f"da_{gate}": tape[f"da_{gate}"][k]}
        return values


class LstmSlopes(NamedTuple):
    """Views of a chunk of n timesteps for the slopes: [n, B, m·H], or [n, m, B, H] where split."""

    chunk: slice  # of timesteps
    values: Array  # tanh(c_t) and all gates
    slopes: Array  # dh_dc and da: the slope of each of `values`
    sigmoids: Array  # the gates that are a σ
    sigmoid_slopes: Array
    tanh_slopes: Array  # of tanh(c_t) and g: [n, B, 2, H] or [n, 2, B, H]
    factors: tuple[tuple[Array, Array], ...]  # slopes, and what each is to be multiplied by
    f: Array  # [n, B, H]
    dc_prev: Array  # [n, B, H]


class LstmGradientViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of one gate or state, [B, H]."""

    dh_y: Iterable[Array]
    dh_next: Iterable[Array]
    dh: Iterable[Array]
    dh_dc: Iterable[Array]  # o_t⊙tanh′(c_t)
    dc_next: Iterable[Array]
    dc: Iterable[Array]
    da_o: Iterable[Array]


class LstmProductViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of several gates."""

    dc_broadcast: Iterable[Array]  # dc as [B, 1, H], or [B, H] where gates are split
    from_dc: Iterable[Array]  # da of all gates but o, and dc_<t-1>: [B, G·H] or [G, B, H]
    da_product: Iterable[BoundProduct]  # f(W, out) writes da·W, of all gates, to out
    product_out: Iterable[Array]  # dh_<t-1>, or where gates are split scratch [G, B, H]
    additions: Iterable[list[Addition]]  # that make dh_<t-1> of it


class LstmFamilyKernel(Kernel):
    """The LSTM variants' kernel but for the forward loop.

    One product a = [x_t | h_<t-1> | 1]·W serves all G gates. As σ(a) = ½ + ½·tanh(a/2), one tanh
    serves them too: gate = offset + scale·tanh(scale·a), with scale ½ and offset ½ for σ, 1 and 0
    for tanh. Instead of a, W is multiplied by scale, once per window; halving is exact in binary
    floating point.

    Several gates are [B, n·H] or, split, [n, B, H], see `GateLayout`; the loops are the same for
    both.
    """

    blocks: tuple[str, ...]  # names of the G gates, o first and g last

    def __init__(self, parameters: Views, tape: Tape) -> None:
        inputs, self.ax, W = recurrent_input(parameters, tape)  # W: [D+H+1, G·H] or [H, G·H]
        self.tape, self.inputs, self.layout = tape, inputs, GateLayout(tape)
        self.W = self.layout.split_weights(W)
        W_h = self.layout.split_weights(parameters["W_h"])
        self.W_hT = TransposedWeights(W_h.swapaxes(-1, -2), tape.batch)
        self.gates = tape.all_parts("gates")  # [T, B, G·H] or [T, G, B, H]
        shape = self.gates.shape[1:]
        # scale and offset of each entry: NumPy multiplies full arrays faster than it broadcasts.
        self.scale, self.offset = (np.empty(shape, tape.dtype) for _ in range(2))
        for array, for_tanh in ((self.scale, 1), (self.offset, 0)):
            array.fill(0.5)
            self.layout.select(array, -1)[...] = for_tanh
        self.scale_row = self.scale[..., :1, :].copy()  # [1, G·H] or [G, 1, H]
        self.scaled_W = np.empty(self.W.shape, tape.dtype)
        self.one = np.ones((), tape.dtype)
        self.a = np.empty(shape, tape.dtype)  # scale·a_t
        # dc repeated once per gate: NumPy copies faster than it broadcasts.
        self.dc_repeated = np.empty_like(self.a)
        self.dc_by_gate = self.layout.by_gate(self.dc_repeated)  # [B, G, H] or [G, B, H]
        self.gate_products = np.empty_like(self.a)  # da_k·W_h_kᵀ of each gate k; only where split
        # Each view made once: more of them would fill the cache.
        self.dh_next, self.dc = list(tape["dh_next"]), list(tape["dc"])
        self.entering = (tape["dh_next"][-1], tape["dc_next"][-1])  # gradients from timestep T+1
        chunks = cache_sized_chunks(tape, len(self.blocks) * self.layout.hidden)
        self.forward_rows = list(loop_rows(self._forward_views()))
        slopes = [chunk and self._slopes(chunk) for chunk in chunks]
        gradients, products = loop_rows(self._gradient_views()), loop_rows(self._product_views())
        self.backward_rows = list(zip(slopes, gradients, products, strict=True))

    @abstractmethod
    def _forward_views(self) -> tuple[Iterable[Any], ...]:
        """Return the views of each timestep that `forward` works on."""

    def _activation_views(
        self,
    ) -> tuple[Iterable[BoundProduct], Iterable[Array | None], Iterable[Array]]:
        """Return those of them that every variant has.

        Returns:
            f(W, a), which writes [x_t | h_<t-1> | 1]·W, or h_<t-1>·W_h, to a; x_t·W_x + b where the
            product does not contain it, else None; and all gates, [B, G·H] or [G, B, H].
        """
        products = [self.layout.product(row) for row in self.inputs]
        return products, [None] * self.tape.steps if self.ax is None else self.ax, self.gates

    def _gradient_views(self) -> LstmGradientViews:
        tape = self.tape
        return LstmGradientViews(
            dh_y=tape["dh_y"],
            dh_next=self.dh_next[1:],
            dh=tape["dh"],
            dh_dc=tape["dh_dc"],
            dc_next=tape["dc_next"][1:],
            dc=self.dc,
            da_o=tape["da_o"],
        )

    def _product_views(self) -> LstmProductViews:
        tape, layout = self.tape, self.layout
        sums = [layout.sum_over_gates(self.gate_products, out) for out in self.dh_next[:-1]]
        return LstmProductViews(
            dc_broadcast=self.dc if layout.split else tape["dc"][:, :, np.newaxis],
            from_dc=tape.adjacent(f"da_{self.blocks[1]}", "dc_next_prev"),
            da_product=(layout.product(row) for row in tape.all_parts("da")),
            product_out=[out for out, _ in sums],
            additions=[additions for _, additions in sums],
        )

    def _slopes(self, chunk: slice) -> LstmSlopes:
        """Return the views of the timesteps of `chunk`."""
        tape, layout, count = self.tape, self.layout, len(self.blocks)  # G
        values = tape.adjacent("tanh_c", self.blocks[-1])[chunk]
        slopes = tape.adjacent("dh_dc", f"da_{self.blocks[-1]}")[chunk]
        # tanh′(c_t) is multiplied by o_t, and o′ by tanh(c_t): the first two, crosswise.
        crosswise = layout.select(slopes, slice(2)), layout.select(values, slice(1, None, -1))
        return LstmSlopes(
            chunk=chunk,
            values=values,
            slopes=slopes,
            sigmoids=layout.slice_gates(values, 1, count),
            sigmoid_slopes=layout.slice_gates(slopes, 1, count),
            tanh_slopes=layout.select(slopes, slice(None, None, count)),  # the first and the last
            factors=(crosswise, *self._factors(chunk)),
            f=tape["f"][chunk],
            dc_prev=tape["dc_next"][chunk],
        )

    @abstractmethod
    def _factors(self, chunk: slice) -> tuple[tuple[Array, Array], ...]:
        """Return pairs of the slopes of the gates but o, and ∂c_t/∂gate, for n timesteps."""

    def begin_forward(self) -> None:
        np.multiply(self.W, self.scale_row, self.scaled_W)
        if self.ax is not None:
            np.multiply(self.ax, self.scale_row, self.ax)

    def begin_backward(self) -> None:
        self.W_hT.refresh()
        for array in self.entering:
            array.fill(0)

    def _fill_slopes(self, s: LstmSlopes) -> None:
        """Write to dh_dc, da and dc_next, for a chunk, what dh and dc will multiply."""
        np.multiply(s.values, s.values, s.slopes)  # tanh²(c_t), and gate² of every gate
        np.subtract(s.sigmoids, s.sigmoid_slopes, s.sigmoid_slopes)  # σ′ = σ − σ²
        np.subtract(self.one, s.tanh_slopes, s.tanh_slopes)  # tanh′ = 1 − tanh²
        for slope, factor in s.factors:
            np.multiply(slope, factor, slope)  # o_t⊙tanh′(c_t), tanh(c_t)⊙o′, ∂c_t/∂k⊙k′
        np.copyto(s.dc_prev, s.f)  # ∂c_t/∂c_<t-1> = f_t

    def backward(self, first: int, last: int) -> None:
        W_hT, dc_repeated, dc_by_gate = self.W_hT.array, self.dc_repeated, self.dc_by_gate
        add, multiply = np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for slopes, gradients, products in rows:
            dh_y, dh_next, dh, dh_dc, dc_next, dc, da_o = gradients
            dc_broadcast, from_dc, da_product, product_out, additions = products
            if slopes is not None:
                self._fill_slopes(slopes)
            add(dh_y, dh_next, dh)  # dh_t = dh_y + dh_next
            multiply(dh, dh_dc, dc)  # dh_t⊙o_t⊙tanh′(c_t)
            add(dc, dc_next, dc)  # dc_t = dc_next + dh_t⊙o_t⊙tanh′(c_t)
            multiply(dh, da_o, da_o)  # da_o = dh_t⊙tanh(c_t)⊙o′
            dc_by_gate[...] = dc_broadcast  # dc_t, once per gate
            multiply(dc_repeated, from_dc, from_dc)  # da_k = dc_t⊙∂c_t/∂k⊙k′, dc_<t-1> = dc_t⊙f_t
            da_product(W_hT, product_out)  # dh_<t-1> = Σ_k da_k·W_h_kᵀ, if not split
            for left, right, total in additions:
                add(left, right, total)  # … and where they are split, the sum of the products
