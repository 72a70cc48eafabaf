"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.engine.cells.base import HIDDEN_GRADIENT, Cell, Kernel, affine, recurrent_input
from rnn_tui.engine.core.expressions import (
    ONE,
    Array,
    Dot,
    Expression,
    Square,
    Value,
    sigmoid,
    tanh,
    total,
)
from rnn_tui.engine.core.gate_layout import GateLayout, TransposedWeights, cache_sized_chunks
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts

GATES = ("i", "f", "g", "o")
# In this order the σ of three gates are one block, and on the tape i, f stand before g, c_<t-1>:
# their products are one as well.
BLOCKS = ("o", "i", "f", "g")


CELL_ROWS = (
    Row("x_t", "input"),
    Row("h_<t-1>", "hidden state before", (-1.0, 1.0)),
    Row("c_<t-1>", "cell state before"),
)
INPUT_GATE = Row("i_t", "input gate", (0.0, 1.0))
FORGET_GATE = Row("f_t", "forget gate", (0.0, 1.0))
CANDIDATE = Row("g_t", "candidate", (-1.0, 1.0))
OUTPUT_GATE = Row("o_t", "output gate", (0.0, 1.0))
CELL_STATE = Row("c_t", "cell state")
HIDDEN_STATE = Row("h_t", "hidden state", (-1.0, 1.0))


def input_gate(expression: Expression) -> Operation:
    """i_t."""
    return Operation("i_t", "input gate", expression, row="i_t", note="admits {value:.0%} of g_t")


def forget_gate(argument: Expression) -> Operation:
    """f_t = σ(argument)."""
    note = "keeps {value:.0%} of c_<t-1>"
    return Operation("f_t", "forget gate", sigmoid(argument), row="f_t", note=note)


def output_gate(argument: Expression) -> Operation:
    """o_t = σ(argument)."""
    note = "shows {value:.0%} of tanh(c_t)"
    return Operation("o_t", "output gate", sigmoid(argument), row="o_t", note=note)


TO_CANDIDATE = Operation("g_t", "candidate", tanh(affine("g")), row="g_t")
TO_CELL = Operation(
    "c_t",
    "cell state",
    Value("f_t") * Value("c_<t-1>") + Value("i_t") * Value("g_t"),
    row="c_t",
)
TO_HIDDEN = Operation("h_t", "hidden state", Value("o_t") * tanh(Value("c_t")), row="h_t")


def gradient(symbol: str, title: str, expression: Expression) -> Operation:
    """∂L/∂symbol."""
    return Operation(f"d{symbol}", title, expression, row=symbol, column="gradient")


def through(gate: str) -> Operation:
    """Through σ′ or tanh′ of a gate, to its pre-activation."""
    value = Value(f"{gate}_t")
    slope = ONE - Square(value) if gate == "g" else value * (ONE - value)
    names = {"o": "output gate", "g": "candidate", "f": "forget gate", "i": "input gate"}
    title = f"through {'tanh′' if gate == 'g' else 'σ′'} of the {names[gate]}"
    expression = Value(f"d{gate}_t") * slope
    return Operation(f"da_{gate}", title, expression, row=f"{gate}_t", column="through")


OUTPUT_GRADIENT = gradient("o_t", "output gate", Value("dh_t") * tanh(Value("c_t")))
CELL_GRADIENT = Value("dc_next") + Value("dh_t") * Value("o_t") * (ONE - Square(Value("tanh(c_t)")))
CANDIDATE_GRADIENT = gradient("g_t", "candidate", Value("dc_t") * Value("i_t"))
FORGET_GRADIENT = gradient("f_t", "forget gate", Value("dc_t") * Value("c_<t-1>"))
INPUT_GRADIENT = gradient("i_t", "input gate", Value("dc_t") * Value("g_t"))


def cell_sent(*further: Expression) -> Operation:
    """∂L/∂c_<t-1>: what goes along the cell, and `further` ways."""
    title = "sent to timestep t−1 along the cell"
    return gradient("c_<t-1>", title, total(Value("dc_t") * Value("f_t"), *further))


