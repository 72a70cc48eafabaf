"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

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
    recurrent_input,
    stretches,
)
from rnn_tui.engine.expressions import (
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
from rnn_tui.engine.tape import ArraySpec, Tape, blocks

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

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        blocks, width = self.blocks, len(self.blocks) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", blocks),
            ParameterSpec("W_h", (hidden, width), "h_prev", "da", blocks),
            ParameterSpec("b", (width,), None, "da", blocks),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        wide = len(self.blocks) * hidden
        gates, deltas = (blocks(prefix, self.blocks, hidden) for prefix in ("", "da_"))
        return (
            ArraySpec("gates", wide, group="memory", parts=gates),
            ArraySpec("c", hidden, state=True, group="memory"),
            ArraySpec("tanh_c", hidden),
            ArraySpec("dc_h", hidden),
            # At first what dc is multiplied by (dh by o's block), and then what that makes.
            ArraySpec("da", wide, group="deltas", parts=deltas),
            ArraySpec("dc_next", hidden, state=True, group="deltas"),
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
    """Views of n timesteps for what an LSTM computes of them at once, [n, B, …]."""

    sigmoids: Array  # σ of all gates but g
    square: Array  # room for their squares
    through: Array  # where σ′ of them belongs
    partners: tuple[tuple[Array, Array], ...]  # of these, and what each is multiplied by
    tangents: tuple[
        tuple[Array, Array, Array], ...
    ]  # tanh(·), a factor, where tanh′·factor belongs
    forget: Array
    keep: Array  # where f belongs, which carries dc on to the timestep before
    part: slice  # which timesteps


class MemoryKernel(Kernel):
    """What all LSTMs share: set-up, slopes, and a backward pass that is products with these.

    The slopes are made where da and dc_<t-1> will be, for as many timesteps as a cache holds.

    The gates are G blocks: o first, then the other σ, the candidate g last, c_<t-1> beside it. One
    product serves all of them; σ(a) is ½ + ½·tanh(a/2), so that one tanh does as well. Halving is
    exact in binary floating point, so the weights of a may be halved instead of a.
    """

    def __init__(self, parameters: Views, tape: Tape) -> None:
        inputs, self.ax, W = recurrent_input(parameters, tape)  # W: [D+H+1, G·H] or [H, G·H]
        self.W, self.W_hT = W, Transposed(parameters["W_h"], tape.batch)  # [G·H, H]
        self.tape = tape
        self.hidden, wide = tape["h"].shape[-1], tape["gates"].shape[-1]  # H, G·H
        is_tanh = np.arange(wide) >= wide - self.hidden
        self.row = np.where(is_tanh, 1, 0.5).astype(tape.dtype)  # [G·H]
        # Full [B, G·H] constants: broadcasting a row costs more than reading them.
        shape = (tape.batch, wide)
        self.scale = np.broadcast_to(self.row, shape).copy()
        self.offset = np.broadcast_to(np.where(is_tanh, 0, 0.5), shape).astype(tape.dtype)
        self.scaled = np.empty_like(W)
        self.one = np.ones((), tape.dtype)
        self.a = np.empty(shape, tape.dtype)  # of one timestep, scaled
        steps = range(tape.steps)
        self.forward_rows = [(inputs[k], *self._input_row(k), *self._forward_row(k)) for k in steps]
        self.last = (tape["dh_next"][-1], tape["dc_next"][-1])
        found = stretches(tape, wide)
        longest = max(part.stop - part.start for part in found if part)
        self.square = np.empty((longest, tape.batch, wide - self.hidden), tape.dtype)
        self.backward_rows = [
            (part and self._slopes(part), self._backward_row(k)) for k, part in enumerate(found)
        ]

    def _input_row(self, k: int) -> tuple[Array | None, Array]:
        """Of timestep k+1: ax, where it is kept apart, and the gates; [B, G·H] each."""
        return None if self.ax is None else self.ax[k], self.tape["gates"][k]

    @abstractmethod
    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """Further views of timestep k+1 that `forward` works on."""

    def _backward_row(self, k: int) -> tuple[Array, ...]:
        """Views of timestep k+1: [B, H], but for from_dc [B, G, H] and da [B, G·H]."""
        tape, batch, hidden = self.tape, self.tape.batch, self.hidden
        deltas = tape.beside("da", "dc_next_prev")[k].reshape(batch, -1, hidden)  # [B, G+1, H]
        dh_next, dc = tape["dh_next"], tape["dc"][k]
        return (
            *(tape["dh_y"][k], dh_next[k + 1], tape["dh"][k]),
            *(tape["dc_h"][k], tape["dc_next"][k + 1], dc, deltas[:, 0]),
            *(dc.reshape(batch, 1, hidden), deltas[:, 1:], tape["da"][k], dh_next[k]),
        )

    def _slopes(self, part: slice) -> Slopes:
        """Views of some timesteps that `_fill` works on, n of them."""
        tape, sigmoid = self.tape, self.hidden * (len(self.row) // self.hidden - 1)
        gates, da, tanh_c = tape["gates"][part], tape["da"][part], tape["tanh_c"][part]
        partners, admitted = self._partners(part)
        return Slopes(
            sigmoids=gates[:, :, :sigmoid],
            square=self.square[: part.stop - part.start],
            through=da[:, :, :sigmoid],
            partners=((tape["da_o"][part], tanh_c), *partners),
            tangents=(
                (tape["g"][part], admitted, tape["da_g"][part]),
                (tanh_c, tape["o"][part], tape["dc_h"][part]),
            ),
            forget=tape["f"][part],
            keep=tape["dc_next"][part],
            part=part,
        )

    @abstractmethod
    def _partners(self, part: slice) -> tuple[tuple[tuple[Array, Array], ...], Array]:
        """By what dc is multiplied on its way to each gate, beside the gate's own slope.

        Returns:
            for all σ but o pairs of slope and factor, and the factor of g; [n, B, …].
        """

    def begin_forward(self) -> None:
        np.multiply(self.W, self.row, self.scaled)
        if self.ax is not None:
            np.multiply(self.ax, self.row, self.ax)

    def begin_backward(self) -> None:
        self.W_hT.refresh()
        for array in self.last:
            array.fill(0)

    def _fill(self, slopes: Slopes) -> None:
        """da: σ′ or tanh′ of the gates times their partners; dc_h: o·tanh′(c_t); dc_<t-1>: f."""
        np.multiply(slopes.sigmoids, slopes.sigmoids, slopes.square)
        np.subtract(slopes.sigmoids, slopes.square, slopes.through)
        for slope, factor in slopes.partners:
            np.multiply(slope, factor, slope)
        for value, factor, into in slopes.tangents:
            np.multiply(value, value, into)
            np.subtract(self.one, into, into)
            np.multiply(into, factor, into)
        np.copyto(slopes.keep, slopes.forget)

    def backward(self, first: int, last: int) -> None:
        W_hT, add, multiply = self.W_hT.array, np.add, np.multiply
        for slopes, row in reversed(self.backward_rows[first - 1 : last]):
            if slopes is not None:
                self._fill(slopes)
            dh_y, dh_next, dh, dc_h, dc_next, dc, da_o, dc_row, from_dc, da, dh_prev = row
            add(dh_y, dh_next, dh)
            multiply(dh, dc_h, dc)
            add(dc, dc_next, dc)
            multiply(dh, da_o, da_o)
            multiply(dc_row, from_dc, from_dc)  # da of all gates but o, and dc_<t-1>
            da.dot(W_hT, dh_prev)


class LstmKernel(MemoryKernel):
    """With blocks o, i, f, g the products i⊙g and f⊙c_<t-1> are one."""

    def __init__(self, parameters: Views, tape: Tape) -> None:
        super().__init__(parameters, tape)
        self.products = np.empty((tape.batch, 2 * self.hidden), tape.dtype)  # i⊙g and f⊙c_<t-1>
        self.halves = np.split(self.products, 2, axis=1)  # [B, H] each

    def _forward_row(self, k: int) -> tuple[Array, ...]:
        """i, f side by side and g, c_<t-1> side by side [B, 2H]; o and states [B, H]."""
        tape, hidden = self.tape, self.hidden
        memory = tape.beside("gates", "c_prev")[k]  # [B, 5H]: o, i, f, g, c_<t-1>
        pairs = memory[:, hidden : 3 * hidden], memory[:, 3 * hidden :]
        return (*pairs, tape["o"][k], tape["c"][k + 1], tape["tanh_c"][k], tape["h"][k + 1])

    def _partners(self, part: slice) -> tuple[tuple[tuple[Array, Array], ...], Array]:
        tape, hidden = self.tape, self.hidden
        da = tape["da"][part, :, hidden : 3 * hidden]  # i, f
        return ((da, tape.beside("gates", "c_prev")[part, :, 3 * hidden :]),), tape["i"][part]

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
