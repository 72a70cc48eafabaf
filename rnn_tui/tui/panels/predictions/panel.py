"""The predictions panel: the network's outputs for test data, drawn in a way that fits the task.

All numbers belong to the update that the title names.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.windows_evaluation import CLOSE
from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.results import SeriesPredictions, WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import count, number, precise_percent, short
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.predictions.common_lines import summary_line

_JUDGED = {"copy": "copied symbols", "reber": "second-to-last symbols"}
_TALL = 17  # lines that two curves need, one above the other


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the errors and the update they were measured at."""
    predictions = context.snapshot.predictions
    if predictions is None:
        return "predictions", ""
    at = f"at update {count(predictions.update)}"
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
    above = (_summary(snapshot, predictions, width),)
    available = max(height - len(above), 0)
    topology = snapshot.window.declaration.problem.topology
    if topology is None or sum(topology.counted) == 1:
        from rnn_tui.tui.panels.predictions import one_answer as answers

        return (*above, *answers.draw(snapshot, predictions, width, available))
    if predictions.labels is None:
        return (*above, *_curves(context, predictions, width, available))
    from rnn_tui.tui.panels.predictions import answer_sequences as sequences

    return (*above, *sequences.draw(snapshot, predictions, width, available))


def _summary(snapshot: Snapshot, predictions: WindowsPredictions, width: int) -> Line:
    """Return the line of the metrics on all test windows, with a strip of their history."""
    evaluation, judged = predictions.evaluation, int(predictions.test.judged.sum())
    loss = f"loss {number(evaluation.loss, 3)}"
    if evaluation.accuracy is not None:
        what = _JUDGED.get(snapshot.settings.task, "answers")
        first = f"{precise_percent(evaluation.accuracy)} of {count(judged)} {what} right"
        parts = [
            (first, "strong"),
            (loss, ""),
            (f"{count(evaluation.windows)} test windows", "dim"),
        ]
    else:
        mse, close = evaluation.mse, evaluation.close
        assert mse is not None
        assert close is not None
        parts = [
            (f"MSE {number(mse, 3)}", "strong"),
            (f"{precise_percent(close)} of {count(judged)} within {CLOSE}", ""),
        ]
        parts.append((f"{count(evaluation.windows)} test windows", "dim"))
    return summary_line(parts, predictions.history, evaluation.accuracy is not None, width)


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
    x = test.x[first:last]
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


def _curves(
    context: DrawContext, predictions: WindowsPredictions, width: int, height: int
) -> Lines:
    """Draw the target curve and the network's, of one test window or, with room, of two."""
    if height < _TALL or predictions.evaluation.outputs.shape[1] < 2:
        return context.chart_cache.draw(_curve(predictions, 0), width, height)
    half = height // 2
    upper = context.chart_cache.draw(_curve(predictions, 0), width, half)
    return upper + context.chart_cache.draw(_curve(predictions, 1), width, height - half)


def _curve(predictions: WindowsPredictions, window: int) -> Chart:
    """Return the chart of one test window."""
    test = predictions.test
    target = test.target[:, window, 0]  # [T]
    output = predictions.evaluation.outputs[:, window, 0]
    inputs = " ".join(short(float(value)) for value in test.x[0, window])
    t = np.arange(1.0, len(target) + 1)
    return Chart(
        (
            Curve(f"wanted: {inputs}", "truth", t, target),
            Curve("drawn", "one-step", t, output, "points"),
        ),
        x_label="timestep t",
        y_range=(-1.2, 1.2),
    )


PANEL = PanelSpec(draw, title)
