"""FORWARD and BACKWARD: one timestep, a row for each value with its gradient, and an equation.

Rows keep their places. What is not computed yet is dots; the forward pass fills the values from
the top down, the backward pass the gradients from the bottom up. Below the rows stands the equation
of one operation.
"""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import power_of_ten
from rnn_tui.tui.bar_scales import gradient_scale, magnitudes_of, scale_words
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panels.current_pass import cell_below
from rnn_tui.tui.panels.current_pass.row_columns import gradient_exponent
from rnn_tui.tui.panels.current_pass.row_places import places
from rnn_tui.tui.panels.current_pass.row_table import rows
from rnn_tui.tui.panels.current_pass.timestep_equation import explanation, workings_covered
from rnn_tui.tui.panels.current_pass.timestep_shares import weights_line
from rnn_tui.tui.panels.current_pass.timestep_view import timestep_view
from rnn_tui.tui.scope_words import joined, layer_words, sample_words


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the place, and what is selected.

    Going back it names the gradients' power of ten, which is never left out. Where there are
    several outputs, the selected one is another entry than the selected unit.
    """
    snapshot, cursor = context.snapshot, context.snapshot.cursor
    left, operation = place(context), ""
    if snapshot.t == cursor.t:
        operation = f"operation {cursor.operation} of {cursor.operations}"
    sizes = snapshot.window.declaration.architecture
    outputs = _entry("output", context, sizes.outputs) if sizes.outputs > 1 else ""
    scope = (sample_words(snapshot), layer_words(snapshot, snapshot.layer))
    units = (_entry("unit", context, sizes.hidden), outputs)
    linear, log = _scale(snapshot)
    selected = (linear, *scope, log, *units)  # what has no room is left out from the left
    if snapshot.backward_revealed(snapshot.t):
        exponent = gradient_exponent(magnitudes_of(snapshot), snapshot.layer, snapshot.t)
        left += f" · gradient {power_of_ten(exponent, ascii=context.ascii)}"
        return left, joined(linear, operation, *scope, outputs, log, units[0])
    if sum(map(bool, (*scope, *units))) > 2:  # where there is no room, the operation goes first
        return left, joined(operation, *selected)
    return joined(left, operation), joined(*selected)


def place(context: DrawContext) -> str:
    """Return which timestep it is, for a title."""
    return f"timestep {context.snapshot.t}"


def _scale(snapshot: Snapshot) -> tuple[str, str]:
    """Return what the gradients' bars are measured by, if that is linear, and if it is not.

    It is "" where it is the other one, and where there are no gradients yet.
    """
    if not snapshot.backward_revealed(snapshot.t):
        return "", ""
    scale = gradient_scale(magnitudes_of(snapshot))
    exponent = gradient_exponent(magnitudes_of(snapshot), snapshot.layer, snapshot.t)
    words = scale_words(scale, snapshot, exponent)
    return ("", words) if scale.decades else (words, "")


def _entry(what: str, context: DrawContext, entries: int) -> str:
    """Return the selected one of `entries` units or outputs, such as "unit 2 of 4"."""
    return f"{what} {min(context.selection.unit + 1, entries)} of {entries}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the rows, then as much explanation as there is room for; see `row_places`."""
    if height < 1:
        return ()
    view = timestep_view(context, width)
    at = places(
        context.snapshot,
        width,
        height,
        ascii=context.ascii,
        zoomed=context.zoomed,
        bare=workings_covered(context),
    )
    table = rows(context.snapshot, view, at, zoomed=context.zoomed)
    gap: Lines = ((),) * at.gap
    available = height - len(table) - at.gap
    lines = (table + gap + explanation(context, view, at, width, available))[:height]
    if height - len(lines) >= cell_below.LOWEST:
        lines += cell_below.of_cell(context, view, width, height - len(lines))
    return lines + weights_line(context.snapshot, width) * (len(lines) < height and at.listing > 0)
