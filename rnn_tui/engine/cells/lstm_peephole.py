"""The LSTM with peephole connections: gates that read the cell state (Gers and Schmidhuber 2000).

Elementwise, as in Gers, Schraudolph and Schmidhuber (2002) and Greff et al. (2017): the input and
the forget gate read c_<t-1>, the output gate reads c_t.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from rnn_tui.engine.cells.base import (
    HIDDEN_GRADIENT,
    Kernel,
    affine,
    gradient,
    through_sigmoid,
    through_tanh,
)
from rnn_tui.engine.cells.lstm import BLOCKS, GATES, LstmKernel
from rnn_tui.engine.cells.lstm_base import LstmFamilyCell, LstmSlopes
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh, total
from rnn_tui.engine.core.gate_layout import BoundProduct, cache_sized_chunks
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import Tape

# ---------------------------------------------------------------- the declaration


class LstmPeepholeCell(LstmFamilyCell):
    """The LSTM with ``p_i⊙c_<t-1>``, ``p_f⊙c_<t-1>`` and ``p_o⊙c_t`` added within i, f and o.

    Each unit reads its own cell only. Backward, da_o⊙p_o is added to ∂L/∂c_t, and
    da_i⊙p_i + da_f⊙p_f to ∂L/∂c_<t-1>.
    """

    name = "lstm-peephole"
    gates = GATES
    blocks = BLOCKS
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("c_<t-1>", "cell state before"),
        Row("i_t", "input gate", (0.0, 1.0)),
        Row("f_t", "forget gate", (0.0, 1.0)),
        Row("g_t", "candidate", (-1.0, 1.0)),
        Row("c_t", "cell state"),
        Row("o_t", "output gate", (0.0, 1.0)),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation(
            "i_t",
            "input gate",
            sigmoid(affine("i") + Value("p_i") * Value("c_<t-1>")),
            row="i_t",
            note="admits {value:.0%} of g_t",
        ),
        Operation(
            "f_t",
            "forget gate",
            sigmoid(affine("f") + Value("p_f") * Value("c_<t-1>")),
            row="f_t",
            note="keeps {value:.0%} of c_<t-1>",
        ),
        Operation("g_t", "candidate", tanh(affine("g")), row="g_t"),
        Operation(
            "c_t",
            "cell state",
            Value("f_t") * Value("c_<t-1>") + Value("i_t") * Value("g_t"),
            row="c_t",
        ),
        Operation(
            "o_t",
            "output gate",
            sigmoid(affine("o") + Value("p_o") * Value("c_t")),
            row="o_t",
            note="shows {value:.0%} of tanh(c_t)",
        ),
        Operation("h_t", "hidden state", Value("o_t") * tanh(Value("c_t")), row="h_t"),
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        gradient("o_t", "output gate", Value("dh_t") * tanh(Value("c_t"))),
        through_sigmoid("o", "through σ′ of the output gate", slope_first=True),
        gradient(
            "c_t",
            "cell state",
            Value("dc_next")
            + Value("dh_t") * Value("o_t") * (ONE - Square(Value("tanh(c_t)")))
            + Value("da_o") * Value("p_o"),
        ),
        gradient("g_t", "candidate", Value("dc_t") * Value("i_t")),
        gradient("f_t", "forget gate", Value("dc_t") * Value("c_<t-1>")),
        gradient("i_t", "input gate", Value("dc_t") * Value("g_t")),
        through_tanh("g", "through tanh′ of the candidate"),
        through_sigmoid("f", "through σ′ of the forget gate", slope_first=True),
        through_sigmoid("i", "through σ′ of the input gate", slope_first=True),
        gradient(
            "c_<t-1>",
            "sent to timestep t−1 along the cell",
            Value("dc_t") * Value("f_t")
            + Value("da_i") * Value("p_i")
            + Value("da_f") * Value("p_f"),
        ),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            total(*(Dot(f"da_{gate}", f"W_h{gate}", transposed=True) for gate in GATES)),
        ),
    )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        return (
            *super().parameters(features, hidden),
            ParameterSpec("p_i", (hidden,), "c_prev", "da_i"),
            ParameterSpec("p_f", (hidden,), "c_prev", "da_f"),
            ParameterSpec("p_o", (hidden,), "c", "da_o"),
        )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmPeepholeKernel(parameters, tape)


# ---------------------------------------------------------------- the kernel


class LstmPeepholeForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on: n gates are [B, n·H] or [n, B, H]."""

    input_product: Iterable[BoundProduct]  # f(W, a): a = [x_t | h_<t-1> | 1]·W or h_<t-1>·W_h
    ax: Iterable[Array | None]  # of 4 gates, x_t·W_x + b where the product does not contain it
    ifg: Iterable[Array]  # i, f, g
    c_prev: Iterable[Array]  # [B, H]
    i_f: Iterable[Array]  # i, f
    g_c: Iterable[Array]  # g, c_<t-1>
    o: Iterable[Array]  # [B, H]
    c: Iterable[Array]  # [B, H]
    tanh_c: Iterable[Array]  # [B, H]
    h: Iterable[Array]  # [B, H]


