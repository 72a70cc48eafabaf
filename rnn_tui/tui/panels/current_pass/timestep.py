"""FORWARD and BACKWARD: one timestep, a row for each value with its gradient, and an equation.

Rows keep their places. What is not computed yet is dots; the forward pass fills the values from
the top down, the backward pass the gradients from the bottom up. Below the rows stands the equation
of one operation.
"""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panels.current_pass.timestep_equation import equation_height, explanation
from rnn_tui.tui.panels.current_pass.timestep_rows import output_place, rows
from rnn_tui.tui.panels.current_pass.timestep_view import (
    OUTPUTS,
    TimestepView,
    selected_operation,
    timestep_view,
)

EQUATION = 3  # lines at most that are kept for the equation, however low the panel


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot, unit = context.snapshot, context.selection.unit
    t = snapshot.t
    cursor = snapshot.cursor
    at_cursor = t == cursor.t
    operations = f" · operation {cursor.operation} of {cursor.operations}" if at_cursor else ""
    what, entries = "unit", snapshot.settings.hidden
    revealed = snapshot.backward_revealed(t) or snapshot.forward_revealed(t)
    outputs = snapshot.window.declaration.architecture.outputs
    if revealed and outputs > 1 and selected_operation(context, revealed).symbol in OUTPUTS:
        what, entries = "output", outputs
    right = f"{what} {min(unit + 1, entries)} of {entries}"
    if (layers := snapshot.settings.layers) > 1 and what == "unit":
        right = f"layer {snapshot.layer} of {layers} · {right}"
    if snapshot.settings.batch > 1:
        right = f"sample {snapshot.request.sample + 1} of {snapshot.settings.batch} · {right}"
    return f"timestep {t}{operations}", right


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the rows, then as much explanation as there is room for."""
    view = timestep_view(context, width)
    table = rows(context.snapshot, view)
    kept = min(equation_height(context, view, width), EQUATION)
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
