"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""

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
from rnn_tui.engine.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh, total
from rnn_tui.engine.tape import ArraySpec, Tape

GATES = ("i", "f", "g", "o")


def _gate_gradient(gate: str, title: str) -> Operation:
    """Through σ′ or tanh′ of a gate, to its pre-activation."""
    value = Value(f"{gate}_t")
    slope = ONE - Square(value) if gate == "g" else value * (ONE - value)
    return Operation(
        f"da_{gate}", title, Value(f"d{gate}_t") * slope, row=f"{gate}_t", column="through"
    )


class LstmCell(Cell):
    """``i, f, o = σ(·)``, ``g = tanh(·)``, ``c_t = f⊙c_<t-1> + i⊙g``, ``h_t = o⊙tanh(c_t)``.

    f near 1 keeps c_<t-1>, f near 0 forgets it.
    """

    name = "lstm"
    gates = GATES
    states = ("h", "c")
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("c_<t-1>", "cell state before"),
        Row("i_t", "input gate", (0.0, 1.0)),
        Row("f_t", "forget gate", (0.0, 1.0)),
        Row("g_t", "candidate", (-1.0, 1.0)),
        Row("o_t", "output gate", (0.0, 1.0)),
        Row("c_t", "cell state"),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation(
            "i_t", "input gate", sigmoid(affine("i")), row="i_t", note="admits {value:.0%} of g_t"
        ),
        Operation(
            "f_t",
            "forget gate",
            sigmoid(affine("f")),
            row="f_t",
            note="keeps {value:.0%} of c_<t-1>",
        ),
        Operation("g_t", "candidate", tanh(affine("g")), row="g_t"),
        Operation(
            "o_t",
            "output gate",
            sigmoid(affine("o")),
            row="o_t",
            note="shows {value:.0%} of tanh(c_t)",
        ),
        Operation(
            "c_t",
            "cell state",
            Value("f_t") * Value("c_<t-1>") + Value("i_t") * Value("g_t"),
            row="c_t",
        ),
        Operation("h_t", "hidden state", Value("o_t") * tanh(Value("c_t")), row="h_t"),
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        Operation(
            "do_t",
            "output gate",
            Value("dh_t") * tanh(Value("c_t")),
            row="o_t",
            column="gradient",
        ),
        Operation(
            "dc_t",
            "cell state",
            Value("dc_next") + Value("dh_t") * Value("o_t") * (ONE - Square(Value("tanh(c_t)"))),
            row="c_t",
            column="gradient",
        ),
        Operation("dg_t", "candidate", Value("dc_t") * Value("i_t"), row="g_t", column="gradient"),
        Operation(
            "df_t", "forget gate", Value("dc_t") * Value("c_<t-1>"), row="f_t", column="gradient"
        ),
        Operation("di_t", "input gate", Value("dc_t") * Value("g_t"), row="i_t", column="gradient"),
        _gate_gradient("o", "through σ′ of the output gate"),
        _gate_gradient("g", "through tanh′ of the candidate"),
        _gate_gradient("f", "through σ′ of the forget gate"),
        _gate_gradient("i", "through σ′ of the input gate"),
        Operation(
            "dc_<t-1>",
            "sent to timestep t−1 along the cell",
            Value("dc_t") * Value("f_t"),
            row="c_<t-1>",
            column="gradient",
        ),
        Operation(
            "dh_<t-1>",
            "sent to timestep t−1",
            total(*(Dot(f"da_{gate}", f"W_h{gate}", transposed=True) for gate in GATES)),
            row="h_<t-1>",
            column="gradient",
        ),
    )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        width = len(GATES) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", GATES),
            ParameterSpec("W_h", (hidden, width), "h_prev", "da", GATES),
            ParameterSpec("b", (width,), None, "da", GATES),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        wide = tuple(ArraySpec(name, 4 * hidden) for name in ("ax", "a", "gates", "slope", "da"))
        narrow = tuple(ArraySpec(name, hidden) for name in ("tanh_c", "dc", "dc_h"))
        states = tuple(ArraySpec(name, hidden, state=True) for name in ("c", "dc_next"))
        return wide + narrow + states

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        hidden = tape["h"].shape[-1]
        values = {
            "c_<t-1>": tape["c"][k],
            "c_t": tape["c"][t],
            "tanh(c_t)": tape["tanh_c"][k],
            "dc_t": tape["dc"][k],
            "dc_next": tape["dc_next"][t],
            "dc_<t-1>": tape["dc_next"][k],
        }
        for index, gate in enumerate(GATES):
            block = slice(index * hidden, (index + 1) * hidden)
            values[f"{gate}_t"] = tape["gates"][k][:, block]
            values[f"da_{gate}"] = tape["da"][k][:, block]
        return values


