"""Charts: any data fits exactly, gaps and spikes survive, the same chart gives the same lines."""

import itertools
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnn_tui.tui.charts.chart import draw
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.curves import Chart, Curve, Level, Mark
from rnn_tui.tui.lines import Lines, cell_width, plain

BRAILLE = range(0x2801, 0x2900)

awkward = st.one_of(
    st.floats(),
    st.sampled_from(
        [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-300, 1.7e308, -1.7e308, 1.0]
    ),
)
series = st.integers(0, 40).flatmap(
    lambda size: st.tuples(*[hnp.arrays(np.float64, size, elements=awkward)] * 2)
)
curves = st.builds(
    lambda xy, ascending, role, kind, label: Curve(
        label, role, np.arange(xy[0].size) if ascending else xy[0], xy[1], kind
    ),
    series,
    st.booleans(),
    st.sampled_from(["raw", "smooth", "truth", "free-run", "ghost", "second-network"]),
    st.sampled_from(["line", "cloud"]),
    st.text(max_size=8),
)
charts = st.builds(
    Chart,
    st.lists(curves, max_size=3).map(tuple),
    log_y=st.booleans(),
    x_label=st.text(max_size=8),
    y_label=st.text(max_size=8),
    marks=st.lists(st.builds(Mark, awkward, st.text(max_size=8)), max_size=2).map(tuple),
    y_range=st.none() | st.tuples(awkward, awkward),
)


@pytest.fixture(scope="module", autouse=True)
def only_safe_coordinates() -> Iterator[None]:
    """Check that all points that reach plotext are finite and near the canvas; else it aborts."""
    with pytest.MonkeyPatch.context() as patch:
        signal = plotext.figure.signal

        def checked(x: npt.NDArray[Any], y: npt.NDArray[Any], **options: Any) -> Any:
            assert np.isfinite(x).all()
            assert np.isfinite(y).all()
            assert np.abs(x).max() < 1000
            assert np.abs(y).max() < 1000
            return signal(x, y, **options)

        patch.setattr(plotext.figure, "signal", checked)
        yield


def curve(
    y: npt.ArrayLike,
    role: str = "raw",
    kind: Literal["line", "cloud"] = "line",
    label: str = "raw",
) -> Curve:
    values = np.asarray(y, dtype=np.float64)
    return Curve(label, role, np.arange(1.0, values.size + 1), values, kind)


def cells(lines: Lines, role: str) -> list[tuple[int, int, str]]:
    """Return row, column and character of each cell of a role that is not blank."""
    found = []
    for row, line in enumerate(lines):
        column = 0
        for text, style in line:
            found += [
                (row, column + i, glyph)
                for i, glyph in enumerate(text)
                if style == role and glyph != " "
            ]
            column += len(text)
    return found


def inside(lines: Lines, role: str) -> list[tuple[int, int, str]]:
    """Return the cells of a role without those of the legend, which is the first row."""
    return [cell for cell in cells(lines, role) if cell[0] > 0]


@settings(max_examples=60)
@given(charts, st.integers(0, 90), st.integers(0, 24))
def test_any_chart_fills_exactly_its_space(chart: Chart, width: int, height: int) -> None:
    lines = draw(chart, width, height)
    assert len(lines) == height
    assert [cell_width(line) for line in lines] == [width] * height


@settings(max_examples=25)
@given(charts)
def test_the_same_chart_gives_the_same_lines(chart: Chart) -> None:
    assert draw(chart, 40, 10) == draw(chart, 40, 10)


@settings(max_examples=25)
@given(charts, charts)
def test_a_chart_does_not_depend_on_those_drawn_before(one: Chart, other: Chart) -> None:
    cache = ChartCache()
    for chart in (one, other, one, one):
        assert cache.draw(chart, 40, 10) == draw(chart, 40, 10)


