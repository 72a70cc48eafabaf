"""What every cell declares, and what its kernel must do.

A cell is one file. It declares its gates, its states, its rows on the screen and its operations for
both passes. The parameters, the arrays on the tape and the computation follow from these: without
more, `DeclaredKernel` evaluates the operations one by one. That is slow, and right: all that the
program shows, proves and saves works for such a cell. A cell may also bring a `Kernel` of its own
that computes the same, fast; the tests compare it with the operations.

Names of values at timestep t, as the operations use them:

==================  =====================================================================
``x_t``             input [B, D]
``h_<t-1>``         hidden state before [B, H] (``c_<t-1>``: cell state)
``h_t``             hidden state after [B, H]
``W_x…``, ``W_h…``  weights [D, H], [H, H] of one block (gate)
``b…``              bias [H] of one block
``d…``              gradient of the loss with respect to …: ``dh_t`` is ∂L/∂h_t
``dh_y``            the part of ``dh_t`` that comes from y_t
``dh_next``         the part of ``dh_t`` that arrives from timestep t+1 (``dc_next``: of ``dc_t``)
``dh_<t-1>``        the gradient that is sent to timestep t−1
``a_…``, ``da_…``   pre-activation of a gate, x_t·W_x + h_<t-1>·W_h + b, and its gradient
==================  =====================================================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from rnn_tui.engine.core.expressions import ONE, Array, Dot, Expression, Square, Value
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views, block_name
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts


class Kernel(ABC):
    """The computation of one cell over a window, between arrays of the tape.

    Timesteps count from 1. Stepping calls `forward` and `backward` with a single timestep, running
    with the whole window: both run the same loop, and so give the same bits.

    Attributes:
        reads_one_hot: True if it reads symbols as the one-hot rows x, not as looked-up products ax.
    """

    reads_one_hot = False

    def begin_forward(self) -> None:
        """Compute what depends only on the parameters and inputs of this window."""
        return

    @abstractmethod
    def forward(self, first: int, last: int) -> None:
        """Compute the states of timesteps `first` … `last`, in that order."""

    @abstractmethod
    def begin_backward(self) -> None:
        """Compute what depends only on the parameters; set to 0 the gradient from timestep T+1."""

    @abstractmethod
    def backward(self, first: int, last: int) -> None:
        """Compute the gradients of timesteps `last` … `first`, in that order.

        What does not depend on later timesteps is computed for a whole chunk of timesteps when the
        loop enters it; see `cache_sized_chunks`.
        """

    def finish_deltas(self) -> None:
        """Fill in those factors of the weight gradients that `backward` leaves out.

        May be called early and again; rows of timesteps that are not done yet are meaningless.
        """
        return


class Cell(ABC):
    """A recurrent cell: its declaration, and its kernel if it has one.

    Attributes:
        name: what users call it.
        gates: names of its gates, in PyTorch's order; one empty name for a cell without gates.
        states: what is carried from timestep to timestep, h first.
        rows: the rows of the timestep panel.
        forward_operations: all operations of one timestep, forward, in order.
        backward_operations: the same for the backward pass; the gradient of a gate's pre-activation
            is called ``da_{gate}``, or ``da_t`` without gates.
        split: True if ``ax``, which the network adds to the tape for symbols, may be split as the
            gates are; see `rnn_tui.engine.core.tape`.
        recurrent: True if a timestep depends on the one before it.
        smooth: True if every operation is analytic, so that the complex step applies.
    """

    name: str
    gates: tuple[str, ...]
    states: tuple[str, ...]
    rows: tuple[Row, ...]
    forward_operations: tuple[Operation, ...]
    backward_operations: tuple[Operation, ...]
    split: bool = False
    recurrent: bool = True
    smooth: bool = True

    @property
    def blocks(self) -> tuple[str, ...]:
        """The gates in the order of the weights' columns."""
        return self.gates

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        """Return the parameters for D = `features` and H = `hidden`, in order of storage.

        By default W_x [D, G·H], W_h [H, G·H] and b [G·H], with one block of columns per gate.
        """
        blocks, width = self.blocks, len(self.blocks) * hidden
        return (
            ParameterSpec("W_x", (features, width), "x", "da", blocks),
            ParameterSpec("W_h", (hidden, width), "h_prev", "da", blocks),
            ParameterSpec("b", (width,), None, "da", blocks),
        )

    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        """Return the arrays that the cell needs on the tape besides the common ones.

        By default one [T, B, H] for each declared operation, called like its result without ``_t``
        (so no gate may have the name of a common array, such as x, y or p); those called
        ``da_{gate}`` are parts of one array ``da``. Of each state c besides h, c itself and
        ``dc_next`` [T+1, B, H].
        """
        parts = () if self.gates == ("",) else gate_parts("da_", self.blocks, hidden)
        deltas = {name for name, _, _ in parts} | {"da"}
        results = [name for name in self._results.values() if name not in deltas]
        states = [name for state in self.states[1:] for name in (state, f"d{state}_next")]
        return (
            *(ArraySpec(name, hidden, state=True) for name in states),
            *(ArraySpec(name, hidden) for name in results),
            ArraySpec("da", len(self.blocks) * hidden, parts=parts),
        )

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        """Return the cell's own values at timestep t by name: views of the tape, [B, H] each.

        A value that the kernel does not store is missing; `named_values` computes it from its
        operation.
        """
        k = t - 1
        values = {symbol: tape[name][k] for symbol, name in self._results.items()}
        for state in self.states[1:]:
            values |= {
                f"{state}_<t-1>": tape[state][k],
                f"{state}_t": tape[state][t],
                f"d{state}_next": tape[f"d{state}_next"][t],
                f"d{state}_<t-1>": tape[f"d{state}_next"][k],
            }
        return values

    @cached_property
    def _results(self) -> dict[str, str]:
        """The default array of each operation's result, by symbol; states aside."""
        operations = (*self.forward_operations, *self.backward_operations)
        symbols = [operation.symbol for operation in operations]
        common = {"dh_t", *(f"{state}_t" for state in self.states)}
        return {
            symbol: symbol.removesuffix("_t")
            for symbol in symbols
            if symbol not in common and not sent_back(symbol)
        }

    def kernel(self, parameters: Views, tape: Tape) -> Kernel | None:
        """Return the cell's fast kernel, bound to `parameters` and `tape`; by default it has none.

        Besides the declared parameters there is ``W``: W_h merged with the parameters before and
        after it whose inputs are adjacent to h on the tape, as one matrix; see `ParameterSpec`.
        """
        return None


