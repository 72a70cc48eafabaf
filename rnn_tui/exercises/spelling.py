"""Equations as hints write them: in symbols, and with a number in braces for every symbol.

``{dh_2[1]}`` in a text of a lesson is filled in from the state of the run when it is shown, by
`rnn_tui.claims`; so the numbers of a hint are those on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.core.expressions import (
    ADDITION,
    MULTIPLICATION,
    PRIMARY,
    Binary,
    Constant,
    Dot,
    Expression,
    Function,
    Negative,
    Square,
    Value,
    Zeros,
    renamed,
)
from rnn_tui.engine.core.value_names import at_time, value_name
from rnn_tui.exercises.networks import SmallNetwork, Values

BEFORE = "_<t-1>"
"""What symbols of the timestep before end with."""


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """Spells equations of one unit at one timestep of a small network.

    Attributes:
        values: the values of the timestep, by symbol.
        parameters: the symbols that have no time.
        t: the timestep.
        unit: the unit, from 1.
    """

    values: Values
    parameters: frozenset[str]
    t: int
    unit: int

    @classmethod
    def at(cls, network: SmallNetwork, t: int, unit: int) -> Spelling:
        """Return the spelling of a unit at a timestep of a network."""
        values = network.values[t]
        timeless = frozenset(s for s in values if s[:2] in ("W_", "b_", "p_") or s in ("b", "N"))
        return cls(values, timeless, t, unit)

    def in_symbols(self, symbol: str, expression: Expression) -> str:
        """Return an equation in symbols, with the timestep: ``da_2 = dh_2⊙(1 − h_2²)``."""
        timed = renamed(expression, self._timed)
        return f"{self._timed(symbol)} = {timed.text()}"

    def in_numbers(self, expression: Expression, *, inside: bool = False) -> str:
        """Return the right-hand side with numbers in braces: ``{dh_2[1]}·(1 − {h_2[1]}²)``.

        Args:
            expression: the right-hand side.
            inside: a sign stands before it, so that a negative number is in parentheses.
        """
        return self._spell(expression, inside=inside)

    def name(self, symbol: str, *entry: int) -> str:
        """Return the name of an entry at this timestep: ``dh_next_1[2]``, ``W_h[1,2]``.

        What t=2 sends to timestep 1 is called dh_1 on the screen, as the sum is that it goes into;
        expressions tell the two apart.
        """
        if symbol.startswith("d") and symbol.endswith(BEFORE) and self.t > 1:
            return value_name(symbol.removesuffix(BEFORE) + "_next", self.t - 1, *entry)
        return value_name(symbol, None if symbol in self.parameters else self.t, *entry)

    def on_screen(self, symbol: str, *entry: int) -> str:
        """Return the name of an entry as equations on the screen write it."""
        return value_name(symbol, None if symbol in self.parameters else self.t, *entry)

    def _timed(self, symbol: str) -> str:
        if symbol in self.parameters:
            return symbol
        return value_name(symbol, self.t)

    def _number(self, symbol: str, *entry: int, inside: bool) -> str:
        """Return the number of an entry in braces; a negative one in parentheses."""
        array = self.values[symbol]
        if array.ndim == 0:  # N, the number of terms of the loss
            return str(int(array))
        if symbol in self.parameters:
            value = float(array[tuple(k - 1 for k in entry)])
        else:
            value = float(array[0, entry[0] - 1])
        text = f"{{{self.name(symbol, *entry)}}}"
        return f"({text})" if value < 0 and inside else text

    def _unit_of(self, symbol: str) -> int:
        """Return the unit that is read of a value: the last of one that has fewer."""
        return min(self.unit, int(self.values[symbol].shape[-1]))

    def _spell(self, node: Expression, lowest: int = 0, *, inside: bool = False) -> str:
        """Return a node; in parentheses where its sign binds less than `lowest`.

        Args:
            node: the node.
            lowest: the lowest precedence that it may have without parentheses.
            inside: a sign stands before it, or behind it a square.
        """
        match node:
            case Value(symbol):
                entry = () if self.values[symbol].ndim == 0 else (self._unit_of(symbol),)
                return self._number(symbol, *entry, inside=inside)
            case Dot():
                text, precedence = self._product(node, inside=inside)
            case Binary():
                precedence = node.precedence
                text = self._binary(node, inside=inside and precedence >= lowest)
            case Square(value):
                return f"{self._spell(value, PRIMARY, inside=True)}²"
            case Negative(argument):
                text = f"−{self._spell(argument, MULTIPLICATION, inside=True)}"
                precedence = node.precedence
            case Function(name, argument):
                return f"{name}({self._spell(argument)})"
            case Constant(number):
                return str(number)
            case Zeros():
                return "0"
            case _:
                return at_time(node.text(), self.t)
        return f"({text})" if precedence < lowest else text

    def _binary(self, node: Binary, *, inside: bool) -> str:
        """Return a sum, a difference, a product or a quotient."""
        right = PRIMARY if node.operator == "/" else node.precedence
        right = MULTIPLICATION if node.operator == " − " else right
        sign = "·" if node.operator == "⊙" else node.operator
        left = self._spell(node.left, node.precedence, inside=inside)
        return f"{left}{sign}{self._spell(node.right, right, inside=True)}"

    def _product(self, node: Dot, *, inside: bool) -> tuple[str, int]:
        """Return the sum of products that is one entry of v·W, and its precedence."""
        count = self.values[node.vector].shape[-1]
        matrix = self.values[node.matrix]
        column = min(self.unit, matrix.shape[0 if node.transposed else 1])
        terms = []
        for k in range(1, count + 1):
            entry = (column, k) if node.transposed else (k, column)
            left = self._number(node.vector, k, inside=inside or k > 1)
            terms.append(f"{left}·{self._number(node.matrix, *entry, inside=True)}")
        return " + ".join(terms), MULTIPLICATION if count == 1 else ADDITION
