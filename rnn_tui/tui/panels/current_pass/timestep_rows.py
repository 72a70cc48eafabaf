"""The rows of the timestep panel: a strip and a number for each value, and for its gradient."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin
from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample
from rnn_tui.engine.core.expressions import Array, Values
from rnn_tui.engine.core.operations import Column, Operation, Row
from rnn_tui.engine.core.value_names import at_time, value_name
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import NumberColumn
from rnn_tui.tui.bar_scales import gradient_scale, value_scale
from rnn_tui.tui.bars import BarScale, bars
from rnn_tui.tui.column_names import NAME, page_of, short_names
from rnn_tui.tui.lines import ELLIPSIS, Line, cell_width, fit, text_width
from rnn_tui.tui.marks import name_cells
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number, short, signed, unwritten
from rnn_tui.tui.panels.current_pass.row_places import ARRIVING, row_symbols
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView, through_label
from rnn_tui.tui.symbols import code_of, quoted, visible
from rnn_tui.tui.themes import role_within

_SHARE = re.compile(r"\{value:[^}]*\}")  # where a note has its number
APART = "  "  # between the numbers of a row and its words
ROUNDING = 32  # units in the last place of a row's largest entry, by which rounding may differ
LEAST_WORDS = 4  # cells; in fewer nothing is said


def with_range(line: Line, view: TimestepView) -> Line:
    """Return the row of the input; at its end, which units have bars, if there are others."""
    hidden, width = view.window.declaration.architecture.hidden, view.columns.strips[0]
    shown = strip_range(hidden, view.unit, width)
    words = f"bars: units {shown.start + 1}–{shown.stop} of {hidden} "
    free = view.width - cell_width(line) - text_width(words)
    if not 0 < width < hidden or free < 2:
        return line
    return (*line, (" " * free, ""), (words, "dim"))


def bad_row(snapshot: Snapshot, view: TimestepView) -> str:
    """Return the symbol of the row with the first number that was not finite; "" elsewhere."""
    origin = snapshot.proofs.get("cause")
    if not isinstance(origin, BadValueOrigin) or origin.t != view.t:
        return ""
    made = (op.row for op in (*view.forward, *view.backward) if op.symbol == origin.symbol)
    return next((row for row in made if row), "")


def on_ground(symbol: str, line: Line, view: TimestepView, *, wrong: bool) -> Line:
    """Return a row on a ground of its own, if the equation shown computes it, or it is `wrong`."""
    if not wrong and (view.selected is None or view.selected.row != symbol):
        return line
    line = (*line, (" " * max(view.width - cell_width(line), 0), ""))
    kept = ("selected-",) if wrong else ("selected-", "operand-")
    ground = "wrong" if wrong else "computed"
    return tuple(
        (text, role if role.startswith(kept) else f"{ground}-{role_within(role)}")
        for text, role in line
    )


def row_of(row: Row, view: TimestepView, kept: int = 0) -> Line:
    """Return a row: the value and, going back, its gradient.

    What is not computed yet is that of the timestep before in this pass, dim and after a dot.
    `kept`: cells at its end that words leave free.
    """
    if view.old is not None and not view.in_backward and not is_known(row, view):
        return _as_old(row_of(row, view.old))
    known = is_known(row, view)
    values, width = view.values[row.symbol][0], view.columns.symbol
    marked = view.selected is not None and view.selected.row == row.symbol
    symbol: Line = (
        ((" ▸ " if marked else "   "), "accent"),
        (f"{row.symbol:<{width - 3}}", "strong" if marked else ""),
    )
    room = view.width - cell_width(symbol)
    if known and row.symbol == "x_t" and (words := _input_in_words(view, room)):
        return (*symbol, *_operand(words, "x_t", view))
    if known and row.symbol == "p_t" and view.before is None:
        return (*symbol, *_probabilities(view, values))
    scale = value_scale(row, view.magnitudes)
    shown = _strip(row.symbol, view, view.columns.strips[0], scale, known)
    line = (*symbol, *shown, *number_of(row.symbol, view, view.columns.value, known))
    if view.before is not None:
        line += _comparison(row.symbol, view, view.before, view.columns.value, known)
    if view.in_backward:
        return (*line, *_gradient(row, view))
    room = view.width - cell_width(line) - len(APART) - kept
    forms = [*_words(row, view, known), ((row.title, "dim"),)]
    words = next((each for each in forms if cell_width(each) <= room), forms[-1])
    if cell_width(words) > room:
        words = fit(words, room) if room >= LEAST_WORDS else ()
    return (*line, (APART, ""), *words) if words else line


def is_known(row: Row, view: TimestepView) -> bool:
    """Return whether the row's value is computed."""
    if row.symbol.endswith("<t-1>"):
        return view.has_state
    return view.is_revealed(row.symbol) or (row.symbol == "x_t" and view.has_batch)