class LstmPeepholeKernel(LstmKernel):
    """The LSTM's kernel with o computed after c_t. As a is halved for σ, so are the p's."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape)
        layout = self.layout
        self.p_i, self.p_f, self.p_o = (parameters[f"p_{gate}"] for gate in "ifo")  # [H] each
        self.half = np.full((), 0.5, tape.dtype)
        self.half_p_if = np.empty_like(self.ig_fc)  # p_i/2, p_f/2 in every row
        self.half_p_o = np.empty_like(tape["o"][0])  # [B, H], p_o/2 in every row
        self.pc_if = np.empty_like(self.ig_fc)  # ½·p_i⊙c_<t-1>, ½·p_f⊙c_<t-1>
        self.c_twice = np.empty_like(self.ig_fc)  # c_<t-1>, c_<t-1>
        self.a_o, self.a_if = layout.select(self.a, 0), layout.slice_gates(self.a, 1, 3)
        self.a_ifg = layout.slice_gates(self.a, 1, 4)
        self.scale_ifg = layout.slice_gates(self.scale, 1, 4)
        self.offset_ifg = layout.slice_gates(self.offset, 1, 4)
        chunks = cache_sized_chunks(tape, 4 * layout.hidden)
        longest = max(chunk.stop - chunk.start for chunk in chunks if chunk)
        self.scratch = np.empty_like(tape["tanh_c"][:longest])  # [n, B, H]

    def _forward_views(self) -> tuple[Iterable[Any], ...]:
        tape = self.tape
        input_product, ax, _ = self._activation_views()
        return LstmPeepholeForwardViews(
            input_product=input_product,
            ax=ax,
            ifg=tape.adjacent("i", "g"),
            c_prev=tape["c"][:-1],
            i_f=tape.adjacent("i", "f"),
            g_c=tape.adjacent("g", "c_prev"),
            o=tape["o"],
            c=tape["c"][1:],
            tanh_c=tape["tanh_c"],
            h=tape["h"][1:],
        )

    def begin_forward(self) -> None:
        super().begin_forward()
        np.multiply(self.p_i, self.half, self.layout.select(self.half_p_if, 0))
        np.multiply(self.p_f, self.half, self.layout.select(self.half_p_if, 1))
        np.multiply(self.p_o, self.half, self.half_p_o)

    def forward(self, first: int, last: int) -> None:
        W, a, a_o, a_if, a_ifg = self.scaled_W, self.a, self.a_o, self.a_if, self.a_ifg
        scale, offset, half = self.scale_ifg, self.offset_ifg, self.half
        half_p_if, half_p_o, pc_if = self.half_p_if, self.half_p_o, self.pc_if
        ig_fc, ig, fc, c_twice = self.ig_fc, self.ig, self.fc, self.c_twice
        c_copies = self.layout.select(c_twice, 0), self.layout.select(c_twice, 1)
        add, multiply, np_tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for input_product, ax, ifg, c_prev, i_f, g_c, o, c, tanh_c, h in rows:
            input_product(W, a)  # scale·a_t = [x_t | h_<t-1> | 1]·(scale·W)
            if ax is not None:
                add(a, ax, a)  # scale·a_t = h_<t-1>·(scale·W_h) + scale·(x_t·W_x + b)
            for copy in c_copies:
                copy[...] = c_prev  # c_<t-1>, c_<t-1>
            multiply(half_p_if, c_twice, pc_if)  # ½·p_i⊙c_<t-1>, ½·p_f⊙c_<t-1>
            add(a_if, pc_if, a_if)  # a_i/2, a_f/2
            np_tanh(a_ifg, a_ifg)  # tanh(a_i/2), tanh(a_f/2), tanh(a_g)
            multiply(a_ifg, scale, a_ifg)  # ½·tanh(a_i/2), ½·tanh(a_f/2), tanh(a_g)
            add(a_ifg, offset, ifg)  # i, f = ½ + ½·tanh(a/2), g = tanh(a_g)
            multiply(i_f, g_c, ig_fc)  # i⊙g, f⊙c_<t-1>
            add(ig, fc, c)  # c_t = i⊙g + f⊙c_<t-1>
            multiply(half_p_o, c, o)  # ½·p_o⊙c_t
            add(a_o, o, o)  # a_o/2
            np_tanh(o, o)  # tanh(a_o/2)
            multiply(o, half, o)  # ½·tanh(a_o/2)
            add(o, half, o)  # o = ½ + ½·tanh(a_o/2)
            np_tanh(c, tanh_c)  # tanh(c_t)
            multiply(o, tanh_c, h)  # h_t = o⊙tanh(c_t)

    def _fill_slopes(self, s: LstmSlopes) -> None:
        """Add the gradient through the peepholes: dh_t⊙o′⊙p_o to dc_t, dc_t⊙z′⊙p_z to dc_<t-1>."""
        super()._fill_slopes(s)
        tape, chunk = self.tape, s.chunk
        scratch = self.scratch[: chunk.stop - chunk.start]  # [n, B, H]
        dh_dc, dc_prev = tape["dh_dc"][chunk], tape["dc_next"][chunk]
        for da, p, out in (
            ("da_o", self.p_o, dh_dc),
            ("da_i", self.p_i, dc_prev),
            ("da_f", self.p_f, dc_prev),
        ):
            np.multiply(tape[da][chunk], p, scratch)
            np.add(out, scratch, out)
