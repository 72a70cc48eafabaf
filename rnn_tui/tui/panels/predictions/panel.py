"""The predictions panel: the network's outputs for test data, drawn in a way that fits the task.

All numbers belong to the update that the title names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.predictions.results import Predictions, SeriesPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.ascii_names import name_in_ascii
from rnn_tui.tui.charts.chart_view import cursor_at, data_range, x_text
from rnn_tui.tui.charts.curves import Chart, Curve, Mark
from rnn_tui.tui.charts.dates import resolution_of
from rnn_tui.tui.column_names import NAME, short_names
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cut, fold, merge, plain, text_width
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
BEFORE = 40  # points before these, of those that are trained on
BRIEF = 8  # cells of the name of a target
SPLIT = "train┊test"
KNOWN = "known┊ahead"
NOT_TESTED = (
    "A case has no test data: it is one batch, which is trained on. Its outputs stand beside its "
    "targets in the window of the pass LOSS."
)
TALL = 8  # lines below the title from which on there is one for the errors


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the cursor's place and the update."""
    predictions = context.snapshot.predictions
    if predictions is None or not context.snapshot.task.tested:
        return "predictions", ""
    when = f"at update {count(predictions.update)}" if predictions.update else "before training"
    place = _cursor(context)
    names = variants(context.snapshot)
    name = "predictions"
    if names:
        name = f"predictions of {short_names(names, NAME)[variant(context)]}"
    if place is None:
        return name, when
    dates = chart_of.dates if (chart_of := chart(context)) is not None else ""
    at = x_text(place, dates) if dates else f"{_x_name(context)} {number(place, 4)}"
    return f"{name} at {at}", when


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the targets of a series, whose charts the panel can show, if there are several."""
    names = snapshot.task.output_names or ()
    several = len(names) > 1 and isinstance(snapshot.predictions, SeriesPredictions)
    return names if several else ()


def variant(context: DrawContext) -> int:
    """Return the number of the target that is shown, from 0."""
    names = variants(context.snapshot)
    chosen = dict(context.selection.variants).get("predictions", "")
    if not names or not chosen:
        return 0
    shown = chosen if chosen in names else name_in_ascii(chosen)  # names of what is drawn
    return names.index(shown) if shown in names else 0


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend of the chart of a series, with both errors, or the values at the cursor."""
    whole = chart(context)
    if whole is None:
        return ()
    entries = context.chart_cache.legend(context.looked_at("predictions", whole))
    # That of the upper curve before that of the lower one; of the future the forecast's alone.
    return (*entries[:1], *entries[2:0:-1], *entries[3:][-1:])


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the predictions, above them how good they are, and below which what-ifs they have."""
    predictions = context.snapshot.predictions
    if not context.snapshot.task.tested:
        return tuple(((f" {line}", "dim"),) for line in fold(NOT_TESTED, width - 1)[:height])
    if predictions is None:
        return (((" not computed yet", "dim"),),)
    above: Lines = ()
    if isinstance(predictions, SeriesPredictions) and height >= LOWEST:
        mse, baselines = predictions.evaluation.one_step_mse, context.snapshot.baselines
        above = (skill_line(mse, baselines, width),) if baselines else ()
    words = held_line(predictions.held, width - 1) if height >= 3 else ""
    if not words and height >= TALL:
        words = given_line(predictions, width - 1)
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


def given_line(predictions: Predictions, width: int) -> str:
    """Return which inputs a free run takes from the data; "" if none."""
    if not isinstance(predictions, SeriesPredictions):
        return ""
    test = predictions.test
    given = [d for d, target in enumerate(test.fed_back) if target is None]
    if not given:
        return ""
    names = short_names(test.input_names, NAME)
    listed = ", ".join(names[d] for d in given)
    count = f"{len(given)} inputs" if len(given) > 1 else "one input"
    forms = (f"free run: {listed} taken from the data", f"free run: {count} from the data")
    return next((words for words in forms if text_width(words) <= width), forms[-1])


def _cursor(context: DrawContext) -> float | None:
    """Return the x at which values are read; None where there is no cursor."""
    whole = chart(context) if context.selection.panel == "predictions" else None
    if whole is None:
        return None
    return cursor_at(whole, context.selection.chart_view("predictions"))


def _x_name(context: DrawContext) -> str:
    """Return what the x axis is called."""
    predictions = context.snapshot.predictions
    return cut(predictions.test.axis, NAME) if isinstance(predictions, SeriesPredictions) else "x"


def _series(context: DrawContext, predictions: SeriesPredictions) -> Chart:
    """Return the chart of the test series with its one-step and free-running predictions.

    Its range is that of the whole series and a quarter more on each side: what is predicted does
    not move it. Before the test part stands the end of the training part. Of a long test part with
    a forecast after it there is the end.
    """
    test, evaluation = predictions.test, predictions.evaluation
    first, run, target = evaluation.first, len(evaluation.free_run), variant(context)
    future, last_row = future_curves(predictions, target), len(test.values)
    predicted = len(evaluation.one_step)
    begin, last = first, first + max(run, min(predicted, SHOWN))
    if future:
        begin, last = (first if predicted <= WHOLE else last_row - SHOWN), last_row
    lead = begin - (min(first, test.trained, BEFORE) if begin == first else 0)
    free = run if begin == first else 0  # the free run begins where the test part does
    free_errors = evaluation.target_free_run_mse
    all_points, first_ones = len(evaluation.one_step), test.horizons[0] if test.horizons else 0
    everything = test.original[:, target]
    x = test.coordinate[begin:last]
    margin = 0.25 * float(np.ptp(everything)) or 1.0
    reading = context.selection.panel == "predictions" and (
        context.selection.chart_view("predictions").cursor is not None
    )
    names = variants(context.snapshot)
    return Chart(
        (
            Curve(
                f"truth {names[target]}" if names else "truth",
                "truth",
                test.coordinate[lead:last],
                everything[lead:last],
                briefs=(short_names(names, BRIEF)[target],) if names else (),
            ),
            Curve(
                "free run" if reading else "free-run MSE",
                "free-run",
                x[:free],
                test.free_run_original(first, evaluation.free_run)[:free, target],
                values=_error(
                    free_errors[target] if free_errors else None, first_ones, "the first "
                ),
                briefs=("free",) if reading else ("free-run MSE", "free"),
            ),
            Curve(
                "one step" if reading else "one-step MSE",
                "one-step",
                x,
                test.one_step_original(begin, evaluation.one_step[begin - first : last - first])[
                    :, target
                ],
                values=_error(evaluation.target_one_step_mse[target], all_points, "all "),
                briefs=("1-step",) if reading else ("1-step MSE", "1-step"),
            ),
            *future,
        ),
        x_label=_x_name(context),
        y_range=(float(everything.min()) - margin, float(everything.max()) + margin),
        borders=(
            *([Mark(float(x[0]), SPLIT)] if test.trained and len(x) and begin == first else []),
            *([Mark(float(x[-1]), KNOWN)] if future and len(x) else []),
        ),
        legend=False,
        dates=resolution_of(test.coordinate) if test.dates else "",
    )


def _errors_line(chart: Chart, first_line: str, width: int) -> tuple[Line, float]:
    """Return a bar for the largest one-step error in each column of the chart, and the largest.

    This is what still changes when both curves have come to lie on each other.
    """
    truth, _, one_step = chart.curves[:3]
    lead = len(truth.y) - len(one_step.x)  # points before the first that is predicted
    size = min(len(one_step.y), len(truth.y) - lead)
    x = np.asarray(truth.x[lead : lead + size], dtype=np.float64)
    low, high = chart.x_range or data_range(chart)
    seen = (x >= low) & (x <= high)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.asarray(one_step.y[:size] - truth.y[lead : lead + size], dtype=np.float64)
        errors = np.abs(errors)[seen]
    gutter = max(map(first_line.find, "│┤"))  # before the y axis; there is none without a chart
    columns = width - gutter - 1
    finite = errors[np.isfinite(errors)]
    if gutter < 0 or columns < 1 or not finite.size or high <= low:
        return (), 0.0
    places = (x[seen] - low) / (high - low) * columns
    first = np.minimum(np.searchsorted(places, np.arange(columns)), errors.size - 1)
    largest = np.maximum.reduceat(errors, first)
    top = float(finite.max())
    before = min(max(int(places[0]), 0), columns)  # of the training part there are none
    bars = blocks(largest, 0.0, top or 1.0)[before : int(places[-1]) + 1]  # nor of the future
    bars = " " * before + bars
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
    if not context.snapshot.task.tested:
        return ()
    from rnn_tui.tui.panels.predictions import signs as module

    return module.signs(context)


PANEL = PanelSpec(
    draw,
    title,
    legend,
    brief="predictions",
    variants=variants,
    chart=chart,
    help=signs,
    table="predictions:predictions",
)
