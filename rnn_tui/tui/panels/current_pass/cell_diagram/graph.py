"""The values of a cell at one timestep, and what each is made from, read off its equations.

A node is a value. Its inputs are other values; weights and biases are no values of their own but
belong to the node that multiplies by them: ``i_t = σ(x_t·W_xi + h_<t-1>·W_hi + b_i)`` is one node σ
with the inputs x_t and h_<t-1>. Other parts of an equation are nodes too: ``c_t = f_t⊙c_<t-1> +
i_t⊙g_t`` is a node + that is made from two nodes ⊙.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rnn_tui.engine.core.expressions import (
    Binary,
    Constant,
    Dot,
    Expression,
    Function,
    Negative,
    Square,
    Value,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.layers import Layer

WEIGHTS = "W"  # sign of a node that is its inputs times weights, without a function


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a timestep.

    Attributes:
        name: its symbol; of a part of an equation, the symbol with a number: "c_t 1".
        sign: what makes it from its inputs: "σ", "tanh", "⊙", "+", "1−"; "" for what is there at
            the start of the timestep.
        inputs: the names of the values that it is made from.
        operation: the symbol of the operation that computes it; "" at the start.
        expression: the part of the operation's equation that gives it; None at the start.
        weighted: weights multiply its inputs, so all units of them are read.
    """

    name: str
    sign: str = ""
    inputs: tuple[str, ...] = ()
    operation: str = ""
    expression: Expression | None = None
    weighted: bool = False

    @property
    def has_symbol(self) -> bool:
        """True if it has a symbol of its own, and is not just a part of an equation."""
        return self.name == self.operation or not self.operation


@dataclass(slots=True)
class CellGraph:
    """All values of one layer at one timestep.

    Attributes:
        nodes: by name; each comes after its inputs.
        states: symbols before the timestep, and after it.
    """

    states: tuple[tuple[str, str], ...]
    nodes: dict[str, Node] = field(default_factory=dict)
    _parts: int = 0  # of equations, that have got a name

    def consumers(self, name: str) -> list[Node]:
        """Return the nodes that are made from the value `name`, in order."""
        return [node for node in self.nodes.values() if name in node.inputs]

    def add(self, operation: Operation) -> None:
        """Add the value that `operation` computes, and the parts of its equation."""
        self._add(operation.expression, operation.symbol, operation)

    def _add(self, part: Expression, name: str, operation: Operation) -> None:
        """Add the value that `part` of an operation's equation gives."""
        sign, inputs, weighted = self._reading(part, operation)
        node = Node(name, sign, tuple(dict.fromkeys(inputs)), operation.symbol, part, weighted)
        self.nodes[name] = node

    def _inputs(self, part: Expression, operation: Operation) -> tuple[str, ...]:
        """Return the value that `part` is, added to the graph if need be; none of a parameter."""
        if isinstance(part, Value):
            return (part.name,) if part.name in self.nodes else ()
        if isinstance(part, Constant):
            return ()
        self._parts += 1
        name = f"{operation.symbol} {self._parts}"
        self._add(part, name, operation)
        return (name,)

    def _reading(self, part: Expression, operation: Operation) -> tuple[str, tuple[str, ...], bool]:
        """Return sign, inputs, and whether they are multiplied by weights, of a part."""
        match part:
            case Function(name, argument):
                if self._is_weighted(argument):
                    return name, self._weighted_inputs(argument, operation), True
                return name, self._inputs(argument, operation), False
            case Binary(" − ", Constant(number), right):
                return f"{number}−", self._inputs(right, operation), False
            case Dot() | Binary() if self._is_weighted(part):
                return WEIGHTS, self._weighted_inputs(part, operation), True
            case Binary(operator):
                terms = _operands(part, operator)
                inputs = tuple(name for term in terms for name in self._inputs(term, operation))
                return operator.strip(), inputs, False
            case Square(value):
                return "²", self._inputs(value, operation), False
            case Negative(argument):
                return "−", self._inputs(argument, operation), False
            case _:
                names = (name for name in part.symbols() if name in self.nodes)
                return part.text().partition("(")[0], tuple(names), False

    def _is_weighted(self, part: Expression) -> bool:
        """Return whether `part` is a sum or product with a parameter in it."""
        match part:
            case Dot():
                return True
            case Value(name):
                return name not in self.nodes
            case Binary(" + " | " − " | "⊙" as operator):
                return any(map(self._is_weighted, _operands(part, operator)))
        return False

    def _weighted_inputs(self, part: Expression, operation: Operation) -> tuple[str, ...]:
        """Return what is multiplied by weights in `part`, and what is added to it."""
        match part:
            case Dot(vector, _):
                return (vector,)
            case Binary(" + " | " − " | "⊙" as operator) if self._is_weighted(part):
                terms = _operands(part, operator)
                return tuple(
                    name for term in terms for name in self._weighted_inputs(term, operation)
                )
        return self._inputs(part, operation)


def cell_graph(layer: Layer, readout: Iterable[Operation] = ()) -> CellGraph:
    """Return the values of `layer` at one timestep.

    Args:
        layer: the cell by the names of one layer.
        readout: the operations that follow it, of the topmost layer.
    """
    states = tuple((f"{state}_<t-1>", f"{state}_t") for state in layer.states)
    graph = CellGraph(states)
    for symbol in (*(before for before, _ in states), layer.name("x_t")):
        graph.nodes[symbol] = Node(symbol)
    for operation in (*layer.forward_operations, *readout):
        graph.add(operation)
    return graph


def _operands(part: Expression, operator: str) -> Iterator[Expression]:
    """Yield what `operator` joins in `part`: of a + b + c all three, from left to right."""
    if isinstance(part, Binary) and part.operator == operator:
        yield from _operands(part.left, operator) if operator != " − " else (part.left,)
        yield part.right
    else:
        yield part
