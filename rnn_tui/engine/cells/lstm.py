"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""

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
from rnn_tui.engine.cells.lstm_base import LstmFamilyCell, LstmFamilyKernel
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh, total
from rnn_tui.engine.core.gate_layout import BoundProduct
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import Tape

GATES = ("i", "f", "g", "o")
# The gates in memory: three σ side by side. On the tape i lies next to f, and g next to c_<t-1>, so
# that one multiplication gives both i⊙g and f⊙c_<t-1>.
BLOCKS = ("o", "i", "f", "g")

# ---------------------------------------------------------------- the declaration


class LstmCell(LstmFamilyCell):
    """``i, f, o = σ(·)``, ``g = tanh(·)``, ``c_t = f⊙c_<t-1> + i⊙g``, ``h_t = o⊙tanh(c_t)``.

    f near 1 keeps c_<t-1>, f near 0 forgets it.
    """

    name = "lstm"
    gates = GATES
    blocks = BLOCKS
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
            "i_t",
            "input gate",
            sigmoid(affine("i")),
            row="i_t",
            note="admits {value:.0%} of g_t",
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
        gradient("o_t", "output gate", Value("dh_t") * tanh(Value("c_t"))),
        gradient(
            "c_t",
            "cell state",
            Value("dc_next") + Value("dh_t") * Value("o_t") * (ONE - Square(Value("tanh(c_t)"))),
        ),
        gradient("g_t", "candidate", Value("dc_t") * Value("i_t")),
        gradient("f_t", "forget gate", Value("dc_t") * Value("c_<t-1>")),
        gradient("i_t", "input gate", Value("dc_t") * Value("g_t")),
        through_sigmoid("o", "through σ′ of the output gate", slope_first=True),
        through_tanh("g", "through tanh′ of the candidate"),
        through_sigmoid("f", "through σ′ of the forget gate", slope_first=True),
        through_sigmoid("i", "through σ′ of the input gate", slope_first=True),
        gradient("c_<t-1>", "sent to timestep t−1 along the cell", Value("dc_t") * Value("f_t")),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            total(*(Dot(f"da_{gate}", f"W_h{gate}", transposed=True) for gate in GATES)),
        ),
    )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmKernel(parameters, tape)


# ---------------------------------------------------------------- the kernel


class LstmForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on: n gates are [B, n·H] or [n, B, H]."""

    input_product: Iterable[BoundProduct]  # f(W, a): a = [x_t | h_<t-1> | 1]·W or h_<t-1>·W_h
    ax: Iterable[Array | None]  # of 4 gates, x_t·W_x + b where the product does not contain it
    gates: Iterable[Array]  # o, i, f, g
    i_f: Iterable[Array]  # i, f
    g_c: Iterable[Array]  # g, c_<t-1>
    o: Iterable[Array]  # [B, H]
    c: Iterable[Array]  # [B, H]
    tanh_c: Iterable[Array]  # [B, H]
    h: Iterable[Array]  # [B, H]


class LstmKernel(LstmFamilyKernel):
    """The LSTM's forward loop; the backward loop is the memory cells'."""

    blocks = BLOCKS

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape)
        self.ig_fc = np.empty(tape.adjacent("i", "f")[0].shape, tape.dtype)  # i⊙g, f⊙c_<t-1>
        self.ig, self.fc = self.layout.select(self.ig_fc, 0), self.layout.select(self.ig_fc, 1)

    def _forward_views(self) -> tuple[Iterable[Any], ...]:
        tape = self.tape
        return LstmForwardViews(
            *self._activation_views(),
            i_f=tape.adjacent("i", "f"),
            g_c=tape.adjacent("g", "c_prev"),
            o=tape["o"],
            c=tape["c"][1:],
            tanh_c=tape["tanh_c"],
            h=tape["h"][1:],
        )

    def _factors(self, chunk: slice) -> tuple[tuple[Array, Array], ...]:
        tape = self.tape
        return (
            # ∂c_t/∂i = g_t, ∂c_t/∂f = c_<t-1>; ∂c_t/∂g = i_t
            (tape.adjacent("da_i", "da_f")[chunk], tape.adjacent("g", "c_prev")[chunk]),
            (tape["da_g"][chunk], tape["i"][chunk]),
        )

    def forward(self, first: int, last: int) -> None:
        W, a, scale, offset = self.scaled_W, self.a, self.scale, self.offset
        ig_fc, ig, fc = self.ig_fc, self.ig, self.fc
        add, multiply, np_tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for input_product, ax, gates, i_f, g_c, o, c, tanh_c, h in rows:
            input_product(W, a)  # scale·a_t = [x_t | h_<t-1> | 1]·(scale·W)
            if ax is not None:
                add(a, ax, a)  # scale·a_t = h_<t-1>·(scale·W_h) + scale·(x_t·W_x + b)
            np_tanh(a, a)  # tanh(a_o/2), tanh(a_i/2), tanh(a_f/2), tanh(a_g)
            multiply(a, scale, a)  # ½·tanh(a_o/2), …, tanh(a_g)
            add(a, offset, gates)  # o, i, f = ½ + ½·tanh(a/2), g = tanh(a_g)
            multiply(i_f, g_c, ig_fc)  # i⊙g, f⊙c_<t-1>
            add(ig, fc, c)  # c_t = i⊙g + f⊙c_<t-1>
            np_tanh(c, tanh_c)  # tanh(c_t)
            multiply(o, tanh_c, h)  # h_t = o⊙tanh(c_t)
