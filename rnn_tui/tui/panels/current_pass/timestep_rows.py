"""The rows of the timestep panel: a strip and a number for each value, and for its gradient."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.loss_per_timestep import loss_per_timestep
from rnn_tui.engine.core.expressions import Array, Values
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.value_names import at_time
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bar_scales import gradient_scale, output_gradient_scale, value_scale
from rnn_tui.tui.bars import BarScale, bars
from rnn_tui.tui.lines import ELLIPSIS, Line, Lines, cell_width, fit, text_width
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number, short, signed
from rnn_tui.tui.panels.current_pass.timestep_view import NUMBER, TimestepView
from rnn_tui.tui.symbols import code_of, quoted, visible


def rows(snapshot: Snapshot, view: TimestepView) -> Lines:
    """Return one line for each row, and before y_t the gradient that arrives from t+1."""
    lines = [_row(row, view) for row in snapshot.rows]
    lines.insert(output_place(snapshot), _arriving(snapshot, view))
    return tuple(lines)


def output_place(snapshot: Snapshot) -> int:
    """Return the index of y_t among the rows."""
    return [row.symbol for row in snapshot.rows].index("y_t")


def _row(row: Row, view: TimestepView) -> Line:
    """Return a row: symbol, strip and number of the value and, going back, of its gradient."""
    if row.symbol.endswith("<t-1>"):
        known = view.has_state
    else:
        known = view.is_revealed(row.symbol) or (row.symbol == "x_t" and view.has_batch)
    values = view.values[row.symbol][0]
    marked = view.newest is not None and view.newest.row == row.symbol
    symbol: Line = (
        ((" ▸ " if marked else "   "), "accent"),
        (f"{row.symbol:<{view.symbol - 3}}", "strong" if marked else ""),
    )
    if known and row.symbol == "x_t" and (words := _input_in_words(view)):
        return (*symbol, *words)
    if known and row.symbol == "p_t" and view.before is None:
        return (*symbol, *_probabilities(view, values))
    scale = value_scale(row, view.magnitudes)
    shown = _strip(values, view, view.strips.value, scale, known)
    line = (*symbol, *shown, *_number(values, view, known))
    if view.in_backward:
        return (*line, *_gradient(row, view))
    if known and view.before is not None and row.symbol in view.before:
        return (*line, ("  ", ""), *_difference(row.symbol, view, view.before))
    return (*line, ("  ", ""), *_words(row, view, known))


def _words(row: Row, view: TimestepView, known: bool) -> Line:
    """Return the row's title or its operation's note on the value; for y_t, the target."""
    if row.symbol == "y_t" and view.has_batch:
        return _output_and_target(row, view)
    for operation in view.forward:
        if operation.symbol == row.symbol and operation.note and known:
            value = view.entry(view.values[row.symbol][0])
            note = operation.note.format(value=value).replace("%", " %")
            room = view.width - view.symbol - view.strips.value - 1 - NUMBER - 2
            timed = f"{row.title}: {at_time(note, view.t)}"
            return ((timed if text_width(timed) <= room else f"{row.title}: {note}", "dim"),)
    if known and row.span is None:  # what has no bound has a scale of its own
        full = number(value_scale(row, view.magnitudes).largest, 2)
        return ((f"{row.title}, full bar {full}", "dim"),)
    return ((row.title, "dim"),)


# Inputs and outputs in words


def _input_in_words(view: TimestepView) -> Line:
    """Return the input's symbol, its named numbers, or a note that there is none.

    Empty where the strip and the number say all there is.
    """
    x, task = view.values["x_t"][0], view.task
    if not task.topology.inputs[view.t - 1] and not x.any():
        return (("no input here", "dim"),)
    if task.symbols is not None and (code := code_of(x)) is not None:
        place = f"{code + 1} of {len(task.symbols)}"
        symbol = f"{quoted(task.symbols[code]):<{view.symbol}} " if code >= 0 else "no symbol"
        return ((symbol, "strong"), (f"({place})  input" if code >= 0 else "", "dim"))
    if task.parts is None:
        return ()
    line: Line = ()
    for part, value in zip(task.parts, x, strict=True):
        line = (*line, (f"{part} ", "dim"), (f"{signed(float(value))}   ", ""))
    return line


def _output_and_target(row: Row, view: TimestepView) -> Line:
    """Return the selected output's title, with its class by name, and its target."""
    labels, target = view.task.labels, view.values["target_t"][0]
    unit = min(view.unit, len(view.values["y_t"][0]) - 1)
    title = row.title if labels is None else f"{row.title} {quoted(labels[unit])}"
    if not view.counts:
        return ((f"{title}, not counted here", "dim"),)
    words = quoted(labels[target.argmax()]) if labels else signed(float(target[unit]))
    return ((f"{title}, target ", "dim"), (words, "truth"))


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
        part = float(loss_per_timestep(declaration, view.window.tape)[view.t - 1, 0])
        right = (
            ("target ", "dim"),
            (quoted(labels[target_class]), "truth"),
            (f" p {number(float(p[target_class]), 3)}, −log p ", "dim"),
            (number(part * declaration.term_count, 3), "strong"),
        )
    available = view.width - view.symbol - cell_width(right) - 3
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


