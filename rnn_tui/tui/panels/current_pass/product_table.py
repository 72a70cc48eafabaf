"""All terms of an operation's products, as a table: where the panel has the whole screen.

da_7·W_hᵀ = Σ da_7[k]·W_h[2,k] = −0.007962
  1   +0.01224·+0.1575    = +0.001928     2  −0.01016·+0.1650    = −0.001676
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Products, UnitReader
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import number, role_of, signed
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView

FACTOR = 9  # cells of a factor
TERM = 38  # cells of a term
LEAST = 4  # lines that a table keeps beside the rows


@dataclass(frozen=True, slots=True, eq=False)
class TermRow:
    """One line of the table: the heading of a product, or some of its terms.

    Attributes:
        product: the product.
        terms: which of its terms, from 0; empty for the heading.
    """

    product: Products
    terms: range


def table_rows(operation: Operation, view: TimestepView, width: int) -> list[TermRow]:
    """Return the lines of the table; none where the operation has no products."""
    with np.errstate(all="ignore"):
        tokens = operation.expression.tokens(UnitReader(view.values, 0, view.unit))
    columns = max((width - 1) // TERM, 1)
    lines: list[TermRow] = []
    for token in tokens:
        if isinstance(token, Products):
            count = len(token.entries)
            starts = range(0, count, columns)
            lines.append(TermRow(token, range(0)))
            lines += [TermRow(token, range(first, min(first + columns, count))) for first in starts]
    return lines


def page(context: DrawContext, view: TimestepView, lines: list[TermRow], height: int) -> Lines:
    """Draw the page of the table that is selected, in `height` lines at most."""
    if len(lines) <= height or height < 2:
        return tuple(_line(row, view) for row in lines[: max(height, 0)])
    rows = height - 1
    pages = -(-len(lines) // rows)
    shown = context.selection.page % pages
    words = f"   page {shown + 1} of {pages} of the terms: J next, K before"
    drawn = (_line(row, view) for row in lines[shown * rows : (shown + 1) * rows])
    return (*drawn, ((words, "dim"),))


def _line(row: TermRow, view: TimestepView) -> Line:
    """Draw one line of the table."""
    sum_ = row.product
    if row.terms:
        return tuple(run for place in row.terms for run in _term(sum_, place))
    matrix = view.values[sum_.matrix]
    unit = min(view.unit, matrix.shape[0 if sum_.transposed else 1] - 1) + 1
    entry = f"[{unit},k]" if sum_.transposed else f"[k,{unit}]"
    vector = value_name(sum_.vector, view.t)
    product = f"{vector}·{sum_.matrix}{'ᵀ' if sum_.transposed else ''}"
    heading = f" {product} = Σ {vector}[k]·{sum_.matrix}{entry} = "
    return ((heading, "title"), (number(sum_.total), "strong"))


def _term(sum_: Products, place: int) -> Line:
    """Return one term in `TERM` cells: the entry, both factors, their product."""
    left, right = float(sum_.left[place]), float(sum_.right[place])
    with np.errstate(all="ignore"):
        product = float(np.float64(left) * right)
    return (
        (f" {int(sum_.entries[place]) + 1:>4} ", "dim"),
        (f"{signed(left):>{FACTOR}}·{signed(right):<{FACTOR}} = ", ""),
        (f"{signed(product):<{FACTOR + 1}}", role_of(product)),
    )
