"""A kernel made of a cell's declared operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rnn_tui.engine.cells.base import Cell, Kernel
from rnn_tui.engine.core.expressions import Array, Binary, Expression, Function, Negative, Square
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.pins import Pins, pins_at


class DeclaredKernel(Kernel):
    """The cell's declared operations one by one, with pins and cuts; slow, and of any cell.

    Forward, after each operation what is held takes the place of what was computed. Backward, the
    operations that read the gradient ∂L/∂v of a held v find 0 there; the tape keeps the gradient
    itself, but for those that are a factor of the weights' gradients (`ParameterSpec.right`): of
    them it has what flows on.
    """

    def __init__(
        self,
        cell: Cell,
        fused: Kernel | None,
        tape: Tape,
        stored: Sequence[Mapping[str, Array]],
        factors: Sequence[str],
        pins: Pins,
    ) -> None:
        """`stored`: by timestep, parameters and views of the tape by name; `factors`: the arrays
        that the weights' gradients are products of; `fused` gathers them."""
        self.cell, self.fused, self.tape, self.stored = cell, fused, tape, stored
        backward = cell.backward_operations
        self.grips = [pins_at(pins, backward, t) for t in range(1, tape.steps + 1)]
        self.asides = [_asides(operation, stored[0]) for operation in cell.forward_operations]
        arrays = [tape[part] for name in factors for part in tape.part_names(name)]
        self.factors = {
            operation.symbol
            for operation in cell.backward_operations
            if (view := stored[0].get(operation.symbol)) is not None
            and any(np.shares_memory(view, array) for array in arrays)
        }

    def begin_forward(self) -> None:
        """Nothing: every timestep computes its own input products."""

    def forward(self, first: int, last: int) -> None:
        for stored, held in zip(
            self.stored[first - 1 : last], self.grips[first - 1 : last], strict=True
        ):
            known = dict(stored)
            for operation, asides in zip(self.cell.forward_operations, self.asides, strict=True):
                for name, expression in asides:
                    _write(known, name, expression.evaluate(known))
                _write(known, operation.symbol, operation.expression.evaluate(known))
                held.hold(operation.symbol, known[operation.symbol])

    def begin_backward(self) -> None:
        """No gradient comes from beyond the window."""
        for state in self.cell.states:
            self.tape[f"d{state}_next"][-1] = 0

    def backward(self, first: int, last: int) -> None:
        for t in range(last, first - 1, -1):
            stored = self.stored[t - 1]
            known = dict(stored)
            read = self.grips[t - 1].send(self.cell.backward_operations, known)
            for operation in self.cell.backward_operations:
                symbol = operation.symbol
                if symbol in stored:
                    np.copyto(stored[symbol], (read if symbol in self.factors else known)[symbol])

    def finish_deltas(self) -> None:
        if self.fused is not None:
            self.fused.finish_deltas()


def _write(known: dict[str, Array], name: str, value: Array) -> None:
    """Where the tape has a place for it, there."""
    if name in known:
        np.copyto(known[name], value)
    else:
        known[name] = value.copy()


def _asides(
    operation: Operation, stored: Mapping[str, Array]
) -> tuple[tuple[str, Expression], ...]:
    """Parts of an operation that the tape keeps under their own text, such as ``tanh(c_t)``."""
    return tuple(
        (node.text(), node) for node in _parts(operation.expression) if node.text() in stored
    )


def _parts(node: Expression) -> Iterator[Expression]:
    """All that `node` is made of that is computed, itself included, the innermost first."""
    match node:
        case Binary(_, left, right):
            yield from _parts(left)
            yield from _parts(right)
        case Function(_, argument) | Negative(argument) | Square(argument):
            yield from _parts(argument)
        case _:
            return
    yield node
