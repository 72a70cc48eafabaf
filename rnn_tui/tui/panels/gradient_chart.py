"""The gradient chart: ‖∂L/∂h_t‖ over the timesteps of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.curves import Chart, Curve, Mark
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import number, signed_decimals
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import batch_words, joined, layer_words, second_network_words

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: how much the gradient changes on its way back."""
    snapshot = context.snapshot
    known = _known_norms(snapshot)
    usable = np.flatnonzero(np.isfinite(known) & (known > 0))
    change = slope = ""
    if len(usable) > 1:
        first, last = float(known[usable[0]]), float(known[usable[-1]])
        change = f"first over last {number(first / last, 3)}"
        decades = (np.log10(first) - np.log10(last)) / (usable[-1] - usable[0])
        slope = f"{signed_decimals(float(decades), 2)} decades a step back"
    of_what = layer_words(snapshot, snapshot.layer)
    return "gradient through time", joined(slope, batch_words(snapshot), change, of_what)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw ‖∂L/∂h_t‖ of the layer shown over t, as far back as the backward pass has come."""
    return context.chart_cache.draw(_chart(context), width, height)


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend."""
    return context.chart_cache.legend(_chart(context))


def _chart(context: DrawContext) -> Chart:
    """Return the chart; its range is that of the run so far, in decades, at least three."""
    from rnn_tui.tui.charts.axes import steady_log_range  # the first screen does without

    snapshot = context.snapshot
    t = np.arange(1.0, snapshot.steps + 1)
    before = snapshot.what_if.norms_before if snapshot.what_if else None
    known = _known_norms(snapshot)
    ghost = () if before is None else (Curve("before", "ghost", t, _masked(before, known)),)
    label = f"‖∂L/∂{name_in_layer('h_t', snapshot.layer)}‖"
    curves = (*ghost, *_second_norms(snapshot, t, known), Curve(label, "gradient", t, known))
    values = np.concatenate([np.asarray(each.y, dtype=np.float64) for each in curves])
    return Chart(
        curves,
        log_y=True,
        x_label="timestep t",
        marks=(Mark(float(snapshot.t), f"t={snapshot.t}"),) if snapshot.cursor.t else (),
        x_range=(1.0, max(float(snapshot.steps), 2.0)),
        empty="comes with the backward pass",
        y_range=context.chart_cache.ranges.hold(
            "gradients",
            snapshot.settings,
            snapshot.timeline.newest,
            steady_log_range(values, parts=1, least=3.0),
            keep=snapshot.divergence is None,
        ),
        legend=False,
    )


def _second_norms(snapshot: Snapshot, t: Array, known: Array) -> tuple[Curve, ...]:
    """Return the second network's norms, if it is at the same place."""
    second = snapshot.second_network
    if second is None or second.behind or second.divergence is not None:
        return ()
    label = second_network_words(snapshot, second)
    norms, briefs = _masked(second.gradient_norms, known), (label, second.settings.cell)
    return (Curve(label, "second-gradient", t, norms, briefs=briefs),)


def _masked(norms: Array, known: Array) -> Array:
    """Return `norms` [T], NaN where `known` [T] is NaN."""
    return np.where(np.isnan(known), np.nan, norms)


def _known_norms(snapshot: Snapshot) -> Array:
    """Return ‖∂L/∂h_t‖ [T] of the layer shown, NaN where the backward pass has not been."""
    norms, symbol = snapshot.gradient_norms.copy(), name_in_layer("dh_t", snapshot.layer)
    for t in range(1, snapshot.steps + 1):
        if not any(op.symbol == symbol for op in snapshot.backward_revealed(t)):
            norms[t - 1] = np.nan
    return norms


PANEL = PanelSpec(draw, title, legend, "gradient", timestep_keys="←→")
