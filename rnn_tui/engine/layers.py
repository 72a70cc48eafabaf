"""Cells on top of each other: what layer k ≥ 2 takes in at timestep t is h_t of the layer below.

Names of layer k carry its number behind their first letters: ``h2_t``, ``W2_xf``, ``da2_i``,
``tanh(c2_t)``; those of the first layer do not. Below the top layer, what comes down is called
``dh_up`` (``dh2_up``, …) and is the gradient of the input of the layer above,

    dh_up = Σ_gates da_gate·W_x_gateᵀ, both of the layer above,

while ``dh_y``, what comes from y_t, belongs to the top layer. Forward, a timestep goes through all
layers from the bottom up, backward from the top down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from rnn_tui.engine.cells.base import (
    Cell,
    Gates,
    Kernel,
    Operation,
    ParameterSpec,
    Row,
    Views,
    block_name,
    block_views,
)
from rnn_tui.engine.expressions import Array, Dot, renamed, total
from rnn_tui.engine.tape import ArraySpec, Tape

_FIRST_LETTERS = re.compile(r"^[A-Za-z]+")
_NUMBERED = re.compile(r"^([A-Za-z]+)(\d+)")
_IN_WORDS = re.compile(r"\b[A-Za-z]+(?=_t\b|_<t-1>)")


def numbered(name: str, layer: int) -> str:
    """What `name` is called in layer `layer`, from 1: ``h_t`` in the second is ``h2_t``."""
    if layer == 1:
        return name
    function, bracket, inner = name.rpartition("(")
    return function + bracket + _FIRST_LETTERS.sub(rf"\g<0>{layer}", inner)


def plain(name: str) -> str:
    """The name of a parameter or an array without its layer's number."""
    return _NUMBERED.sub(r"\1", name)


def layer_of(name: str) -> int:
    """The layer that a parameter or an array belongs to, from 1."""
    found = _NUMBERED.match(name)
    return int(found[2]) if found else 1


