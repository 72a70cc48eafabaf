"""The loss chart: raw and smoothed loss against updates."""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.base import Baseline
from rnn_tui.tui.charts.curves import Chart, Curve, Level, Mark
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import second_network_words

GHOSTS = 2  # ghosts that are drawn, the newest ones


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    smoothed = f"smoothed {number(snapshot.smoothed, 3)}" if snapshot.cursor.update else ""
    return "loss", smoothed


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the raw and the smoothed loss of the whole run, on a logarithmic scale."""
    curve, timeline = context.snapshot.curve, context.snapshot.timeline
    ghosts = (
        Curve(ghost.label, "ghost", ghost.curve.update, ghost.curve.smoothed)
        for ghost in timeline.ghosts[-GHOSTS:]
    )
    here, baseline = context.snapshot.cursor.update, context.snapshot.baseline
    chart = Chart(
        (
            *ghosts,
            Curve("raw", "raw", curve.update, curve.loss, "cloud"),
            *_second_loss(context.snapshot),
            Curve("smoothed", "smooth", curve.update, curve.smoothed),
        ),
        log_y=True,
        marks=(Mark(float(here), str(here)),) if timeline.in_past else (),
        level=_baseline(baseline) if baseline else None,
        x_label="update",
        empty="the loss of every update appears here",
    )
    return context.chart_cache.draw(chart, width, height)


def _baseline(baseline: Baseline) -> Level:
    """Return the horizontal line at the loss that is reached without memory."""
    loss = number(baseline.loss, 3)
    return Level(baseline.loss, f"{baseline.words}: {loss}", f"no memory: {loss}")


def _second_loss(snapshot: Snapshot) -> tuple[Curve, ...]:
    """Return the second network's smoothed loss; empty if there is none."""
    second = snapshot.second_network
    if second is None:
        return ()
    label, curve = second_network_words(snapshot, second), second.curve
    return (Curve(label, "second-network", curve.update, curve.smoothed),)


PANEL = PanelSpec(draw, title)
