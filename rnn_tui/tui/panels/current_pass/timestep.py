"""FORWARD and BACKWARD: one timestep, a row for each value with its gradient, and an equation.

Rows keep their places. What is not computed yet is dots; the forward pass fills the values from
the top down, the backward pass the gradients from the bottom up. Below the rows stands the equation
of one operation.
"""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bar_scales import gradient_scale, magnitudes_of, scale_words
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panels.current_pass.timestep_equation import (
    equation_height,
    explanation,
    table_height,
)
from rnn_tui.tui.panels.current_pass.timestep_rows import output_place, rows
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView, timestep_view
from rnn_tui.tui.scope_words import joined, layer_words, sample_words

EQUATION = 3  # lines at most that are kept for the equation, however low the panel


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the place, and what is selected.

    Where there are several outputs, the selected one is another entry than the selected unit.
    """
    snapshot, cursor = context.snapshot, context.snapshot.cursor
    left, operation = f"timestep {snapshot.t}", ""
    if snapshot.t == cursor.t:
        operation = f"operation {cursor.operation} of {cursor.operations}"
    sizes = snapshot.window.declaration.architecture
    outputs = _entry("output", context, sizes.outputs) if sizes.outputs > 1 else ""
    scope = (sample_words(snapshot), layer_words(snapshot, snapshot.layer))
    units = (_entry("unit", context, sizes.hidden), outputs)
    linear, log = _scale(snapshot)
    selected = (linear, *scope, log, *units)  # what has no room is left out from the left
    if sum(map(bool, (*scope, *units))) > 2:  # where there is no room, the operation goes first
        return left, joined(operation, *selected)
    return joined(left, operation), joined(*selected)


def _scale(snapshot: Snapshot) -> tuple[str, str]:
    """Return what the gradients' bars are measured by, if that is linear, and if it is not.

    It is "" where it is the other one, and where there are no gradients yet.
    """
    if not snapshot.backward_revealed(snapshot.t):
        return "", ""
    scale = gradient_scale(magnitudes_of(snapshot))
    words = scale_words(scale, snapshot)
    return ("", words) if scale.decades else (words, "")


def _entry(what: str, context: DrawContext, entries: int) -> str:
    """Return the selected one of `entries` units or outputs, such as "unit 2 of 4"."""
    return f"{what} {min(context.selection.unit + 1, entries)} of {entries}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the rows, then as much explanation as there is room for."""
    view = timestep_view(context, width)
    table = rows(context.snapshot, view)
    kept = min(equation_height(context, view, width), EQUATION)
    kept += table_height(context, view, width)
    table = _around_newest(table, view, context.snapshot, max(height - kept, 1))
    available = height - len(table)
    below = explanation(context, view, width, available)
    gap: Lines = ((),) if available > len(below) else ()
    return table + gap + below


def _around_newest(table: Lines, view: TimestepView, snapshot: Snapshot, height: int) -> Lines:
    """Return `height` lines of `table` at most, the newest operation's row among them."""
    symbols = [row.symbol for row in snapshot.rows]
    newest = view.newest
    place = symbols.index(newest.row) if newest and newest.row in symbols else 0
    place += place >= output_place(snapshot)  # the line of what arrives stands before y_t
    first = min(max(place - height + 1, 0), max(len(table) - height, 0))
    return table[first : first + height]
