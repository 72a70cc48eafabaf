"""Coupled input and forget gate, CIFG (Greff et al. 2017): what is forgotten makes room."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Kernel, affine
from rnn_tui.engine.cells.lstm import (
    CANDIDATE,
    CANDIDATE_GRADIENT,
    CELL_GRADIENT,
    CELL_ROWS,
    CELL_STATE,
    FORGET_GATE,
    HIDDEN_STATE,
    INPUT_GATE,
    INPUT_GRADIENT,
    OUTPUT_GATE,
    OUTPUT_GRADIENT,
    TO_CANDIDATE,
    TO_CELL,
    TO_HIDDEN,
    MemoryCell,
    MemoryKernel,
    Slopes,
    cell_sent,
    forget_gate,
    gradient,
    hidden_sent,
    input_gate,
    output_gate,
    through,
)
from rnn_tui.engine.core.expressions import ONE, Array, Value
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import ArraySpec, Tape

GATES = ("f", "g", "o")
BLOCKS = ("o", "f", "g")


class LstmCoupledCell(MemoryCell):
    """``f, o = σ(·)``, ``i = 1 − f``, ``g = tanh(·)``, ``c_t = f⊙c_<t-1> + i⊙g``, ``h_t = …``.

    ``h_t = o⊙tanh(c_t)``. c_t is a mean of c_<t-1> and g_t, so it stays within ±1 once it is there.
    i has no weights of its own: ∂L/∂f_t = dc_t⊙c_<t-1> − di_t.
    """

    name = "lstm-coupled"
    gates = GATES
    blocks = BLOCKS
    rows = (
        *(*CELL_ROWS, FORGET_GATE, INPUT_GATE, CANDIDATE, OUTPUT_GATE),
        *(CELL_STATE, HIDDEN_STATE),
    )
    forward_operations = (
        forget_gate(affine("f")),
        input_gate(ONE - Value("f_t")),
        TO_CANDIDATE,
        output_gate(affine("o")),
        TO_CELL,
        TO_HIDDEN,
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        OUTPUT_GRADIENT,
        gradient("c_t", "cell state", CELL_GRADIENT),
        *(CANDIDATE_GRADIENT, INPUT_GRADIENT),
        gradient("f_t", "forget gate", Value("dc_t") * Value("c_<t-1>") - Value("di_t")),
        *(through(gate) for gate in ("o", "g", "f")),
        cell_sent(),
        hidden_sent(GATES),
    )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        return (*super().arrays(hidden), ArraySpec("i", hidden))

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmCoupledKernel(parameters, tape)

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return super().values(tape, t) | {"i_t": tape["i"][t - 1]}


class LstmCoupledKernel(MemoryKernel):
    """One product for three gates; df_t = dc_t⊙(c_<t-1> − g_t)."""

    names = BLOCKS

    def __init__(self, parameters: Views, tape: Tape) -> None:
        self.product = np.empty((tape.batch, tape["i"].shape[-1]), tape.dtype)  # i⊙g
        super().__init__(parameters, tape)

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """Gates and states, [B, H] each."""
        tape = self.tape
        states = tape["c"][k], tape["c"][k + 1], tape["tanh_c"][k], tape["h"][k + 1]
        return (tape["f"][k], tape["i"][k], tape["g"][k], tape["o"][k], *states)

    def _partners(self, part: slice) -> tuple[tuple[Array, Array], ...]:
        tape = self.tape
        # c_<t-1> − g_t needs no place of its own: dc_<t-1> is filled after it has been used.
        pair = tape["da_f"][part], tape["dc_next"][part]
        return (pair, (tape["da_g"][part], tape["i"][part]))

    def forward(self, first: int, last: int) -> None:
        W, a, scale, offset = self.scaled, self.a, self.scale, self.offset
        product, one = self.product, self.one
        add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for inputs_times, ax, gates, f, i, g, o, c_prev, c, tanh_c, h in rows:
            inputs_times(W, a)
            if ax is not None:
                add(a, ax, a)
            tanh(a, a)
            multiply(a, scale, a)
            add(a, offset, gates)
            subtract(one, f, i)
            multiply(i, g, product)
            multiply(f, c_prev, c)
            add(c, product, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)

    def _fill(self, slopes: Slopes) -> None:
        tape, part = self.tape, slopes.part
        np.subtract(tape["c"][part], tape["g"][part], tape["dc_next"][part])
        super()._fill(slopes)
