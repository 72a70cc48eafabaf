"""Gated recurrent unit (Cho et al. 2014), with the reset gate after the product as in cuDNN."""

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
    through_sigmoid,
    through_tanh,
)
from rnn_tui.engine.cells.gru_base import GATES, UpdateGateKernel, gate_arrays
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Value, sigmoid, tanh
from rnn_tui.engine.core.gate_layout import Addition, BoundProduct
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts

# ---------------------------------------------------------------- the declaration


class GruCell(Cell):
    """``r, z = σ(·)``, ``n = tanh(x·W_xn + b_n + r⊙(h·W_hn + b_hn))``, ``h_t = (1−z)⊙n + z⊙h``.

    b_hn is not redundant: it stands inside the product with r. z near 1 keeps h_<t-1>.
    """

    name = "gru"
    gates = GATES
    states = ("h",)
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("r_t", "reset gate", (0.0, 1.0)),
        Row("z_t", "update gate", (0.0, 1.0)),
        Row("m_t", "hidden part of n_t"),
        Row("n_t", "candidate", (-1.0, 1.0)),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation(
            "r_t",
            "reset gate",
            sigmoid(affine("r")),
            row="r_t",
            note="lets {value:.0%} of m_t into n_t",
        ),
        Operation(
            "z_t",
            "update gate",
            sigmoid(affine("z")),
            row="z_t",
            note="keeps {value:.0%} of h_<t-1>",
        ),
        Operation(
            "m_t", "hidden part of the candidate", Dot("h_<t-1>", "W_hn") + Value("b_hn"), row="m_t"
        ),
        Operation(
            "n_t",
            "candidate",
            tanh(Dot("x_t", "W_xn") + Value("b_n") + Value("r_t") * Value("m_t")),
            row="n_t",
        ),
        Operation(
            "h_t",
            "hidden state",
            (ONE - Value("z_t")) * Value("n_t") + Value("z_t") * Value("h_<t-1>"),
            row="h_t",
        ),
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        gradient("n_t", "candidate", Value("dh_t") * (ONE - Value("z_t"))),
        gradient("z_t", "update gate", Value("dh_t") * (Value("h_<t-1>") - Value("n_t"))),
        through_tanh("n", "through tanh′ of the candidate"),
        gradient("m_t", "hidden part of the candidate", Value("da_n") * Value("r_t")),
        gradient("r_t", "reset gate", Value("da_n") * Value("m_t")),
        through_sigmoid("z", "through σ′ of the update gate"),
        through_sigmoid("r", "through σ′ of the reset gate"),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            Value("dh_t") * Value("z_t")
            + Dot("da_r", "W_hr", transposed=True)
            + Dot("da_z", "W_hz", transposed=True)
            + Dot("dm_t", "W_hn", transposed=True),
        ),
    )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        width = len(GATES) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", GATES),
            ParameterSpec("W_h", (hidden, width), "h_prev", "dah", GATES),
            ParameterSpec("b", (width,), None, "da", GATES),
            ParameterSpec("b_hn", (hidden,), None, "dm"),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        # dah: the gradients on the side of h_<t-1>·W_h: da_r, da_z and dm.
        rz = (*gate_parts("dah_", ("r", "z"), hidden), ("dah_rz", 0, 2 * hidden))
        return (
            *gate_arrays(hidden),
            ArraySpec("m", hidden),
            ArraySpec("dah", 3 * hidden, parts=(*rz, ("dm", 2 * hidden, hidden)), split=True),
        )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return GruKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        values = {f"{gate}_t": tape[gate][k] for gate in GATES}
        others = {"da_r": "dah_r", "da_z": "dah_z", "da_n": "da_n", "dm_t": "dm", "m_t": "m"}
        return values | {symbol: tape[name][k] for symbol, name in others.items()}


# ---------------------------------------------------------------- the kernel


class GruForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on; [B, H] unless said otherwise."""

    h_product: Iterable[BoundProduct]  # f(W, out) writes h_<t-1>·W to out
    h_prev: Iterable[Array]
    ax_rz: Iterable[Array]  # x_t·W_x + b of r and z: [B, 2·H] or [2, B, H]
    rz: Iterable[Array]  # r, z: [B, 2·H] or [2, B, H]
    m: Iterable[Array]
    r: Iterable[Array]
    ax_n: Iterable[Array]  # x_t·W_xn + b_n
    n: Iterable[Array]
    z: Iterable[Array]
    h: Iterable[Array]


class GruGradientViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of single gates, [B, H] each."""

    dh: Iterable[Array]
    dh_y: Iterable[Array]
    dh_next: Iterable[Array]
    da_z: Iterable[Array]
    da_n: Iterable[Array]
    da_r: Iterable[Array]
    r: Iterable[Array]
    dm: Iterable[Array]
    z: Iterable[Array]
    dh_prev: Iterable[Array]


class GruProductViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of all gates."""

    dah_product: Iterable[BoundProduct]  # f(W, out) writes dah·W to out
    product_out: Iterable[Array]  # dh_<t-1>, or where gates are split scratch [3, B, H]
    additions: Iterable[list[Addition]]  # that make dh_<t-1> of it


class GruKernel(UpdateGateKernel):
    """One product h_<t-1>·W_h for all gates per timestep."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape, tape["m"], "dah_rz")
        self.ah = np.empty_like(tape.all_parts("gates")[0])  # h_<t-1>·W_h
        self.ah_rz = self.layout.slice_gates(self.ah, 0, 2)
        self.ah_n = self.layout.select(self.ah, 2)
        # b_hn in every row, [B, H]: NumPy adds full arrays faster than it broadcasts.
        self.b_hn_rows = np.empty_like(self.scratch)
        self.b_hn = parameters["b_hn"]  # [H]
        self.input_da_rz = tape.all_parts("da_rz")  # [T, B, 2·H] or [T, 2, B, H]
        self.gate_products = np.empty_like(self.ah)  # of the single gates; only where split
        # Each view made once: more of them would fill the cache.
        self.h, self.dh_next = list(tape["h"]), list(tape["dh_next"])
        self.forward_rows = list(loop_rows(self._forward_views()))
        gradients, products = loop_rows(self._gradient_views()), loop_rows(self._product_views())
        self.backward_rows = list(zip(self.slopes, gradients, products, strict=True))

    def _forward_views(self) -> GruForwardViews:
        tape, h_prev = self.tape, self.h[:-1]
        return GruForwardViews(
            h_product=(self.layout.product(row) for row in h_prev),
            h_prev=h_prev,
            ax_rz=tape.adjacent("ax_r", "ax_z"),
            rz=tape.adjacent("r", "z"),
            m=tape["m"],
            r=tape["r"],
            ax_n=tape["ax_n"],
            n=tape["n"],
            z=tape["z"],
            h=self.h[1:],
        )

    def _gradient_views(self) -> GruGradientViews:
        tape = self.tape
        return GruGradientViews(
            dh=tape["dh"],
            dh_y=tape["dh_y"],
            dh_next=self.dh_next[1:],
            da_z=tape["dah_z"],
            da_n=tape["da_n"],
            da_r=tape["dah_r"],
            r=tape["r"],
            dm=tape["dm"],
            z=tape["z"],
            dh_prev=self.dh_next[:-1],
        )

    def _product_views(self) -> GruProductViews:
        layout = self.layout
        sums = [layout.sum_over_gates(self.gate_products, out) for out in self.dh_next[:-1]]
        return GruProductViews(
            dah_product=(layout.product(row) for row in self.tape.all_parts("dah")),
            product_out=[out for out, _ in sums],
            additions=[additions for _, additions in sums],
        )

    def begin_forward(self) -> None:
        np.copyto(self.b_hn_rows, self.b_hn)

    def forward(self, first: int, last: int) -> None:
        W_h, b_hn, half, scratch = self.W_h, self.b_hn_rows, self.half, self.scratch
        ah, ah_rz, ah_n = self.ah, self.ah_rz, self.ah_n
        add, multiply, subtract, np_tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_product, h_prev, ax_rz, rz, m, r, ax_n, n, z, h in rows:
            h_product(W_h, ah)  # h_<t-1>·W_h, of r, z and n
            add(ah_rz, ax_rz, rz)  # a = x_t·W_x + h_<t-1>·W_h + b, of r and z
            multiply(rz, half, rz)  # a/2
            np_tanh(rz, rz)  # tanh(a/2)
            multiply(rz, half, rz)  # ½·tanh(a/2)
            add(rz, half, rz)  # r, z = σ(a) = ½ + ½·tanh(a/2)
            add(ah_n, b_hn, m)  # m_t = h_<t-1>·W_hn + b_hn
            multiply(r, m, n)  # r⊙m
            add(n, ax_n, n)  # a_n = x_t·W_xn + b_n + r⊙m
            np_tanh(n, n)  # n_t = tanh(a_n)
            subtract(h_prev, n, scratch)  # h_<t-1> − n
            multiply(z, scratch, scratch)  # z⊙(h_<t-1> − n)
            add(n, scratch, h)  # h_t = n + z⊙(h_<t-1> − n) = (1−z)⊙n + z⊙h_<t-1>

    def backward(self, first: int, last: int) -> None:
        W_hT, scratch = self.W_hT.array, self.scratch
        add, multiply = np.add, np.multiply
        for slopes, gradients, products in reversed(self.backward_rows[first - 1 : last]):
            dh, dh_y, dh_next, da_z, da_n, da_r, r, dm, z, dh_prev = gradients
            dah_product, product_out, additions = products
            if slopes is not None:
                self._fill_slopes(slopes)
            add(dh_y, dh_next, dh)  # dh_t = dh_y + dh_next
            multiply(dh, da_z, da_z)  # da_z = dh_t⊙(h_<t-1> − n)⊙z(1−z)
            multiply(dh, da_n, da_n)  # da_n = dh_t⊙(1−z)⊙(1−n²)
            multiply(da_n, da_r, da_r)  # da_r = da_n⊙m⊙r(1−r)
            multiply(da_n, r, dm)  # dm_t = da_n⊙r
            dah_product(W_hT, product_out)  # da_r·W_hrᵀ + da_z·W_hzᵀ + dm·W_hnᵀ, if not split
            for left, right, total in additions:
                add(left, right, total)  # … and where they are split, the sum of the products
            multiply(dh, z, scratch)  # dh_t⊙z
            add(dh_prev, scratch, dh_prev)  # dh_<t-1> = dh_t⊙z + da_r·W_hrᵀ + …

    def finish_deltas(self) -> None:
        # da of r and z is the same on the side of x_t·W_x as on that of h_<t-1>·W_h.
        np.copyto(self.input_da_rz, self.da_rz)
