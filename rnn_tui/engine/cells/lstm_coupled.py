"""Coupled input and forget gate, CIFG (Greff et al. 2017): an LSTM with i = 1 − f."""

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
from rnn_tui.engine.cells.lstm_base import (
    LstmFamilyCell,
    LstmFamilyKernel,
    LstmSlopes,
)
from rnn_tui.engine.core.expressions import ONE, Array, Dot, Square, Value, sigmoid, tanh, total
from rnn_tui.engine.core.gate_layout import BoundProduct
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import ArraySpec, Tape

GATES = ("f", "g", "o")
BLOCKS = ("o", "f", "g")  # the gates in memory

# ---------------------------------------------------------------- the declaration


class LstmCoupledCell(LstmFamilyCell):
    """``f, o = σ(·)``, ``i = 1 − f``, ``g = tanh(·)``, ``c_t = f⊙c_<t-1> + i⊙g``, ``h_t = …``.

    ``h_t = o⊙tanh(c_t)``. c_t is a mean of c_<t-1> and g_t, so it stays within ±1 once it is there.
    i has no weights of its own: ∂L/∂f_t = dc_t⊙c_<t-1> − di_t.
    """

    name = "lstm-coupled"
    gates = GATES
    blocks = BLOCKS
    rows = (
        Row("x_t", "input"),
        Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
        Row("c_<t-1>", "cell state before"),
        Row("f_t", "forget gate", (0.0, 1.0)),
        Row("i_t", "input gate", (0.0, 1.0)),
        Row("g_t", "candidate", (-1.0, 1.0)),
        Row("o_t", "output gate", (0.0, 1.0)),
        Row("c_t", "cell state"),
        Row("h_t", "hidden state", (-1.0, 1.0)),
    )
    forward_operations = (
        Operation(
            "f_t",
            "forget gate",
            sigmoid(affine("f")),
            row="f_t",
            note="keeps {value:.0%} of c_<t-1>",
        ),
        Operation(
            "i_t", "input gate", ONE - Value("f_t"), row="i_t", note="admits {value:.0%} of g_t"
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
        gradient("i_t", "input gate", Value("dc_t") * Value("g_t")),
        gradient("f_t", "forget gate", Value("dc_t") * Value("c_<t-1>") - Value("di_t")),
        through_sigmoid("o", "through σ′ of the output gate", slope_first=True),
        through_tanh("g", "through tanh′ of the candidate"),
        through_sigmoid("f", "through σ′ of the forget gate", slope_first=True),
        gradient("c_<t-1>", "sent to timestep t−1 along the cell", Value("dc_t") * Value("f_t")),
        gradient(
            "h_<t-1>",
            "sent to timestep t−1",
            total(*(Dot(f"da_{gate}", f"W_h{gate}", transposed=True) for gate in GATES)),
        ),
    )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        return (*super().arrays(hidden), ArraySpec("i", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmCoupledKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return super().values(tape, t) | {"i_t": tape["i"][t - 1]}


# ---------------------------------------------------------------- the kernel


class LstmCoupledForwardViews(NamedTuple):
    """Views of each timestep that the forward loop works on; [B, H] unless said otherwise."""

    input_product: Iterable[BoundProduct]  # f(W, a): a = [x_t | h_<t-1> | 1]·W or h_<t-1>·W_h
    ax: Iterable[
        Array | None
    ]  # [B, 3·H] or [3, B, H], x_t·W_x + b where the product does not contain it
    gates: Iterable[Array]  # o, f, g: [B, 3·H] or [3, B, H]
    f: Iterable[Array]
    i: Iterable[Array]
    g: Iterable[Array]
    o: Iterable[Array]
    c_prev: Iterable[Array]
    c: Iterable[Array]
    tanh_c: Iterable[Array]
    h: Iterable[Array]


class LstmCoupledKernel(LstmFamilyKernel):
    """One product for three gates; ∂c_t/∂f = c_<t-1> − g_t."""

    blocks = BLOCKS

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape)
        self.ig = np.empty((tape.batch, tape["i"].shape[-1]), tape.dtype)  # i⊙g, [B, H]

    def _forward_views(self) -> tuple[Iterable[Any], ...]:
        tape = self.tape
        return LstmCoupledForwardViews(
            *self._activation_views(),
            f=tape["f"],
            i=tape["i"],
            g=tape["g"],
            o=tape["o"],
            c_prev=tape["c"][:-1],
            c=tape["c"][1:],
            tanh_c=tape["tanh_c"],
            h=tape["h"][1:],
        )

    def _factors(self, chunk: slice) -> tuple[tuple[Array, Array], ...]:
        tape = self.tape
        return (
            # ∂c_t/∂f = c_<t-1> − g_t, which is in dc_next until f is written there.
            (tape["da_f"][chunk], tape["dc_next"][chunk]),
            (tape["da_g"][chunk], tape["i"][chunk]),  # ∂c_t/∂g = i_t
        )

    def forward(self, first: int, last: int) -> None:
        W, a, scale, offset = self.scaled_W, self.a, self.scale, self.offset
        ig, one = self.ig, self.one
        add, multiply, subtract, np_tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for input_product, ax, gates, f, i, g, o, c_prev, c, tanh_c, h in rows:
            input_product(W, a)  # scale·a_t = [x_t | h_<t-1> | 1]·(scale·W)
            if ax is not None:
                add(a, ax, a)  # scale·a_t = h_<t-1>·(scale·W_h) + scale·(x_t·W_x + b)
            np_tanh(a, a)  # tanh(a_o/2), tanh(a_f/2), tanh(a_g)
            multiply(a, scale, a)  # ½·tanh(a_o/2), ½·tanh(a_f/2), tanh(a_g)
            add(a, offset, gates)  # o, f = ½ + ½·tanh(a/2), g = tanh(a_g)
            subtract(one, f, i)  # i = 1 − f
            multiply(i, g, ig)  # i⊙g
            multiply(f, c_prev, c)  # f⊙c_<t-1>
            add(c, ig, c)  # c_t = f⊙c_<t-1> + i⊙g
            np_tanh(c, tanh_c)  # tanh(c_t)
            multiply(o, tanh_c, h)  # h_t = o⊙tanh(c_t)

    def _fill_slopes(self, s: LstmSlopes) -> None:
        tape, chunk = self.tape, s.chunk
        np.subtract(tape["c"][chunk], tape["g"][chunk], tape["dc_next"][chunk])  # c_<t-1> − g_t
        super()._fill_slopes(s)
