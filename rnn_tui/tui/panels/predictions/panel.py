"""The predictions panel: the network's outputs for test data, drawn in a way that fits the task.

All numbers belong to the update that the title names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.results import SeriesPredictions, WindowsPredictions
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, plain
from rnn_tui.tui.number_format import blocks, count, number
from rnn_tui.tui.panel_help import Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import held_words, joined

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

TALL = 11  # lines from which on there is one for the errors


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: errors, the update of the network, its what-ifs."""
    predictions = context.snapshot.predictions
    if predictions is None:
        return "predictions", ""
    when = f"at update {count(predictions.update)}" if predictions.update else "before training"
    at = joined(when, held_words(predictions.held))
    if isinstance(predictions, WindowsPredictions):
        return "predictions", at
    evaluation, horizons = predictions.evaluation, predictions.test.horizons
    over = count(len(evaluation.one_step))
    if evaluation.free_run_mse and evaluation.free_run_mse[0] is not None:
        over += f" and the first {count(horizons[0])}"
    return "predictions", f"over {over} points · {at}"


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend of the chart of a series, with both errors."""
    predictions = context.snapshot.predictions
    if not isinstance(predictions, SeriesPredictions):
        return ()
    entries = context.chart_cache.legend(_series(context, predictions, 0))
    return (*entries[:1], *entries[:0:-1])  # that of the upper curve before that of the lower one


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the kind of prediction that fits the task; its module is imported when first used."""
    snapshot = context.snapshot
    predictions = snapshot.predictions
    if predictions is None:
        return (((" not computed yet", "dim"),),)
    if isinstance(predictions, SeriesPredictions):
        chart = _series(context, predictions, width)
        if height < TALL:
            return context.chart_cache.draw(chart, width, height)
        drawn = context.chart_cache.draw(chart, width, height - 1)
        return (*drawn, _errors_line(chart, plain(drawn[:1]), width))
    if snapshot.settings.task == "text":
        from rnn_tui.tui.panels.predictions import text_sample

        return text_sample.draw(context, predictions, width, height)
    from rnn_tui.tui.panels.predictions import windows

    return windows.draw(context, predictions, width, height)


def _series(context: DrawContext, predictions: SeriesPredictions, width: int) -> Chart:
    """Return the chart of the test series with its one-step and free-running predictions.

    Its range is that of the whole series and a quarter more on each side: what is predicted does
    not move it.
    """
    test, evaluation = predictions.test, predictions.evaluation
    first, run = evaluation.first, len(evaluation.free_run)
    last = first + max(run, min(len(evaluation.one_step), 4 * width))

    def shown(values: Array) -> Array:
        """Return scaled values in the unit of the series."""
        result: Array = values * test.scale + test.offset
        return result

    free_run_mse = evaluation.free_run_mse[0] if evaluation.free_run_mse else None
    everything = shown(test.values)
    x = test.coordinate[first:last]
    margin = 0.25 * float(np.ptp(everything)) or 1.0
    return Chart(
        (
            Curve("truth", "truth", x, shown(test.values[first:last])),
            Curve(
                "free-run MSE",
                "free-run",
                x[:run],
                shown(evaluation.free_run),
                values=_error(free_run_mse),
                briefs=("free",),
            ),
            Curve(
                "one-step MSE",
                "one-step",
                x,
                shown(evaluation.one_step[: len(x)]),
                values=_error(evaluation.one_step_mse),
                briefs=("1-step MSE", "1-step"),
            ),
        ),
        x_label="x" if context.snapshot.settings.task == "cos" else "row",
        y_range=(float(everything.min()) - margin, float(everything.max()) + margin),
        legend=False,
    )


def _errors_line(chart: Chart, first_line: str, width: int) -> Line:
    """Return a bar for the largest one-step error in each column of the chart, below it.

    This is what still changes when both curves have come to lie on each other.
    """
    truth, _, one_step = chart.curves
    size = min(len(one_step.y), len(truth.y))
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(np.asarray(one_step.y[:size] - truth.y[:size], dtype=np.float64))
    gutter = max(map(first_line.find, "│┤"))  # before the y axis; there is none without a chart
    columns = width - gutter - 1
    finite = errors[np.isfinite(errors)]
    if gutter < 0 or columns < 1 or not finite.size or not np.ptp(truth.x):
        return ()
    places = (truth.x[:size] - truth.x[0]) / np.ptp(truth.x) * columns
    first = np.minimum(np.searchsorted(places, np.arange(columns)), errors.size - 1)
    largest = np.maximum.reduceat(errors, first)
    top = float(finite.max())
    words = f" max {number(top, 2)}"
    bars = blocks(largest, 0.0, top or 1.0)[: columns - len(words)]
    return ((f"{'|err|':>{gutter}} ", "axis"), (bars, "one-step"), (words, "dim"))


def _error(mse: float | None) -> tuple[str, ...]:
    """Return a mean squared error for the legend; nothing if there is none."""
    return () if mse is None else (number(mse, 3), number(mse, 3), number(mse, 2))


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    from rnn_tui.tui.panels.predictions import signs as module

    return module.signs(context)


PANEL = PanelSpec(draw, title, legend, help=signs)
