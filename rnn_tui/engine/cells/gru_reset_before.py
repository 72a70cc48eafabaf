"""Gated recurrent unit as first published (Cho et al. 2014): the reset gate before the product."""

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
from rnn_tui.engine.core.gate_layout import Addition, BoundProduct, TransposedWeights
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape

# ---------------------------------------------------------------- the declaration


class GruResetBeforeCell(Cell):
    """``r, z = σ(·)``, ``n = tanh(x·W_xn + b_n + (r⊙h)·W_hn)``, ``h_t = (1−z)⊙n + z⊙h``.

    r chooses what of h_<t-1> the candidate may see, unit by unit, before units are mixed. z near 1
    keeps h_<t-1>.
    """

    name = "gru-reset-before"
    gates = GATES
    states = ("h",)
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("r_t", "reset gate", (0.0, 1.0)),
        Row("z_t", "update gate", (0.0, 1.0)),
        Row("rh_t", "h_<t-1> after the reset", (-1.0, 1.0)),
        Row("n_t", "candidate", (-1.0, 1.0)),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation(
            "r_t",
            "reset gate",
            sigmoid(affine("r")),
            row="r_t",
            note="shows {value:.0%} of h_<t-1>",
        ),
        Operation(
            "z_t",
            "update gate",
            sigmoid(affine("z")),
            row="z_t",
            note="keeps {value:.0%} of h_<t-1>",
        ),
        Operation("rh_t", "h_<t-1> after the reset", Value("r_t") * Value("h_<t-1>"), row="rh_t"),
        Operation(
            "n_t",
            "candidate",
            tanh(Dot("x_t", "W_xn") + Dot("rh_t", "W_hn") + Value("b_n")),
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
        gradient("rh_t", "h_<t-1> after the reset", Dot("da_n", "W_hn", transposed=True)),
        gradient("r_t", "reset gate", Value("drh_t") * Value("h_<t-1>")),
        through_sigmoid("z", "through σ′ of the update gate"),
        through_sigmoid("r", "through σ′ of the reset gate"),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            Value("dh_t") * Value("z_t")
            + Value("drh_t") * Value("r_t")
            + Dot("da_r", "W_hr", transposed=True)
            + Dot("da_z", "W_hz", transposed=True),
        ),
    )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        width = len(GATES) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", GATES),
            ParameterSpec("W_h", (hidden, 2 * hidden), "h_prev", "da_rz", ("r", "z")),
            ParameterSpec("W_hn", (hidden, hidden), "rh", "da_n"),
            ParameterSpec("b", (width,), None, "da", GATES),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        return (*gate_arrays(hidden), ArraySpec("rh", hidden), ArraySpec("drh", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return GruResetBeforeKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        values = {f"{gate}_t": tape[gate][k] for gate in GATES}
        values |= {f"da_{gate}": tape[f"da_{gate}"][k] for gate in GATES}
        return values | {"rh_t": tape["rh"][k], "drh_t": tape["drh"][k]}


# ---------------------------------------------------------------- the kernel


class GruResetBeforeForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on; [B, H] unless said otherwise."""

    h_product: Iterable[BoundProduct]  # f(W, out) writes h_<t-1>·W to out
    h_prev: Iterable[Array]
    ax_rz: Iterable[Array]  # x_t·W_x + b of r and z: [B, 2·H] or [2, B, H]
    rz: Iterable[Array]  # r, z: [B, 2·H] or [2, B, H]
    r: Iterable[Array]
    rh: Iterable[Array]
    ax_n: Iterable[Array]  # x_t·W_xn + b_n
    n: Iterable[Array]
    z: Iterable[Array]
    h: Iterable[Array]


class GruResetBeforeGradientViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of single gates, [B, H] each."""

    dh: Iterable[Array]
    dh_y: Iterable[Array]
    dh_next: Iterable[Array]
    da_z: Iterable[Array]
    da_n: Iterable[Array]
    da_r: Iterable[Array]
    r: Iterable[Array]
    drh: Iterable[Array]
    z: Iterable[Array]
    dh_prev: Iterable[Array]


class GruResetBeforeProductViews(NamedTuple):
    """Views of each timestep that the backward loop works on: of r and z."""

    da_product: Iterable[BoundProduct]  # f(W, out) writes da_rz·W to out
    product_out: Iterable[Array]  # dh_<t-1>, or where gates are split scratch [2, B, H]
    additions: Iterable[list[Addition]]  # that make dh_<t-1> of it


class GruResetBeforeKernel(UpdateGateKernel):
    """Two products after each other per timestep: the candidate's needs r."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape, tape["h"][:-1], "da_rz")
        self.W_hn = parameters["W_hn"]  # [H, H]
        self.W_hnT = TransposedWeights(self.W_hn.T, tape.batch)
        self.ah_rz = np.empty_like(self.da_rz[0])  # h_<t-1>·W_h, of r and z
        self.gate_products = np.empty_like(self.ah_rz)  # of the single gates; only where split
        # Each view made once: more of them would fill the cache.
        self.h, self.dh_next = list(tape["h"]), list(tape["dh_next"])
        self.forward_rows = list(loop_rows(self._forward_views()))
        gradients, products = loop_rows(self._gradient_views()), loop_rows(self._product_views())
        self.backward_rows = list(zip(self.slopes, gradients, products, strict=True))

    def _forward_views(self) -> GruResetBeforeForwardViews:
        tape, h_prev = self.tape, self.h[:-1]
        return GruResetBeforeForwardViews(
            h_product=(self.layout.product(row) for row in h_prev),
            h_prev=h_prev,
            ax_rz=tape.adjacent("ax_r", "ax_z"),
            rz=tape.adjacent("r", "z"),
            r=tape["r"],
            rh=tape["rh"],
            ax_n=tape["ax_n"],
            n=tape["n"],
            z=tape["z"],
            h=self.h[1:],
        )

    def _gradient_views(self) -> GruResetBeforeGradientViews:
        tape = self.tape
        return GruResetBeforeGradientViews(
            dh=tape["dh"],
            dh_y=tape["dh_y"],
            dh_next=self.dh_next[1:],
            da_z=tape["da_z"],
            da_n=tape["da_n"],
            da_r=tape["da_r"],
            r=tape["r"],
            drh=tape["drh"],
            z=tape["z"],
            dh_prev=self.dh_next[:-1],
        )

    def _product_views(self) -> GruResetBeforeProductViews:
        layout = self.layout
        sums = [layout.sum_over_gates(self.gate_products, out) for out in self.dh_next[:-1]]
        return GruResetBeforeProductViews(
            da_product=(layout.product(row) for row in self.da_rz),
            product_out=[out for out, _ in sums],
            additions=[additions for _, additions in sums],
        )

    def forward(self, first: int, last: int) -> None:
        W_h, W_hn, half = self.W_h, self.W_hn, self.half
        ah_rz, scratch = self.ah_rz, self.scratch
        add, multiply, subtract, np_tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_product, h_prev, ax_rz, rz, r, rh, ax_n, n, z, h in rows:
            h_product(W_h, ah_rz)  # h_<t-1>·W_h, of r and z
            add(ah_rz, ax_rz, rz)  # a = x_t·W_x + h_<t-1>·W_h + b, of r and z
            multiply(rz, half, rz)  # a/2
            np_tanh(rz, rz)  # tanh(a/2)
            multiply(rz, half, rz)  # ½·tanh(a/2)
            add(rz, half, rz)  # r, z = σ(a) = ½ + ½·tanh(a/2)
            multiply(r, h_prev, rh)  # rh_t = r⊙h_<t-1>
            rh.dot(W_hn, scratch)  # rh_t·W_hn
            add(scratch, ax_n, n)  # a_n = x_t·W_xn + b_n + rh_t·W_hn
            np_tanh(n, n)  # n_t = tanh(a_n)
            subtract(h_prev, n, scratch)  # h_<t-1> − n
            multiply(z, scratch, scratch)  # z⊙(h_<t-1> − n)
            add(n, scratch, h)  # h_t = n + z⊙(h_<t-1> − n) = (1−z)⊙n + z⊙h_<t-1>

    def begin_backward(self) -> None:
        super().begin_backward()
        self.W_hnT.refresh()

    def backward(self, first: int, last: int) -> None:
        W_hT, W_hnT, scratch = self.W_hT.array, self.W_hnT.array, self.scratch
        add, multiply = np.add, np.multiply
        for slopes, gradients, products in reversed(self.backward_rows[first - 1 : last]):
            dh, dh_y, dh_next, da_z, da_n, da_r, r, drh, z, dh_prev = gradients
            da_product, product_out, additions = products
            if slopes is not None:
                self._fill_slopes(slopes)
            add(dh_y, dh_next, dh)  # dh_t = dh_y + dh_next
            multiply(dh, da_z, da_z)  # da_z = dh_t⊙(h_<t-1> − n)⊙z(1−z)
            multiply(dh, da_n, da_n)  # da_n = dh_t⊙(1−z)⊙(1−n²)
            da_n.dot(W_hnT, drh)  # drh_t = da_n·W_hnᵀ
            multiply(drh, da_r, da_r)  # da_r = drh_t⊙h_<t-1>⊙r(1−r)
            da_product(W_hT, product_out)  # da_r·W_hrᵀ + da_z·W_hzᵀ, if not split
            for left, right, total in additions:
                add(left, right, total)  # … and where they are split, the sum of the products
            multiply(dh, z, scratch)  # dh_t⊙z
            add(dh_prev, scratch, dh_prev)  # … + dh_t⊙z
            multiply(drh, r, scratch)  # drh_t⊙r
            add(dh_prev, scratch, dh_prev)  # dh_<t-1> = … + dh_t⊙z + drh_t⊙r
