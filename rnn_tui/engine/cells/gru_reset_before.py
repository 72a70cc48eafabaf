"""Gated recurrent unit as first published (Cho et al. 2014): the reset gate before the product."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_tui.engine.cells.base import Cell, Kernel, affine
from rnn_tui.engine.cells.gru import (
    GATES,
    HIDDEN_STATE,
    THROUGH_GATES,
    TO_CANDIDATE,
    UPDATE_GATE,
    UpdateGateKernel,
    gate_arrays,
)
from rnn_tui.engine.core.expressions import Array, Dot, Value, sigmoid, tanh
from rnn_tui.engine.core.gate_layout import TransposedWeights
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape


class GruResetBeforeCell(Cell):
    """``r, z = σ(·)``, ``n = tanh(x·W_xn + b_n + (r⊙h)·W_hn)``, ``h_t = (1−z)⊙n + z⊙h``.

    r chooses what of h_<t-1> the candidate may see, unit by unit, before units are mixed. z near 1
    keeps h_<t-1>.
    """

    name = "gru-reset-before"
    gates = GATES
    blocks = gates
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
        UPDATE_GATE,
        Operation("rh_t", "h_<t-1> after the reset", Value("r_t") * Value("h_<t-1>"), row="rh_t"),
        Operation(
            "n_t",
            "candidate",
            tanh(Dot("x_t", "W_xn") + Dot("rh_t", "W_hn") + Value("b_n")),
            row="n_t",
        ),
        HIDDEN_STATE,
    )
    backward_operations = (
        *TO_CANDIDATE,
        Operation(
            "drh_t",
            "h_<t-1> after the reset",
            Dot("da_n", "W_hn", transposed=True),
            row="rh_t",
            column="gradient",
        ),
        Operation(
            "dr_t", "reset gate", Value("drh_t") * Value("h_<t-1>"), row="r_t", column="gradient"
        ),
        *THROUGH_GATES,
        Operation(
            "dh_<t-1>",
            "sent to timestep t−1",
            Value("dh_t") * Value("z_t")
            + Value("drh_t") * Value("r_t")
            + Dot("da_r", "W_hr", transposed=True)
            + Dot("da_z", "W_hz", transposed=True),
            row="h_<t-1>",
            column="gradient",
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


class GruResetBeforeKernel(UpdateGateKernel):
    """Two products after each other: r must be known before the candidate's."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape, tape["h"][:-1], "da_rz")
        self.W_hn = parameters["W_hn"]  # [H, H]
        self.W_hnT = TransposedWeights(self.W_hn.T, tape.batch)
        self.product = np.empty_like(self.da_rz[0])  # h_<t-1>·W_h
        self.sent = np.empty_like(self.product)  # along each gate; only where they are split
        self.forward_rows = [self._forward_row(k) for k in range(tape.steps)]
        self.backward_rows = [
            (slopes, *self._backward_row(k)) for k, slopes in enumerate(self.parts)
        ]

    def _forward_row(self, k: int) -> tuple[Any, ...]:
        """The product h_<t-1>·W_h and views of timestep k+1: r and z side by side, else [B, H]."""
        tape = self.tape
        ax_rz, rz = tape.joined("ax_r", "ax_z")[k], tape.joined("r", "z")[k]
        return (
            *(
                self.layout.product(tape["h"][k]),
                tape["h"][k],
                ax_rz,
                rz,
                tape["r"][k],
                tape["rh"][k],
            ),
            *(tape["ax_n"][k], tape["n"][k], tape["z"][k], tape["h"][k + 1]),
        )

    def _backward_row(self, k: int) -> tuple[tuple[Array, ...], tuple[Any, ...]]:
        """Views of timestep k+1, [B, H]; the product da·W_hᵀ, where it goes, and what is left."""
        tape, into = self.tape, self.tape["dh_next"][k]
        views = (
            *(tape["dh"][k], tape["dh_y"][k], tape["dh_next"][k + 1], tape["da_z"][k]),
            *(tape["da_n"][k], tape["da_r"][k], tape["r"][k], tape["drh"][k], tape["z"][k], into),
        )
        return views, (
            self.layout.product(self.da_rz[k]),
            *self.layout.sum_over_gates(self.sent, into),
        )

    def forward(self, first: int, last: int) -> None:
        W_h, W_hn, half = self.W_h, self.W_hn, self.half
        product, scratch = self.product, self.scratch
        add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_times, h_prev, ax_rz, rz, r, rh, ax_n, n, z, h in rows:
            h_times(W_h, product)
            add(product, ax_rz, rz)
            multiply(rz, half, rz)
            tanh(rz, rz)
            multiply(rz, half, rz)
            add(rz, half, rz)
            multiply(r, h_prev, rh)
            rh.dot(W_hn, scratch)
            add(scratch, ax_n, n)
            tanh(n, n)
            subtract(h_prev, n, scratch)
            multiply(z, scratch, scratch)
            add(n, scratch, h)

    def begin_backward(self) -> None:
        super().begin_backward()
        self.W_hnT.refresh()

    def backward(self, first: int, last: int) -> None:
        W_hT, W_hnT, scratch = self.W_hT.array, self.W_hnT.array, self.scratch
        add, multiply = np.add, np.multiply
        for slopes, views, (da_times, sent, sums) in reversed(self.backward_rows[first - 1 : last]):
            dh, dh_y, dh_next, da_z, da_n, da_r, r, drh, z, dh_prev = views
            if slopes is not None:
                self._fill(slopes)
            add(dh_y, dh_next, dh)
            multiply(dh, da_z, da_z)
            multiply(dh, da_n, da_n)
            da_n.dot(W_hnT, drh)
            multiply(drh, da_r, da_r)
            da_times(W_hT, sent)
            for one, other, total in sums:
                add(one, other, total)
            multiply(dh, z, scratch)
            add(dh_prev, scratch, dh_prev)
            multiply(drh, r, scratch)
            add(dh_prev, scratch, dh_prev)
