"""Curves: what they show is exact, none deletes another, each has a style without colour."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from rnn_tui.tui.charts.chart import draw
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.charts.dots import BLANK, Dots, of_cells
from rnn_tui.tui.charts.legend import FORMS
from rnn_tui.tui.charts.points import Polyline
from rnn_tui.tui.charts.raster import rasterize
from rnn_tui.tui.charts.strokes import (
    ASCII,
    ASCII_ON_GROUNDS,
    THIN,
    UNICODE,
    WITHOUT_GROUNDS,
    StrokeSet,
)
from rnn_tui.tui.lines import Lines, plain

WIDTH, HEIGHT = 76, 14
ROWS, COLUMNS = HEIGHT - 1, WIDTH - 6
SETS = {"unicode": UNICODE, "without grounds": WITHOUT_GROUNDS, "ascii": ASCII}
BITS = {0: (0, 0), 1: (1, 0), 2: (2, 0), 3: (0, 1), 4: (1, 1), 5: (2, 1), 6: (3, 0), 7: (3, 1)}
STYLES = ("one-step", "free-run", "second-network", "ghost", "truth")
X = np.arange(2.0 * COLUMNS)  # one value for each column of dots
LAYERS = (("noise", "raw"), ("wave", "smooth"), ("flat", "ghost"))
SHAPES = {
    "flat": np.full(X.size, 0.1),
    "wave": np.cos(X / 20),
    "steep": np.where(X < COLUMNS, -0.9, 0.9),
    "noise": np.random.default_rng(1).uniform(-1, 1, X.size),
}


def chart_of(*curves: Curve) -> Chart:
    return Chart(curves, y_range=(-1.25, 1.25), x_range=(0.0, X[-1]), legend=False)


def curve(y: np.ndarray, role: str) -> Curve:
    return Curve(role, role, X, y, "cloud" if role == "raw" else "line")


def picture(lines: Lines) -> list[str]:
    """Return the text inside the axes."""
    return [line[6:] for line in plain(lines).split("\n")[:-1]]


def dots_of(lines: Lines) -> set[tuple[int, int]]:
    """Return column and row, counted from below, of each braille dot."""
    found = set()
    for row, text in enumerate(picture(lines)):
        for column, glyph in enumerate(text):
            code = ord(glyph) - 0x2800
            for bit, (down, right) in BITS.items():
                if 0 < code < 256 and code >> bit & 1:
                    found.add((2 * column + right, 4 * (ROWS - 1 - row) + 3 - down))
    return found


def grounds_of(lines: Lines) -> set[tuple[int, int]]:
    """Return row and column inside the axes of each cell on the ground of truth."""
    found = set()
    for row, line in enumerate(lines[:-1]):
        column = -6
        for text, role in line:
            if role.startswith("grounded-"):
                found |= {(row, column + k) for k in range(len(text))}
            column += len(text)
    return found


@pytest.mark.parametrize("shape", ["flat", "wave", "noise"])
def test_the_dots_are_the_values(shape: str) -> None:
    values = SHAPES[shape]
    dots = dots_of(draw(chart_of(curve(values, "one-step")), WIDTH, HEIGHT))
    for k, value in enumerate(values):
        decoded = [-1.25 + 2.5 * (row + 0.5) / (4 * ROWS) for column, row in dots if column == k]
        assert min(abs(each - value) for each in decoded) <= 2.5 / (4 * ROWS)
        if shape != "noise":
            assert max(abs(each - value) for each in decoded) <= 2 * 2.5 / (4 * ROWS)


@pytest.mark.parametrize("upper", ["one-step", "free-run"])
@pytest.mark.parametrize("shape", SHAPES)
def test_truth_stays_visible_where_the_prediction_is_perfect(shape: str, upper: str) -> None:
    truth, same = curve(SHAPES[shape], "truth"), curve(SHAPES[shape], upper)
    alone = draw(chart_of(truth), WIDTH, HEIGHT)
    both = draw(chart_of(truth, same), WIDTH, HEIGHT)
    assert grounds_of(both) == grounds_of(alone)
    inked = {(ROWS - 1 - row // 4, column // 2) for column, row in dots_of(alone)}
    assert inked <= grounds_of(both)
    assert {column for _, column in grounds_of(both)} == set(range(COLUMNS))
    without = draw(chart_of(truth, same), WIDTH, HEIGHT, WITHOUT_GROUNDS)
    assert not grounds_of(without)
    hidden = draw(chart_of(same), WIDTH, HEIGHT, WITHOUT_GROUNDS)
    assert dots_of(without) > dots_of(hidden)


@pytest.mark.parametrize("upper", ["one-step", "free-run"])
@pytest.mark.parametrize("shape", SHAPES)
def test_in_ascii_truth_has_a_ground_or_other_characters_on_it(shape: str, upper: str) -> None:
    truth, same = curve(SHAPES[shape], "truth"), curve(SHAPES[shape], upper)
    both = draw(chart_of(truth, same), WIDTH, HEIGHT, ASCII_ON_GROUNDS)
    assert {column for _, column in grounds_of(both)} == set(range(COLUMNS))
    on_truth = {"one-step": "O", "free-run": "%"}[upper]
    for text in picture(draw(chart_of(truth, same), WIDTH, HEIGHT, ASCII)):
        assert set(text) <= {" ", "-", on_truth}
    assert not grounds_of(draw(chart_of(truth, same), WIDTH, HEIGHT, ASCII))


def test_no_curve_deletes_another() -> None:
    one, other = curve(np.cos(X / 20), "one-step"), curve(np.sin(X / 15), "free-run")
    both = dots_of(draw(chart_of(one, other), WIDTH, HEIGHT))
    assert both == dots_of(draw(chart_of(one), WIDTH, HEIGHT)) | dots_of(
        draw(chart_of(other), WIDTH, HEIGHT)
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strokes", SETS.values(), ids=SETS)
def test_styles_differ_without_colour(strokes: StrokeSet, shape: str) -> None:
    styles = STYLES if strokes is not UNICODE else STYLES[:-1]  # its ground tells truth
    pictures = {
        role: picture(draw(chart_of(curve(SHAPES[shape], role)), WIDTH, HEIGHT, strokes))
        for role in styles
    }
    for one, other in itertools.combinations(pictures, 2):
        assert pictures[one] != pictures[other], (one, other)


@pytest.mark.parametrize("strokes", SETS.values(), ids=SETS)
def test_samples_in_the_legend_differ_without_colour(strokes: StrokeSet) -> None:
    cache = ChartCache()
    cache.ascii, cache.grounds = strokes is ASCII, strokes is UNICODE
    for roles in (("ghost", "ghost", "raw", "second-network", "smooth"), ("truth", "one-step")):
        curves = [replace(curve(X, role), label=f"{k}") for k, role in enumerate(roles)]
        entries = cache.legend(chart_of(*curves))
        for form in FORMS:
            looks = {(each.sample[form], "grounded" in each.role) for each in entries}
            assert len(looks) == len(roles), roles


@pytest.mark.parametrize("role", ["smooth", "second-network", "one-step"])
def test_a_line_is_not_lost_in_a_dense_cloud(role: str) -> None:
    cloud, line = curve(SHAPES["noise"], "raw"), curve(0.2 * SHAPES["wave"], role)
    alone = dots_of(draw(chart_of(line), WIDTH, HEIGHT))
    for order in ((cloud, line), (line, cloud)):
        both = dots_of(draw(chart_of(*order), WIDTH, HEIGHT))
        assert alone <= both
        cells = {(x // 2, y // 4) for x, y in alone}
        assert {(x, y) for x, y in both if (x // 2, y // 4) in cells} == alone
        assert len(both) > len(alone) + COLUMNS  # elsewhere the cloud is seen


def test_a_line_is_clean_in_its_cells_where_there_is_a_cloud() -> None:
    cloud, line, ghost = (curve(SHAPES[s], r) for s, r in LAYERS)
    both = dots_of(draw(chart_of(ghost, cloud, line), WIDTH, HEIGHT))
    alone = dots_of(draw(chart_of(line), WIDTH, HEIGHT))
    faint = dots_of(draw(chart_of(ghost), WIDTH, HEIGHT))
    cells = {(column // 2, row // 4) for column, row in alone}
    assert alone | faint <= both
    assert {dot for dot in both if (dot[0] // 2, dot[1] // 4) in cells} <= alone | faint


def test_the_dots_of_a_cloud_are_those_that_plotext_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.random.default_rng(2).uniform(-2, 2, X.size)  # some beyond the axis
    drawn = draw(chart_of(curve(y, "raw")), WIDTH, HEIGHT)

    def by_plotext(line: Polyline, columns: int, rows: int) -> Dots:
        text = "".join(rasterize(line, THIN, columns // 2, rows // 4))
        codes = np.array([ord(each) for each in text], dtype=np.uint32).reshape(rows // 4, -1)
        return of_cells(np.where(codes == ord(" "), 0, codes - BLANK).astype(np.uint32))

    monkeypatch.setattr(Polyline, "scattered", by_plotext)
    assert draw(chart_of(curve(y, "raw")), WIDTH, HEIGHT) == drawn


@pytest.mark.parametrize("strokes", SETS.values(), ids=SETS)
@pytest.mark.parametrize("role", STYLES)
def test_a_single_point_is_drawn_as_the_legend_shows_it(role: str, strokes: StrokeSet) -> None:
    cache = ChartCache()
    cache.ascii, cache.grounds = strokes is ASCII, strokes is UNICODE
    chart = replace(chart_of(Curve("one", role, np.ones(1), np.ones(1))), y_range=(0.0, 2.0))
    (entry,) = cache.legend(chart)
    drawn = set("".join(picture(cache.draw(chart, WIDTH, HEIGHT))))
    assert drawn & set(entry.sample[-1]), drawn
