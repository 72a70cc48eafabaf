"""Peephole connections: gates that see the cell state (Gers and Schmidhuber 2000).

Elementwise, as in Gers, Schraudolph and Schmidhuber (2002) and Greff et al. (2017): the input and
the forget gate see c_<t-1>, the output gate the c_t that it is about to show.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Kernel, affine
from rnn_tui.engine.cells.lstm import (
    BLOCKS,
    CANDIDATE,
    CANDIDATE_GRADIENT,
    CELL_GRADIENT,
    CELL_ROWS,
    CELL_STATE,
    FORGET_GATE,
    FORGET_GRADIENT,
    GATES,
    HIDDEN_STATE,
    INPUT_GATE,
    INPUT_GRADIENT,
    OUTPUT_GATE,
    OUTPUT_GRADIENT,
    TO_CANDIDATE,
    TO_CELL,
    TO_HIDDEN,
    LstmKernel,
    MemoryCell,
    Slopes,
    cell_sent,
    forget_gate,
    gradient,
    hidden_sent,
    input_gate,
    output_gate,
    through,
)
from rnn_tui.engine.core.expressions import Array, Expression, Value, sigmoid
from rnn_tui.engine.core.gate_layout import cache_sized_chunks
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import Tape


def _peep(gate: str, state: str) -> Expression:
    """A gate's pre-activation with its peephole."""
    return affine(gate) + Value(f"p_{gate}") * Value(state)


def _peeped(gate: str) -> Expression:
    """What comes back through a gate's peephole."""
    return Value(f"da_{gate}") * Value(f"p_{gate}")


class LstmPeepholeCell(MemoryCell):
    """The LSTM with ``p_i⊙c_<t-1>``, ``p_f⊙c_<t-1>`` and ``p_o⊙c_t`` added within i, f and o.

    Each unit sees its own cell only. Backward, da_o⊙p_o joins ∂L/∂c_t, and da_i⊙p_i + da_f⊙p_f
    join ∂L/∂c_<t-1>.
    """

    name = "lstm-peephole"
    gates = GATES
    blocks = BLOCKS
    rows = (
        *(*CELL_ROWS, INPUT_GATE, FORGET_GATE, CANDIDATE, CELL_STATE),
        *(OUTPUT_GATE, HIDDEN_STATE),
    )
    forward_operations = (
        input_gate(sigmoid(_peep("i", "c_<t-1>"))),
        forget_gate(_peep("f", "c_<t-1>")),
        TO_CANDIDATE,
        TO_CELL,
        output_gate(_peep("o", "c_t")),
        TO_HIDDEN,
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        OUTPUT_GRADIENT,
        through("o"),
        gradient("c_t", "cell state", CELL_GRADIENT + _peeped("o")),
        *(CANDIDATE_GRADIENT, FORGET_GRADIENT, INPUT_GRADIENT),
        *(through(gate) for gate in ("g", "f", "i")),
        cell_sent(_peeped("i"), _peeped("f")),
        hidden_sent(GATES),
    )

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        seen = {"i": "c_prev", "f": "c_prev", "o": "c"}
        return (
            *super().parameters(features, hidden),
            *(ParameterSpec(f"p_{gate}", (hidden,), c, f"da_{gate}") for gate, c in seen.items()),
        )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmPeepholeKernel(parameters, tape)


class LstmPeepholeKernel(LstmKernel):
    """The LSTM's, with o apart, as it waits for c_t. As a is halved for σ, so are the p's."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape)
        self.p_i, self.p_f, self.p_o = (parameters[f"p_{gate}"] for gate in "ifo")  # [H] each
        self.half = np.full((), 0.5, tape.dtype)
        self.p_if = np.empty_like(self.products)  # p_i/2 and p_f/2
        self.half_p_o = np.empty_like(tape["o"][0])  # [B, H]
        self.peeped = np.empty_like(self.products)  # p_i⊙c_<t-1> and p_f⊙c_<t-1>, halved
        self.c_prev = np.empty_like(self.products)  # beside itself
        self.a_o, self.a_if = self.layout.select(self.a, 0), self.layout.slice_gates(self.a, 1, 3)
        self.first = tuple(
            self.layout.slice_gates(x, 1, 4) for x in (self.a, self.scale, self.offset)
        )  # i, f, g
        longest = max(
            part.stop - part.start
            for part in cache_sized_chunks(tape, 4 * self.layout.hidden)
            if part
        )
        self.scratch = np.empty_like(tape["tanh_c"][:longest])  # [n, B, H]

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """i, f, g side by side, c_<t-1> [B, H]; then as the LSTM has them."""
        tape = self.tape
        return (tape.joined("i", "g")[k], tape["c"][k], *super()._forward_row(k))

    def begin_forward(self) -> None:
        super().begin_forward()
        halves = self.layout.select(self.p_if, 0), self.layout.select(self.p_if, 1), self.half_p_o
        for p, halved in zip((self.p_i, self.p_f, self.p_o), halves, strict=True):
            np.multiply(p, self.half, halved)

    def forward(self, first: int, last: int) -> None:
        W, a, a_o, a_if, half = self.scaled, self.a, self.a_o, self.a_if, self.half
        p_if, p_o, peeped, products = self.p_if, self.half_p_o, self.peeped, self.products
        a_first, scale, offset = self.first
        c_twice = self.layout.select(self.c_prev, 0), self.layout.select(self.c_prev, 1)
        i_g, f_c = self.halves
        add, multiply, tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for inputs_times, ax, _, ifg, c_prev, i_f, g_c, o, c, tanh_c, h in rows:
            inputs_times(W, a)
            if ax is not None:
                add(a, ax, a)
            for place in c_twice:
                place[...] = c_prev
            multiply(p_if, self.c_prev, peeped)
            add(a_if, peeped, a_if)
            tanh(a_first, a_first)
            multiply(a_first, scale, a_first)
            add(a_first, offset, ifg)
            multiply(i_f, g_c, products)
            add(i_g, f_c, c)
            multiply(p_o, c, o)
            add(a_o, o, o)
            tanh(o, o)
            multiply(o, half, o)
            add(o, half, o)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)

    def _fill(self, slopes: Slopes) -> None:
        """As the LSTM's, and the ways through the peepholes: dc_h + σ′_o⊙p_o, f + …"""
        super()._fill(slopes)
        tape, part = self.tape, slopes.part
        scratch = self.scratch[: part.stop - part.start]  # [n, B, H]
        dc_h, dc_prev = tape["dc_h"][part], tape["dc_next"][part]
        ways = (("da_o", self.p_o, dc_h), ("da_i", self.p_i, dc_prev), ("da_f", self.p_f, dc_prev))
        for slope, p, into in ways:
            np.multiply(tape[slope][part], p, scratch)
            np.add(into, scratch, into)