def hidden_sent(gates: tuple[str, ...]) -> Operation:
    """∂L/∂h_<t-1>, through the weights of all `gates`."""
    ways = (Dot(f"da_{gate}", f"W_h{gate}", transposed=True) for gate in gates)
    return gradient("h_<t-1>", "sent to timestep t−1", total(*ways))


class MemoryCell(Cell):
    """What all LSTMs share: the states h and c, and gates that are affine in x_t and h_<t-1>."""

    states = ("h", "c")
    split = True

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        blocks, width = self.blocks, len(self.blocks) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", blocks),
            ParameterSpec("W_h", (hidden, width), "h_prev", "da", blocks),
            ParameterSpec("b", (width,), None, "da", blocks),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        wide = len(self.blocks) * hidden
        gates, deltas = (gate_parts(prefix, self.blocks, hidden) for prefix in ("", "da_"))
        return (
            ArraySpec("tanh_c", hidden, group="memory", split=True),
            ArraySpec("gates", wide, group="memory", parts=gates, split=True),
            ArraySpec("c", hidden, state=True, group="memory", split=True),
            # Block by block the slopes of the above: what dh is multiplied by in the first two, dc
            # in the others, and then, but for dc_h, what that makes.
            ArraySpec("dc_h", hidden, group="deltas", split=True),
            ArraySpec("da", wide, group="deltas", parts=deltas, split=True),
            ArraySpec("dc_next", hidden, state=True, group="deltas", split=True),
            ArraySpec("dc", hidden),
        )

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        k = t - 1
        values = {
            "c_<t-1>": tape["c"][k],
            "c_t": tape["c"][t],
            "tanh(c_t)": tape["tanh_c"][k],
            "dc_t": tape["dc"][k],
            "dc_next": tape["dc_next"][t],
            "dc_<t-1>": tape["dc_next"][k],
        }
        for gate in self.blocks:
            values |= {f"{gate}_t": tape[gate][k], f"da_{gate}": tape[f"da_{gate}"][k]}
        return values


class LstmCell(MemoryCell):
    """``i, f, o = σ(·)``, ``g = tanh(·)``, ``c_t = f⊙c_<t-1> + i⊙g``, ``h_t = o⊙tanh(c_t)``.

    f near 1 keeps c_<t-1>, f near 0 forgets it.
    """

    name = "lstm"
    gates = GATES
    blocks = BLOCKS
    rows = (
        *(*CELL_ROWS, INPUT_GATE, FORGET_GATE, CANDIDATE, OUTPUT_GATE),
        *(CELL_STATE, HIDDEN_STATE),
    )
    forward_operations = (
        input_gate(sigmoid(affine("i"))),
        forget_gate(affine("f")),
        TO_CANDIDATE,
        output_gate(affine("o")),
        TO_CELL,
        TO_HIDDEN,
    )
    backward_operations = (
        HIDDEN_GRADIENT,
        OUTPUT_GRADIENT,
        gradient("c_t", "cell state", CELL_GRADIENT),
        *(CANDIDATE_GRADIENT, FORGET_GRADIENT, INPUT_GRADIENT),
        *(through(gate) for gate in ("o", "g", "f", "i")),
        cell_sent(),
        hidden_sent(GATES),
    )

    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        return LstmKernel(parameters, tape)


@dataclass(frozen=True, slots=True)
class Slopes:
    """Views of n timesteps for what an LSTM computes of them at once: [n, B, …] or [n, m, B, H]."""

    values: Array  # tanh(c_t) and the gates
    squares: Array  # where dc_h and da belong, of these
    sigmoids: tuple[Array, Array]  # σ and, at first, σ²
    tangents: Array  # at first, tanh² of c_t and of g: [n, B, 2, H] or [n, 2, B, H]
    factors: tuple[tuple[Array, Array], ...]  # slopes, and what each is multiplied by
    forget: Array
    keep: Array  # where f belongs, which carries dc on to the timestep before
    part: slice  # which timesteps


