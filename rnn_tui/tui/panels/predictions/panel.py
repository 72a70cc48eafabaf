"""The predictions panel: the network's outputs for test data, drawn in a way that fits the task.

All numbers belong to the update that the title names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.predictions.results import Predictions, SeriesPredictions
from rnn_tui.tui.charts.chart_view import cursor_at, data_range
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, merge, plain
from rnn_tui.tui.number_format import blocks, count, number
from rnn_tui.tui.panel_help import Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.predictions.future import future_curves
from rnn_tui.tui.panels.predictions.skill_line import skill_line
from rnn_tui.tui.scope_words import held_line

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

SHOWN = 240  # points, of those that are predicted
WHOLE = 1000  # points of a test part that is shown whole, with what comes after it
LOWEST = 5  # lines below the title from which on one compares with forecasts without a network
TALL = 8  # lines below the title from which on there is one for the errors


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the cursor's place and the update."""
    predictions = context.snapshot.predictions
    if predictions is None:
        return "predictions", ""
    when = f"at update {count(predictions.update)}" if predictions.update else "before training"
    place = _cursor(context)
    if place is None:
        return "predictions", when
    return f"predictions at {_x_name(context)} {number(place, 4)}", when


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend of the chart of a series, with both errors, or the values at the cursor."""
    whole = chart(context)
    if whole is None:
        return ()
    entries = context.chart_cache.legend(context.looked_at("predictions", whole))
    truth, free_run, one_step, *future = entries
    return (truth, one_step, free_run, *future[-1:])  # the forecast's, not those of its interval


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the predictions, above them how good they are, and below which what-ifs they have."""
    predictions = context.snapshot.predictions
    if predictions is None:
        return (((" not computed yet", "dim"),),)
    above: Lines = ()
    if isinstance(predictions, SeriesPredictions) and height >= LOWEST:
        mse, baselines = predictions.evaluation.one_step_mse, context.snapshot.baselines
        above = (skill_line(mse, baselines, width),) if baselines else ()
    words = held_line(predictions.held, width - 1) if height >= 3 else ""
    below: Lines = (((f" {words}", "dim"),),) if words else ()
    room = height - len(above) - len(below)
    return (*above, *_drawn(context, predictions, width, room), *below)


def _drawn(context: DrawContext, predictions: Predictions, width: int, height: int) -> Lines:
    """Draw the kind of prediction that fits the task; its module is imported when first used."""
    snapshot = context.snapshot
    if isinstance(predictions, SeriesPredictions):
        seen = context.looked_at("predictions", _series(context, predictions))
        if height < TALL:
            return context.chart_cache.draw(seen, width, height)
        *drawn, axis = context.chart_cache.draw(seen, width, height - 1)
        errors, largest = _errors_line(seen, plain((*drawn, axis)).partition("\n")[0], width)
        return (*drawn, _with_largest(axis, largest), errors)
    if snapshot.settings.task == "text":
        from rnn_tui.tui.panels.predictions import text_sample

        return text_sample.draw(context, predictions, width, height)
    from rnn_tui.tui.panels.predictions import windows

    return windows.draw(context, predictions, width, height)


def chart(context: DrawContext) -> Chart | None:
    """Return the chart of a series; None where the predictions are no series."""
    predictions = context.snapshot.predictions
    if not isinstance(predictions, SeriesPredictions):
        return None
    return _series(context, predictions)


def _cursor(context: DrawContext) -> float | None:
    """Return the x at which values are read; None where there is no cursor."""
    whole = chart(context) if context.selection.panel == "predictions" else None
    if whole is None:
        return None
    return cursor_at(whole, context.selection.chart_view("predictions"))


def _x_name(context: DrawContext) -> str:
    """Return what the x axis is called."""
    return "x" if context.snapshot.settings.task == "cos" else "row"