class Layer:
    """One of the layers: the cell's declaration, by this layer's names.

    Attributes:
        number: from 1, at the bottom.
        cell: as declared, by its own (plain) names.
        specs: the cell's parameters by its own names, for 1 input and 1 unit: names and blocks.
        states: what is carried from timestep to timestep.
        rows: lines of the timestep panel; an upper layer's input is the row h_t of the one below.
        forward_operations, backward_operations: of one timestep, in order; of a layer that is not
            the top one, backward begins with ``dh_up``.
    """

    def __init__(self, cell: Cell, number: int, layers: int) -> None:
        """Layer `number` of `layers`."""
        self.cell, self.number, self.top = cell, number, number == layers
        self.specs = cell.parameters(1, 1)
        self.states = tuple(numbered(state, number) for state in cell.states)
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
        """What the value, array or parameter that the cell calls `name` is called here."""
        if name == "dh_y":
            return name if self.top else numbered("dh_up", self.number)
        if name == "x_t" and self.number > 1:
            return numbered("h_t", self.number - 1)
        return numbered(name, self.number)

    def _row(self, row: Row) -> Row:
        title = f"{row.title}, layer {self.number}"
        return replace(row, symbol=self.name(row.symbol), title=title)

    def _operation(self, operation: Operation) -> Operation:
        return replace(
            operation,
            symbol=self.name(operation.symbol),
            expression=renamed(operation.expression, self.name),
            row=self.name(operation.row),
            note=_IN_WORDS.sub(lambda found: numbered(found[0], self.number), operation.note),
        )

    def _from_above(self) -> Operation:
        """∂L/∂h_t as far as it comes through the input of the layer above."""
        above = self.number + 1
        terms = (
            Dot(
                numbered(delta(gate), above),
                numbered(block_name("W_x", gate), above),
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
        """The cell's for `features` (D) inputs and `hidden` (H) units, by this layer's names."""
        width = features if self.number == 1 else hidden
        return tuple(
            replace(
                spec,
                name=numbered(spec.name, self.number),
                left=None if spec.left is None else numbered(spec.left, self.number),
                right=numbered(spec.right, self.number),
            )
            for spec in self.cell.parameters(width, hidden)
        )

    def named(self, arrays: Sequence[ArraySpec]) -> tuple[ArraySpec, ...]:
        """The arrays of this layer by its names; its groups are its own."""
        return tuple(
            replace(
                spec,
                name=self.name(spec.name),
                group=spec.group and numbered(spec.group, self.number),
                parts=tuple((self.name(name), first, width) for name, first, width in spec.parts),
            )
            for spec in arrays
        )

    def tape(self, whole: Tape) -> Tape:
        """The tape as the cell sees it: this layer's arrays by their plain names."""
        if self.number == 1 and self.top:
            return whole
        mine = {}
        for name in whole.names:
            if name in ("dh_y", numbered("dh_up", self.number)):
                continue
            if layer_of(name) == self.number:
                mine[plain(name)] = name
        return whole.under(mine | {"dh_y": self.name("dh_y")})

    def weights(self, parameters: Views) -> dict[str, Array]:
        """Its parameters by their plain names."""
        names = (spec.name for spec in self.specs)
        return {name: parameters[numbered(name, self.number)] for name in names}

    def recurrent(self, parameters: Views) -> dict[str, Array]:
        """Each gate's block of W_h, [H, H] views by this layer's names, in the gates' order.

        Of W_h and whatever begins with it; nothing for a cell without recurrence.
        """
        weights = self.weights(parameters)
        found: dict[str, Array] = {}
        for spec in self.specs:
            if spec.name.startswith("W_h"):
                found |= block_views(weights, spec.name, spec.blocks)
        names = (block_name("W_h", gate) for gate in self.cell.gates)
        return {numbered(name, self.number): found[name] for name in names if name in found}

    def stored(self, parameters: Views, whole: Tape, t: int) -> dict[str, Array]:
        """What of timestep `t` is a parameter or a view of the tape, by the cell's plain names."""
        k, tape, weights = t - 1, self.tape(whole), self.weights(parameters)
        values: dict[str, Array] = {}
        for spec in self.specs:
            values.update(block_views(weights, spec.name, spec.blocks))
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

    def values(self, parameters: Views, whole: Tape, t: int) -> dict[str, Array]:
        """The same by this layer's names; an upper layer's input has the name it has below."""
        stored = self.stored(parameters, whole, t)
        if self.number > 1:
            del stored["x_t"]
        return {self.name(name): array for name, array in stored.items()}


def delta(gate: str) -> str:
    """The gradient of a gate's pre-activation, as the cells name it."""
    return f"da_{gate}" if gate else "da_t"


class Stack(Kernel):
    """The kernels of all layers as one: timestep after timestep, so that stepping is running.

    An upper layer's input products are made timestep by timestep: BLAS gives other bits for
    another number of rows.
    """

    def __init__(
        self, layers: Sequence[Layer], kernels: Sequence[Kernel], parameters: Views, whole: Tape
    ) -> None:
        """`kernels`: of the layers, from the bottom up, bound to `whole`, all layers' tape."""
        self.kernels = tuple(kernels)
        self.inputs = [_Inputs(*pair, parameters, whole) for pair in pairwise(layers)]

    def begin_forward(self) -> None:
        for kernel in self.kernels:
            kernel.begin_forward()

    def forward(self, first: int, last: int) -> None:
        bottom, *upper = self.kernels
        for t in range(first, last + 1):
            bottom.forward(t, t)
            for inputs, kernel in zip(self.inputs, upper, strict=True):
                inputs.take(t)
                kernel.forward(t, t)

    def begin_backward(self) -> None:
        for kernel in self.kernels:
            kernel.begin_backward()

    def backward(self, first: int, last: int) -> None:
        bottom, *upper = self.kernels
        downward = list(zip(reversed(self.inputs), reversed(upper), strict=True))
        for t in range(last, first - 1, -1):
            for inputs, kernel in downward:
                kernel.backward(t, t)
                inputs.give_back(t)
            bottom.backward(t, t)

    def gather(self) -> None:
        for kernel in self.kernels:
            kernel.gather()


class _Inputs:
    """What goes up from a layer to the next, and what comes down."""

    def __init__(self, below: Layer, layer: Layer, parameters: Views, whole: Tape) -> None:
        source, tape = below.tape(whole), layer.tape(whole)
        weights = layer.weights(parameters)
        steps = range(whole.steps)
        self.h = source["h"][1:]  # [T, B, H], of the layer below
        self.x = tape["x"]  # [T, B, H], a copy: it lies beside this layer's own h
        self.W_x = weights["W_x"]  # [H, G·H]
        self.products: list[tuple[Callable[[Array, Array], object], Array]] = []
        if "ax" in tape.names:  # several gates, see `Gates`
            lay, ax = Gates(tape), tape.whole("ax")
            self.W, self.b = lay.weights(self.W_x), lay.weights(weights["b"][np.newaxis])
            self.products = [(lay.times(self.x[k]), ax[k]) for k in steps]
        self.down = source["dh_y"]  # [T, B, H]
        self.scratch = np.empty(self.down.shape[1:], tape.dtype)  # [B, H]
        self.deltas = [self._deltas(layer, tape, k + 1) for k in steps]

    def _deltas(self, layer: Layer, tape: Tape, t: int) -> list[tuple[Array, Array]]:
        """Factors of ∂L/∂x_t = Σ da·W_xᵀ: one pair, or one a gate if da is not in one place."""
        cell, values = layer.cell, layer.cell.values(tape, t)
        views = {gate: values[delta(gate)] for gate in cell.gates}
        joined = tape.arrays.get("da")
        if joined is not None and all(np.shares_memory(view, joined) for view in views.values()):
            return [(joined[t - 1], self.W_x.T)]
        blocks = block_views({"W_x": self.W_x}, "W_x", cell.blocks)
        return [(view, blocks[block_name("W_x", gate)].T) for gate, view in views.items()]

    def take(self, t: int) -> None:
        """The input at timestep `t`, and its product where the kernel does not make it."""
        x = self.x[t - 1]
        np.copyto(x, self.h[t - 1])
        if self.products:
            x_times, ax = self.products[t - 1]
            x_times(self.W, ax)
            np.add(ax, self.b, ax)

    def give_back(self, t: int) -> None:
        """∂L/∂x_t, for the layer below."""
        down = self.down[t - 1]
        (first, weights), *rest = self.deltas[t - 1]
        first.dot(weights, down)
        for view, block in rest:
            view.dot(block, self.scratch)
            np.add(down, self.scratch, down)


def declared_pins(layer: Layer) -> Mapping[str, str]:
    """The cell's plain symbol for each that can be held in this layer."""
    symbols = [operation.symbol for operation in layer.cell.forward_operations]
    found = {layer.name(symbol): symbol for symbol in symbols}
    return found | ({"x_t": "x_t"} if layer.number == 1 else {})
