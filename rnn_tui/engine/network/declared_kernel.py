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
    """Evaluates a cell's declared operations one by one, with pins and cuts in force.

    It is slow, works for every cell, and needs no other kernel.

    Forward, the constants of pinned values overwrite what was computed. Backward, the operations
    that read the gradient ∂L/∂v of a pinned v read 0 there. The tape gets ∂L/∂v itself, except for
    the factors of the weight gradients (`ParameterSpec.right`): of those it gets what flows on.
    """

    reads_one_hot = True

    def __init__(
        self,
        cell: Cell,
        fast: Kernel | None,
        tape: Tape,
        stored: Sequence[Mapping[str, Array]],
        factors: Sequence[str],
        pins: Pins,
    ) -> None:
        """Bind the kernel to `tape`.

        Args:
            fast: the cell's own kernel, which finishes its deltas; None if it has none.
            stored: by timestep, parameters and views of the tape by name.
            factors: names of the arrays that are factors of the weight gradients.
        """
        self.cell, self.fast, self.tape, self.stored = cell, fast, tape, stored
        backward = cell.backward_operations
        self.pins = [pins_at(pins, backward, t) for t in range(1, tape.steps + 1)]
        self.subexpressions = [
            _stored_subexpressions(operation, stored[0]) for operation in cell.forward_operations
        ]
        arrays = [tape[part] for name in factors for part in tape.part_names(name)]
        self.factors = {
            operation.symbol
            for operation in backward
            if (view := stored[0].get(operation.symbol)) is not None
            and any(np.shares_memory(view, array) for array in arrays)
        }

    def forward(self, first: int, last: int) -> None:
        operations = tuple(zip(self.cell.forward_operations, self.subexpressions, strict=True))
        for k in range(first - 1, last):
            values, pins = dict(self.stored[k]), self.pins[k]
            for operation, subexpressions in operations:
                for name, expression in subexpressions:
                    _write(values, name, expression.evaluate(values))
                _write(values, operation.symbol, operation.expression.evaluate(values))
                pins.put_constants(operation.symbol, values[operation.symbol])

    def begin_backward(self) -> None:
        for state in self.cell.states:
            self.tape[f"d{state}_next"][-1] = 0

    def backward(self, first: int, last: int) -> None:
        operations = self.cell.backward_operations
        for k in range(last - 1, first - 2, -1):
            stored = self.stored[k]
            values = dict(stored)
            read = self.pins[k].evaluate_backward(operations, values)
            for operation in operations:
                symbol = operation.symbol
                if symbol in stored:
                    np.copyto(stored[symbol], (read if symbol in self.factors else values)[symbol])

    def finish_deltas(self) -> None:
        if self.fast is not None:
            self.fast.finish_deltas()


def _write(values: dict[str, Array], name: str, value: Array) -> None:
    """Write `value` to the tape if `values` has a view of it there, else keep a copy."""
    if name in values:
        np.copyto(values[name], value)
    else:
        values[name] = value.copy()


def _stored_subexpressions(
    operation: Operation, stored: Mapping[str, Array]
) -> tuple[tuple[str, Expression], ...]:
    """Return the subexpressions that the tape stores by their text, such as ``tanh(c_t)``."""
    nodes = _subexpressions(operation.expression)
    return tuple((node.text(), node) for node in nodes if node.text() in stored)


def _subexpressions(node: Expression) -> Iterator[Expression]:
    """Yield `node` and all that it computes on the way, the innermost first."""
    match node:
        case Binary(_, left, right):
            yield from _subexpressions(left)
            yield from _subexpressions(right)
        case Function(_, argument) | Negative(argument) | Square(argument):
            yield from _subexpressions(argument)
        case _:
            return
    yield node