def _series(context: DrawContext, predictions: SeriesPredictions) -> Chart:
    """Return the chart of the test series with its one-step and free-running predictions.

    Its range is that of the whole series and a quarter more on each side: what is predicted does
    not move it.
    """
    test, evaluation = predictions.test, predictions.evaluation
    first, run, target = evaluation.first, len(evaluation.free_run), 0
    future = future_curves(predictions, target)
    predicted = len(evaluation.one_step)
    last = first + (predicted if future and predicted <= WHOLE else max(run, min(predicted, SHOWN)))
    if last < len(test.values):
        future = ()
    free_errors = evaluation.target_free_run_mse
    all_points, first_ones = len(evaluation.one_step), test.horizons[0] if test.horizons else 0
    everything = test.original[:, target]
    x = test.coordinate[first:last]
    margin = 0.25 * float(np.ptp(everything)) or 1.0
    reading = context.selection.panel == "predictions" and (
        context.selection.chart_view("predictions").cursor is not None
    )
    return Chart(
        (
            Curve("truth", "truth", x, everything[first:last]),
            Curve(
                "free run" if reading else "free-run MSE",
                "free-run",
                x[:run],
                test.free_run_original(first, evaluation.free_run)[:, target],
                values=_error(
                    free_errors[target] if free_errors else None, first_ones, "the first "
                ),
                briefs=("free",) if reading else ("free-run MSE", "free"),
            ),
            Curve(
                "one step" if reading else "one-step MSE",
                "one-step",
                x,
                test.one_step_original(first, evaluation.one_step[: len(x)])[:, target],
                values=_error(evaluation.target_one_step_mse[target], all_points, "all "),
                briefs=("1-step",) if reading else ("1-step MSE", "1-step"),
            ),
            *future,
        ),
        x_label=_x_name(context),
        y_range=(float(everything.min()) - margin, float(everything.max()) + margin),
        legend=False,
    )


def _errors_line(chart: Chart, first_line: str, width: int) -> tuple[Line, float]:
    """Return a bar for the largest one-step error in each column of the chart, and the largest.

    This is what still changes when both curves have come to lie on each other.
    """
    truth, _, one_step = chart.curves[:3]
    size = min(len(one_step.y), len(truth.y))
    x = np.asarray(truth.x[:size], dtype=np.float64)
    low, high = chart.x_range or data_range(chart)
    seen = (x >= low) & (x <= high)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(np.asarray(one_step.y[:size] - truth.y[:size], dtype=np.float64))[seen]
    gutter = max(map(first_line.find, "│┤"))  # before the y axis; there is none without a chart
    columns = width - gutter - 1
    finite = errors[np.isfinite(errors)]
    if gutter < 0 or columns < 1 or not finite.size or high <= low:
        return (), 0.0
    places = (x[seen] - low) / (high - low) * columns
    first = np.minimum(np.searchsorted(places, np.arange(columns)), errors.size - 1)
    largest = np.maximum.reduceat(errors, first)
    top = float(finite.max())
    bars = blocks(largest, 0.0, top or 1.0)[: int(places[-1]) + 1]  # not beyond the last row
    return ((f"{'|err|':>{gutter}} ", "axis"), (bars, "one-step")), top


def _with_largest(axis: Line, largest: float) -> Line:
    """Return the x axis with what a full bar of the errors below is, in a stretch without numbers.

    So each bar stands below its column of the chart. It is left out where there is no such stretch.
    """
    text = plain((axis,))
    size = number(largest, 2)
    for words in (f" |err| max {size} ", f" max {size} ", f" ≤{size} "):
        place = text.rfind("─" * (len(words) + 2))
        if largest and place >= 0:
            break
    else:
        return axis
    start, stop = place + 1, place + 1 + len(words)
    before, after = _part(axis, 0, start), _part(axis, stop, len(text))
    return merge((*before, (words, "axis"), *after))


def _part(line: Line, start: int, stop: int) -> Line:
    """Return the cells of `line` from `start` to `stop`, of one cell each."""
    cells = [(character, role) for text, role in line for character in text]
    return merge(cells[start:stop])


def _error(mse: float | None, points: int, which: str) -> tuple[str, ...]:
    """Return a mean squared error for the legend, with the stretch it covers; nothing if none."""
    if mse is None:
        return ()
    of = count(points)
    return (
        f"{number(mse, 3)} over {which}{of}",
        f"{number(mse, 3)} ({of})",
        f"{number(mse, 2)} ({of})",
    )


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    from rnn_tui.tui.panels.predictions import signs as module

    return module.signs(context)


PANEL = PanelSpec(draw, title, legend, brief="predictions", chart=chart, help=signs)
