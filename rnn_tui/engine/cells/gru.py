"""Gated recurrent unit (Cho et al. 2014), with the reset gate after the product as in cuDNN."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Cell, Kernel, affine
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh
from rnn_tui.engine.core.gate_layout import GateLayout, TransposedWeights, cache_sized_chunks
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts

GATES = ("r", "z", "n")


UPDATE_GATE = Operation(
    "z_t", "update gate", sigmoid(affine("z")), row="z_t", note="keeps {value:.0%} of h_<t-1>"
)
HIDDEN_STATE = Operation(
    "h_t",
    "hidden state",
    (ONE - Value("z_t")) * Value("n_t") + Value("z_t") * Value("h_<t-1>"),
    row="h_t",
)
TO_CANDIDATE = (
    HIDDEN_GRADIENT,
    Operation(
        "dn_t", "candidate", Value("dh_t") * (ONE - Value("z_t")), row="n_t", column="gradient"
    ),
    Operation(
        "dz_t",
        "update gate",
        Value("dh_t") * (Value("h_<t-1>") - Value("n_t")),
        row="z_t",
        column="gradient",
    ),
    Operation(
        "da_n",
        "through tanh′ of the candidate",
        Value("dn_t") * (ONE - Square(Value("n_t"))),
        row="n_t",
        column="through",
    ),
)


def _through_sigmoid(gate: str, title: str) -> Operation:
    value = Value(f"{gate}_t")
    return Operation(
        f"da_{gate}",
        title,
        Value(f"d{gate}_t") * value * (ONE - value),
        row=f"{gate}_t",
        column="through",
    )


THROUGH_GATES = (
    _through_sigmoid("z", "through σ′ of the update gate"),
    _through_sigmoid("r", "through σ′ of the reset gate"),
)


class GruCell(Cell):
    """``r, z = σ(·)``, ``n = tanh(x·W_xn + b_n + r⊙(h·W_hn + b_hn))``, ``h_t = (1−z)⊙n + z⊙h``.

    b_hn is not redundant: it stands inside the product with r. z near 1 keeps h_<t-1>.
    """

    name = "gru"
    gates = GATES
    blocks = gates
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
        UPDATE_GATE,
        Operation(
            "m_t", "hidden part of the candidate", Dot("h_<t-1>", "W_hn") + Value("b_hn"), row="m_t"
        ),
        Operation(
            "n_t",
            "candidate",
            tanh(Dot("x_t", "W_xn") + Value("b_n") + Value("r_t") * Value("m_t")),
            row="n_t",
        ),
        HIDDEN_STATE,
    )
    backward_operations = (
        *TO_CANDIDATE,
        Operation(
            "dm_t",
            "hidden part of the candidate",
            Value("da_n") * Value("r_t"),
            row="m_t",
            column="gradient",
        ),
        Operation("dr_t", "reset gate", Value("da_n") * Value("m_t"), row="r_t", column="gradient"),
        *THROUGH_GATES,
        Operation(
            "dh_<t-1>",
            "sent to timestep t−1",
            Value("dh_t") * Value("z_t")
            + Dot("da_r", "W_hr", transposed=True)
            + Dot("da_z", "W_hz", transposed=True)
            + Dot("dm_t", "W_hn", transposed=True),
            row="h_<t-1>",
            column="gradient",
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
        deltas = {"da_r": "dah_r", "da_z": "dah_z", "da_n": "da_n", "dm_t": "dm", "m_t": "m"}
        return values | {symbol: tape[name][k] for symbol, name in deltas.items()}


def gate_arrays(hidden: int) -> tuple[ArraySpec, ...]:
    """What both orders of the reset gate keep on the tape; blocks are r, z, n."""
    wide = 3 * hidden
    deltas = (*gate_parts("da_", GATES, hidden), ("da_rz", 0, 2 * hidden))
    return (
        ArraySpec("ax", wide, parts=gate_parts("ax_", GATES, hidden), split=True),
        ArraySpec("gates", wide, parts=gate_parts("", GATES, hidden), split=True),
        ArraySpec("da", wide, parts=deltas, split=True),
    )


class UpdateGateKernel(Kernel):
    """What both orders of the reset gate share: ``h_t = (1−z)⊙n + z⊙h_<t-1>`` and its slopes.

    The slopes are made where the gates' deltas will be: r and z side by side, n in ``da_n``.
    Several gates are [B, n·H] or, split, [n, B, H], see `GateLayout`.
    """

    def __init__(self, parameters: Views, tape: Tape, reset: Array, rz: str) -> None:
        """`reset` [T, B, H]: what r is multiplied by; `rz`: the array of its and z's deltas."""
        self.tape, self.layout, self.reset = tape, GateLayout(tape), reset
        self.da_rz = tape.all_parts(rz)
        self.W_h = self.layout.split_weights(parameters["W_h"])
        self.W_hT = TransposedWeights(self.W_h.swapaxes(-1, -2), tape.batch)
        self.half = np.full_like(self.da_rz[0], 0.5)
        self.one = np.ones((), tape.dtype)
        self.scratch = np.empty_like(tape["dh"][0])  # [B, H]
        found = cache_sized_chunks(tape, 3 * self.layout.hidden)
        longest = max(part.stop - part.start for part in found if part)
        self.square = np.empty_like(tape.all_parts("gates")[:longest])
        self.parts = [part and self._slopes(part) for part in found]

    def begin_backward(self) -> None:
        self.tape["dh_next"][-1].fill(0)
        self.W_hT.refresh()

    def _slopes(self, part: slice) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Views of n timesteps that `_fill` works on: several gates, and [n, B, H] each."""
        tape, layout = self.tape, self.layout
        square, gates = self.square[: part.stop - part.start], tape.all_parts("gates")[part]
        s_rz = self.da_rz[part]
        pairs = layout.slice_gates(gates, 0, 2), layout.slice_gates(square, 0, 2), s_rz
        single = (
            *(layout.select(s_rz, 0), self.reset[part], layout.select(s_rz, 1), tape["h"][part]),
            *(tape["z"][part], tape["n"][part], layout.select(square, 2), tape["da_n"][part]),
            layout.select(square, 0),  # free again by then
        )
        return (gates, square, *pairs), single

    def _fill(self, slopes: tuple[tuple[Array, ...], tuple[Array, ...]]) -> None:
        """Of n timesteps r(1−r)·reset, z(1−z)·(h_<t-1> − n) and (1−z)(1−n²), each [n, B, H]."""
        (gates, square, rz, square_rz, s_rz), single = slopes
        s_r, reset, s_z, h_prev, z, n, square_n, s_n, keep = single
        np.multiply(gates, gates, square)
        np.subtract(rz, square_rz, s_rz)
        np.multiply(s_r, reset, s_r)
        np.subtract(h_prev, n, s_n)
        np.multiply(s_z, s_n, s_z)
        np.subtract(self.one, square_n, s_n)
        np.subtract(self.one, z, keep)
        np.multiply(s_n, keep, s_n)


class GruKernel(UpdateGateKernel):
    """One product for all gates; the n block of it stays apart until r is known."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape, tape["m"], "dah_rz")
        self.ah = np.empty_like(tape.all_parts("gates")[0])  # h_<t-1>·W_h, of all gates
        self.ah_rz, self.ah_n = (
            self.layout.slice_gates(self.ah, 0, 2),
            self.layout.select(self.ah, 2),
        )
        # [B, H]: broadcasting a row costs more than reading it; refilled for every window.
        self.b_hn = np.empty_like(self.scratch)
        self.b_hn_source = parameters["b_hn"]  # [H]
        self.sent = np.empty_like(self.ah)  # along each gate; only where they are split
        self.dah_rz, self.input_rz = tape.all_parts("dah_rz"), tape.all_parts("da_rz")
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
                tape["m"][k],
                tape["r"][k],
            ),
            *(tape["ax_n"][k], tape["n"][k], tape["z"][k], tape["h"][k + 1]),
        )

    def _backward_row(self, k: int) -> tuple[tuple[Array, ...], tuple[Any, ...]]:
        """Views of timestep k+1, [B, H]; the product dah·W_hᵀ, where it goes, and what is left."""
        tape, into = self.tape, self.tape["dh_next"][k]
        views = (
            *(tape["dh"][k], tape["dh_y"][k], tape["dh_next"][k + 1], tape["dah_z"][k]),
            *(tape["da_n"][k], tape["dah_r"][k], tape["r"][k], tape["dm"][k], tape["z"][k], into),
        )
        return views, (
            self.layout.product(tape.all_parts("dah")[k]),
            *self.layout.sum_over_gates(self.sent, into),
        )

    def begin_forward(self) -> None:
        np.copyto(self.b_hn, self.b_hn_source)

    def forward(self, first: int, last: int) -> None:
        W_h, b_hn, half, scratch = self.W_h, self.b_hn, self.half, self.scratch
        ah, ah_rz, ah_n = self.ah, self.ah_rz, self.ah_n
        add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_times, h_prev, ax_rz, rz, m, r, ax_n, n, z, h in rows:
            h_times(W_h, ah)
            add(ah_rz, ax_rz, rz)
            multiply(rz, half, rz)
            tanh(rz, rz)
            multiply(rz, half, rz)
            add(rz, half, rz)
            add(ah_n, b_hn, m)
            multiply(r, m, n)
            add(n, ax_n, n)
            tanh(n, n)
            subtract(h_prev, n, scratch)
            multiply(z, scratch, scratch)
            add(n, scratch, h)

    def backward(self, first: int, last: int) -> None:
        W_hT, scratch = self.W_hT.array, self.scratch
        add, multiply = np.add, np.multiply
        for slopes, views, (dah_times, sent, sums) in reversed(
            self.backward_rows[first - 1 : last]
        ):
            dh, dh_y, dh_next, da_z, da_n, da_r, r, dm, z, dh_prev = views
            if slopes is not None:
                self._fill(slopes)
            add(dh_y, dh_next, dh)
            multiply(dh, da_z, da_z)
            multiply(dh, da_n, da_n)
            multiply(da_n, da_r, da_r)
            multiply(da_n, r, dm)
            dah_times(W_hT, sent)
            for one, other, total in sums:
                add(one, other, total)
            multiply(dh, z, scratch)
            add(dh_prev, scratch, dh_prev)

    def finish_deltas(self) -> None:
        """The input side's deltas: r and z as on the hidden side, n before r came in."""
        np.copyto(self.input_rz, self.dah_rz)