class MemoryKernel(Kernel):
    """What all LSTMs share: set-up, slopes, and a backward pass that is products with these.

    The slopes are made where da and dc_<t-1> will be, for as many timesteps as a cache holds.

    The gates are G blocks: o first, then the other σ, the candidate g last, c_<t-1> beside it. One
    product serves all of them; σ(a) is ½ + ½·tanh(a/2), so that one tanh does as well. Halving is
    exact in binary floating point, so the weights of a may be halved instead of a.

    Several gates are [B, n·H] or, split, [n, B, H], see
    `GateLayout`; the loops are the same for both.
    """

    names: tuple[str, ...]  # of the G blocks

    def __init__(self, parameters: Views, tape: Tape) -> None:
        inputs, ax, W = recurrent_input(parameters, tape)  # W: [D+H+1, G·H] or [H, G·H]
        self.tape, self.layout = tape, GateLayout(tape)
        self.W, self.ax = self.layout.split_weights(W), ax
        self.W_hT = TransposedWeights(
            self.layout.split_weights(parameters["W_h"]).swapaxes(-1, -2), tape.batch
        )
        gates = tape.all_parts("gates")
        shape = gates.shape[1:]  # [B, G·H] or [G, B, H]
        # Full constants: broadcasting a row costs more than reading them.
        self.scale, self.offset = (np.empty(shape, tape.dtype) for _ in range(2))
        for array, of_tanh in ((self.scale, 1), (self.offset, 0)):
            array.fill(0.5)
            self.layout.select(array, -1)[...] = of_tanh
        self.row = self.scale[..., :1, :].copy()  # [1, G·H] or [G, 1, H]
        self.scaled = np.empty(self.W.shape, tape.dtype)
        self.one = np.ones((), tape.dtype)
        self.a = np.empty(shape, tape.dtype)  # of one timestep, scaled
        steps = range(tape.steps)
        self.forward_rows = [
            (
                self.layout.product(inputs[k]),
                None if ax is None else ax[k],
                gates[k],
                *self._forward_row(k),
            )
            for k in steps
        ]
        self.last = (tape["dh_next"][-1], tape["dc_next"][-1])
        self._prepare_backward()

    def _prepare_backward(self) -> None:
        # dc beside itself, as often as it is needed: to copy costs less than to broadcast.
        self.spread = np.empty_like(self.a)  # [B, G·H] or [G, B, H]
        self.spread_over = self.layout.by_gate(self.spread)
        self.sent = np.empty_like(self.a)  # along each gate, [G, B, H]; only where split
        self.dh_next = list(self.tape["dh_next"])  # few views, as they fill the cache
        found = cache_sized_chunks(self.tape, len(self.names) * self.layout.hidden)
        self.backward_rows = [
            (part and self._slopes(part), *self._backward_row(k)) for k, part in enumerate(found)
        ]

    @abstractmethod
    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """Further views of timestep k+1 that `forward` works on."""

    def _backward_row(self, k: int) -> tuple[tuple[Array, ...], tuple[Any, ...]]:
        """Views of timestep k+1 that `backward` works on.

        Gradients [B, H]; then dc as it goes over several gates, da of all gates but o and dc_<t-1>
        as several gates, the product da·W_hᵀ, where it goes, and the sums over gates that are left
        to make of it.
        """
        tape, da, dc = self.tape, self.tape.all_parts("da")[k], self.tape["dc"][k]
        into, dh_next = self.dh_next[k : k + 2]
        gradients = (
            *(tape["dh_y"][k], dh_next, tape["dh"][k]),
            *(tape["dc_h"][k], tape["dc_next"][k + 1], dc, tape["da_o"][k]),
        )
        dc_row = dc if self.layout.split else dc[:, np.newaxis]
        from_dc = tape.joined(f"da_{self.names[1]}", "dc_next_prev")[k]
        sent, sums = self.layout.sum_over_gates(self.sent, into)
        return gradients, (dc_row, from_dc, self.layout.product(da), sent, sums)

    def _slopes(self, part: slice) -> Slopes:
        """Views of some timesteps that `_fill` works on, n of them."""
        tape, count = self.tape, len(self.names)  # G
        values = tape.joined("tanh_c", self.names[-1])[part]
        slopes = tape.joined("dc_h", f"da_{self.names[-1]}")[part]
        crossed = (
            self.layout.select(slopes, slice(2)),
            self.layout.select(values, slice(1, None, -1)),
        )
        return Slopes(
            values=values,
            squares=slopes,
            sigmoids=(
                self.layout.slice_gates(values, 1, count),
                self.layout.slice_gates(slopes, 1, count),
            ),
            tangents=self.layout.select(slopes, slice(None, None, count)),  # the first and the last
            factors=(crossed, *self._partners(part)),
            forget=tape["f"][part],
            keep=tape["dc_next"][part],
            part=part,
        )

    @abstractmethod
    def _partners(self, part: slice) -> tuple[tuple[Array, Array], ...]:
        """The slopes of all gates but o, and by what dc is multiplied beside them; [n, …] each."""

    def begin_forward(self) -> None:
        np.multiply(self.W, self.row, self.scaled)
        if self.ax is not None:
            np.multiply(self.ax, self.row, self.ax)

    def begin_backward(self) -> None:
        self.W_hT.refresh()
        for array in self.last:
            array.fill(0)

    def _fill(self, slopes: Slopes) -> None:
        """dc_h: o·tanh′(c_t); da: σ′ or tanh′ of the gates times their partners; dc_<t-1>: f."""
        sigmoids, squares = slopes.sigmoids
        np.multiply(slopes.values, slopes.values, slopes.squares)
        np.subtract(sigmoids, squares, squares)
        np.subtract(self.one, slopes.tangents, slopes.tangents)
        for slope, factor in slopes.factors:
            np.multiply(slope, factor, slope)
        np.copyto(slopes.keep, slopes.forget)

    def backward(self, first: int, last: int) -> None:
        W_hT, spread, spread_over = self.W_hT.array, self.spread, self.spread_over
        add, multiply = np.add, np.multiply
        for slopes, gradients, products in reversed(self.backward_rows[first - 1 : last]):
            dh_y, dh_next, dh, dc_h, dc_next, dc, da_o = gradients
            dc_row, from_dc, da_times, sent, sums = products
            if slopes is not None:
                self._fill(slopes)
            add(dh_y, dh_next, dh)
            multiply(dh, dc_h, dc)
            add(dc, dc_next, dc)
            multiply(dh, da_o, da_o)
            spread_over[...] = dc_row
            multiply(spread, from_dc, from_dc)  # da of all gates but o, and dc_<t-1>
            da_times(W_hT, sent)
            for left, right, into in sums:
                add(left, right, into)


