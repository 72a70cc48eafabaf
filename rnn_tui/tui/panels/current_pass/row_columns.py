"""The columns of the timestep panel's rows: where they stand, and how their numbers are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from rnn_tui.engine.analysis.magnitudes import Magnitudes
from rnn_tui.tui.aligned_numbers import LARGEST, NumberColumn

SYMBOL = 11  # cells of a row's symbol with its marker; in a stack names are longer
VALUE = NumberColumn(4, after=6)
TIGHT = NumberColumn(4, before=3, after=5)  # of values that are compared
# Before the numbers without the what-if, and how far they have moved; where it is narrow, closer,
# then with a digit less before the points of gradients.
WORDS = (" was ", " Δ "), (" was", " Δ"), (" was", " Δ")
MARKER = 2  # cells before a gradient
LEAST_STRIP = 4  # cells, where values are compared; what is narrower says nothing
KEPT = 1e-2, 1e3  # of the gradients' power of ten: while they are within, it stays


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The columns of a row: symbol, strip and number of its value, then those of its gradient.

    Where values are compared with those without a what-if, both numbers are followed by the number
    before and the difference, and there is room for one strip at most.

    Attributes:
        symbol: cells of the symbol, with the marker and a blank.
        strips: cells of the value's strip and of the gradient's.
        value: the numbers of values.
        gradient: the numbers of gradients, at one power of ten.
        label: cells of the name of a gradient that passes through the row, and of a dot before it.
        compared: values are compared.
        was: what stands before a number without the what-if.
        moved: what stands before how far it has moved.
        gradient_moved: there is room for the differences of gradients.
    """

    symbol: int
    strips: tuple[int, int]
    value: NumberColumn
    gradient: NumberColumn
    label: int
    compared: bool = False
    was: str = WORDS[0][0]
    moved: str = WORDS[0][1]
    gradient_moved: bool = True

    @property
    def marker(self) -> int:
        """Cells before a gradient: a blank and, with bars, the sign of the timestep before."""
        return 1 if self.compared else MARKER

    @property
    def gradient_at(self) -> int:
        """Cells before the gradient's strip."""
        strip = self.strips[0]
        taken = self.symbol + (strip + 1 if strip else 0) + self.value.width + self.marker
        return taken + self.comparison(self.value) * self.compared

    def comparison(self, column: NumberColumn) -> int:
        """Return the cells of a number before the what-if, and of how far it has moved."""
        return len(self.was) + len(self.moved) + 2 * column.width


def row_columns(
    width: int, symbol: int, label: int, entries: int, exponent: int, *, compared: bool = False
) -> RowColumns:
    """Return the columns of a panel.

    Args:
        width: cells of the panel.
        symbol: cells of a symbol.
        label: cells of the longest name of a gradient that passes through a row.
        entries: of the longest vector of a timestep.
        exponent: the power of ten of the gradients.
        compared: values are compared with those without a what-if.
    """
    gradient = NumberColumn(3, exponent, scaled=True)
    if compared:
        gradient = NumberColumn(3, exponent, after=5, scaled=True)
        for (was, moved), before in zip(WORDS, (4, 4, 3), strict=True):
            apart = (was, moved) == WORDS[-1]
            number = replace(gradient, before=before, apart=apart)
            values = replace(TIGHT, apart=apart)
            columns = RowColumns(symbol, (0, 0), values, number, label, True, was, moved)
            free = width - columns.gradient_at - number.width - columns.comparison(number)
            if free >= 0:
                break
        strip = min(free - 1, entries) if free > LEAST_STRIP else 0
        return replace(columns, strips=(strip, 0), gradient_moved=free >= 0)
    label += 1  # before a name of the timestep before stands a dot
    taken = VALUE.width + 2 * gradient.width + label + 2
    strip = max(min((width - symbol - taken - 2 - MARKER) // 2, entries), 1)
    return RowColumns(symbol, (strip, strip), VALUE, gradient, label)


def gradient_exponent(magnitudes: Magnitudes, layer: int, t: int) -> int:
    """Return the power of ten of the gradients at timestep `t`.

    It is that of the median at the timestep that the backward pass comes to first, and stays while
    the gradients are near it: a number that changes by a little does not change its looks. It is so
    large that the largest one has three digits before its point.
    """
    exponents = _exponents(magnitudes, layer)
    return exponents[t - 1] if t <= len(exponents) else exponents[0]


@lru_cache(8)
def _exponents(magnitudes: Magnitudes, layer: int) -> tuple[int, ...]:
    """Return the power of ten of each timestep, as far as they are known."""
    found: list[int] = []
    typical, largest = magnitudes.typical_gradients[layer - 1], magnitudes.gradients[layer - 1]
    exponent: int | None = None
    output = magnitudes.output_gradient
    for middle, top in zip(typical[::-1].tolist(), largest[::-1].tolist(), strict=True):
        size = middle or top
        if size > 0 and math.isfinite(size):  # NaN is not
            # What a lesson covers, and what has overflown, are no magnitudes.
            top = max(each for each in (top, output, size) if math.isfinite(each))
            wanted = max(_power(size), _power(top) - LARGEST)
            if (
                exponent is None
                or top >= KEPT[1] * 10.0**exponent
                or (size < KEPT[0] * 10.0**exponent and top < 10.0 ** (exponent + 1))
            ):
                exponent = wanted
        found.append(exponent or 0)
    return tuple(found[::-1])


def _power(size: float) -> int:
    """Return the power of ten of a magnitude."""
    return math.floor(math.log10(size))
