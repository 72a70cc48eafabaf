"""All terms of an operation's products, as a table: where the panel has the whole screen.

Each column is in units of a power of ten, which the heading names where it is not 1; that of the
products is the product of those of the factors, so that what is written is true with and without
them::

    da_7·W_hᵀ = Σ da_7[k]·W_h[2,k] = −0.007962   ×10⁻² · ×1 = ×10⁻²
      1  +1.224 · +0.1575  = +0.1928    2  −1.016 · +0.1650  = −0.1676
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Products, UnitReader
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.aligned_numbers import NumberColumn, column_of, power_of_ten
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.number_format import number, role_of
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView

ENTRY = 5  # cells of the number of an entry, with a blank at each side
DIGITS = 4  # significant digits at least; 3 where one unit has room for all then
LEAST = 4  # lines that a table keeps beside the rows
ENOUGH = 5  # lines that a page keeps beside an equation: a heading, terms, and which page it is


@dataclass(frozen=True, slots=True, eq=False)
class TermRow:
    """One line of the table: the heading of a product, or some of its terms.

    Attributes:
        product: the product.
        terms: which of its terms, from 0; empty for the heading.
        columns: how both factors and their product are written.
    """

    product: Products
    terms: range
    columns: tuple[NumberColumn, NumberColumn, NumberColumn]


def table_rows(operation: Operation, view: TimestepView, width: int) -> list[TermRow]:
    """Return the lines of the table; none where the operation has no products."""
    with np.errstate(all="ignore"):
        tokens = operation.expression.tokens(UnitReader(view.values, 0, view.unit))
    sums = [token for token in tokens if isinstance(token, Products)]
    with np.errstate(all="ignore"):
        columns = [_columns(sum_) for sum_ in sums]
    widths = map(_term_width, sums, columns)
    side_by_side = max((width - 1) // max(widths, default=1), 1)
    lines: list[TermRow] = []
    for sum_, each in zip(sums, columns, strict=True):
        count = len(sum_.entries)
        lines.append(TermRow(sum_, range(0), each))
        for first in range(0, count, side_by_side):
            lines.append(TermRow(sum_, range(first, min(first + side_by_side, count)), each))
    return lines


def _columns(sum_: Products) -> tuple[NumberColumn, NumberColumn, NumberColumn]:
    """Return how both factors of the terms and their products are written."""
    left, right = (column_of(values, digits=DIGITS) for values in (sum_.left, sum_.right))
    exponent = left.exponent + right.exponent
    return left, right, column_of(sum_.products(), digits=DIGITS, exponent=exponent)


def _term_width(sum_: Products, columns: Sequence[NumberColumn]) -> int:
    """Return the cells of a term, with a blank behind it."""
    return _entry_width(sum_) + sum(column.width for column in columns) + 2 * len(" · ") + 1


def _entry_width(sum_: Products) -> int:
    """Return the cells of an entry's number, with a blank at each side."""
    return max(len(str(int(sum_.entries[-1]) + 1)) + 2, ENTRY)


def page(context: DrawContext, view: TimestepView, lines: list[TermRow], height: int) -> Lines:
    """Draw the page of the table that is selected, in `height` lines at most.

    Which page it is stands in its heading, where all headings have room; else in the last line.
    """
    if len(lines) <= height or height < 2:
        return tuple(_line(row, view, ascii=context.ascii) for row in lines[: max(height, 0)])
    for in_heading in (True, False):
        pages = _pages(lines, height - (not in_heading))
        shown = context.selection.page % len(pages)
        words = f"   page {shown + 1} of {len(pages)} of the terms: J next, K before"
        brief = f"   page {shown + 1} of {len(pages)}: J K"
        headings = [_line(each[0], view, ascii=context.ascii) for each in pages]
        room = view.width - max(map(cell_width, headings)) - 2 * len(str(len(pages))) + 2
        drawn = tuple(_line(row, view, ascii=context.ascii) for row in pages[shown])
        fitting = next((text for text in (words, brief) if len(text) <= room), "")
        if in_heading and fitting:
            return ((*drawn[0], (fitting, "dim")), *drawn[1:])
    return (*drawn, ((words, "dim"),))


def _pages(lines: list[TermRow], rows: int) -> list[list[TermRow]]:
    """Return the pages of the table; each begins with the heading of its first terms."""
    pages: list[list[TermRow]] = [[]]
    for row in lines:
        if len(pages[-1]) == rows:
            pages.append([])
        if not pages[-1] and row.terms and rows > 1:
            pages[-1].append(TermRow(row.product, range(0), row.columns))
        pages[-1].append(row)
    return pages


def _line(row: TermRow, view: TimestepView, *, ascii: bool) -> Line:
    """Draw one line of the table."""
    sum_ = row.product
    if row.terms:
        return tuple(run for place in row.terms for run in _term(row, place))
    matrix = view.values[sum_.matrix]
    unit = min(view.unit, matrix.shape[0 if sum_.transposed else 1] - 1) + 1
    entry = f"[{unit},k]" if sum_.transposed else f"[k,{unit}]"
    vector = value_name(sum_.vector, view.t)
    product = f"{vector}·{sum_.matrix}{'ᵀ' if sum_.transposed else ''}"
    heading = f" {product} = Σ {vector}[k]·{sum_.matrix}{entry} = "
    line: Line = ((heading, "title"), (number(sum_.total), "strong"))
    if not any(column.exponent for column in row.columns):
        return line
    left, right, terms = (power_of_ten(each.exponent, ascii=ascii) for each in row.columns)
    return (*line, (f"   {left} · {right} = {terms}", "dim"))


def _term(row: TermRow, place: int) -> Line:
    """Return one term: the entry, both factors, their product."""
    sum_, (of_left, of_right, of_product) = row.product, row.columns
    left, right = float(sum_.left[place]), float(sum_.right[place])
    with np.errstate(all="ignore"):
        product = float(np.float64(left) * right)
    entry = f"{int(sum_.entries[place]) + 1:>{_entry_width(sum_) - 1}} "
    return (
        (entry, "dim"),
        (f"{of_left.text(left)} · {of_right.text(right)} = ", ""),
        (f"{of_product.text(product)} ", role_of(product)),
    )
