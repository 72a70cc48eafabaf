"""Operations that cells, losses and optimizers declare, and the rows of the timestep panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnn_tui.engine.core.expressions import Expression

Column = Literal["value", "gradient", "through"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a timestep: ``symbol = expression``.

    Attributes:
        symbol: the name of the result, as other operations read it.
        title: its name in words.
        expression: the equation, over named values.
        row: the symbol of the row of the timestep panel that shows the result.
        column: the column: the row's own ``value``; the ``gradient`` with respect to it; or the
            gradient carried ``through`` its nonlinearity or weights.
        note: a sentence about the selected unit's result, with ``{value}`` in place of the number.
    """

    symbol: str
    title: str
    expression: Expression
    row: str
    column: Column = "value"
    note: str = ""

    def equation(self) -> str:
        """Return the equation in symbols."""
        return f"{self.symbol} = {self.expression.text()}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the timestep panel.

    Attributes:
        symbol: the value that it shows.
        title: the value's name in words.
        span: lower and upper bound of the value, if it has them.
    """

    symbol: str
    title: str
    span: tuple[float, float] | None = None
