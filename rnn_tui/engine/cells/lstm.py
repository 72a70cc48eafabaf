"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""

from __future__ import annotations

from typing import Any

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
    recurrent_input,
)
from rnn_tui.engine.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh, total
from rnn_tui.engine.tape import ArraySpec, Tape

GATES = ("i", "f", "g", "o")
# In this order the σ of three gates are one block, and on the tape i, f stand before g, c_<t-1>:
# their products are one as well.
BLOCKS = ("o", "i", "f", "g")


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
    blocks = BLOCKS
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
            ParameterSpec("W_x", (features, width), "x", "da", BLOCKS),
            ParameterSpec("W_h", (hidden, width), "h_prev", "da", BLOCKS),
            ParameterSpec("b", (width,), None, "da", BLOCKS),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        wide = 4 * hidden
        return (
            ArraySpec("gates", wide, group="memory"),
            ArraySpec("c", hidden, state=True, group="memory"),
            ArraySpec("tanh_c", hidden),
            ArraySpec("dc_h", hidden),
            # What dc is multiplied by (and o's block of slope, by which dh is) …
            ArraySpec("slope", wide, group="factors"),
            ArraySpec("keep", hidden, group="factors"),
            # … and what that makes: da, and dc of the timestep before.
            ArraySpec("da", wide, group="deltas"),
            ArraySpec("dc_next", hidden, state=True, group="deltas"),
            ArraySpec("dc", hidden),
        )

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
        for index, gate in enumerate(BLOCKS):
            block = slice(index * hidden, (index + 1) * hidden)
            values[f"{gate}_t"] = tape["gates"][k][:, block]
            values[f"da_{gate}"] = tape["da"][k][:, block]
        return values


