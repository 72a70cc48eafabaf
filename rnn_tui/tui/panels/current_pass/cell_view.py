"""FORWARD and BACKWARD on the whole screen: the picture of the cell, and the operation below it."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panels.current_pass import timestep
from rnn_tui.tui.panels.current_pass.cell_diagram.drawing import diagram
from rnn_tui.tui.panels.current_pass.product_table import ENOUGH
from rnn_tui.tui.panels.current_pass.row_places import places_below
from rnn_tui.tui.panels.current_pass.timestep_equation import explanation
from rnn_tui.tui.panels.current_pass.timestep_view import (
    TimestepView,
    selected_operation,
    timestep_view,
)
from rnn_tui.tui.scope_words import joined, layer_words, sample_words

EQUATION = 5  # lines at least that the picture leaves to the operation
ROOMY = 14  # lines that are left where the picture takes more than it needs


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the place, and whose numbers are shown.

    That is the sample, the layer and the unit, of which what goes first is left out first. It names
    no power of ten: all numbers of the picture, and of what is below it, are in units of 1.
    """
    snapshot = context.snapshot
    left, _ = timestep.title(context)
    if snapshot.backward_revealed(snapshot.t):
        left = timestep.place(context)
    units = snapshot.window.declaration.architecture.hidden
    unit = f"unit {min(context.selection.unit, units - 1) + 1} of {units}"
    layer = layer_words(snapshot, snapshot.layer)
    return left, joined(sample_words(snapshot), "the cell, d rows", layer, unit)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the picture, then as much explanation as there is room for; "" where it does not fit."""
    view = in_units_of_one(timestep_view(context, width))
    snapshot = context.snapshot
    layer = snapshot.window.declaration.layers[snapshot.layer - 1]
    selected = selected_operation(context) if view.revealed else None
    heights = (height - EQUATION, height - ROOMY)
    picture = diagram(view, layer, selected, width, heights, ascii=context.ascii)
    if not picture:
        return ()
    available = height - len(picture)
    at = places_below(snapshot, width, available, ascii=context.ascii)
    gap: Lines = ((),) * (at.gap and available > EQUATION + ENOUGH)
    return (*picture, *gap, *explanation(context, view, at, width, available - len(gap)))


def in_units_of_one(view: TimestepView) -> TimestepView:
    """Return a view whose gradients are written as its values are, without a power of ten."""
    gradient = replace(view.columns.gradient, exponent=0)
    return replace(view, columns=replace(view.columns, gradient=gradient))
