"""The lower part of the timestep panel: an operation's equation, and what it contributes to."""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation_text import fold_numbers, numbers_line
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, fold, text_width
from rnn_tui.tui.number_format import UNKNOWN, number, signed
from rnn_tui.tui.panels.current_pass import bad_value_origin, product_table
from rnn_tui.tui.panels.current_pass.timestep_view import (
    NUMBER,
    OUTPUTS,
    TimestepView,
    selected_operation,
)
from rnn_tui.tui.parameter_names import parameter_name, tensors
from rnn_tui.tui.scope_words import batch_words
from rnn_tui.tui.symbols import quoted

NUMBERS = 4  # lines at most of an equation with its numbers, unless it takes more


def explanation(context: DrawContext, view: TimestepView, width: int, available: int) -> Lines:
    """Return the lines below the rows, at most `available`.

    They are the equation of the selected operation and this timestep's contribution to the selected
    parameter's gradient; with room to spare, all operations of the pass and the contributions to
    all tensors. An operation that made a number that is not finite is explained instead.
    """
    snapshot = context.snapshot
    if not view.revealed:
        return _next_hint(snapshot, available)
    selected = selected_operation(context)
    if origin := bad_value_origin.explain(context, selected, width, available):
        return origin
    contribution = _contribution(context)
    terms = _terms(context, view, width)
    beside = 0 if terms else available - len(contribution)
    equation = _equation(context, selected, view, width, beside)
    spare = available - len(equation) - len(contribution) - 2
    if terms and spare + 1 < min(len(terms), product_table.COMFORTABLE):
        return (*equation, *product_table.page(context, view, terms, available - len(equation)))
    if terms:
        return (*equation, (), *product_table.page(context, view, terms, spare + 1), *contribution)
    if spare < 3:
        return (*equation, *contribution)[: max(available, 0)]
    listing = _listing(context, view, selected, width, spare)
    table = _tensor_contributions(snapshot)
    whole = (*equation, (), *listing, (), *contribution, *table)
    if table and len(whole) <= available:
        return whole
    return (*equation, *contribution, (), *listing)


def equation_height(context: DrawContext, view: TimestepView, width: int) -> int:
    """Return the number of lines that the selected operation's equation takes at least.

    1 if there is none yet.
    """
    if not view.revealed:
        return 1
    operation = selected_operation(context)
    symbols = fold(context.written(operation.equation()), width - 2)
    numbers = _pinned(operation, view) or numbers_line(
        operation, view.values, 0, view.unit, view.t, fits=lambda _: False
    )
    return len(symbols) + len(fold_numbers(context.written(numbers), width - 2))


def table_height(context: DrawContext, view: TimestepView, width: int) -> int:
    """Return the lines that rows leave to the table of terms; 0 where there is none."""
    terms = _terms(context, view, width) if view.revealed else []
    return min(len(terms), product_table.LEAST)


def _terms(context: DrawContext, view: TimestepView, width: int) -> list[product_table.TermRow]:
    """Return the table of the selected operation's terms, where the panel has the whole screen."""
    if not context.zoomed:
        return []
    return product_table.table_rows(selected_operation(context), view, width)


def _next_hint(snapshot: Snapshot, available: int) -> Lines:
    """Return the line for a timestep that is not computed yet: the keys that compute it."""
    if available < 1:
        return ()
    if not snapshot.cursor.has_batch:
        return (((" n draws the first window; space trains", "dim"),),)
    return (((" not computed yet: n computes one timestep, s one operation", "dim"),),)


def _equation(
    context: DrawContext, operation: Operation, view: TimestepView, width: int, height: int
) -> Lines:
    """Return an operation in symbols, then with the selected unit's numbers, folded to `width`.

    Of each product as many terms are written as there is room for in `height` lines, or in as many
    as it takes without them; of a high panel, in `NUMBERS` lines.
    """
    symbols, *more = fold(context.written(operation.equation()), width - 2)
    first: Line = ((" ", ""), (symbols, "strong"))
    title = f"   {operation.title}{_class_name(operation, view)}"
    if not more and cell_width(first) + text_width(title) <= width:
        first = (*first, (title, "dim"))
    available = min(max(height - 1 - len(more), 1), NUMBERS)
    numbers = _pinned(operation, view) or _numbers(context, operation, view, width, available)
    folded = fold_numbers(context.written(numbers), width - 2)
    rest = (*((part, "strong") for part in more), *((part, "strong") for part in folded))
    return (first, *(((" ", ""), run) for run in rest))