class LstmKernel(MemoryKernel):
    """With blocks o, i, f, g the products i⊙g and f⊙c_<t-1> are one."""

    names = BLOCKS

    def __init__(self, parameters: Views, tape: Tape) -> None:
        i_f = tape.joined("i", "f")[0]
        self.products = np.empty(i_f.shape, tape.dtype)  # i⊙g and f⊙c_<t-1>, [B, 2H] or [2, B, H]
        super().__init__(parameters, tape)
        self.halves = self.layout.select(self.products, 0), self.layout.select(self.products, 1)

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """i, f side by side and g, c_<t-1> side by side; o and states [B, H]."""
        tape = self.tape
        pairs = tape.joined("i", "f")[k], tape.joined("g", "c_prev")[k]
        return (*pairs, tape["o"][k], tape["c"][k + 1], tape["tanh_c"][k], tape["h"][k + 1])

    def _partners(self, part: slice) -> tuple[tuple[Array, Array], ...]:
        tape = self.tape
        pair = tape.joined("da_i", "da_f")[part], tape.joined("g", "c_prev")[part]
        return (pair, (tape["da_g"][part], tape["i"][part]))

    def forward(self, first: int, last: int) -> None:
        W, a, scale, offset, products = self.scaled, self.a, self.scale, self.offset, self.products
        i_g, f_c = self.halves
        add, multiply, tanh = np.add, np.multiply, np.tanh
        rows = self.forward_rows[first - 1 : last]
        for inputs_times, ax, gates, i_f, g_c, o, c, tanh_c, h in rows:
            inputs_times(W, a)
            if ax is not None:
                add(a, ax, a)
            tanh(a, a)
            multiply(a, scale, a)
            add(a, offset, gates)
            multiply(i_f, g_c, products)
            add(i_g, f_c, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)
