"""How one looks at a chart: a cursor on its curves, and the part of its x axis that is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.tui.charts.curves import Chart, Curve, Mark, Values
from rnn_tui.tui.charts.dates import Resolution, date_text
from rnn_tui.tui.number_format import UNKNOWN, number

Span = tuple[float, float]

AT_END = math.inf  # a cursor that stays at the newest point
STEPS = 100  # in which a cursor crosses the chart, if it has more points than that
FACTOR = 2.0  # of one step of zooming
LEAST_POINTS = 5  # that are seen
WAITING = 4  # distances of its points from which on a curve is not waiting for the next, but over


@dataclass(frozen=True, slots=True)
class ChartView:
    """How one looks at a chart.

    Attributes:
        cursor: where the values are read, in units of the x axis; `AT_END` for the newest point,
            None for none.
        span: the ends of the part of the x axis that is seen; None for all of it. With the cursor
            at the end, or without one, only its width counts: it ends at the newest point.
    """

    cursor: float | None = None
    span: Span | None = None


WHOLE = ChartView()


def looked_at(chart: Chart, view: ChartView, reading: bool) -> Chart:
    """Return `chart` as it is seen: its x axis, and with a cursor the values there in the legend.

    Args:
        chart: the whole chart.
        view: how it is looked at.
        reading: whether the cursor is shown.
    """
    span = seen(chart, view)
    if span is not None:
        points = _points(chart)
        whole = bool((points == np.floor(points)).all())
        places = [round(x) if whole else x for x in (*span, *data_range(chart))]
        ends = [x_text(x, chart.dates) for x in places]
        words = f"{ends[0]}–{ends[1]} of {ends[2]}–{ends[3]}"
        chart = replace(chart, x_range=span, x_label=f"{chart.x_label} {words}".strip())
    at = cursor_at(chart, view)
    if not reading or at is None:
        return chart
    values = (_values_at(each, at, chart.dates) for each in chart.curves)
    curves = tuple(replace(one, values=v) for one, v in zip(chart.curves, values, strict=True))
    return replace(chart, curves=curves, marks=(*chart.marks, Mark(at, x_text(at, chart.dates))))


def data_range(chart: Chart) -> Span:
    """Return the first and the last x of all points; (0, 0) if there are none."""
    x = [curve.x[curve.points(chart.log_y)[2]] for curve in chart.curves]
    x = [each for each in x if each.size]
    return (float(min(e[0] for e in x)), float(max(e[-1] for e in x))) if x else (0.0, 0.0)


def cursor_at(chart: Chart, view: ChartView) -> float | None:
    """Return the x of the recorded point that the cursor is on; None if there is none."""
    points = _points(chart)
    if view.cursor is None or not points.size:
        return None
    return float(points[_nearest(points, view.cursor)])


def seen(chart: Chart, view: ChartView) -> Span | None:
    """Return the ends of the x axis that are seen, within the data; None for all of it."""
    first, last = data_range(chart)
    if view.span is None or view.span[1] - view.span[0] >= last - first:
        return None
    width, low = view.span[1] - view.span[0], view.span[0]
    at = _place(chart, view)
    if at == last and view.cursor in (None, AT_END):
        low = last - width
    low = min(max(low, at - width), at)
    low = min(max(low, first), last - width)
    return low, low + width


def moved(chart: Chart, view: ChartView, distance: int) -> ChartView:
    """Return the view with its cursor `distance` steps further on."""
    points, span = _points(chart), seen(chart, view)
    if not points.size:
        return view
    visible = points if span is None else points[(points >= span[0]) & (points <= span[1])]
    step = max(visible.size // STEPS, 1)
    place = _nearest(points, _place(chart, view)) + distance * step
    place = min(max(place, 0), points.size - 1)
    cursor = AT_END if place == points.size - 1 else float(points[place])
    after = ChartView(cursor, span)
    return replace(after, span=seen(chart, after))


def zoomed(chart: Chart, view: ChartView, direction: int) -> ChartView:
    """Return the view with a smaller part (`direction` 1) around the cursor, or a larger (−1)."""
    first, last = data_range(chart)
    low, high = seen(chart, view) or (first, last)
    at = _place(chart, view)
    factor = FACTOR**-direction
    low, high = at - (at - low) * factor, at + (high - at) * factor
    points = _points(chart)
    within = np.count_nonzero((points >= low) & (points <= high))
    if direction > 0 and within < min(LEAST_POINTS, points.size):
        return view
    after = replace(view, span=(low, high))
    return replace(after, span=seen(chart, after))


def _place(chart: Chart, view: ChartView) -> float:
    """Return where one looks: at the cursor, at a mark of the chart, or at its end."""
    at = cursor_at(chart, view)
    if at is not None:
        return at
    return chart.marks[-1].x if chart.marks else data_range(chart)[1]


def _points(chart: Chart) -> Values:
    """Return the x of the curve that has most points, and of others beyond its end, rising."""
    all_points = [
        np.asarray(curve.x[curve.points(chart.log_y)[2]], dtype=np.float64)
        for curve in chart.curves
    ]
    longest = max(all_points, key=len, default=np.empty(0))
    beyond = [each[each > longest.max()] for each in all_points if longest.size]
    return np.unique(np.concatenate([longest, *beyond]))


def _nearest(points: Values, x: float) -> int:
    """Return the index of the point nearest to `x`, of rising ones."""
    after = min(int(points.searchsorted(x)), points.size - 1)
    before = max(after - 1, 0)
    return before if x - points[before] < points[after] - x else after


def _values_at(curve: Curve, x: float, dates: Resolution) -> tuple[str, ...]:
    """Return the value of a curve at `x` for the legend.

    Of a curve with fewer points it is the one before, and where that is; where it has ended: ·. Of
    two points with one x it is the range from one to the other.
    """
    size = min(curve.x.size, curve.y.size)
    known = np.flatnonzero(~np.isnan(curve.x[:size]) & ~np.isnan(curve.y[:size]))
    points = curve.x[known]
    place = int(points.searchsorted(x, side="right")) - 1
    if place < 0:
        return (UNKNOWN,)
    at, value = float(points[place]), float(curve.y[known[place]])
    if points.size > 1 and x - at > WAITING * float(np.median(np.diff(points))):
        return (UNKNOWN,)
    where = "" if at == x else f" at {x_text(at, dates)}"
    if place and points[place - 1] == at:  # the ends of a range
        low = float(curve.y[known[place - 1]])
        return tuple(f"{number(low, n)}…{number(value, n)}{where}" for n in (4, 3))
    return number(value, 4) + where, number(value, 3) + where


def x_text(x: float, dates: Resolution = "") -> str:
    """Return a place on the x axis: a whole number, or four digits; or a date."""
    if dates:
        return date_text(x, dates)
    return f"{x:,.0f}".replace("-", "−") if x == math.floor(x) else number(x, 4)
