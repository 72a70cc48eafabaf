"""Bars: as high as the magnitude, textured as the sign, on one scale for what is compared."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tui.screen_support import TASKS

from rnn_tui.engine.analysis.magnitudes import Magnitudes
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Back, Command, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.bar_scales import gradient_scale, magnitudes_of
from rnn_tui.tui.bars import ASCII_BARS, LEAST, UNICODE_BARS, UNIT, BarGlyphs, BarScale, bar, bars
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panels import network
from rnn_tui.tui.panels.current_pass import timestep
from rnn_tui.tui.title_rule import title_rule

BOTH = pytest.mark.parametrize("glyphs", [UNICODE_BARS, ASCII_BARS], ids=["unicode", "ascii"])
SCALES = st.builds(BarScale, st.floats(1e-30, 1e30), st.integers(0, 9))
REQUEST = ViewRequest(proofs=frozenset(panel_spec("timestep").proofs))


def height_of(glyph: str, glyphs: BarGlyphs = UNICODE_BARS) -> int:
    """Return the height that a bar has, as it is seen."""
    drawn = glyphs.nothing + glyphs.positive, glyphs.nothing + glyphs.negative
    return max(one.find(glyph) for one in drawn)


def ink(glyph: str) -> float:
    """Return the share of a cell that a bar fills."""
    if 0x2800 < ord(glyph) < 0x2900:
        return (ord(glyph) - 0x2800).bit_count() / 8
    return (ord(glyph) - 0x2580) / 8 if 0x2581 <= ord(glyph) <= 0x2588 else 0.0


@BOTH
@given(
    one=st.floats(-2, 2) | st.floats(-1e-6, 1e-6),
    other=st.floats(-2, 2),
    size=st.floats(1e-30, 1e30),
    decades=st.integers(0, 9),
)
@example(one=-0.25, other=0.24, size=1.0, decades=0)
@example(one=0.125, other=-0.1249, size=1.0, decades=0)
def test_what_is_larger_is_never_lower_whatever_its_sign(
    glyphs: BarGlyphs, one: float, other: float, size: float, decades: int
) -> None:
    scale = BarScale(size, decades)
    small, large = sorted((one * size, other * size), key=abs)
    heights = [height_of(bar(value, scale, glyphs)[0], glyphs) for value in (small, large)]
    assert 0 <= heights[0] <= heights[1]


@BOTH
@given(value=st.floats(-1, 1), decades=st.integers(0, 9))
def test_the_sign_is_the_texture_and_the_height_is_not(
    glyphs: BarGlyphs, value: float, decades: int
) -> None:
    scale = BarScale(1.0, decades)
    positive, negative = (bar(v, scale, glyphs)[0] for v in (abs(value), -abs(value)))
    assert height_of(positive, glyphs) == height_of(negative, glyphs)
    assert (positive == negative) == (positive == glyphs.nothing)
    assert not set(glyphs.positive) & set(glyphs.negative + glyphs.nothing)


@BOTH
def test_nothing_has_no_bar_and_the_scale_a_full_one(glyphs: BarGlyphs) -> None:
    assert bar(0.0, UNIT, glyphs) == bar(-0.99 * LEAST, UNIT, glyphs) == (glyphs.nothing, "dim")
    assert bar(LEAST, UNIT, glyphs) == (glyphs.positive[0], "positive")
    assert bar(-1.0, UNIT, glyphs) == (glyphs.negative[-1], "negative")
    assert bar(1.0, UNIT, glyphs)[0] == bar(7.0, UNIT, glyphs)[0] == glyphs.positive[-1]
    assert bar(5e-324, BarScale(0.0), glyphs)[0] == glyphs.nothing
    assert {bar(v, UNIT, glyphs) for v in (math.nan, math.inf, -math.inf)} == {("!", "error")}


def test_a_larger_magnitude_has_more_ink() -> None:
    for sign in (1, -1):
        inks = [ink(bar(sign * k / 8, UNIT)[0]) for k in range(9)]
        assert inks == sorted(set(inks))
    assert ink(bar(-1.0, UNIT)[0]) > ink(bar(-0.1, UNIT)[0])


@given(st.lists(st.floats(width=32), max_size=200), st.integers(-1, 200), SCALES)
def test_a_strip_has_a_cell_for_every_unit(
    values: list[float], selected: int, scale: BarScale
) -> None:
    line = bars(values, scale, selected=selected)
    assert all(len(glyph) == 1 for glyph, _ in line)
    marked = [k for k, (_, role) in enumerate(line) if role.startswith("selected-")]
    assert marked == ([selected] if 0 <= selected < len(values) else [])
    assert len(line) == len(values)


def scale_of(largest: list[float]) -> BarScale:
    """Return the scale where the gradients of each timestep are all of one magnitude."""
    sizes = np.array([largest])
    return gradient_scale(Magnitudes({}, sizes, sizes, 0.0))


def test_the_scale_is_logarithmic_where_a_linear_one_hides_most() -> None:
    assert scale_of([1.0, 0.5, 0.02, 0.001]) == BarScale(1.0)
    assert scale_of([0.0] * 2 + [3.0] * 2) == BarScale(3.0)
    assert scale_of([1e-4, 0.001, 0.01, 1.0]) == BarScale(1.0, 4)
    assert scale_of([0.01, 0.01, 0.01, 1.0]) == BarScale(1.0, 3)
    assert scale_of([1e-40, 1e-20, 1e-10, 1e-3]) == BarScale(1e-3, 9)
    assert scale_of([0.0, 0.0, 0.0, 2.0]).decades == 3
    assert scale_of([0.0]) == BarScale(0.0)
    assert BarScale(0.00632, 6).words() == "bars: log, 6 decades"
    assert BarScale(0.00632).words() == "bars: linear to 0.0063"
    assert BarScale(0.1516).words(-2) == "bars: linear to 15.2"


@given(st.lists(st.floats(1e-30, 1.0), min_size=2, max_size=9))
def test_a_gradient_that_dies_does_not_keep_its_height(sizes: list[float]) -> None:
    for top in (1.0, 1e-9):
        scale = scale_of([*(top * size for size in sizes), top])
        full, dead = (scale.height(size * top, 8) for size in (1.0, 1e-9))
        assert (full, dead) == (8, 0) if scale.decades < 9 else full - dead >= 7


# On the screen


def heights(snapshot: Snapshot, label: str, width: int = 200) -> int:
    """Return the sum of the heights of a row of gradients."""
    drawn = timestep.draw(DrawContext(snapshot, Selection()), width, 20)
    [line] = [line for line in drawn if plain((line,)).split()[:1] == [label]]
    places = [k for k, (text, _) in enumerate(line) if text.strip() and "h_t" not in text]
    numbers = [k for k in places if text_is_number(line[k][0])]
    return sum(max(height_of(text), 0) for text, _ in line[numbers[0] + 1 : numbers[1]])


def text_is_number(text: str) -> bool:
    """Return whether a run is the number of the selected unit."""
    return len(text.strip()) > 1 and text.strip()[-1].isdigit()


@cache
def recall() -> tuple[Session, dict[int, Snapshot]]:
    """Return the untrained simple cell with both passes done, and each timestep of it."""
    session = Session(Trainer(compose({"task": "recall", "cell": "rnn"})))
    session.perform(Step(Stride.PASS, 5), REQUEST)
    steps = session.trainer.settings.steps
    requests = {t: ViewRequest(proofs=REQUEST.proofs, t=t) for t in range(1, steps + 1)}
    return session, {t: session.perform(request) for t, request in requests.items()}


def test_the_gradient_of_a_simple_cell_dies_before_the_eye() -> None:
    shown = recall()[1]
    found = {t: heights(snapshot, "h_t") for t, snapshot in shown.items()}
    assert found[1] < 0.1 * found[39]
    assert found[20] < found[30] < found[36] < found[39]
    titles = {" ".join(timestep.title(DrawContext(s, Selection()))) for s in shown.values()}
    assert all("bars: log, 9 decades" in title for title in titles)


def test_the_log_is_said_at_the_width_that_is_least() -> None:
    for snapshot in recall()[1].values():
        rule = title_rule(*timestep.title(DrawContext(snapshot, Selection())), 80, True)
        assert "bars: log, 9 decades · unit 1 of 32" in plain((rule,))


def test_the_gradients_of_all_rows_are_on_one_scale() -> None:
    session = Session(Trainer(Settings(cell="lstm")))
    session.perform(Step(Stride.UPDATE, 20), Step(Stride.PASS, 4), REQUEST)
    snapshot = session.perform(ViewRequest(proofs=REQUEST.proofs, t=7))
    scale = gradient_scale(magnitudes_of(snapshot))
    values = snapshot.window.values(7)
    drawn = timestep.draw(DrawContext(snapshot, Selection()), 200, 20)
    rows = {plain((line,)).lstrip(" ▸").partition(" ")[0]: plain((line,)) for line in drawn[::-1]}
    for row in ("i_t", "f_t", "g_t", "o_t", "c_t", "h_t", "c_<t-1>", "h_<t-1>", "y_t"):
        assert plain((bars(values[f"d{row}"][0], scale),)) in rows[row], row


@pytest.mark.parametrize("settings", [*TASKS.values(), Settings(cell="lstm", layers=2)], ids=str)
def test_no_scale_changes_while_one_steps_through_a_window(settings: Settings) -> None:
    session = Session(Trainer(settings.with_(hidden=4)))
    session.perform(Step(Stride.UPDATE, 1), REQUEST)
    seen: set[tuple[object, ...]] = set()
    moves: list[Command] = [Step(Stride.TIMESTEP, 1)] * 9
    moves += [Step(Stride.PASS, 1)] * 2
    moves += [Step(Stride.TIMESTEP, 1)] * 4 + [Back(Stride.OPERATION, 3), Step(Stride.PASS, 1)]
    for move in moves:
        snapshot = session.perform(move, REQUEST)
        while not isinstance(snapshot.proofs.get("magnitudes"), Magnitudes):
            snapshot = session.perform(REQUEST)
        if snapshot.cursor.update == 1 and snapshot.cursor.stage is not Pass.UPDATE:
            found = magnitudes_of(snapshot)
            seen.add((gradient_scale(found), *sorted(found.values.items())))
    assert len(seen) == 1


def test_a_state_without_a_bound_is_measured_by_the_window() -> None:
    trainer = Trainer(Settings(cell="rnn", activation="relu", hidden=6))
    trainer.parameters *= np.float32(3)
    session = Session(trainer)  # from here on it shares copies of the parameters
    session.perform(Step(Stride.PASS, 2), REQUEST)
    snapshot = session.perform(REQUEST)
    largest = float(np.abs(snapshot.window.tape["h"]).max())
    assert magnitudes_of(snapshot).of_value("h_t") == pytest.approx(largest)
    view = DrawContext(snapshot, Selection())
    view.chart_cache.grounds = False
    lines = plain(network.draw(view, 200, 8))
    assert lines.count("█") <= 2
