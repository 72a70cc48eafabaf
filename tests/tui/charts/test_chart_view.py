"""Looking at a chart: its cursor gives recorded values, zooming stays within the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnn_tui.tui.charts.chart import draw
from rnn_tui.tui.charts.chart_view import (
    AT_END,
    WHOLE,
    ChartView,
    cursor_at,
    looked_at,
    moved,
    seen,
    zoomed,
)
from rnn_tui.tui.charts.curves import Chart, Curve, Mark
from rnn_tui.tui.lines import plain
from rnn_tui.tui.number_format import UNKNOWN, number

RANDOM = np.random.default_rng(0)


def run_of(updates: int, *marks: Mark) -> Chart:
    x = np.arange(1.0, updates + 1)
    sparse = x[4::7]
    return Chart(
        (
            Curve("raw", "raw", x, RANDOM.random(updates) + 0.1, "cloud"),
            Curve("test", "one-step", sparse, sparse / 100),
        ),
        log_y=True,
        x_label="update",
        x_range=(1.0, updates * 1.1),
        marks=marks,
    )


def walked(chart: Chart, view: ChartView, *distances: int) -> ChartView:
    for distance in distances:
        view = moved(chart, view, distance)
    return view


def test_the_cursor_goes_from_point_to_point_and_says_what_was_recorded() -> None:
    chart = run_of(60)
    view = walked(chart, WHOLE, -1, -1, -10)
    assert cursor_at(chart, view) == 48
    raw, test = looked_at(chart, view, reading=True).curves
    assert raw.values[0] == number(float(chart.curves[0].y[47]), 4)
    assert test.values[0] == "0.4700 at 47"
    assert looked_at(chart, view, reading=True).marks == (Mark(48.0, "48"),)
    assert looked_at(chart, view, reading=False).curves == chart.curves


def test_a_cursor_at_the_end_follows_the_newest_point() -> None:
    view = walked(run_of(60), WHOLE, -5, 99)
    assert view.cursor == AT_END
    assert cursor_at(run_of(60), view) == 60
    assert cursor_at(run_of(75), view) == 75
    assert cursor_at(run_of(75), walked(run_of(60), WHOLE, -5)) == 55


def test_it_begins_at_the_place_that_is_looked_at() -> None:
    assert walked(run_of(60, Mark(20.0, "20")), WHOLE, 1).cursor == 21


def test_many_points_are_crossed_in_a_hundred_steps_and_one_by_one_when_zoomed() -> None:
    chart = run_of(1000)
    assert cursor_at(chart, walked(chart, WHOLE, -1)) == 990
    view = walked(chart, WHOLE, -50)
    for _ in range(5):
        view = zoomed(chart, view, 1)
    assert cursor_at(chart, moved(chart, view, 1)) == 501


def test_zooming_keeps_the_cursor_in_sight_and_stays_within_the_data() -> None:
    chart, view = run_of(300), ChartView(40.0)
    widths = []
    for _ in range(12):
        view = zoomed(chart, view, 1)
        span = seen(chart, view)
        assert span is not None
        assert 1 <= span[0] <= 40 <= span[1] <= 300
        widths.append(span[1] - span[0])
    assert widths[0] == pytest.approx(299 / 2)
    assert 2 <= widths[-1] == widths[-2] < 10  # a few points are left
    for distance in (-70, 300, -20, 5):
        view = moved(chart, view, distance)
        span, at = seen(chart, view), cursor_at(chart, view)
        assert span is not None
        assert at is not None
        assert 1 <= span[0] <= at <= span[1] <= 300
        assert span[1] - span[0] == pytest.approx(widths[-1])
    for _ in range(12):
        view = zoomed(chart, view, -1)
    assert seen(chart, view) is None


def test_while_training_what_is_seen_stays_or_follows_the_end() -> None:
    view = zoomed(run_of(300), ChartView(40.0), 1)
    assert seen(run_of(900), view) == seen(run_of(300), view)
    for cursor in (None, AT_END):
        span = seen(run_of(900), zoomed(run_of(300), ChartView(cursor), 1))
        assert span is not None
        assert span[1] == 900
        assert span[0] == pytest.approx(900 - 299 / 2)


def test_the_axis_says_what_is_seen() -> None:
    chart = looked_at(run_of(300), ChartView(None, (100.0, 200.0)), reading=True)
    assert chart.x_range == (200.0, 300.0)
    assert chart.x_label == "update 200–300 of 1–300"


def test_what_is_not_there_has_no_value() -> None:
    x = np.arange(1.0, 21.0)
    y = x.copy()
    y[4] = math.nan
    chart = Chart((Curve("a", "raw", x, y), Curve("b", "free-run", x[:3], y[:3])))
    both = looked_at(chart, ChartView(4.6), True).curves
    assert both[0].values[0] == "4"
    assert both[1].values[0] == "3 at 3"
    assert looked_at(chart, ChartView(20.0), True).curves[1].values == (UNKNOWN,)
    assert looked_at(Chart(()), ChartView(3.0), True).curves == ()
    assert moved(Chart(()), WHOLE, 1) == WHOLE


@pytest.mark.parametrize(
    ("width", "words"), [(90, "update 200–300 of 1–300"), (60, "─ 200–300 of 1"), (36, "200–300")]
)
def test_what_is_seen_is_said_at_every_width(width: int, words: str) -> None:
    chart = looked_at(run_of(300), ChartView(None, (100.0, 200.0)), reading=True)
    assert words in plain(draw(chart, width, 9)).split("\n")[-1]
