"""Predictions for test windows: a line of metrics, then answers or curves, as fits the task."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.windows_evaluation import CLOSE
from rnn_tui.predictions.results import WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import count, number, precise_percent, short
from rnn_tui.tui.panels.predictions.common_lines import summary_line

_JUDGED = {"copy": "copied symbols", "reber": "second-to-last symbols"}
_TALL = 17  # lines that two curves need, one above the other


def draw(context: DrawContext, predictions: WindowsPredictions, width: int, height: int) -> Lines:
    """Draw the metrics and, below them, some of the test windows.

    What draws the windows is imported when it is first used: it imports tasks.
    """
    snapshot = context.snapshot
    summary = (_summary(snapshot, predictions, width),)
    available = max(height - len(summary), 0)
    topology = snapshot.window.declaration.problem.topology
    if topology is None or sum(topology.counted) == 1:
        from rnn_tui.tui.panels.predictions import one_answer

        return (*summary, *one_answer.draw(snapshot, predictions, width, available))
    if predictions.labels is None:
        return (*summary, *_curves(context, predictions, width, available))
    from rnn_tui.tui.panels.predictions import answer_sequences

    return (*summary, *answer_sequences.draw(snapshot, predictions, width, available))


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
            Curve("drawn", "one-step", t, output),
        ),
        x_label="timestep t",
        y_range=(-1.2, 1.2),
    )
