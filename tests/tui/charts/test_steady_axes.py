"""Axes: one format for their labels, a flat gradient looks flat, ranges do not shrink in a run."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from tui.screen_support import SMALL, SnapshotMaker, context

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings
from rnn_tui.tui.charts.axes import make_axis, steady_end, steady_log_range
from rnn_tui.tui.charts.chart import draw
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.curves import Chart, Curve, Level
from rnn_tui.tui.charts.steady_ranges import SteadyRanges
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panels import gradient_chart, loss_chart

PLAIN = re.compile(r"−?[\d,]+(\.\d+)?")
WITH_POWER = re.compile(r"−?\d+(\.\d+)?e(−?\d+)")
DICE = np.random.default_rng(0)


def labels_of(lines: str) -> list[str]:
    """Return the labels of the y axis."""
    return [row.partition("┤")[0].strip() for row in lines.split("\n") if "┤" in row]


def value_of(label: str) -> float:
    return float(label.replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("log", [False, True])
def test_the_labels_of_an_axis_have_one_format_and_a_true_minus(log: bool) -> None:
    for _ in range(300):
        low = 10.0 ** DICE.uniform(-12, 9)
        high = low * 10.0 ** DICE.uniform(0.01, 12 if log else 2)
        rows = int(DICE.integers(4, 20))
        axis = make_axis(np.array([low, high]), log=log)
        labels = [tick.label for tick in axis.ticks(max(3, rows // 2), rows)]
        some = [label for label in labels if label != "0"]
        assert all(PLAIN.fullmatch(each) for each in some) or all(
            WITH_POWER.fullmatch(each) for each in some
        ), labels
        assert not any("-" in label for label in labels)
        decimals = {len(each.partition(".")[2].partition("e")[0]) for each in some}
        assert log or len(decimals) <= 1, labels
        for tick in axis.ticks(max(3, rows // 2), rows):
            at = math.log10(value_of(tick.label)) if log else value_of(tick.label)
            shown = tick.at if log else tick.at * 10.0**axis.power
            assert math.isclose(at, shown, rel_tol=0.05, abs_tol=0.03 * (1 if log else high))


def test_a_range_of_logarithms_is_whole_and_holds_the_values() -> None:
    for _ in range(300):
        values = 10.0 ** DICE.uniform(-9, 3, 5)
        for parts, least in ((2, 0.5), (1, 3.0)):
            ends = steady_log_range(values, parts, least)
            assert ends is not None
            low, high = ends
            assert low <= values.min() * 1.0001
            assert high >= values.max() / 1.0001
            edges = parts * np.log10(ends)
            np.testing.assert_allclose(edges, np.round(edges), atol=1e-6)
            assert math.log10(high / low) >= least - 1e-6


@pytest.mark.parametrize("values", [[], [0.0], [-1.0, math.nan], [math.inf, -math.inf]])
def test_what_a_logarithm_cannot_show_has_no_range(values: list[float]) -> None:
    assert steady_log_range(np.array(values), 1, 3.0, (Level(1.0, "", "", ""),)) is None


@pytest.mark.parametrize("value", [5e-324, 1e-310, 1.0, 1.7e308])
def test_ranges_of_extreme_values_can_be_drawn(value: float) -> None:
    ends = steady_log_range(np.array([value, value]), 1, 3.0)
    chart = Chart((Curve("a", "raw", np.arange(2.0), np.full(2, value)),), True, y_range=ends)
    assert labels_of(plain(draw(chart, 60, 12)))


def test_a_range_grows_at_once_and_shrinks_in_another_run_alone() -> None:
    ranges, settings = SteadyRanges(), Settings()
    assert ranges.hold("a", settings, 0, (1.0, 2.0)) == (1.0, 2.0)
    assert ranges.hold("a", settings, 5, (0.1, 1.5)) == (0.1, 2.0)
    assert ranges.hold("b", settings, 5, (1.2, 1.5)) == (1.2, 1.5)
    assert ranges.hold("a", replace(settings, lr=0.5), 5, (1.2, 1.5)) == (0.1, 2.0)
    assert ranges.hold("a", settings, 9, None) == (0.1, 2.0)
    assert ranges.hold("a", settings, 9, (1e-9, 1e9), keep=False) == (1e-9, 1e9)
    assert ranges.hold("a", settings, 9, None) == (0.1, 2.0)
    assert ranges.hold("a", settings, 8, (1.2, 1.5)) == (1.2, 1.5)  # another future
    assert ranges.hold("a", settings, 0, (1.3, 1.5)) == (1.3, 1.5)  # from the beginning again
    assert ranges.hold("a", replace(settings, hidden=7), 0, (1.3, 1.4)) == (1.3, 1.4)


def drawn(snapshot: Snapshot, cache: ChartCache) -> DrawContext:
    return DrawContext(snapshot, Selection(), chart_cache=cache)


def test_the_ranges_on_the_screen_never_shrink_while_a_run_goes_on() -> None:
    trainer, cache = Trainer(SMALL), ChartCache()
    maker, before = SnapshotMaker(trainer), {"loss": 0.0, "gradient": 0.0}
    for _ in range(60):
        for _ in range(int(DICE.integers(1, 9))):
            trainer.step()
        shown = drawn(maker.snapshot(), cache)
        for name, panel in (("loss", loss_chart), ("gradient", gradient_chart)):
            ends = panel.chart(shown).y_range
            span = math.log10(ends[1] / ends[0]) if ends is not None else 0.0
            assert span >= before[name]
            before[name] = span
    assert min(before.values()) > 0


def test_a_flat_gradient_looks_flat_and_a_vanishing_one_falls() -> None:
    trainer = Trainer(SMALL)
    while trainer.updates == 0:
        trainer.step()
    snapshot = SnapshotMaker(trainer).snapshot()
    rows = 12
    for name, norms, least, most in (
        ("flat", np.array([0.003, 0.007, 0.002, 0.006, 0.004]), 0, rows * 0.3),
        ("vanishing", 10.0 ** np.arange(-9, 1, 2), rows * 0.7, rows),
    ):
        lines = gradient_chart.draw(context(replace(snapshot, gradient_norms=norms)), 80, rows + 1)
        inked = [
            row
            for row, line in enumerate(lines[:-1])
            if any(role == "gradient" and text.strip() for text, role in line)
        ]
        assert least <= max(inked) - min(inked) <= most, name


def test_the_end_of_an_axis_is_round_and_near() -> None:
    for largest in (*range(1, 200), 8903, 99_999, 100_001, 12_345_678):
        end = steady_end(largest)
        assert largest <= end < 4 / 3 * largest + 1e-9
        assert end == int(end) or largest < 10
    assert [steady_end(x) for x in (137, 400, 401, 8903)] == [150, 400, 500, 10_000]


def test_an_axis_moves_seldom_while_its_largest_value_grows() -> None:
    ends = {steady_end(x) for x in range(1000, 20_000, 500)}  # eight seconds of training
    assert len(ends) <= 13