def _numbers(
    context: DrawContext, operation: Operation, view: TimestepView, width: int, height: int
) -> str:
    """Return an operation with the numbers of the selected unit, for `height` lines or the least.

    The least is what it takes without any term of its products.
    """

    line = partial(numbers_line, operation, view.values, 0, view.unit, view.t)

    def height_of(text: str) -> int:
        return len(fold_numbers(context.written(text), width - 2))

    height = max(height, height_of(line(fits=lambda _: False)))
    return line(fits=lambda text: height_of(text) <= height)


def _class_name(operation: Operation, view: TimestepView) -> str:
    """Return the name of the class that the selected output stands for, after a comma."""
    labels = view.task.labels
    if labels is None or operation.symbol not in OUTPUTS:
        return ""
    return f", {quoted(labels[min(view.unit, len(labels) - 1)])}"


def _pinned(operation: Operation, view: TimestepView) -> str:
    """Return the value and what the equation gives, if a what-if makes them differ; else ""."""
    if not view.has_pins:
        return ""
    value = view.values[operation.symbol][0]
    unit = min(view.unit, len(value) - 1)
    with np.errstate(all="ignore"):
        computed = operation.expression.evaluate(view.values)[0][unit]
    if np.isclose(computed, value[unit], rtol=1e-4, atol=1e-12):
        return ""
    pinned = f"{value_name(operation.symbol, view.t, unit + 1)} = {number(float(value[unit]))}"
    return f"{pinned} by what-if; the equation alone gives {number(float(computed))}"


def _listing(
    context: DrawContext, view: TimestepView, selected: Operation, width: int, height: int
) -> Lines:
    """Return the operations of this pass, around the selected one, each with its number.

    A number is a dot until its operation is revealed.
    """
    declaration = context.snapshot.window.declaration
    made = declaration.backward_operations_at(context.snapshot.t) if view.in_backward else None
    operations = made or declaration.forward_operations
    first = max(min(operations.index(selected) - height // 2, len(operations) - height), 0)
    lines: list[Line] = []
    for index, operation in enumerate(operations[first : first + height], first):
        known = index < len(view.revealed)
        marker = "▸" if operation is selected else " "
        left: Line = (
            (f" {marker} ", "accent"),
            (context.written(operation.equation()), "" if known else "dim"),
        )
        shown = signed(view.entry(view.values[operation.symbol][0])) if known else UNKNOWN
        lines.append(
            (*fit(left, width - NUMBER - 3), (f" {shown:>{NUMBER}}", "" if known else "dim"))
        )
    return tuple(lines)


def _contribution(context: DrawContext) -> Lines:
    """Return what this timestep adds to the selected parameter's gradient, and the sum so far.

    Both are over all samples of the batch.
    """
    snapshot = context.snapshot
    contributions = snapshot.contributions
    if contributions is None or not snapshot.backward_complete(contributions.t):
        return ()
    index, t, steps = context.selection.parameter, contributions.t, snapshot.steps
    batch = batch_words(snapshot)
    line: Line = (
        (f" d{parameter_name(snapshot, index)}", "strong"),
        (f"  {f'{batch}, ' if batch else ''}this timestep ", "dim"),
        (signed(float(contributions.contribution[index])), "gradient"),
        (f"   Σ t={steps}…{t} " if t < steps else f"   Σ t={t} ", "dim"),
        (signed(float(contributions.running_sum[index])), "strong"),
    )
    return (line,)


def _tensor_contributions(snapshot: Snapshot) -> Lines:
    """Return a table of all tensors: norms of this timestep's contribution and the sum so far.

    Both are over all samples of the batch.
    """
    contributions = snapshot.contributions
    if contributions is None or not snapshot.backward_complete(contributions.t):
        return ()
    head = f"   {'':6}{'‖share‖':>11}{'‖Σ so far‖':>12}  {batch_words(snapshot)}"
    lines: list[Line] = [((head.rstrip(), "dim"),)]
    for tensor in tensors(snapshot):
        share = norm(contributions.contribution[tensor.part])
        so_far = norm(contributions.running_sum[tensor.part])
        lines.append(
            (
                (f"   {tensor.spec.name:6}", ""),
                (f"{number(share):>11}", "gradient"),
                (f"{number(so_far):>12}", ""),
            )
        )
    return tuple(lines)
