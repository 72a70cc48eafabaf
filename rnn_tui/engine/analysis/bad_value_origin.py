"""The origin of a number that is not finite: the inputs of the operation that computed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import (
    Array,
    Binary,
    Dot,
    Expression,
    Function,
    Negative,
    Softmax,
    Square,
    Value,
    Values,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True)
class OperationInput:
    """What an operation read of one value to compute one number.

    Attributes:
        name: of the value.
        numbers: [K], one entry of the same unit; for a factor of v·W the whole row v[sample] or
            column W[:, unit]; for softmax(v) the row v[sample].
        place: index of the worst of them: the first that is not finite, otherwise the largest in
            magnitude; for the factors of one product, that of its worst term v[k]·W[k, unit].
        number: the worst, numbers[place].
        nonfinite: how many of them are not finite.
    """

    name: str
    numbers: Array
    place: int
    number: float
    nonfinite: int


@dataclass(frozen=True, slots=True)
class BadValueOrigin:
    """A number and all that it was computed from.

    Attributes:
        symbol, t, sample, unit: which number it is.
        number: the number itself.
        inputs: of the operation, in order of appearance.
        suspect: position of the worst input: the first whose `number` is not finite, otherwise the
            one whose `number` is largest in magnitude; None when the operation reads nothing.
    """

    symbol: str
    t: int
    sample: int
    unit: int
    number: float
    inputs: tuple[OperationInput, ...]
    suspect: int | None


def find_operation(network: Network, symbol: str, t: int, backward: bool) -> Operation | None:
    """Return the operation of timestep t that computes `symbol`; None for inputs and targets.

    `backward`: look among those of the backward pass.
    """
    made = (
        network.declaration.backward_operations_at(t)
        if backward
        else network.declaration.forward_operations
    )
    return next((operation for operation in made if operation.symbol == symbol), None)


def worst_entry(array: Array) -> tuple[int, int]:
    """Return sample and unit of the worst entry of `array` [B, H].

    That is the first that is not finite, otherwise the largest in magnitude.
    """
    sample, unit = np.unravel_index(_worst(array.reshape(-1)), array.shape)
    return int(sample), int(unit)


def trace_inputs(
    network: Network, operation: Operation, t: int, unit: int | None = None, sample: int = 0
) -> BadValueOrigin:
    """Return the inputs from which `operation` computed one number at timestep t.

    Without a `unit`, that is the number that `worst_entry` finds, in whichever sample.
    """
    values = network.values(t)
    result = values[operation.symbol]
    if unit is None:
        sample, unit = worst_entry(result)
    with np.errstate(all="ignore"):
        inputs = tuple(_inputs(operation.expression, values, sample, unit))
    numbers = np.array([each.number for each in inputs])
    return BadValueOrigin(
        operation.symbol,
        t,
        sample,
        unit,
        float(result[sample, unit]),
        inputs,
        _worst(numbers) if inputs else None,
    )


def _worst(numbers: Array) -> int:
    """Return the index of the first that is not finite, otherwise of the largest in magnitude."""
    nonfinite = np.flatnonzero(~np.isfinite(numbers))
    return int(nonfinite[0]) if nonfinite.size else int(np.argmax(np.abs(numbers)))


def _inputs(node: Expression, values: Values, sample: int, unit: int) -> Iterator[OperationInput]:
    """Yield the inputs of `node` and of all expressions within it, in order of appearance."""
    match node:
        case Value(name):
            yield _input(name, _entry(values[name], sample, unit))
        case Dot():
            yield from _factors(node, values, sample, unit)
        case Softmax(name):
            row = values[name][sample]  # [O], every entry is part of the sum
            yield _input(name, row, _worst(row))
        case Binary(_, left, right):
            yield from _inputs(left, values, sample, unit)
            yield from _inputs(right, values, sample, unit)
        case Square(argument) | Negative(argument) | Function(_, argument):
            yield from _inputs(argument, values, sample, unit)


def _entry(array: Array, sample: int, unit: int) -> Array:
    """Return the entry of this unit as [1], of a number, a bias [H] or an array [B, H]."""
    row = array if array.ndim < 2 else array[sample]
    return row.reshape(-1)[:1] if row.size == 1 else row[unit : unit + 1]


def _factors(node: Dot, values: Values, sample: int, unit: int) -> Iterator[OperationInput]:
    """Yield both factors of v·W, with the place where their product is worst."""
    row = values[node.vector][sample]  # [W]
    matrix = values[node.matrix]
    column = matrix[unit] if node.transposed else matrix[:, unit]  # [W]
    nonfinite = ~(np.isfinite(row) & np.isfinite(column))
    place = int(np.argmax(nonfinite)) if nonfinite.any() else _worst(row * column)
    yield _input(node.vector, row, place)
    yield _input(node.matrix, column, place)


def _input(name: str, numbers: Array, place: int = 0) -> OperationInput:
    """Return the input `name` with a copy of its numbers [K]."""
    nonfinite = int(np.count_nonzero(~np.isfinite(numbers)))
    return OperationInput(name, numbers.copy(), place, float(numbers[place]), nonfinite)