def _as_old(line: Line) -> Line:
    """Return a row of the timestep before, dim, with the dot of what is not computed yet."""
    marker, (symbol, role), *rest = line
    return (marker, (f"{symbol[:-2]}{UNKNOWN} ", role), *_dim(tuple(rest)))


def _dim(line: Line) -> Line:
    return tuple((text, "dim" if text.strip() else "") for text, _ in line)


def needed_rows(snapshot: Snapshot, view: TimestepView) -> list[str]:
    """Return the symbols of the rows that show what the operation computes, and what it reads."""
    if view.selected is None:
        return []
    at = places_of_symbols(view)
    rows_ = [at[symbol][0] for symbol in (view.selected.symbol, *view.reads) if symbol in at]
    return [symbol for symbol in dict.fromkeys(rows_) if symbol in row_symbols(snapshot)]


def places_of_symbols(view: TimestepView) -> dict[str, tuple[str, Column]]:
    """Return where the numbers of values stand: row and column, by symbol."""
    declaration = view.window.declaration
    found: dict[str, tuple[str, Column]] = {}
    for row in declaration.rows:
        found[row.symbol] = row.symbol, "value"
    for layer in declaration.layers:
        for state in declaration.cell.states:
            found[layer.name(f"d{state}_next")] = ARRIVING, "gradient"
    for operation in (
        *declaration.forward_operations,
        *view.window.backward_operations_at(view.t),
    ):
        found[operation.symbol] = operation.row, operation.column
    return found


def _words(row: Row, view: TimestepView, known: bool) -> Iterator[Line]:
    """Yield the row's title with what its operation notes on the value, then shorter.

    For y_t that is the target. How much a full bar is stands only where there are bars.
    """
    if row.symbol == "y_t" and view.has_batch:
        yield from _output_and_target(row, view)
        return
    for operation in view.forward:
        if operation.symbol == row.symbol and operation.note and known:
            value = view.entry(view.values[row.symbol][0])
            note = _in_words(operation.note, value)
            yield ((f"{row.title}: {at_time(note, view.t)}", "dim"),)
            yield ((f"{row.title}: {note}", "dim"),)
            return
    if known and row.span is None and view.columns.strips[0]:  # no bound, so its own scale
        full = number(value_scale(row, view.magnitudes).largest, 2)
        yield ((f"{row.title}, full bar {full}", "dim"),)


def _in_words(note: str, share: float) -> str:
    """Return what an operation notes on a share of 1; one that is covered, or none, is marked."""
    if not math.isfinite(share):
        return _SHARE.sub(f"{unwritten(share)} %", note)
    return note.format(value=share).replace("%", " %")


# Inputs and outputs in words


def _input_in_words(view: TimestepView, room: int) -> Line:
    """Return the input's symbol, its named numbers, or a note that there is none.

    Empty where the strip and the number say all there is. Of more numbers than there is room for,
    in so many cells, some are shown, that of the selected unit among them.
    """
    x, task = view.values["x_t"][0], view.task
    if not task.topology.inputs[view.t - 1] and not x.any():
        return (("no input here", "dim"),)
    if task.symbols is not None and (code := code_of(x)) is not None:
        place = f"{code + 1} of {len(task.symbols)}"
        if code < 0:
            return (("no symbol", "strong"),)
        symbol = quoted(task.symbols[code])
        symbol += " " * (max(view.columns.symbol - text_width(symbol), 0) + 1)
        return ((symbol, "strong"), (f"({place})  input", "dim"))
    if task.parts is None:
        return ()
    numbers = [(f"{signed(float(value))}   ", "") for value in x]
    widths = [text_width(text) for text, _ in numbers]
    names = task.parts
    if sum(map(text_width, names)) + len(names) + sum(widths) - 3 > room:
        names = short_names(names, NAME)
    parts = tuple(((f"{name} ", "dim"), each) for name, each in zip(names, numbers, strict=True))
    sizes = tuple(map(cell_width, parts))
    if sum(sizes) - 3 <= room:
        return tuple(run for part in parts for run in part)
    chosen = min(view.unit, len(parts) - 1)
    first, last = page_of(sizes, room - len(f"{len(x)}–{len(x)} of {len(x)}"), chosen)
    counted = f"{first + 1}–{last} of {len(x)}" if last > first + 1 else f"{last} of {len(x)}"
    return (*(run for part in parts[first:last] for run in part), (counted, "dim"))


