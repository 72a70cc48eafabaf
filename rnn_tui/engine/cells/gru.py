"""Gated recurrent unit (Cho et al. 2014), with the reset gate after the product as in cuDNN."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import (
    HIDDEN_GRADIENT,
    Cell,
    Kernel,
    Operation,
    ParameterSpec,
    Row,
    Views,
    affine,
)
from rnn_tui.engine.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh
from rnn_tui.engine.tape import ArraySpec, Tape

GATES = ("r", "z", "n")


def _through_sigmoid(gate: str, title: str) -> Operation:
    value = Value(f"{gate}_t")
    return Operation(
        f"da_{gate}",
        title,
        Value(f"d{gate}_t") * value * (ONE - value),
        row=f"{gate}_t",
        column="through",
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
        Operation(
            "dn_t",
            "candidate",
            Value("dh_t") * (ONE - Value("z_t")),
            row="n_t",
            column="gradient",
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
        Operation(
            "dm_t",
            "hidden part of the candidate",
            Value("da_n") * Value("r_t"),
            row="m_t",
            column="gradient",
        ),
        Operation("dr_t", "reset gate", Value("da_n") * Value("m_t"), row="r_t", column="gradient"),
        _through_sigmoid("z", "through σ′ of the update gate"),
        _through_sigmoid("r", "through σ′ of the reset gate"),
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
        wide = tuple(ArraySpec(name, 3 * hidden) for name in ("ax", "ah", "a", "gates"))
        slopes = (ArraySpec("slope", 3 * hidden),)
        deltas = (ArraySpec("da", 3 * hidden), ArraySpec("dah", 3 * hidden))
        return (*wide, *slopes, *deltas, ArraySpec("m", hidden), ArraySpec("dm", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return GruKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        hidden = tape["h"].shape[-1]
        values = {"m_t": tape["m"][k], "dm_t": tape["dah"][k][:, 2 * hidden :]}
        for index, gate in enumerate(GATES):
            block = slice(index * hidden, (index + 1) * hidden)
            values[f"{gate}_t"] = tape["gates"][k][:, block]
            source = tape["da"] if gate == "n" else tape["dah"]
            values[f"da_{gate}"] = source[k][:, block]
        return values


class GruKernel(Kernel):
    """One product for all gates; the n block of it stays apart until r is known."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        self.W_h = parameters["W_h"]  # [H, 3H]
        hidden = self.W_h.shape[0]
        # [B, H]: broadcasting a row costs more than reading it; refilled for every window.
        self.b_hn = np.empty((tape.batch, hidden), tape.dtype)
        self.b_hn_source = parameters["b_hn"]  # [H]
        self.W_hT = self.W_h.T  # [3H, H]
        self.tape = tape
        self.hidden = hidden
        self.half = np.full((tape.batch, 2 * hidden), 0.5, tape.dtype)
        self.one = np.ones((), tape.dtype)
        self.scratch = np.empty((tape.batch, hidden), tape.dtype)
        self.square = np.empty_like(tape["gates"])  # [T, B, 3H]
        self.forward_rows = [self._forward_row(k) for k in range(tape.steps)]
        self.backward_rows = [self._backward_row(k) for k in range(tape.steps)]

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        tape, two = self.tape, 2 * self.hidden
        a, ax, ah, gates = tape["a"][k], tape["ax"][k], tape["ah"][k], tape["gates"][k]
        return (
            *(tape["h"][k], ah, ah[:, :two], ax[:, :two], a[:, :two], gates[:, :two]),
            *(ah[:, two:], tape["m"][k], gates[:, : self.hidden], ax[:, two:], a[:, two:]),
            *(gates[:, two:], gates[:, self.hidden : two], tape["h"][k + 1]),
        )

    def _backward_row(self, k: int) -> tuple[Array, ...]:
        tape, one, two = self.tape, self.hidden, 2 * self.hidden
        dah, slope, gates = tape["dah"][k], tape["slope"][k], tape["gates"][k]
        return (
            *(tape["dh"][k], tape["dh_y"][k], tape["dh_next"][k + 1]),
            *(slope[:, one:two], dah[:, one:two], slope[:, two:], tape["da"][k][:, two:]),
            *(slope[:, :one], dah[:, :one], gates[:, :one], dah[:, two:]),
            *(dah, gates[:, one:two], tape["dh_next"][k]),
        )

    def begin_forward(self) -> None:
        np.copyto(self.b_hn, self.b_hn_source)

    def forward(self, first: int, last: int) -> None:
        W_h, b_hn, half, scratch = self.W_h, self.b_hn, self.half, self.scratch
        add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_prev, ah, ah_rz, ax_rz, a_rz, rz, ah_n, m, r, ax_n, a_n, n, z, h in rows:
            h_prev.dot(W_h, ah)
            add(ah_rz, ax_rz, a_rz)
            multiply(a_rz, half, rz)
            tanh(rz, rz)
            multiply(rz, half, rz)
            add(rz, half, rz)
            add(ah_n, b_hn, m)
            multiply(r, m, scratch)
            add(scratch, ax_n, a_n)
            tanh(a_n, n)
            subtract(h_prev, n, scratch)
            multiply(z, scratch, scratch)
            add(n, scratch, h)

    def begin_backward(self) -> None:
        """slope: r(1−r)·m, z(1−z)·(h_<t-1> − n) and (1−z)(1−n²), each block [T, B, H]."""
        tape, square, hidden = self.tape, self.square, self.hidden
        gates, slope = tape["gates"], tape["slope"]  # [T, B, 3H]
        tape["dh_next"][-1].fill(0)
        np.multiply(gates, gates, square)
        r, z, n = (slope[:, :, k * hidden : (k + 1) * hidden] for k in range(3))
        both = slope[:, :, : 2 * hidden]
        np.subtract(gates[:, :, : 2 * hidden], square[:, :, : 2 * hidden], both)
        np.multiply(r, tape["m"], r)
        np.subtract(tape["h"][:-1], gates[:, :, 2 * hidden :], n)
        np.multiply(z, n, z)
        np.subtract(self.one, square[:, :, 2 * hidden :], n)
        keep = square[:, :, :hidden]
        np.subtract(self.one, gates[:, :, hidden : 2 * hidden], keep)
        np.multiply(n, keep, n)

    def backward(self, first: int, last: int) -> None:
        W_hT, scratch = self.W_hT, self.scratch
        add, multiply = np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for dh, dh_y, dh_next, s_z, da_z, s_n, da_n, s_r, da_r, r, dm, dah, z, dh_prev in rows:
            add(dh_y, dh_next, dh)
            multiply(dh, s_z, da_z)
            multiply(dh, s_n, da_n)
            multiply(da_n, s_r, da_r)
            multiply(da_n, r, dm)
            dah.dot(W_hT, dh_prev)
            multiply(dh, z, scratch)
            add(dh_prev, scratch, dh_prev)

    def gather(self) -> None:
        """The input side's deltas: r and z as on the hidden side, n before r came in."""
        tape, two = self.tape, 2 * self.hidden
        np.copyto(tape["da"][:, :, :two], tape["dah"][:, :, :two])
        np.copyto(tape["dm"], tape["dah"][:, :, two:])
