"""The picture of the cell below the rows of a timestep, where these leave room for it."""

from __future__ import annotations

from rnn_tui.tui.aligned_numbers import power_of_ten
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView, selected_operation

LOWEST = 7  # lines of a picture with its heading


def of_cell(context: DrawContext, view: TimestepView, width: int, height: int) -> Lines:
    """Return the picture of the cell below a heading; nothing where it does not fit."""
    from rnn_tui.tui.panels.current_pass.cell_diagram.drawing import diagram

    snapshot = context.snapshot
    layer = snapshot.window.declaration.layers[snapshot.layer - 1]
    selected = selected_operation(context) if view.revealed else None
    picture = diagram(view, layer, selected, width, (height - 1, 0), ascii=context.ascii)
    if not picture:
        return ()
    unit = min(view.unit, snapshot.window.declaration.architecture.hidden - 1) + 1
    words = f" at t={view.t}, its unit {unit}"
    if view.in_backward and view.columns.gradient.exponent:  # the title's power is not that of it
        words += f", gradients {power_of_ten(0, ascii=context.ascii)}"
    heading: Line = ((" the cell", "strong"), (words, "dim"))
    return (heading, *picture)
