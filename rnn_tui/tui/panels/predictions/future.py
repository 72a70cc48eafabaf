"""The forecast beyond the last row in the chart of a series: a line, and faint the interval."""

from __future__ import annotations

from rnn_tui.predictions.results import SeriesPredictions
from rnn_tui.tui.charts.curves import Curve


def future_curves(predictions: SeriesPredictions, target: int) -> tuple[Curve, ...]:
    """Return the ends of the interval and the forecast, from back to front; none without one."""
    future = predictions.future
    if future is None or not len(future.values):
        return ()
    x = future.coordinate
    return (
        Curve("80 %", "ghost", x, future.lower[:, target], style="sparse"),
        Curve("80 %", "ghost", x, future.upper[:, target], style="sparse"),
        Curve("forecast", "free-run", x, future.values[:, target], style="dashed"),
    )