def test_one_point_more_is_drawn() -> None:
    x, cache = np.arange(9.0), ChartCache()
    few = Chart((Curve("a", "raw", x[:8], x[:8]),))
    before = cache.draw(few, 40, 10)
    assert cache.draw(Chart((Curve("a", "raw", x, x),)), 40, 10) != before
    assert cache.draw(few, 40, 10) == before


def test_a_postponed_chart_says_so_until_plotext_is_there() -> None:
    program = """
import sys, threading
import numpy as np
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.lines import plain
x = np.arange(9.0)
one, cache = Chart((Curve("a", "raw", x, x),)), ChartCache()
cache.postpone()
assert "on its way" in plain(cache.draw(one, 40, 10)) and "plotext" not in sys.modules
assert "on its way" not in plain(cache.draw(Chart(()), 40, 10))
done = threading.Event()
cache.import_plotext(done.set)
assert done.wait(30)
assert "┤" in plain(cache.draw(one, 40, 10)) and "plotext" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_cloud_is_no_line_and_keeps_its_extremes() -> None:
    x, dice = np.arange(3000.0), np.random.default_rng(0)
    y = dice.uniform(0.4, 0.6, x.size)
    y[1234], y[2345] = 1.0, 0.0
    few = draw(Chart((Curve("a", "raw", x[:30], y[:30], "cloud"),)), 66, 12)
    assert sum((ord(glyph) - 0x2800).bit_count() for _, _, glyph in inside(few, "raw")) == 30
    rows = plain(draw(Chart((Curve("a", "raw", x, y, "cloud"),)), 60, 12)).split("\n")[1:-1]
    inked = [any(ord(glyph) in BRAILLE for glyph in row) for row in rows]
    assert inked[0]
    assert inked[-1]
    dots = sum(ord(glyph) in BRAILLE for row in rows for glyph in row)
    whole = Chart((Curve("a", "raw", x, y),))
    lines = sum(ord(glyph) in BRAILLE for glyph in plain(draw(whole, 60, 12)))
    assert dots < lines  # the column between the extremes is not filled


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1.0, 1e300])
@pytest.mark.parametrize("size", [1, 2, 50])
def test_any_magnitude_is_drawn(scale: float, size: int, log_y: bool) -> None:
    y = np.linspace(1, 2, size) * scale
    assert inside(draw(Chart((curve(y),), log_y=log_y), 60, 12), "raw")


def test_a_constant_is_a_level_line_in_the_middle() -> None:
    found = inside(draw(Chart((curve([0.5] * 30),)), 60, 12), "raw")
    assert len({row for row, _, _ in found}) == 1
    assert 4 <= found[0][0] <= 7


def test_a_chart_without_points_says_so() -> None:
    text = plain(draw(Chart((curve([math.nan, math.inf]),), empty="no update yet"), 40, 9))
    assert "no update yet" in text
    assert plain(draw(Chart(()), 40, 9)).strip() == "nothing yet"


def test_a_spike_survives_thinning() -> None:
    y = np.zeros(100_000)
    y[61_803] = 1.0
    rows = {row for row, _, _ in inside(draw(Chart((curve(y),)), 60, 14), "raw")}
    assert min(rows) == 1
    y[61_803] = -1.0
    rows = {row for row, _, _ in inside(draw(Chart((curve(y),)), 60, 14), "raw")}
    assert max(rows) == 12


@pytest.mark.parametrize("log_y", [False, True])
def test_a_gap_stays_a_gap(log_y: bool) -> None:
    y = np.ones(200)
    y[80:120] = 0.0 if log_y else math.nan
    found = inside(draw(Chart((curve(y),), log_y=log_y), 60, 12), "raw")
    columns = sorted({column for _, column, _ in found})
    holes = [b - a for a, b in itertools.pairwise(columns) if b - a > 1]
    assert len(holes) == 1
    assert 9 <= holes[0] <= 13  # a fifth of the columns


def test_a_line_between_few_points_has_no_gap() -> None:
    for y in ([0, 1], [0, 10, -10, 3], np.cos(np.arange(20))):
        columns = {column for _, column, _ in inside(draw(Chart((curve(y),)), 60, 12), "raw")}
        assert columns == set(range(min(columns), 60))


def test_a_monotone_line_passes_through_every_row() -> None:
    for size in (2, 20, 5000):
        y = np.linspace(0, 1, size) ** 8
        rows = {row for row, _, _ in inside(draw(Chart((curve(y),)), 30, 24), "raw")}
        assert rows == set(range(1, 23))


def test_later_curves_lie_on_top() -> None:
    y = np.linspace(0, 1, 50)
    lines = draw(Chart((curve(y, "one-step"), curve(y, "smooth", label="smooth"))), 60, 12)
    assert inside(lines, "smooth")
    under = draw(Chart((curve(y, "smooth", label="smooth"), curve(y, "one-step"))), 60, 12)
    assert len(inside(lines, "smooth")) > len(inside(under, "smooth"))


def test_logarithmic_ticks_are_decades() -> None:
    y = np.geomspace(1, 1e-6, 100)
    text = plain(draw(Chart((curve(y),), log_y=True), 60, 24))
    for label in ("1e0┤", "1e−2┤", "1e−4┤", "1e−6┤"):
        assert label in text
    text = plain(draw(Chart((curve(np.geomspace(1, 1e-3, 100)),), log_y=True), 60, 15))
    assert "0.001┤" in text
    assert "0.1┤" in text


def test_logarithmic_ticks_within_a_decade_are_round_numbers() -> None:
    text = plain(draw(Chart((curve([0.31, 0.39]),), log_y=True), 60, 15))
    assert "0.34┤" in text or "0.35┤" in text


def test_ticks_are_round_and_signs_are_true_minus() -> None:
    text = plain(draw(Chart((curve(np.cos(np.arange(1, 61) / 9)),), x_label="t"), 78, 12))
    assert "−1┤" in text or "−0.5┤" in text
    assert re.findall(r"\d+", text.splitlines()[-1]) == ["10", "20", "30", "40", "50"]
    assert text.splitlines()[-1].endswith("─ t")


def test_updates_are_whole_numbers() -> None:
    text = plain(draw(Chart((curve([1, 2, 3]),)), 100, 12)).splitlines()[-1]
    assert re.findall(r"[\d.]+", text) == ["1", "2", "3"]


def test_a_mark_is_a_line_behind_the_curves_with_its_label() -> None:
    lines = draw(Chart((curve(np.ones(20)),), marks=(Mark(7, "t=7"),)), 60, 12)
    columns = {column for _, column, glyph in cells(lines, "accent") if glyph == "┊"}
    assert len(columns) == 1
    assert "t=7" in plain(lines[-1:])


def test_a_mark_outside_is_left_out() -> None:
    lines = draw(Chart((curve(np.ones(20)),), marks=(Mark(70, "t=70"),)), 60, 12)
    assert "t=70" not in plain(lines)


def test_a_given_range_is_kept_and_what_leaves_it_is_cut_off() -> None:
    lines = draw(Chart((curve([0, 0, 1e300, 0, 0]),), y_range=(-1, 1)), 60, 15)
    assert "1e" not in plain(lines)
    assert {row for row, _, _ in inside(lines, "raw")} >= {1, 6}


def test_labels_with_line_breaks_stay_on_one_line() -> None:
    lines = draw(Chart((curve([1, 2], label="a\nb\x1b[31m"),)), 60, 12)
    assert all("\n" not in text and "\x1b" not in text for line in lines for text, _ in line)


def test_small_spaces_keep_the_newest_value() -> None:
    assert plain(draw(Chart((curve([1, 0.25]),)), 40, 1)).strip() == "raw 0.25"


def test_drawing_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    draw(Chart((curve([1, 2, 3]),)), 60, 12)
    assert capfd.readouterr() == ("", "")


def test_plotext_is_imported_only_when_needed() -> None:
    code = "import sys, rnn_tui.tui.charts.chart; sys.exit('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


# ---------------------------------------------------------------- levels


def leveled(y: float, *, log_y: bool = False, top: float = 2.0) -> list[str]:
    values = np.linspace(1.0, top, 30)
    curve = Curve("c", "raw", np.arange(30.0), values)
    chart = Chart((curve,), log_y=log_y, levels=(Level(y, "level", "brief", f"{y}"),))
    return plain(draw(chart, 60, 12)).split("\n")


@pytest.mark.parametrize("log_y", [False, True])
def test_a_level_lies_behind_the_curves_at_its_height(log_y: bool) -> None:
    lines = leveled(1.5, log_y=log_y)
    rows = [k for k, line in enumerate(lines[1:-1]) if "╍╍╍" in line]
    height = (np.log10(1.5) / np.log10(2)) if log_y else 0.5
    assert rows == [9 - int(height * 10)]
    assert "╍╍ level: 1.5" in lines[0]


@pytest.mark.parametrize("y", [0.7, 2.3])
def test_the_axis_is_extended_to_a_level_that_is_near(y: float) -> None:
    assert any("╍╍╍" in line for line in leveled(y)[1:])


@pytest.mark.parametrize(("y", "arrow"), [(0.2, "↓"), (5.0, "↑")])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_level_far_off_is_in_the_legend_only(y: float, arrow: str, log_y: bool) -> None:
    lines = leveled(y, log_y=log_y)
    assert f"{arrow} level: {y}" in lines[0]
    assert not any("╍" in line for line in lines[1:])


def test_a_level_that_a_logarithm_cannot_show_is_left_out() -> None:
    for y in (0.0, -1.0, np.nan):
        assert "level" not in leveled(y, log_y=True)[0]


def test_a_level_has_a_brief_name_where_there_is_little_space() -> None:
    curve = Curve("c", "raw", np.arange(3.0), np.arange(3.0))
    chart = Chart((curve,), levels=(Level(1.0, "a name that is far too long", "brief", "1"),))
    assert "╍ brief" in plain(draw(chart, 24, 8)).split("\n")[0]


def several_levels(*levels: float, curve_at: float = 1.0) -> list[str]:
    curve = Curve("c", "raw", np.arange(30.0), np.linspace(1.0, curve_at, 30))
    names = [Level(y, f"level {k}", "abc"[k], f"{y}") for k, y in enumerate(levels)]
    return plain(draw(Chart((curve,), levels=tuple(names), y_range=(0, 2)), 60, 12)).split("\n")


def test_each_of_several_levels_has_its_name_on_it() -> None:
    lines = several_levels(1.5, 0.5)
    named = {word: k for k, line in enumerate(lines) for word in "ab" if f"╍ {word} ╍" in line}
    assert named == {"a": 3, "b": 8}
    assert "╍╍ level 0: 1.5" in lines[0]
    assert "level 1" not in lines[0]


def test_levels_in_one_line_have_one_name() -> None:
    assert sum("╍ a, b ╍" in line for line in several_levels(1.5, 1.501)) == 1


def test_names_of_levels_leave_curves_alone() -> None:
    for at in np.linspace(0.05, 1.95, 12):
        free = [line.replace("a", "╍") for line in several_levels(float(at), 0.01, curve_at=at)]
        inked = sum("⠀" < character <= "⣿" for line in free for character in line)
        alone = several_levels(curve_at=at)
        assert inked == sum("⠀" < character <= "⣿" for line in alone for character in line)


def test_where_names_have_no_room_the_first_one_stands_for_all() -> None:
    x = np.arange(60.0)
    dips = np.where((x > 46) & (x < 58), 0.1, 1.5)  # leave a few cells of the line free
    levels = [Level(1.5, "season", "season", "1"), Level(1.501, "last", "last value", "1")]
    chart = Chart((Curve("c", "raw", x, dips),), levels=tuple(levels), y_range=(0, 2))
    lines = plain(draw(chart, 90, 12)).split("\n")
    assert any("╍ season … ╍" in line for line in lines), lines
