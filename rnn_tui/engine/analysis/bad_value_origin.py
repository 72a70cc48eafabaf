"""Where a bad number comes from: the inputs of the one operation that made it."""

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
    """What an operation read of one value to make one number.

    `numbers` [K]: one entry of the same unit, or for a factor of v·W the whole row v[sample] or
    column W[:, unit], and for softmax(v) the row v[sample]. `place` is the entry to look at: the
    first that is not finite, otherwise the largest in magnitude; for the factors of one product,
    that of its worst term v[k]·W[k, unit].
    """

    name: str
    numbers: Array  # [K]
    place: int
    number: float  # numbers[place]
    bad: int  # how many of them are not finite


@dataclass(frozen=True, slots=True)
class BadValueOrigin:
    """A number and all that went into it. `suspect` is the position of the worst input: the first
    that is not finite, otherwise the one whose looked-at entry is largest in magnitude."""

    symbol: str
    t: int
    sample: int
    unit: int
    number: float
    inputs: tuple[OperationInput, ...]
    suspect: int | None  # None when the operation reads nothing


def find_operation(network: Network, symbol: str, t: int, backward: bool) -> Operation | None:
    """The operation of timestep t that makes `symbol`, in that pass; None for what is given."""
    made = (
        network.declaration.backward_operations_at(t)
        if backward
        else network.declaration.forward_operations
    )
    return next((operation for operation in made if operation.symbol == symbol), None)


def worst_place(array: Array) -> tuple[int, int]:
    """Sample and unit of the first entry of [B, H] that is not finite, otherwise of the largest."""
    sample, unit = np.unravel_index(_worst(array.reshape(-1)), array.shape)
    return int(sample), int(unit)


def inputs_of(
    network: Network, operation: Operation, t: int, unit: int | None = None, sample: int = 0
) -> BadValueOrigin:
    """The inputs that made one number of `operation` at timestep t.

    Without a `unit`, of the entry that `worst_place` names, whichever sample it is in.
    """
    values = network.values(t)
    result = values[operation.symbol]
    if unit is None:
        sample, unit = worst_place(result)
    with np.errstate(all="ignore"):
        inputs = tuple(_inputs(operation.expression, values, sample, unit))
    numbers = np.array([found.number for found in inputs])
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
    """The first that is not finite, otherwise the largest in magnitude."""
    bad = np.flatnonzero(~np.isfinite(numbers))
    return int(bad[0]) if bad.size else int(np.argmax(np.abs(numbers)))


def _inputs(node: Expression, values: Values, sample: int, unit: int) -> Iterator[OperationInput]:
    """Of `node` and all below it, in order of appearance."""
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
    """The one entry of a number, a bias [H] or an array [B, H] that meets this unit: [1]."""
    row = array if array.ndim < 2 else array[sample]
    return row.reshape(-1)[:1] if row.size == 1 else row[unit : unit + 1]


def _factors(node: Dot, values: Values, sample: int, unit: int) -> Iterator[OperationInput]:
    """Both factors of v·W, looked at where their product is worst."""
    row = values[node.vector][sample]  # [W]
    matrix = values[node.matrix]
    column = matrix[unit] if node.transposed else matrix[:, unit]  # [W]
    bad = ~(np.isfinite(row) & np.isfinite(column))
    place = int(np.argmax(bad)) if bad.any() else _worst(row * column)
    yield _input(node.vector, row, place)
    yield _input(node.matrix, column, place)


def _input(name: str, numbers: Array, place: int = 0) -> OperationInput:
    bad = int(np.count_nonzero(~np.isfinite(numbers)))
    return OperationInput(name, numbers.copy(), place, float(numbers[place]), bad)