class LstmKernel(Kernel):
    """One product for all gates; σ as ½ + ½·tanh(a/2), so that one tanh serves all four.

    Halving is exact in binary floating point, so the weights of a may be halved instead of a.
    """

    def __init__(self, parameters: Views, tape: Tape) -> None:
        inputs, self.ax, W = recurrent_input(parameters, tape)  # W: [D+H+1, 4H] or [H, 4H]
        self.W, self.W_hT = W, parameters["W_h"].T  # [4H, H]
        self.tape = tape
        hidden = tape["h"].shape[-1]
        is_tanh = np.arange(4 * hidden) >= 3 * hidden
        self.row = np.where(is_tanh, 1, 0.5).astype(tape.dtype)  # [4H]
        # Full [B, 4H] constants: broadcasting a row costs more than reading them.
        shape = (tape.batch, 4 * hidden)
        self.scale = np.broadcast_to(self.row, shape).copy()
        self.offset = np.broadcast_to(np.where(is_tanh, 0, 0.5), shape).astype(tape.dtype)
        self.scaled = np.empty_like(W)
        self.one = np.ones((), tape.dtype)
        self.a = np.empty(shape, tape.dtype)  # of one timestep, scaled
        self.products = np.empty((tape.batch, 2 * hidden), tape.dtype)  # i⊙g and f⊙c_<t-1>
        self.halves = np.split(self.products, 2, axis=1)  # [B, H] each
        self._bind_slopes(hidden)
        self.forward_rows = [(inputs[k], *self._forward_row(k, hidden)) for k in range(tape.steps)]
        self.backward_rows = [self._backward_row(k, hidden) for k in range(tape.steps)]

    def _bind_slopes(self, hidden: int) -> None:
        """Views of the whole window that `begin_backward` works on."""
        tape = self.tape
        memory, slope = tape.beside("gates", "c_prev"), tape["slope"]  # [T, B, 5H], [T, B, 4H]
        o, i, f, g, _ = np.split(memory, 5, axis=2)
        self.last = (tape["dh_next"][-1], tape["dc_next"][-1])
        square = np.empty((tape.steps, tape.batch, 3 * hidden), tape.dtype)
        self.sigmoids = (memory[:, :, : 3 * hidden], square, slope[:, :, : 3 * hidden])
        self.partners = (
            (slope[:, :, :hidden], tape["tanh_c"]),
            (slope[:, :, hidden : 3 * hidden], memory[:, :, 3 * hidden :]),  # i and f; g, c_<t-1>
        )
        self.tangents = (
            (g, i, slope[:, :, 3 * hidden :]),
            (tape["tanh_c"], o, tape["dc_h"]),
        )
        self.kept = (tape["keep"], f)

    def _forward_row(self, k: int, hidden: int) -> tuple[Any, ...]:
        """Views of timestep k+1: [B, 4H] ax and gates, parts of these, [B, H] states."""
        tape, gates = self.tape, self.tape["gates"][k]
        memory = tape.beside("gates", "c_prev")[k]  # [B, 5H]: o, i, f, g, c_<t-1>
        return (
            None if self.ax is None else self.ax[k],
            gates,
            memory[:, hidden : 3 * hidden],  # i, f
            memory[:, 3 * hidden :],  # g, c_<t-1>
            gates[:, :hidden],  # o
            *(tape["c"][k + 1], tape["tanh_c"][k], tape["h"][k + 1]),
        )

    def _backward_row(self, k: int, hidden: int) -> tuple[Array, ...]:
        """Views of timestep k+1: [B, H], but for by_dc and from_dc [B, 4, H] and da [B, 4H]."""
        tape, batch = self.tape, self.tape.batch
        factors = tape.beside("slope", "keep")[k].reshape(batch, 5, hidden)
        deltas = tape.beside("da", "dc_next_prev")[k].reshape(batch, 5, hidden)
        dh_next, dc = tape["dh_next"], tape["dc"][k]
        return (
            *(tape["dh_y"][k], dh_next[k + 1], tape["dh"][k]),
            *(tape["dc_h"][k], tape["dc_next"][k + 1], dc),
            *(factors[:, 0], deltas[:, 0]),
            *(dc.reshape(batch, 1, hidden), factors[:, 1:], deltas[:, 1:]),
            *(tape["da"][k], dh_next[k]),
        )

    def begin_forward(self) -> None:
        np.multiply(self.W, self.row, self.scaled)
        if self.ax is not None:
            np.multiply(self.ax, self.row, self.ax)

    def forward(self, first: int, last: int) -> None:
        W, a, scale, offset, products = self.scaled, self.a, self.scale, self.offset, self.products
        i_g, f_c = self.halves
        add, multiply, tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for inputs, ax, gates, i_f, g_c, o, c, tanh_c, h in rows:
            inputs.dot(W, a)
            if ax is not None:
                add(a, ax, a)
            tanh(a, a)
            multiply(a, scale, a)
            add(a, offset, gates)
            multiply(i_f, g_c, products)
            add(i_g, f_c, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)

    def begin_backward(self) -> None:
        """slope: σ′ or tanh′ of o, i, f, g times tanh(c_t), g, c_<t-1>, i; dc_h: o·tanh′(c_t)."""
        for array in self.last:
            array.fill(0)
        sigmoids, square, through = self.sigmoids  # [T, B, 3H]: o, i, f
        np.multiply(sigmoids, sigmoids, square)
        np.subtract(sigmoids, square, through)
        for slope, factor in self.partners:
            np.multiply(slope, factor, slope)
        for value, factor, into in self.tangents:  # [T, B, H]
            np.multiply(value, value, into)
            np.subtract(self.one, into, into)
            np.multiply(into, factor, into)
        np.copyto(*self.kept)

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT, np.add, np.multiply
        rows = reversed(self.backward_rows[first - 1 : last])
        for dh_y, dh_next, dh, dc_h, dc_next, dc, slope_o, da_o, dc_row, *rest in rows:
            by_dc, from_dc, da, dh_prev = rest
            add(dh_y, dh_next, dh)
            multiply(dh, dc_h, dc)
            add(dc, dc_next, dc)
            multiply(dh, slope_o, da_o)
            multiply(dc_row, by_dc, from_dc)  # da_i, da_f, da_g and dc_<t-1>
            da.dot(W_hT, dh_prev)
