"""Names of single parameters, and the ranges of the tensors in the flat vector [P]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import ParameterSpec, block_name
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.column_names import NAME, short_names
from rnn_tui.tui.symbols import quoted


@dataclass(frozen=True, slots=True)
class TensorRange:
    """One parameter tensor and its range in the flat vector.

    Attributes:
        spec: its name, shape and gates.
        start: the index of its first entry.
        stop: the index after its last entry.
        order: which of its gates' blocks comes first on the screen, and so on, from 0.
    """

    spec: ParameterSpec
    start: int
    stop: int
    order: tuple[int, ...]

    @property
    def part(self) -> slice:
        """The slice of a flat vector that is this tensor."""
        return slice(self.start, self.stop)

    @property
    def units(self) -> int:
        """The columns of one gate."""
        return self.spec.shape[-1] // len(self.spec.blocks)

    @property
    def row_per_gate(self) -> bool:
        """Whether its picture has a row for each gate: a tensor of a single row has."""
        return math.prod(self.spec.shape[:-1]) == 1

    @property
    def picture(self) -> tuple[int, int]:
        """Rows and columns of its picture: the gates side by side, in the cell's order."""
        if self.row_per_gate:
            return len(self.order), self.units
        return self.spec.shape[0], self.spec.shape[1]

    def place(self, index: int) -> tuple[int, int]:
        """Return row and column in the picture of the entry at `index` of the flat vector."""
        row, column = divmod(index - self.start, self.spec.shape[-1])
        block, unit = divmod(column, self.units)
        gate = self.order.index(block)
        return (gate, unit) if self.row_per_gate else (row, gate * self.units + unit)

    def places(self) -> tuple[Array, Array]:
        """Return row and column in the picture of all entries, in order of storage."""
        rows, columns = np.divmod(np.arange(self.stop - self.start), self.spec.shape[-1])
        blocks, units = np.divmod(columns, self.units)
        gates = np.argsort(self.order)[blocks]
        return (gates, units) if self.row_per_gate else (rows, gates * self.units + units)

    def index_at(self, row: int, column: int) -> int:
        """Return the index in the flat vector of the entry at this place of the picture."""
        gate, unit = (row, column) if self.row_per_gate else divmod(column, self.units)
        row = 0 if self.row_per_gate else row
        return self.start + row * self.spec.shape[-1] + self.order[gate] * self.units + unit

    def gate_entries(self, entries: Array, gate: int) -> Array:
        """Return the entries of the gate drawn in place `gate`, [rows, units]; a view.

        Args:
            entries: a number for each entry of the tensor, in order of storage.
            gate: the place, from 0.
        """
        first = self.order[gate] * self.units
        matrix = entries.reshape(-1, self.spec.shape[-1])
        return matrix[:, first : first + self.units]


def tensors(snapshot: Snapshot) -> tuple[TensorRange, ...]:
    """Return the ranges of all tensors, in order of storage."""
    ranges, start = [], 0
    declaration = snapshot.window.declaration
    for spec in declaration.specs:
        stop = start + math.prod(spec.shape)
        ranges.append(TensorRange(spec, start, stop, _order(spec.blocks, declaration.cell.gates)))
        start = stop
    return tuple(ranges)


def _order(blocks: tuple[str, ...], gates: tuple[str, ...]) -> tuple[int, ...]:
    """Return the places of `blocks` in the order in which the cell names its gates."""
    places = range(len(blocks))
    if not {*blocks} <= {*gates}:
        return tuple(places)
    return tuple(sorted(places, key=lambda place: gates.index(blocks[place])))


def tensor_of(snapshot: Snapshot, index: int) -> TensorRange:
    """Return the tensor that has the parameter at `index`."""
    return next(tensor for tensor in tensors(snapshot) if index < tensor.stop)


def parameter_name(snapshot: Snapshot, index: int) -> str:
    """Return a parameter's name, indices from 1 within its gate: ``W_hf[3,7]``, ``b_f[7]``."""
    tensor = tensor_of(snapshot, index)
    return entry_name(tensor, index - tensor.start)


def entry_name(tensor: TensorRange, place_in_tensor: int) -> str:
    """Return the same of an entry of a tensor, from 0 in order of storage."""
    shape = tensor.spec.shape
    rest, last = divmod(place_in_tensor, shape[-1])
    block, column = divmod(last, shape[-1] // len(tensor.spec.blocks))
    entry: tuple[int, ...] = (column + 1,)
    for size in reversed(shape[:-1]):
        rest, row = divmod(rest, size)
        entry = (row + 1, *entry)
    return value_name(block_name(tensor.spec.name, tensor.spec.blocks[block]), None, *entry)


def is_parameter(snapshot: Snapshot, name: str) -> bool:
    """Return whether `name` is that of a parameter or of a gate's block of one."""
    return any(
        name in (spec.name, *(block_name(spec.name, block) for block in spec.blocks))
        for spec in snapshot.window.declaration.specs
    )


def symbol_of_parameter(snapshot: Snapshot, index: int) -> str:
    """Return the symbol, class or column that a parameter belongs to, as " of 't'"; "" if none.

    A row of W_x belongs to a symbol or to a number of the input, a column of W_y and an entry of
    b_y to a class or to a number of the output.
    """
    tensor, task = tensor_of(snapshot, index), snapshot.task
    place = np.unravel_index(index - tensor.start, tensor.spec.shape)
    if tensor.spec.name == "W_x" and task.symbols is not None:
        return f" of {quoted(task.symbols[int(place[0])])}"
    if tensor.spec.name == "W_x" and task.parts is not None:
        return f" of {short_names(task.parts, NAME)[int(place[0])]}"
    if tensor.spec.name in ("W_y", "b_y") and task.labels is not None:
        return f" of {quoted(task.labels[int(place[-1])])}"
    if tensor.spec.name in ("W_y", "b_y") and task.output_names is not None:
        return f" of {short_names(task.output_names, NAME)[int(place[-1])]}"
    return ""