def sent_back(symbol: str) -> bool:
    """Return True if `symbol` is a gradient that timestep t sends to timestep t−1."""
    return symbol.endswith("_<t-1>")


# ---------------------------------------------------------------- parts of declarations


def affine(block: str = "") -> Expression:
    """Return a gate's pre-activation, x_t·W_x + h_<t-1>·W_h + b of its block."""
    inputs = Dot("x_t", block_name("W_x", block))
    return inputs + Dot("h_<t-1>", block_name("W_h", block)) + Value(block_name("b", block))


def gradient(symbol: str, title: str, expression: Expression) -> Operation:
    """Return the operation that computes ∂L/∂symbol, shown in the row of `symbol`."""
    return Operation(f"d{symbol}", title, expression, row=symbol, column="gradient")


def through_sigmoid(gate: str, title: str, *, slope_first: bool = False) -> Operation:
    """Return da_gate = dgate_t⊙σ′, of a gate = σ(a): σ′(a) = gate⊙(1 − gate).

    Args:
        gate: its letter.
        title: what the operation is called on the screen.
        slope_first: True to round gate⊙(1 − gate) before it is multiplied by dgate_t. A cell keeps
            the order it has, so that runs with what-ifs give the same bits in later versions.
    """
    value, gradient_of_gate = Value(f"{gate}_t"), Value(f"d{gate}_t")
    if slope_first:
        expression = gradient_of_gate * (value * (ONE - value))
    else:
        expression = gradient_of_gate * value * (ONE - value)
    return Operation(f"da_{gate}", title, expression, row=f"{gate}_t", column="through")


def through_tanh(gate: str, title: str) -> Operation:
    """Return da_gate = dgate_t⊙tanh′, of a gate = tanh(a): tanh′(a) = 1 − gate²."""
    value = Value(f"{gate}_t")
    expression = Value(f"d{gate}_t") * (ONE - Square(value))
    return Operation(f"da_{gate}", title, expression, row=f"{gate}_t", column="through")


HIDDEN_GRADIENT = gradient("h_t", "sum of both parts", Value("dh_y") + Value("dh_next"))


# ---------------------------------------------------------------- parts of kernels


def recurrent_input(parameters: Views, tape: Tape) -> tuple[Array, Array | None, Array]:
    """Return the factors of a_t = x_t·W_x + h_<t-1>·W_h + b, of all gates.

    Where x and h are adjacent on the tape, a_t is the one product ``[x_t | h_<t-1> | 1]·W``. Where
    the tape has ``ax`` = x_t·W_x + b (the inputs are symbols, or it is an upper layer), it is
    ``h_<t-1>·W_h + ax_t``.

    Returns:
        The left factors of all timesteps, [T, B, D+H+1] or [T, B, H]; ax, None or [T, B, G·H]
        (split [T, G, B, H]); and the matrix, W [D+H+1, G·H] or W_h [H, G·H].
    """
    if "ax" in tape.names:
        return tape["h"][:-1], tape.all_parts("ax"), parameters["W_h"]
    return tape.adjacent("x", "one_prev"), None, parameters["W"]


def loop_rows(views: Iterable[Iterable[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield one plain tuple per timestep, for a kernel's loop.

    CPython unpacks a plain tuple three times as fast as a named one, and faster than it reads
    attributes; with small networks that is 3 % of an update. The views of one timestep are made
    together, so that they are close in memory: 2 % of a GRU's update.

    Args:
        views: a named tuple that has under each name the views of all timesteps.
    """
    return zip(*views, strict=True)
