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
    Transposed,
    Views,
    affine,
    stretches,
)
from rnn_tui.engine.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh
from rnn_tui.engine.tape import ArraySpec, Tape, blocks

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
        hidden_side = (*blocks("dah_", ("r", "z"), hidden), ("dm", 2 * hidden, hidden))
        return (
            *gate_arrays(hidden),
            ArraySpec("m", hidden),
            ArraySpec("dah", 3 * hidden, parts=hidden_side),
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
    deltas = (*blocks("da_", GATES, hidden), ("da_rz", 0, 2 * hidden))
    return (
        ArraySpec("ax", wide),
        ArraySpec("gates", wide, parts=blocks("", GATES, hidden)),
        ArraySpec("da", wide, parts=deltas),
    )


class UpdateGateKernel(Kernel):
    """What both orders of the reset gate share: ``h_t = (1−z)⊙n + z⊙h_<t-1>`` and its slopes.

    The slopes are made where the gates' deltas will be: r and z side by side in `da_rz` [T, B, 2H],
    n in ``da_n``. `reset` [T, B, H] is what r is multiplied by.
    """

    def __init__(self, parameters: Views, tape: Tape, reset: Array, da_rz: Array) -> None:
        self.tape, self.reset, self.da_rz = tape, reset, da_rz
        self.hidden = tape["h"].shape[-1]
        self.W_hT = Transposed(parameters["W_h"].T, tape.batch)
        self.half = np.full((tape.batch, 2 * self.hidden), 0.5, tape.dtype)
        self.one = np.ones((), tape.dtype)
        self.scratch = np.empty((tape.batch, self.hidden), tape.dtype)
        self.parts = stretches(tape, 3 * self.hidden)
        longest = max(part.stop - part.start for part in self.parts if part)
        self.square = np.empty((longest, tape.batch, 3 * self.hidden), tape.dtype)

    def begin_backward(self) -> None:
        self.tape["dh_next"][-1].fill(0)
        self.W_hT.refresh()

    def _fill(self, part: slice) -> None:
        """Of n timesteps r(1−r)·reset, z(1−z)·(h_<t-1> − n) and (1−z)(1−n²), each [n, B, H]."""
        tape, two = self.tape, 2 * self.hidden
        square, gates, da_rz = (
            self.square[: part.stop - part.start],
            tape["gates"][part],
            self.da_rz,
        )
        s_rz, s_n = da_rz[part], tape["da_n"][part]
        s_r, s_z = s_rz[:, :, : self.hidden], s_rz[:, :, self.hidden :]
        keep = square[:, :, : self.hidden]
        np.multiply(gates, gates, square)
        np.subtract(gates[:, :, :two], square[:, :, :two], s_rz)
        np.multiply(s_r, self.reset[part], s_r)
        np.subtract(tape["h"][part], tape["n"][part], s_n)
        np.multiply(s_z, s_n, s_z)
        np.subtract(self.one, square[:, :, two:], s_n)
        np.subtract(self.one, tape["z"][part], keep)
        np.multiply(s_n, keep, s_n)


class GruKernel(UpdateGateKernel):
    """One product for all gates; the n block of it stays apart until r is known."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape, tape["m"], tape["dah"][:, :, : -tape["h"].shape[-1]])
        self.W_h = parameters["W_h"]  # [H, 3H]
        self.ah = np.empty((tape.batch, 3 * self.hidden), tape.dtype)  # h_<t-1>·W_h
        self.ah_rz, self.ah_n = np.split(self.ah, [2 * self.hidden], axis=1)
        # [B, H]: broadcasting a row costs more than reading it; refilled for every window.
        self.b_hn = np.empty((tape.batch, self.hidden), tape.dtype)
        self.b_hn_source = parameters["b_hn"]  # [H]
        self.forward_rows = [self._forward_row(k) for k in range(tape.steps)]
        self.backward_rows = [(part, self._backward_row(k)) for k, part in enumerate(self.parts)]

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """Views of timestep k+1: r and z side by side [B, 2H], all others [B, H]."""
        tape, two = self.tape, 2 * self.hidden
        ax = tape["ax"][k]
        return (
            *(tape["h"][k], ax[:, :two], tape["gates"][k][:, :two], tape["m"][k], tape["r"][k]),
            *(ax[:, two:], tape["n"][k], tape["z"][k], tape["h"][k + 1]),
        )

    def _backward_row(self, k: int) -> tuple[Array, ...]:
        """Views of timestep k+1: [B, H], but dah [B, 3H]."""
        tape = self.tape
        return (
            *(tape["dh"][k], tape["dh_y"][k], tape["dh_next"][k + 1]),
            *(tape["dah_z"][k], tape["da_n"][k], tape["dah_r"][k], tape["r"][k], tape["dm"][k]),
            *(tape["dah"][k], tape["z"][k], tape["dh_next"][k]),
        )

    def begin_forward(self) -> None:
        np.copyto(self.b_hn, self.b_hn_source)

    def forward(self, first: int, last: int) -> None:
        W_h, b_hn, half, scratch = self.W_h, self.b_hn, self.half, self.scratch
        ah, ah_rz, ah_n = self.ah, self.ah_rz, self.ah_n
        add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_prev, ax_rz, rz, m, r, ax_n, n, z, h in rows:
            h_prev.dot(W_h, ah)
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
        for part, row in reversed(self.backward_rows[first - 1 : last]):
            if part is not None:
                self._fill(part)
            dh, dh_y, dh_next, da_z, da_n, da_r, r, dm, dah, z, dh_prev = row
            add(dh_y, dh_next, dh)
            multiply(dh, da_z, da_z)
            multiply(dh, da_n, da_n)
            multiply(da_n, da_r, da_r)
            multiply(da_n, r, dm)
            dah.dot(W_hT, dh_prev)
            multiply(dh, z, scratch)
            add(dh_prev, scratch, dh_prev)

    def gather(self) -> None:
        """The input side's deltas: r and z as on the hidden side, n before r came in."""
        np.copyto(self.tape["da_rz"], self.tape["dah"][:, :, : 2 * self.hidden])
