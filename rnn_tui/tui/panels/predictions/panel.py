"""The predictions panel: the network's outputs for test data, drawn in a way that fits the task.

All numbers belong to the update that the title names.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.results import SeriesPredictions, WindowsPredictions
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import count, number
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import held_words, joined


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: errors, the update of the network, its what-ifs."""
    predictions = context.snapshot.predictions
    if predictions is None:
        return "predictions", ""
    at = joined(f"at update {count(predictions.update)}", held_words(predictions.held))
    if isinstance(predictions, WindowsPredictions):
        return "predictions", at
    evaluation = predictions.evaluation
    errors = f"MSE one-step {number(evaluation.one_step_mse, 3)}"
    if evaluation.free_run_mse and evaluation.free_run_mse[0] is not None:
        errors += f" · free-run {number(evaluation.free_run_mse[0], 3)}"
    return "predictions", f"{errors} · {at}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the kind of prediction that fits the task; its module is imported when first used."""
    snapshot = context.snapshot
    predictions = snapshot.predictions
    if predictions is None:
        return (((" not computed yet", "dim"),),)
    if isinstance(predictions, SeriesPredictions):
        return _series(context, predictions, width, height)
    if snapshot.settings.task == "text":
        from rnn_tui.tui.panels.predictions import text_sample

        return text_sample.draw(context, predictions, width, height)
    from rnn_tui.tui.panels.predictions import windows

    return windows.draw(context, predictions, width, height)


def _series(context: DrawContext, predictions: SeriesPredictions, width: int, height: int) -> Lines:
    """Draw the test series with its one-step and free-running predictions."""
    test, evaluation = predictions.test, predictions.evaluation
    first, run = evaluation.first, len(evaluation.free_run)
    last = first + max(run, min(len(evaluation.one_step), 4 * width))

    def shown(values: Array) -> Array:
        """Return scaled values in the unit of the series."""
        result: Array = values * test.scale + test.offset
        return result

    truth = shown(test.values[first:last])
    x = test.coordinate[first:last]
    margin = 0.25 * float(np.ptp(truth)) or 1.0
    chart = Chart(
        (
            Curve("truth", "truth", x, truth),
            Curve("free-run", "free-run", x[:run], shown(evaluation.free_run)),
            Curve("one-step", "one-step", x, shown(evaluation.one_step[: len(x)]), "points"),
        ),
        x_label="x" if context.snapshot.settings.task == "cos" else "row",
        y_range=(float(truth.min()) - margin, float(truth.max()) + margin),
    )
    return context.chart_cache.draw(chart, width, height)


PANEL = PanelSpec(draw, title)