class LstmKernel(Kernel):
    """All gates in one product; σ as ½ + ½·tanh(a/2), so that one tanh serves all four gates."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        self.W_x = parameters["W_x"]  # [D, 4H]
        self.W_h = parameters["W_h"]  # [H, 4H]
        self.b = parameters["b"]  # [4H]
        self.W_hT = np.empty(self.W_h.shape[::-1], tape.dtype)  # [4H, H], contiguous W_hᵀ
        self.x = tape.flat("x")  # [T·B, D]
        self.ax = tape.flat("ax")  # [T·B, 4H], x·W_x + b
        self.tape = tape
        hidden = self.W_h.shape[0]
        batch = tape.batch
        is_tanh = np.zeros(4 * hidden, bool)  # [4H], True in the block g
        is_tanh[2 * hidden : 3 * hidden] = True
        # Full [B, 4H] constants: broadcasting a row costs more than reading them.
        shape = (batch, 4 * hidden)
        self.scale = np.broadcast_to(np.where(is_tanh, 1.0, 0.5), shape).astype(tape.dtype)
        self.offset = np.broadcast_to(np.where(is_tanh, 0.0, 0.5), shape).astype(tape.dtype)
        # σ′ = a − a², tanh′ = 1 − a²: both are linear·a + constant − a².
        self.linear = np.where(is_tanh, 0.0, 1.0).astype(tape.dtype)  # [4H]
        self.constant = np.where(is_tanh, 1.0, 0.0).astype(tape.dtype)  # [4H]
        self.one = np.ones((), tape.dtype)
        self.scratch = np.empty((batch, hidden), tape.dtype)
        self.square = np.empty_like(tape["gates"])  # [T, B, 4H]
        self.forward_rows = [self._forward_row(k, hidden) for k in range(tape.steps)]
        self.backward_rows = [self._backward_row(k, hidden) for k in range(tape.steps)]

    def _forward_row(self, k: int, hidden: int) -> tuple[Array, ...]:
        """Views of timestep k+1: [B, H] states, [B, 4H] gates and their blocks."""
        tape = self.tape
        gates = tape["gates"][k]
        i, f, g, o = (gates[:, n * hidden : (n + 1) * hidden] for n in range(4))
        h, c = tape["h"], tape["c"]
        return (
            *(h[k], c[k], tape["a"][k], tape["ax"][k], gates, i, f, g, o),
            *(c[k + 1], tape["tanh_c"][k], h[k + 1]),
        )

    def _backward_row(self, k: int, hidden: int) -> tuple[Array, ...]:
        """Views of timestep k+1; da and slope once as [B, 3, H] (i, f, g) and once for o."""
        tape, batch = self.tape, self.tape.batch
        da, slope = tape["da"][k], tape["slope"][k]
        dh_next, dc_next = tape["dh_next"], tape["dc_next"]
        return (
            *(tape["dh"][k], tape["dh_y"][k], dh_next[k + 1], tape["dc_h"][k], dc_next[k + 1]),
            *(tape["dc"][k], tape["dc"][k].reshape(batch, 1, hidden)),
            _three_blocks(da, hidden),
            _three_blocks(slope, hidden),
            *(da[:, 3 * hidden :], slope[:, 3 * hidden :]),
            *(tape["gates"][k][:, hidden : 2 * hidden], dc_next[k], da, dh_next[k]),
        )

    def begin_forward(self) -> None:
        self.x.dot(self.W_x, out=self.ax)
        np.add(self.ax, self.b, out=self.ax)

    def forward(self, first: int, last: int) -> None:
        W_h, scale, offset, scratch = self.W_h, self.scale, self.offset, self.scratch
        add, multiply, tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for h_prev, c_prev, a, ax, gates, i, f, g, o, c, tanh_c, h in rows:
            h_prev.dot(W_h, out=a)
            add(a, ax, out=a)
            multiply(a, scale, out=gates)
            tanh(gates, out=gates)
            multiply(gates, scale, out=gates)
            add(gates, offset, out=gates)
            multiply(f, c_prev, out=c)
            multiply(i, g, out=scratch)
            add(c, scratch, out=c)
            tanh(c, out=tanh_c)
            multiply(o, tanh_c, out=h)

    def begin_backward(self) -> None:
        """slope: each gate's σ′ or tanh′ times its partner, so that da = dc·slope (da_o: dh·slope).

        The partners are g for i, c_<t-1> for f, i for g and tanh(c_t) for o.
        """
        tape, square = self.tape, self.square
        gates, slope = tape["gates"], tape["slope"]  # [T, B, 4H]
        np.copyto(self.W_hT, self.W_h.T)
        tape["dh_next"][-1].fill(0)
        tape["dc_next"][-1].fill(0)
        np.multiply(gates, gates, out=square)
        np.multiply(gates, self.linear, out=slope)
        np.add(slope, self.constant, out=slope)
        np.subtract(slope, square, out=slope)
        hidden = self.W_h.shape[0]
        partners = (gates[:, :, 2 * hidden : 3 * hidden], tape["c"][:-1], gates[:, :, :hidden])
        for n, partner in enumerate((*partners, tape["tanh_c"])):
            block = slope[:, :, n * hidden : (n + 1) * hidden]
            np.multiply(block, partner, out=block)
        dc_h, tanh_c = tape["dc_h"], tape["tanh_c"]  # dc_h: o·(1 − tanh²(c_t)), [T, B, H]
        np.multiply(tanh_c, tanh_c, out=dc_h)
        np.subtract(self.one, dc_h, out=dc_h)
        np.multiply(dc_h, gates[:, :, 3 * hidden :], out=dc_h)

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT, np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for dh, dh_y, dh_next, dc_h, dc_next, dc, dc3, da3, slope3, da_o, slope_o, *rest in rows:
            f, dc_prev, da, dh_prev = rest
            add(dh_y, dh_next, out=dh)
            multiply(dh, dc_h, out=dc)
            add(dc, dc_next, out=dc)
            multiply(dc3, slope3, out=da3)
            multiply(dh, slope_o, out=da_o)
            multiply(dc, f, out=dc_prev)
            da.dot(W_hT, out=dh_prev)


def _three_blocks(array: Array, hidden: int) -> Array:
    """The blocks i, f, g of [B, 4H] as a view [B, 3, H]."""
    return array.reshape(array.shape[0], 4, hidden)[:, :3]
