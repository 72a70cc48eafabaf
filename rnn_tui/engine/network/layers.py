"""Stacked layers: the input of layer k ≥ 2 at timestep t is h_t of the layer below.

Names in layer k have its number after their first letters: ``h2_t``, ``W2_xf``, ``da2_i``,
``tanh(c2_t)``; those in the first layer have none. In the top layer ``dh_y`` is the part of
``dh_t`` that comes from y_t. In the others that part comes from the layer above, is called
``dh_up`` (``dh2_up``, …), and is the gradient of the input of the layer above,

    dh_up = Σ_gates da_gate·W_x_gateᵀ, both of the layer above.

Forward, a timestep goes through all layers from the bottom up, backward from the top down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.core.expressions import Array, Dot, renamed, total
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.parameters import ParameterSpec, Views, block_name, block_views
from rnn_tui.engine.core.tape import ArraySpec, Tape

_FIRST_LETTERS = re.compile(r"^[A-Za-z]+")
_NUMBERED = re.compile(r"^([A-Za-z]+)(\d+)")
_IN_WORDS = re.compile(r"\b[A-Za-z]+(?=_t\b|_<t-1>)")


def name_in_layer(name: str, layer: int) -> str:
    """Return what `name` is called in layer `layer`, from 1: ``h_t`` in the second is ``h2_t``."""
    if layer == 1:
        return name
    function, bracket, inner = name.rpartition("(")
    return function + bracket + _FIRST_LETTERS.sub(rf"\g<0>{layer}", inner)


def name_without_layer(name: str) -> str:
    """Return the name of a parameter or an array without the number of its layer."""
    return _NUMBERED.sub(r"\1", name)


def layer_number(name: str) -> int:
    """Return the layer that a parameter or an array belongs to, from 1."""
    match = _NUMBERED.match(name)
    return int(match[2]) if match else 1


class Layer:
    """A cell's declaration by the names of one layer.

    Attributes:
        number: of the layer, from 1 at the bottom.
        top: True for the topmost layer.
        cell: the declaration by the cell's own names.
        specs: parameters by the cell's own names, for 1 input and 1 unit: names and blocks count.
        states: names of what is carried from timestep to timestep.
        rows: lines of the timestep panel; the input of an upper layer is the row h_t of the layer
            below.
        forward_operations: operations of one timestep, forward, in order.
        backward_operations: the same backward; below the top layer they begin with ``dh_up``.
    """

    def __init__(self, cell: Cell, number: int, layers: int) -> None:
        """Declare layer `number` of `layers`."""
        self.cell, self.number, self.top = cell, number, number == layers
        self.specs = cell.parameters(1, 1)
        self.states = tuple(name_in_layer(state, number) for state in cell.states)
        self.rows, self.forward_operations = cell.rows, cell.forward_operations
        self.backward_operations = cell.backward_operations
        if layers > 1:
            own = (row for row in cell.rows if number == 1 or row.symbol != "x_t")
            self.rows = tuple(map(self._row, own))
            self.forward_operations = tuple(map(self._operation, cell.forward_operations))
            self.backward_operations = tuple(map(self._operation, cell.backward_operations))
        if not self.top:
            self.backward_operations = (self._from_above(), *self.backward_operations)

    def name(self, name: str) -> str:
        """Return this layer's name of what the cell calls `name`."""
        if name == "dh_y":
            return name if self.top else name_in_layer("dh_up", self.number)
        if name == "x_t" and self.number > 1:
            return name_in_layer("h_t", self.number - 1)
        return name_in_layer(name, self.number)

    def _row(self, row: Row) -> Row:
        """Return the cell's row with this layer's symbol, and its number in the title."""
        title = f"{row.title}, layer {self.number}"
        return replace(row, symbol=self.name(row.symbol), title=title)

    def _operation(self, operation: Operation) -> Operation:
        """Return the cell's operation by this layer's names, also where its note names values."""
        return replace(
            operation,
            symbol=self.name(operation.symbol),
            expression=renamed(operation.expression, self.name),
            row=self.name(operation.row),
            note=_IN_WORDS.sub(lambda match: name_in_layer(match[0], self.number), operation.note),
        )

    def _from_above(self) -> Operation:
        """Return the operation that computes ``dh_up``, ∂L/∂h_t through the layer above."""
        above = self.number + 1
        terms = (
            Dot(
                name_in_layer(delta_name(gate), above),
                name_in_layer(block_name("W_x", gate), above),
                transposed=True,
            )
            for gate in self.cell.gates
        )
        return Operation(
            self.name("dh_y"),
            "part that comes from the layer above",
            total(*terms),
            row=self.name("h_t"),
            column="through",
        )

    # Parameters and tape

    def parameters(self, features: int, hidden: int) -> tuple[ParameterSpec, ...]:
        """Return the layer's parameters for D = `features` inputs and H = `hidden` units."""
        width = features if self.number == 1 else hidden
        return tuple(
            replace(
                spec,
                name=name_in_layer(spec.name, self.number),
                left=None if spec.left is None else name_in_layer(spec.left, self.number),
                right=name_in_layer(spec.right, self.number),
            )
            for spec in self.cell.parameters(width, hidden)
        )

    def renamed_arrays(self, arrays: Sequence[ArraySpec]) -> tuple[ArraySpec, ...]:
        """Return the cell's arrays by this layer's names, in groups of this layer alone."""
        return tuple(
            replace(
                spec,
                name=self.name(spec.name),
                group=spec.group and name_in_layer(spec.group, self.number),
                parts=tuple((self.name(name), first, width) for name, first, width in spec.parts),
            )
            for spec in arrays
        )

    def cell_tape(self, whole: Tape) -> Tape:
        """Return a tape of this layer's arrays by the cell's names, sharing memory with `whole`."""
        if self.number == 1 and self.top:
            return whole
        names = {}
        for name in whole.names:
            if name in ("dh_y", name_in_layer("dh_up", self.number)):
                continue
            if layer_number(name) == self.number:
                names[name_without_layer(name)] = name
        return whole.with_names(names | {"dh_y": self.name("dh_y")})

    def cell_parameters(self, parameters: Views) -> dict[str, Array]:
        """Return this layer's parameters by the cell's names."""
        names = (spec.name for spec in self.specs)
        return {name: parameters[name_in_layer(name, self.number)] for name in names}

    def recurrent_blocks(self, parameters: Views) -> dict[str, Array]:
        """Return each gate's block of W_h by this layer's names, views [H, H] in the gates' order.

        Parameters whose name begins with W_h count too. A cell without recurrence has none.
        """
        weights = self.cell_parameters(parameters)
        blocks: dict[str, Array] = {}
        for spec in self.specs:
            if spec.name.startswith("W_h"):
                blocks |= block_views(weights, spec.name, spec.blocks)
        names = (block_name("W_h", gate) for gate in self.cell.gates)
        return {name_in_layer(name, self.number): blocks[name] for name in names if name in blocks}

    def stored_cell_values(self, parameters: Views, whole: Tape, t: int) -> dict[str, Array]:
        """Return parameters and views of the tape at timestep `t`, by the cell's names."""
        k, tape, values = t - 1, self.cell_tape(whole), self._blocks(parameters)
        values |= {
            "x_t": tape["x"][k],
            "h_<t-1>": tape["h"][k],
            "h_t": tape["h"][t],
            "dh_y": tape["dh_y"][k],
            "dh_next": tape["dh_next"][t],
            "dh_t": tape["dh"][k],
            "dh_<t-1>": tape["dh_next"][k],
        }
        values.update(self.cell.values(tape, t))
        return values

    def _blocks(self, parameters: Views) -> dict[str, Array]:
        """Return the blocks of this layer's parameters by the cell's names."""
        weights = self.cell_parameters(parameters)
        blocks: dict[str, Array] = {}
        for spec in self.specs:
            blocks.update(block_views(weights, spec.name, spec.blocks))
        return blocks

    def parameter_blocks(self, parameters: Views) -> dict[str, Array]:
        """Return the same by this layer's names: ``W2_hf``, views [H, H]."""
        return {self.name(name): array for name, array in self._blocks(parameters).items()}

    def stored_values(self, parameters: Views, whole: Tape, t: int) -> dict[str, Array]:
        """Return parameters and views of the tape at timestep `t`, by this layer's names.

        An upper layer's input is missing: it is h_t of the layer below.
        """
        stored = self.stored_cell_values(parameters, whole, t)
        if self.number > 1:
            del stored["x_t"]
        return {self.name(name): array for name, array in stored.items()}


def delta_name(gate: str) -> str:
    """Return the cells' name of the gradient of a gate's pre-activation."""
    return f"da_{gate}" if gate else "da_t"


def pinnable_symbols(layer: Layer) -> Mapping[str, str]:
    """Return what can be pinned in this layer: its symbols, with the cell's symbol for each."""
    symbols = [operation.symbol for operation in layer.cell.forward_operations]
    named = {layer.name(symbol): symbol for symbol in symbols}
    return named | ({"x_t": "x_t"} if layer.number == 1 else {})
