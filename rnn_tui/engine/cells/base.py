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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from rnn_tui.engine.expressions import Array, Dot, Expression, Value
from rnn_tui.engine.tape import ArraySpec, Tape

Views = Mapping[str, Array]

NEAR = 65_536  # numbers that stay in a core's cache while several operations pass over them
FEW = 4  # samples of a batch from which on a contiguous W_hᵀ saves more than making it costs
Column = Literal["value", "gradient", "through"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a timestep: ``symbol = expression``.

    `row` and `column` say where on the screen its result belongs: beside the value (``value``), as
    the gradient with respect to that value (``gradient``), or as the gradient carried through its
    nonlinearity or weights (``through``). `note` reads the selected unit's result in words;
    ``{value}`` stands for it.
    """

    symbol: str
    title: str
    expression: Expression
    row: str
    column: Column = "value"
    note: str = ""

    def equation(self) -> str:
        """The equation in symbols."""
        return f"{self.symbol} = {self.expression.text()}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timestep panel: a value; `span` is its range when bounded."""

    symbol: str
    title: str
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter: its shape, and the two tape sequences whose product over time is its gradient.

    Parameters that follow each other, have the same `right` and whose `left` lie beside each other
    on the tape make one matrix and share one product; so W_x, W_h and b in this order.

    dW = Σ_t left_tᵀ·right_t (for a bias, left is 1), so one matrix product over all T·B rows gives
    the sum, and one over the B rows of timestep t gives that timestep's share. A vector that has a
    left is multiplied elementwise: dp = Σ_{t,b} left_t⊙right_t. `blocks` names the gates its
    columns are divided into.
    """

    name: str
    shape: tuple[int, ...]
    left: str | None
    right: str
    blocks: tuple[str, ...] = ("",)

    @property
    def elementwise(self) -> bool:
        """Whether each of its entries is multiplied by one entry of `left`: p⊙c."""
        return self.left is not None and len(self.shape) == 1


class Kernel(ABC):
    """The fused computation of one cell over a window: arrays in the tape, no allocation.

    Timesteps count from 1. `forward(first, last)` computes timesteps first … last upward,
    `backward(first, last)` the same range downward. Stepping passes a single timestep, running the
    whole window: it is the same loop. `begin_forward` does what can be done for the whole window at
    once, `backward` for a stretch of timesteps as it enters it; see `stretches`.
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


def block_views(parameters: Views, name: str, blocks: tuple[str, ...]) -> dict[str, Array]:
    """A parameter's columns divided by gate: ``W_x`` → ``W_xi``, ``W_xf``, …; biases ``b_i``, …"""
    array = parameters[name]
    width = array.shape[-1] // len(blocks)
    return {
        block_name(name, block): array[..., k * width : (k + 1) * width]
        for k, block in enumerate(blocks)
    }


def block_name(name: str, block: str) -> str:
    """The name of a gate's block: ``W_x`` and ``f`` make ``W_xf``, ``b`` and ``f`` ``b_f``."""
    if not block:
        return name
    return f"{name}{block}" if "_" in name else f"{name}_{block}"


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
        return tape["h"][:-1], tape.whole("ax"), parameters["W_h"]
    return tape.beside("x", "one_prev"), None, parameters["W"]


def stretches(tape: Tape, width: int) -> list[slice | None]:
    """The window divided for what is done for many timesteps at once, but not more than are NEAR.

    `width`: of the widest array. Of a small batch, one stretch is the whole window.

    Returns:
        for the last timestep of each stretch the stretch, in entries of the tape; else None.
    """
    size = max(1, NEAR // (tape.batch * width))
    found: list[slice | None] = [None] * tape.steps
    for end in range(tape.steps, 0, -size):
        found[end - 1] = slice(max(0, end - size), end)
    return found


Sum = tuple[Array, Array, Array]  # of two into a third


class Gates:
    """How several gates of one timestep lie on a tape, and are multiplied: the kernels' one place.

    They are [.., B, n·H], one row for all; or [.., n, B, H] where the tape is split: then a product
    for all gates is one for each, made by one call.
    """

    def __init__(self, tape: Tape) -> None:
        self.split = tape.is_split("gates")
        self.hidden = tape["h"].shape[-1]  # H

    def blocks(self, gates: Array) -> Array:
        """Several gates as [.., B, n, H], or as they are where they are split."""
        return gates if self.split else gates.reshape(*gates.shape[:-1], -1, self.hidden)

    def some(self, gates: Array, chosen: int | slice) -> Array:
        """One of several gates, [.., B, H], or more of them, which lie as in `blocks`."""
        blocks = self.blocks(gates)
        return blocks[..., chosen, :, :] if self.split else blocks[..., chosen, :]

    def several(self, gates: Array, first: int, stop: int) -> Array:
        """Of several gates those from `first` to before `stop`, as several gates."""
        if self.split:
            return gates[..., first:stop, :, :]
        return gates[..., first * self.hidden : stop * self.hidden]

    def weights(self, array: Array) -> Array:
        """Weights [N, G·H] as they are multiplied: [N, G·H] or [G, N, H]."""
        if not self.split:
            return array
        return array.reshape(len(array), -1, self.hidden).swapaxes(0, 1)

    def times(self, array: Array) -> Callable[[Array, Array], object]:
        """array·weights into a given place."""
        return partial(np.matmul, array) if self.split else array.dot

    def summed(self, room: Array, into: Array) -> tuple[Array, list[Sum]]:
        """Where da·W_hᵀ [B, H] goes first if it belongs `into`, and the sums over gates then left.

        `room`: like the gates, for what comes of each where they are split.
        """
        if not self.split:
            return into, []
        first, *others = room
        sums, before = [], first
        for each in others:
            sums.append((before, each, into))
            before = into
        return room, sums


class Transposed:
    """Weights transposed, to be multiplied from the left by a row per sample."""

    def __init__(self, view: Array, batch: int) -> None:
        """`view`: of the weights [H, G·H], transposed; used itself where B is small."""
        self.view = view
        self.array = np.empty(view.shape, view.dtype) if batch >= FEW else view

    def refresh(self) -> None:
        """Call it once the weights have changed, and before `array` is used."""
        if self.array is not self.view:
            np.copyto(self.array, self.view)


HIDDEN_GRADIENT = Operation(
    "dh_t",
    "sum of both parts",
    Value("dh_y") + Value("dh_next"),
    row="h_t",
    column="gradient",
)
