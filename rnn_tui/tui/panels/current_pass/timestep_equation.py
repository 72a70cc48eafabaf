"""The lower part of the timestep panel: an operation's equation, and what it contributes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation_text import (
    LEFT_OUT,
    fold_numbers,
    in_ascii_with_marks,
    marked_runs,
    numbers_line,
    with_blanks,
)
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, fold, plain, text_width
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panels.current_pass import bad_value_origin, product_table
from rnn_tui.tui.panels.current_pass.row_places import Places, row_symbols
from rnn_tui.tui.panels.current_pass.timestep_rows import places_of_symbols
from rnn_tui.tui.panels.current_pass.timestep_shares import (
    contribution_line,
    tensor_contributions,
    term_of_the_loss,
)
from rnn_tui.tui.panels.current_pass.timestep_view import (
    OUTPUTS,
    TimestepView,
    selected_operation,
)
from rnn_tui.tui.parameter_names import parameter_name, tensors
from rnn_tui.tui.symbols import quoted

_DENSE = re.compile(r"(?<=[\d)])[·*](?=[\d(−-])")
_SPACED = re.compile(r"(?<=[\d)]) [·*] (?=[\d(−-])")


def explanation(
    context: DrawContext, view: TimestepView, places: Places, width: int, available: int
) -> Lines:
    """Return the lines below the rows, at most `available`.

    They are the equation of the selected operation and this timestep's contribution to the selected
    parameter's gradient; with room to spare, all operations of the pass and the contributions to
    all tensors. An operation that made a number that is not finite is explained instead.
    """
    snapshot = context.snapshot
    selected = selected_operation(context) if view.revealed else None
    if selected is not None:
        if origin := bad_value_origin.explain(context, selected, width, available):
            return origin
        scarce = context.zoomed and available < _all_lines(snapshot, view, places, width)
        scarce = scarce and not workings_covered(context)
        if scarce and (terms := product_table.table_rows(selected, view, width)):
            return _with_table(context, view, selected, terms, places, width, available)
    lines = _selected(context, view, selected, places, width)
    if view.in_backward and places.contribution:
        lines = _padded(lines, places.equation + places.heading + places.listing)
        name = parameter_name(snapshot, context.selection.parameter)
        to_come: Line = ((f" d{name}: what this timestep adds comes with its end", "dim"),)
        lines += contribution_line(context, view, width) or (to_come,)
    elif places.contribution and view.has_batch:
        lines += term_of_the_loss(view)
    lines += _other_pass(context, view, width, available - len(lines))
    if available > len(lines) and places.listing:
        room = available - len(lines)
        lines += tensor_contributions(context, room) if view.in_backward else ()
    shown = context.zoomed and not workings_covered(context)
    if shown and selected is not None and available > len(lines):
        lines += _terms(context, selected, view, width, available - len(lines), lines)
    return lines[: max(available, 0)]


def workings_covered(context: DrawContext) -> bool:
    """Return whether somebody is to find out which numbers an equation has."""
    return context.covered_values is not None and context.covered_values.workings


def _terms(
    context: DrawContext,
    operation: Operation,
    view: TimestepView,
    width: int,
    room: int,
    above: Lines,
) -> Lines:
    """Return the terms of an operation's products, and the same operation with other numbers.

    They take as many lines for every operation, if there are as many other numbers, which are none
    of those `above`.
    """
    rows = product_table.table_rows(operation, view, width)
    lines = product_table.page(context, view, rows, room)
    left = min(room, most_table_rows(view, width)) - len(lines)
    return lines + _other_entries(context, operation, view, width, left, above)


def _below_rows(places: Places) -> int:
    """Return the lines of equation, operations and contribution."""
    return places.equation + places.heading + places.listing + places.contribution


def _all_lines(snapshot: Snapshot, view: TimestepView, places: Places, width: int) -> int:
    """Return the lines it takes to show the operations of both passes and a table of terms."""
    declaration = snapshot.window.declaration
    operations = max(len(declaration.forward_operations), len(declaration.backward_operations))
    table = most_table_rows(view, width)
    return _below_rows(places) + 2 + operations + len(tensors(snapshot)) + table


def most_table_rows(view: TimestepView, width: int) -> int:
    """Return the lines of the highest table of terms of all operations of both passes."""
    declaration = view.window.declaration
    operations = (*declaration.forward_operations, *declaration.backward_operations)
    return max(len(product_table.table_rows(each, view, width)) for each in operations)


def _with_table(
    context: DrawContext,
    view: TimestepView,
    selected: Operation,
    terms: list[product_table.TermRow],
    places: Places,
    width: int,
    available: int,
) -> Lines:
    """Return an operation and the table of its terms, which comes before the contribution."""
    equation = _equation(context, selected, view, width, 1)  # the table has its terms
    left = available - len(equation)
    if left < min(product_table.ENOUGH, len(terms)) and not pinned(selected, view):
        equation = _with_result(context, selected, view, width)
        left = available - len(equation)
    if left > product_table.LEAST:
        left -= places.contribution
    page = product_table.page(context, view, terms, left)
    return (*equation, *page, *contribution_line(context, view, width))[: max(available, 0)]


def _with_result(
    context: DrawContext, operation: Operation, view: TimestepView, width: int
) -> Lines:
    """Return an operation in symbols, and its result without the numbers it comes from."""
    values = view.values[operation.symbol][0]
    name = value_name(operation.symbol, view.t, min(view.unit, len(values) - 1) + 1)
    symbols = fold(context.written(operation.equation()), width - 2)
    lines: list[Line] = [((" ", ""), (part, "strong")) for part in symbols]
    return (*lines, ((f" {name} = {number(view.entry(values))}", "strong"),))


def _selected(
    context: DrawContext,
    view: TimestepView,
    selected: Operation | None,
    places: Places,
    width: int,
) -> Lines:
    """Return the equation of the selected operation, and the operations of its pass."""
    if selected is None:
        lines = _padded(_next_hint(context.snapshot), places.equation)
        listed = places.listing and context.snapshot.cursor.has_batch
        return lines + _listing(context, view, None, width, places, ()) if listed else lines
    contribution = contribution_line(context, view, width)
    equation = _equation(context, selected, view, width, places.equation)
    homeless = not places.contribution
    room = places.equation - len(equation) - (homeless and bool(contribution))
    equation += _other_entries(context, selected, view, width, room, equation)
    left = max(places.equation - len(equation) - homeless, 0)
    equation += _next_operations(context, view, selected, width)[:left]
    if homeless and len(equation) < places.equation:
        equation = (*_padded(equation, places.equation - 1), *contribution)
        homeless = False
    lines = _padded(equation, places.equation)
    if places.listing:
        heading = contribution if homeless else ()
        lines += _listing(context, view, selected, width, places, heading)
    return lines


def _padded(lines: Lines, height: int) -> Lines:
    """Return `lines` as at least `height` lines."""
    return (*lines, *((),) * (height - len(lines)))


def _next_hint(snapshot: Snapshot) -> Lines:
    """Return the line for a timestep that is not computed yet: the keys that compute it."""
    if not snapshot.cursor.has_batch:
        return (((" n draws the first window; space trains", "dim"),),)
    return (((" not computed yet: n computes one timestep, s one operation", "dim"),),)


def _equation(
    context: DrawContext, operation: Operation, view: TimestepView, width: int, height: int
) -> Lines:
    """Return an operation in symbols, then with the selected unit's numbers, folded to `width`.

    Of each product as many terms are written as there is room for in `height` lines, or in as many
    as it takes without them.
    """
    if workings_covered(context):
        return _with_result(context, operation, view, width)
    symbols, *more = fold(context.written(operation.equation()), width - 2)
    numbers = pinned(operation, view)
    if numbers:
        folded = fold_numbers(context.written(numbers), width - 2)
    else:
        folded = _numbers(context, operation, view, width, max(height - 1 - len(more), 1))
    first: Line = ((" ", ""), (symbols, "strong"))
    for words in _beside(context, operation, view, " ".join(folded)) if not more else ():
        if cell_width(first) + text_width(words) <= width:
            first = (*first, (words, "dim"))
            break
    lines: list[Line] = [first, *(((" ", ""), (part, "strong")) for part in more)]
    lines += [((" ", ""), *marked_runs(part, "strong", "operand-strong")) for part in folded]
    return tuple(lines)


def _beside(
    context: DrawContext, operation: Operation, view: TimestepView, numbers: str
) -> tuple[str, ...]:
    """Return what may stand beside the symbols, the longest first: what the operation is called.

    Where terms are left out of its `numbers`, that says where all of them are.
    """
    before = f"timestep {view.t - 1}" if view.t > 1 else "the edge of the window"
    title = f"   {operation.title}{_class_name(operation, view)}".replace("timestep t−1", before)
    if context.zoomed or not LEFT_OUT.search(numbers):
        return (title,)
    apart = " | " if context.ascii else " · "
    bare = "   all terms: z"
    both = f"{title}{apart}all terms: z"
    return (both, bare, title) if " terms: " in numbers else (both, title, bare)


def _numbers(
    context: DrawContext, operation: Operation, view: TimestepView, width: int, height: int
) -> list[str]:
    """Return an operation with the numbers of the selected unit, in `height` lines or the least.

    The least is what it takes without any term of its products. What stands in rows too is marked.
    """
    rows = row_symbols(context.snapshot)
    shown = {symbol for symbol, (row, _) in places_of_symbols(view).items() if row in rows}
    line = partial(numbers_line, operation, view.values, 0, view.unit, view.t, marked=shown)

    return _with_terms(context, line, width, height, height)


def _with_terms(
    context: DrawContext,
    line: Callable[..., str],
    width: int,
    height: int,
    most: int,
    spaced: bool | None = None,
) -> list[str]:
    """Return an equation in numbers, folded, with as many terms as there is room for.

    Args:
        context: how it is written.
        line: returns the equation, given what `fits`.
        width: cells of the panel.
        height: lines that it takes, or the least that it takes without any term of its products.
        most: lines that it may take if then all terms are written.
        spaced: there are blanks around the sign of products; None: where they take no line more.
    """

    def written(text: str) -> str:
        return in_ascii_with_marks(text) if context.ascii else text

    def folded(text: str) -> list[str]:
        text = written(text)
        return fold_numbers(with_blanks(text) if spaced else text, width - 2)

    def has_room(text: str) -> bool:
        # At most half of the characters are marks without a width.
        return len(text) <= 2 * height * width and len(folded(text)) <= height

    whole = line(at_most=most * width) if most > height else ""
    if whole and len(whole) <= most * width and len(folded(whole)) <= most:
        text = whole
    else:
        height = max(height, len(folded(line(fits=lambda _: False))))
        text = line(fits=has_room)
    dense, airy = folded(text), fold_numbers(with_blanks(written(text)), width - 2)
    if spaced is not None:
        return dense
    return airy if len(airy) <= len(dense) else dense


def _class_name(operation: Operation, view: TimestepView) -> str:
    """Return the name of the class that the selected output stands for, after a comma."""
    labels = view.task.labels
    if labels is None or operation.symbol not in OUTPUTS:
        return ""
    return f", {quoted(labels[min(view.unit, len(labels) - 1)])}"


def pinned(operation: Operation, view: TimestepView) -> str:
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
    context: DrawContext,
    view: TimestepView,
    selected: Operation | None,
    width: int,
    places: Places,
    heading: Lines,
) -> Lines:
    """Return the operations of this pass, each with its number, on the page of the selected one.

    A number is a dot until its operation is revealed. The line above is `heading`; of several pages
    it says which operations this one has.
    """
    declaration = context.snapshot.window.declaration
    made = view.window.backward_operations_at(view.t) if view.in_backward else None
    operations = made or declaration.forward_operations
    height, count = places.listing, len(operations)
    first = operations.index(selected) // height * height if selected is not None else 0
    first = min(first, max(count - height, 0))  # the last page is full, too
    page = range(first, min(first + height, count))
    column = view.columns.gradient if view.in_backward else view.columns.value
    lines: list[Line] = []
    for index in page:
        operation = operations[index]
        known, chosen = index < len(view.revealed), operation is selected
        left: Line = (
            (" ▸ " if chosen else "   ", "accent"),
            (context.written(operation.equation()), "" if known else "dim"),
        )
        shown = column.unknown
        if known:
            shown = column.text(view.entry(view.values[operation.symbol][0]))
        role = "strong" if chosen else "" if known else "dim"
        line = (*fit(left, width - column.width - 1), (f" {shown}", role))
        lines.append(tuple((text, f"computed-{role}") for text, role in line) if chosen else line)
    words = f" operations {first + 1}–{page.stop} of {count}"
    words = words if len(page) > 1 else f" operation {page.stop} of {count}"
    if len(page) < count or not heading:
        name = "backward" if view.in_backward else "forward"
        heading = (((words if len(page) < count else f" {name}: {count} operations", "dim"),),)
    return heading[: places.heading] + tuple(lines)


def _spaced(lines: Lines) -> bool | None:
    """Return whether products have blanks around their sign in `lines`; None: there are none."""
    text = plain(lines)
    dense = _DENSE.search(text) is not None
    return None if not dense and not _SPACED.search(text) else not dense


def _other_entries(
    context: DrawContext,
    operation: Operation,
    view: TimestepView,
    width: int,
    height: int,
    above: Lines = (),
) -> Lines:
    """Return the same operation with other numbers, in lines that are left.

    They are those of the next units, then of the timesteps that came before in this pass, but for
    those that stand in lines `above`, whose spelling of products they have. Their products have all
    terms that there is room for; the largest where they take one line.
    """
    if view.has_pins or height < 1:
        return ()
    entries, last = view.values[operation.symbol].shape[1], view.unit + 1 + height + len(above)
    units = [(view.t, unit) for unit in range(view.unit + 1, min(last, entries))]
    there, spaced = plain(above).split("\n"), _spaced(above)
    lines: list[Line] = []
    for t, unit in (*units, *_times_before(context.snapshot, operation, view)):
        values = view.values if t == view.t else context.snapshot.window.values(t)
        entry = min(unit, entries - 1)
        beginning = context.written(f" {value_name(operation.symbol, t, entry + 1)} = ")
        if any(text.startswith(beginning) for text in there):
            continue
        line = partial(numbers_line, operation, values, 0, entry, t)
        folded = _with_terms(context, line, width, 1, height - len(lines), spaced)
        if len(lines) + len(folded) > height:
            break
        lines += [((" ", ""), *marked_runs(part, "dim", "dim")) for part in folded]
    return tuple(lines)


def _next_operations(
    context: DrawContext, view: TimestepView, operation: Operation, width: int
) -> Lines:
    """Return the operations that come after one in its pass, in symbols."""
    declaration = context.snapshot.window.declaration
    operations = declaration.forward_operations
    if view.in_backward:
        operations = view.window.backward_operations_at(view.t)
    after = operations[operations.index(operation) + 1 :]
    heads = ("next:", *("     ",) * len(after))
    return tuple(
        fit(((f" {head} {context.written(each.equation())}", "dim"),), width)
        for head, each in zip(heads, after, strict=False)
    )


def _times_before(
    snapshot: Snapshot, operation: Operation, view: TimestepView
) -> Iterator[tuple[int, int]]:
    """Yield the timesteps that this pass has computed an operation at before, with the unit."""
    step = 1 if view.in_backward else -1
    revealed = snapshot.backward_revealed if view.in_backward else snapshot.forward_revealed
    t = view.t + step
    while 1 <= t <= snapshot.steps and operation in revealed(t):
        yield t, view.unit
        t += step


def _other_pass(context: DrawContext, view: TimestepView, width: int, height: int) -> Lines:
    """Return the operations of the pass that is not shown, in lines that are left.

    Going back they have their numbers, going forward they are to come. They take as many lines
    at every timestep.
    """
    declaration = context.snapshot.window.declaration
    name, operations = "backward", view.window.backward_operations_at(view.t)
    at_most = len(declaration.backward_operations)
    if view.in_backward:
        name, operations = "forward", declaration.forward_operations
        at_most = len(operations)
    if height < 2 or not context.snapshot.cursor.has_batch:
        return ()
    shown = operations[: height - 1]
    of = f"1–{len(shown)} of " if len(shown) < len(operations) else ""
    of = of.replace("1–1 ", "1 ")
    counted = f"operations {of}{len(operations)}" if of else f"{len(operations)} operations"
    lines: list[Line] = [((f" {name}: {counted}", "dim"),)]
    column = view.columns.value
    for operation in shown:
        left: Line = ((f"   {context.written(operation.equation())}", "dim"),)
        number = column.unknown
        if view.in_backward:
            number = column.text(view.entry(view.values[operation.symbol][0]))
        lines.append((*fit(left, width - column.width - 1), (f" {number}", "dim")))
    return _padded(tuple(lines), min(height, at_most + 1))
