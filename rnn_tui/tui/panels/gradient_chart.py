"""The gradient chart: ‖∂L/∂h_t‖ over the timesteps of the window."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.curves import Chart, Curve, Mark
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import batch_words, joined, layer_words, second_network_words


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: how much the gradient changes on its way back."""
    snapshot = context.snapshot
    known = _known_norms(snapshot)
    finite = known[np.isfinite(known) & (known > 0)]
    change = f"first over last {number(finite[0] / finite[-1], 3)}" if len(finite) > 1 else ""
    of_what = layer_words(snapshot, snapshot.layer)
    return "gradient through time", joined(batch_words(snapshot), change, of_what)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw ‖∂L/∂h_t‖ of the layer shown over t, as far back as the backward pass has come."""
    snapshot = context.snapshot
    t = np.arange(1.0, snapshot.steps + 1)
    before = snapshot.what_if.norms_before if snapshot.what_if else None
    known = _known_norms(snapshot)
    ghost = () if before is None else (Curve("before", "ghost", t, _masked(before, known)),)
    label = f"‖∂L/∂{name_in_layer('h_t', snapshot.layer)}‖"
    chart = Chart(
        (*ghost, *_second_norms(snapshot, t, known), Curve(label, "gradient", t, known)),
        log_y=True,
        x_label="timestep t",
        marks=(Mark(float(snapshot.t), f"t={snapshot.t}"),) if snapshot.cursor.t else (),
        x_range=(1.0, max(float(snapshot.steps), 2.0)),
        empty="comes with the backward pass",
    )
    return context.chart_cache.draw(chart, width, height)


def _second_norms(snapshot: Snapshot, t: Array, known: Array) -> tuple[Curve, ...]:
    """Return the second network's norms, if it is at the same place."""
    second = snapshot.second_network
    if second is None or second.behind or second.divergence is not None:
        return ()
    label = second_network_words(snapshot, second)
    return (Curve(label, "second-network", t, _masked(second.gradient_norms, known)),)


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


PANEL = PanelSpec(draw, title, timestep_keys="←→")