def brief_input(view: TimestepView) -> Line:
    """Return the input as one of several values in a line, 'c'; empty where it is one number."""
    x, task = view.values["x_t"][0], view.task
    role = "operand-" if "x_t" in view.reads else ""
    if not task.topology.inputs[view.t - 1] and not x.any():
        return (("none", role),)
    if task.symbols is not None and (code := code_of(x)) is not None:
        return ((quoted(task.symbols[code]) if code >= 0 else "none", role),)
    names = short_names(task.parts, NAME) if task.parts is not None else ()
    numbers = zip(names, x, strict=False)
    return tuple((f"{part} {signed(float(value))} ", role) for part, value in numbers)


def _output_and_target(row: Row, view: TimestepView) -> Iterator[Line]:
    """Yield the selected output's title, with its name or class, and its target; then shorter."""
    labels, target = view.task.labels, view.values["target_t"][0]
    unit = min(view.unit, len(view.values["y_t"][0]) - 1)
    title = row.title if labels is None else f"{row.title} {quoted(labels[unit])}"
    titles: tuple[str, ...] = (title,)
    if (names := view.task.output_names) is not None:
        short = (short_names(names, width)[unit] for width in (NAME, NAME // 2))
        titles = (f"{row.title} {names[unit]}", *(f"{row.title} {each}" for each in short))
    for title in titles:
        if not view.counts:
            yield ((f"{title}, not counted here", "dim"),)
        else:
            words = quoted(labels[target.argmax()]) if labels else signed(float(target[unit]))
            yield ((f"{title}, target ", "dim"), (words, "truth"))


def _probabilities(view: TimestepView, p: Array) -> Line:
    """Return the most probable classes and, at the right, the target's p and −log p.

    Args:
        view: the timestep.
        p: the probabilities [O].
    """
    labels, target = view.task.labels or (), code_of(view.values["target_t"][0])
    right: Line = (("not counted here", "dim"),)
    target_class = target if view.counts else None
    if target_class is not None:
        declaration = view.window.declaration
        part = float(loss_of_sample(view.window)[view.t - 1])
        right = (
            ("target ", "dim"),
            (quoted(labels[target_class]), "truth"),
            (f" p {number(float(p[target_class]), 3)}, −log p ", "dim"),
            (number(part * declaration.term_count, 3), "strong"),
        )
    available = view.width - view.columns.symbol - cell_width(right) - 3
    return (*fit(_likeliest(labels, p, target_class, available), available), ("  ", ""), *right)


def _likeliest(labels: tuple[str, ...], p: Array, target_class: int | None, available: int) -> Line:
    """Return the classes from the most probable down, as many as fit: ``e .41  a .12  ␣ .08 …``."""
    if not np.isfinite(p).all():
        return ((NOT_FINITE, "error"),)
    order = np.argsort(-p, kind="stable")
    line: Line = ()
    for place, code in enumerate(order):
        text = f"{'  ' * bool(line)}{visible(labels[code])} {short(float(p[code]))}"
        more = 2 * (place + 1 < len(order))
        if cell_width(line) + text_width(text) + more > available:
            return (*line, (f" {ELLIPSIS}", "dim"))
        line = (*line, (text, "strong" if code == target_class else ""))
    return line


# Gradients


def _comparison(
    symbol: str, view: TimestepView, before: Values, column: NumberColumn, known: bool
) -> Line:
    """Return a number without the what-if, and how far it has moved: `` was +0.72 Δ+0.28``."""
    if not known or symbol not in before:
        return ((" " * view.columns.comparison(column), ""),)
    was = view.entry(before[symbol][0])
    moved = _moved(symbol, view, before)
    return (
        (f"{view.columns.was}{column.text(was)}", "dim"),
        (view.columns.moved, "dim"),
        (column.text(moved), "strong" if moved else "dim"),
    )


def _gradient(row: Row, view: TimestepView) -> Line:
    """Return strip and number of the row's gradient, and the number of what passes through.

    What is not computed yet is that of the timestep that the pass was at before.
    """
    if row.symbol in ("x_t", "p_t"):  # these have no gradient
        return ()
    known = {op.column: op for op in view.backward if op.row == row.symbol}
    old = {op.column: op for op in view.old.backward if op.row == row.symbol} if view.old else {}
    operation, through = known.get("gradient"), known.get("through")
    line: Line
    compared = view.before is not None  # then a dot before a number would read as a product
    if operation is None and view.old is not None and "gradient" in old and not compared:
        line = ((f" {UNKNOWN}", "dim"), *_dim(_gradient_number(row, old["gradient"], view.old)))
    else:
        line = ((" " * view.columns.marker, ""), *_gradient_number(row, operation, view))
    if through is None and "through" in old and view.old is not None and not compared:
        label = UNKNOWN + through_label(old["through"], view.window.declaration)
        return (*line, *_dim(_through(old["through"].symbol, label, view.old)))
    needed = through is not None and through.symbol in (*view.reads, _computed(view))
    if view.before is not None and not needed:
        symbol, shown = operation.symbol if operation else "", operation is not None
        return line + _gradient_comparison(symbol, view, view.before, shown)
    return line + _through_of(through, view) if through is not None else line


def _computed(view: TimestepView) -> str:
    """Return the symbol that the equation shown computes."""
    return view.selected.symbol if view.selected is not None else ""


def _gradient_number(row: Row, operation: Operation | None, view: TimestepView) -> Line:
    """Return strip and number of a row's gradient, which `operation` has computed."""
    symbol, known = operation.symbol if operation else row.symbol, operation is not None
    scale = gradient_scale(view.magnitudes)
    strip = _strip(symbol, view, view.columns.strips[1], scale, known)
    return strip + number_of(symbol, view, view.columns.gradient, known)


def _gradient_comparison(symbol: str, view: TimestepView, before: Values, known: bool) -> Line:
    """Return a gradient without the what-if and, with room for it, how far it has moved."""
    line = _comparison(symbol, view, before, view.columns.gradient, known)
    return line if view.columns.gradient_moved else line[:1]


def _through_of(operation: Operation, view: TimestepView) -> Line:
    """Return the number of a gradient that passes through a row, after its label."""
    return _through(operation.symbol, through_label(operation, view.window.declaration), view)


def _through(symbol: str, label: str, view: TimestepView) -> Line:
    """Return the number of the gradient `symbol` in the last column, after `label`."""
    shown = number_of(symbol, view, view.columns.gradient, True, "gradient")
    return ((f" {label:>{view.columns.label}} ", "dim"), *shown)


def _going_on(snapshot: Snapshot, view: TimestepView) -> Line:
    """Return where the states of a timestep go."""
    if not view.window.declaration.cell.recurrent:
        return (("   goes nowhere: no state is passed on", "dim"),)
    place = f"goes on to t={snapshot.t + 1}"
    if snapshot.t == snapshot.steps:
        carried = snapshot.settings.carry
        place = "goes on to the next window" if carried else "ends here, with the window"
    return ((f"   {place}", "dim"),)


def arriving(snapshot: Snapshot, view: TimestepView) -> Line:
    """Return the line of the gradient that arrives from timestep t+1, and of what it belongs to.

    It is that of the layer shown: of h_t, and of c_t where there is one. Going forward it says
    where these states go.
    """
    if not view.in_backward:
        return _going_on(snapshot, view)
    place = f"t={snapshot.t + 1}" if snapshot.t < snapshot.steps else "the end"
    columns = view.columns
    label: Line = ((f"   arrives from {place}", "dim"),)
    label = (*label, (" " * max(columns.gradient_at - cell_width(label), 1), ""))
    symbol = name_in_layer("dh_next", snapshot.layer)
    scale = gradient_scale(view.magnitudes)
    line = label + _strip(symbol, view, columns.strips[1], scale, True)
    line += number_of(symbol, view, columns.gradient, True)
    others = [name_in_layer(f"d{each}_next", snapshot.layer) for each in _other_states(view)]
    if view.before is not None and not {*others} & {*view.reads}:
        return line + _gradient_comparison(symbol, view, view.before, True)
    for name, state in zip(others, _other_states(view), strict=True):
        line += _through(name, name_in_layer(state, snapshot.layer), view)
    return line


def _other_states(view: TimestepView) -> tuple[str, ...]:
    """Return the states besides h."""
    return view.window.declaration.cell.states[1:]


# Parts of rows


def strip_range(entries: int, unit: int, width: int) -> range:
    """Return the entries that a strip of `width` cells has, around the selected one.

    Where it has not all of them, one cell is left for the sign that says so.
    """
    room = width if entries <= width else max(width - 1, 1)
    first = min(max(unit - room // 2, 0), max(entries - room, 0))
    return range(first, min(first + room, entries))


def _strip(symbol: str, view: TimestepView, width: int, scale: BarScale, known: bool) -> Line:
    """Return the bars of as many units as fit into `width` cells, … where it is cut, and a blank.

    Args:
        symbol: of the vector.
        view: where the selected unit is read from.
        width: cells of the strip; 0 if there is none, and no blank either.
        scale: what the bars are measured by.
        known: the values are computed; otherwise the strip is blank.
    """
    if not width:
        return ()
    if not known:
        return ((" " * (width + 1), ""),)
    values = view.values[symbol][0]
    shown = strip_range(len(values), view.unit, width)
    selected = view.unit - shown.start if len(values) > 1 else -1
    cut = ELLIPSIS if shown.stop < len(values) and len(shown) < width else ""
    blank = (f"{cut:<{width + 1 - len(shown)}}", "dim")
    drawn = bars(values[shown.start : shown.stop], scale, view.glyphs, selected)
    if view.names_cells:
        cells = zip(drawn, shown, strict=True)
        drawn = tuple(run for bar, unit in cells for run in _named((bar,), symbol, view, unit))
    return (*drawn, blank)


def _named(line: Line, symbol: str, view: TimestepView, unit: int) -> Line:
    """Return what shows an entry of the value `symbol`, with its name."""
    values = view.values[symbol][0]
    unit = min(unit, len(values) - 1)
    return name_cells(line, value_name(symbol, view.t, unit + 1), number(float(values[unit])))


def number_of(
    symbol: str, view: TimestepView, column: NumberColumn, known: bool, role: str = ""
) -> Line:
    """Return the selected unit's number, or a dot where it is not computed yet.

    What the equation reads is marked as there, what it computes is strong.
    """
    if not known:
        return ((column.unknown, "dim"),)
    value = view.entry(view.values[symbol][0])
    if view.selected is not None and symbol == view.selected.symbol:
        role = "strong"
    elif symbol in view.reads:
        role = "operand-"
    elif view.before is not None:
        role = "strong" if _has_moved(symbol, view, view.before) else role
    elif column.is_far(value):
        role = "dim"
    text = column.text(value)
    digits = text.strip()
    start = text.index(digits)
    line = ((text[:start], ""), (digits, role), (text[start + len(digits) :], ""))
    return _named(line, symbol, view, view.unit) if view.names_cells else line


def _moved(symbol: str, view: TimestepView, before: Values) -> float:
    """Return how far the selected unit's value is from the one without the what-if.

    Both may have been computed in another order: what rounding alone can make is 0.
    """
    now, was = view.values[symbol][0], before[symbol][0]
    with np.errstate(invalid="ignore"):
        moved = view.entry(now) - view.entry(was)
        largest = float(max(np.abs(now).max(initial=0.0), np.abs(was).max(initial=0.0)))
    rounding = ROUNDING * float(np.finfo(now.dtype).eps) * largest
    return 0.0 if abs(moved) <= rounding < np.inf else moved


def _has_moved(symbol: str, view: TimestepView, before: Values) -> bool:
    """Return whether a value is another one than without the what-if."""
    return symbol in before and _moved(symbol, view, before) != 0


def _operand(words: Line, symbol: str, view: TimestepView) -> Line:
    """Return words that stand for a value, marked if the equation reads it."""
    if symbol not in view.reads:
        return words
    if view.task.parts is not None and view.task.symbols is None:  # names are no numbers
        runs = ((text, role) for text, role in words if text)
        return tuple(
            run
            for text, role in runs
            for run in (
                ((text.rstrip(), "operand-"), (text[len(text.rstrip()) :], ""))
                if not role
                else ((text, role),)
            )
        )
    (first, _), *rest = words
    blank = first[len(first.rstrip()) :]
    return ((first.rstrip(), "operand-"), (blank, ""), *rest)
