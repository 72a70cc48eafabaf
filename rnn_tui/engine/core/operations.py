"""The operations a cell, a loss or an optimizer declares, and the rows they fill on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnn_tui.engine.core.expressions import Expression

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