def _difference(symbol: str, view: TimestepView, before: Values) -> Line:
    """Return a value without the what-if, and how far it has moved: ``was +0.72  Δ +0.28``."""
    was = view.entry(before[symbol][0])
    moved = view.entry(view.values[symbol][0]) - was
    return ((f"was {signed(was)}  ", "dim"), (f"Δ {signed(moved)}", "strong" if moved else "dim"))


def _gradient(row: Row, view: TimestepView) -> Line:
    """Return strip and number of the row's gradient, and the number of what passes through."""
    by_column = {op.column: op for op in view.backward if op.row == row.symbol}
    line: Line = (("  ", ""),)
    operation = by_column.get("gradient")
    known = operation is not None
    array = view.values[operation.symbol][0] if operation else view.values[row.symbol][0]
    if row.symbol not in ("x_t", "p_t"):  # these have no gradient
        hidden = row.symbol != "y_t"
        scale = (gradient_scale if hidden else output_gradient_scale)(view.magnitudes)
        line += _strip(array, view, view.strips.gradient, scale, known)
        line += _number(array, view, known)
    through = by_column.get("through")
    if operation is not None and view.before is not None:
        was = view.entry(view.before[operation.symbol][0])
        return (*line, (" was ", "dim"), (f"{signed(was):>{NUMBER}}", "dim"))
    if through is not None:
        shown = signed(view.entry(view.values[through.symbol][0]))
        line += (
            (f" {_through_label(through, view):>4} ", "dim"),
            (f"{shown:>{NUMBER}}", "gradient"),
        )
    return line


def _through_label(operation: Operation, view: TimestepView) -> str:
    """Return the label of a gradient that passes through a row; y_t's goes to the top layer."""
    if operation.symbol == "dh_y":
        return f"→{view.window.declaration.layers[-1].name('h')}"
    return operation.symbol


def _arriving(snapshot: Snapshot, view: TimestepView) -> Line:
    """Return the line of the gradient that arrives from timestep t+1; empty going forward.

    It is that of the layer shown: of h_t, and of c_t where there is one.
    """
    if not view.in_backward:
        return ()
    place = f"t={snapshot.t + 1}" if snapshot.t < snapshot.steps else "the end"
    left = view.symbol + view.strips.value + 1 + NUMBER
    label: Line = ((f"   arrives from {place}", "dim"),)
    label = (*label, (" " * max(left - cell_width(label), 1), ""), ("  ", ""))
    array = view.values[name_in_layer("dh_next", snapshot.layer)][0]
    scale = gradient_scale(view.magnitudes)
    line = label + _strip(array, view, view.strips.gradient, scale, True)
    line += _number(array, view, True)
    for state in view.window.declaration.cell.states[1:]:
        value = view.entry(view.values[name_in_layer(f"d{state}_next", snapshot.layer)][0])
        name = name_in_layer(state, snapshot.layer)
        line += ((f" {name:>4} ", "dim"), (f"{signed(value):>{NUMBER}}", "gradient"))
    return line


def _strip(values: Array, view: TimestepView, width: int, scale: BarScale, known: bool) -> Line:
    """Return the bars of as many units as fit into `width` cells, around the selected one.

    Args:
        values: the vector [entries].
        view: where the selected unit is read from.
        width: cells of the strip.
        scale: what the bars are measured by.
        known: the values are computed; otherwise the strip is blank.
    """
    if not known:
        return ((" " * (width + 1), ""),)
    first = min(max(view.unit - width // 2, 0), max(len(values) - width, 0))
    chosen = values[first : first + width]
    selected = view.unit - first if len(values) > 1 else -1
    blank = " " * (width - len(chosen) + 1)
    return (*bars(chosen, scale, view.glyphs, selected), (blank, ""))


def _number(values: Array, view: TimestepView, known: bool) -> Line:
    """Return the selected unit's number, or a dot where it is not computed yet."""
    if not known:
        return ((f"{UNKNOWN:>{NUMBER}}", "dim"),)
    return ((f"{signed(view.entry(values)):>{NUMBER}}", ""),)
