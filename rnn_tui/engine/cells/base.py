"""What every cell declares, and what its kernel must do.

A cell is one file. It declares its parameters, the arrays it leaves on the tape, its rows on the
screen and its operations for both passes; and it has a kernel that computes the same, fast. The
declaration drives the stepper, the equation panel and the gate view; the tests hold the kernel to
it.

Names of values at timestep t, as the operations use them:

==================  =====================================================================
``x_t``             input [B, D]
``h_<t-1>``         hidden state before [B, H] (``c_<t-1>``: cell state)
``h_t``             hidden state after [B, H]
``W_x…``, ``W_h…``  weights [D, H], [H, H] of one block (gate)
``b…``              bias [H] of one block
``d…``              the loss's gradient with respect to …, so ``dh_t`` is ∂L/∂h_t
``dh_y``            the part of ``dh_t`` that comes from y_t
``dh_next``         the part of ``dh_t`` that arrives from timestep t+1
==================  =====================================================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from rnn_tui.engine.core.expressions import Array, Dot, Expression, Value
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views, block_name
from rnn_tui.engine.core.tape import ArraySpec, Tape


class Kernel(ABC):
    """The fused computation of one cell over a window: arrays in the tape, no allocation.

    Timesteps count from 1. `forward(first, last)` computes timesteps first … last upward,
    `backward(first, last)` the same range downward. Stepping passes a single timestep, running the
    whole window: it is the same loop. `begin_forward` does what can be done for the whole window at
    once, `backward` for a stretch of timesteps as it enters it; see `cache_sized_chunks`.
    """

    def begin_forward(self) -> None:
        """What depends on this window's parameters and inputs only."""
        return

    @abstractmethod
    def forward(self, first: int, last: int) -> None:
        """States of timesteps `first` … `last`, in that order."""

    @abstractmethod
    def begin_backward(self) -> None:
        """What depends on the parameters only; the gradient that enters from beyond is 0."""

    @abstractmethod
    def backward(self, first: int, last: int) -> None:
        """Gradients of timesteps `last` … `first`, in that order."""

    def gather(self) -> None:
        """Whatever the weight gradients still need once timesteps are done.

        Harmless to call early and again: only rows of timesteps not yet done are meaningless.
        """
        return


class Cell(ABC):
    """A recurrent cell: its declaration and the way to its kernel."""

    name: str
    gates: tuple[str, ...]  # in PyTorch's order
    blocks: tuple[str, ...]  # the same, in the order of the weights' columns here
    states: tuple[str, ...]  # what is carried from timestep to timestep
    split: bool = False  # whether its gates may lie apart on the tape; see there
    recurrent: bool = True  # whether a timestep depends on the one before it
    smooth: bool = True  # every operation analytic, so that the complex step applies
    rows: tuple[Row, ...]
    forward_operations: tuple[Operation, ...]
    backward_operations: tuple[Operation, ...]

    @abstractmethod
    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        """Parameters for `features` (D) inputs and `hidden` (H) units, in order of storage."""

    @abstractmethod
    def arrays(self, hidden: int) -> tuple[ArraySpec, ...]:
        """Arrays it needs on the tape beside the common ones."""

    @abstractmethod
    def kernel(self, parameters: Views, tape: Tape) -> Kernel:
        """Its kernel, bound to these parameters and this tape.

        Beside the declared parameters there is ``W``: W_h together with those before and after it
        that are multiplied by what lies beside h on the tape, as one matrix.
        """

    @abstractmethod
    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        """Its own values at timestep t by name, views of the tape; what the kernel never stores is
        left out and can be evaluated from the declaration."""


def affine(block: str = "") -> Expression:
    """x_t·W_x + h_<t-1>·W_h + b of one block: its pre-activation."""
    inputs = Dot("x_t", block_name("W_x", block))
    return inputs + Dot("h_<t-1>", block_name("W_h", block)) + Value(block_name("b", block))


def recurrent_input(parameters: Views, tape: Tape) -> tuple[Array, Array | None, Array]:
    """How a kernel whose gates are all affine computes a_t = x_t·W_x + h_<t-1>·W_h + b.

    Where x lies beside h on the tape, in one product of ``[x_t | h_<t-1> | 1]``; where the tape
    keeps ``ax`` = x_t·W_x + b apart, as ``h_<t-1>·W_h`` and ax.

    Returns:
        the rows [T, B, …] to multiply, what to add to the product ([T, B, G·H], or [T, G, B, H]
        where ax is split), and the matrix [.., G·H].
    """
    if "ax" in tape.names:
        return tape["h"][:-1], tape.all_parts("ax"), parameters["W_h"]
    return tape.joined("x", "one_prev"), None, parameters["W"]


HIDDEN_GRADIENT = Operation(
    "dh_t",
    "sum of both parts",
    Value("dh_y") + Value("dh_next"),
    row="h_t",
    column="gradient",
)
