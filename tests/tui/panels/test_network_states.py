"""States and gradients of the strip: their shades and grounds are those of one scale."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style
from textual.theme import Theme
from tui.colour_support import contrast, difference, rgb_of
from tui.screen_support import TASKS, ProofSnapshotMaker, context, snapshot_after, text_of

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.bars import UNIT, BarScale
from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, plain
from rnn_tui.tui.panels import network
from rnn_tui.tui.panels.network_states import SHADES, UPPER_UNIT, HeatScale, pairs, shade
from rnn_tui.tui.terminal_colours import styled
from rnn_tui.tui.themes import DARK, THEMES, UNIT_SHADES, style_of

LSTM = Settings(cell="lstm", hidden=32, steps=6, num_points=100)


def backward(settings: Settings = LSTM, steps: int = 11, operations: int = 0) -> Snapshot:
    """Return a place in the backward pass, with its proofs."""
    trainer = Trainer(settings)
    trainer.run(20)
    maker = ProofSnapshotMaker(trainer)
    for _ in range(steps):
        trainer.step()
    for _ in range(operations):
        trainer.reveal()
    return maker.proved()


def rows(view: DrawContext, width: int, height: int) -> dict[str, Line]:
    """Return the rows of the strip by their labels."""
    drawn = network.draw(view, width, height)
    return {plain((line,))[: network.LABEL].strip(): line for line in drawn}


@given(st.floats(-2, 2, allow_nan=False))
def test_a_shade_is_of_its_sign_and_stronger_the_larger(value: float) -> None:
    found = shade(value, UNIT)
    assert found == 2 * SHADES - shade(-value, UNIT) or value == 0
    assert found - SHADES == round(SHADES * max(min(value, 1), -1)) or abs(value) < 0.126


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_two_units_have_the_shades_of_their_scale(theme: Theme) -> None:
    scale = BarScale(2.0)
    values = np.array([2.0, -2.0, 0.0, 1.0, -0.4, math.nan, 0.7])
    drawn = pairs(values, scale)
    shades = UNIT_SHADES[theme.name]
    assert [text for text, _ in drawn] == ["▄", "▀", "!", "▀"]
    for (text, role), two in zip(drawn[:2], ((8, 0), (4, 6)), strict=True):
        style = style_of(role, theme.name)
        assert style.color is not None
        assert style.bgcolor is not None
        found = (style.color.name, style.bgcolor.name)
        above, below = found if text == UPPER_UNIT else found[::-1]
        assert (above, below) == (shades[two[0]], shades[two[1]])
    assert style_of(drawn[3][1], theme.name).bgcolor is None  # there is no unit below the last


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_each_shade_is_told_from_its_neighbours(theme: Theme) -> None:
    for depth in (Depth.TRUECOLOR, Depth.INDEXED):
        found = []
        for k in range(2 * SHADES + 1):
            style = style_of(f"units-{k}-{k}", theme.name)
            if depth is not Depth.TRUECOLOR:
                style = styled(style, Color.parse("#000000"), depth)
            ink, ground = rgb_of(style)
            assert ink == ground
            found.append(ink)
        assert all(difference(*pair) >= 0.05 for pair in pairwise(found)), depth
        assert difference(found[0], found[-1]) >= 0.2


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_pill_can_be_read(theme: Theme) -> None:
    for role in ("pill-accent", "pill-error"):
        style = style_of(role, theme.name)
        assert contrast(*rgb_of(style)) >= 4.5
        indexed = styled(style, Color.parse("#000000"), Depth.INDEXED)
        assert contrast(*rgb_of(indexed)) >= 4.5
        assert styled(style, Color.parse("#000000"), Depth.NONE).reverse


@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=9))
def test_heat_goes_from_the_smallest_to_the_largest_of_the_window(norms: list[float]) -> None:
    scale = HeatScale.of(np.array(norms))
    shares = [scale.share(value) for value in sorted(norms)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    if max(norms) >= 10 * min(norms):
        assert shares[0] == pytest.approx(0.0, abs=1e-9)
    else:  # what hardly changes looks alike
        assert shares[0] == pytest.approx(1 + math.log10(min(norms) / max(norms)), abs=1e-6)


def test_the_ground_of_a_norm_is_that_of_its_value_and_stays() -> None:
    trainer = Trainer(LSTM)
    trainer.run(20)
    maker = ProofSnapshotMaker(trainer)
    grounds: dict[tuple[str, int], str] = {}
    while trainer.updates == 20:
        trainer.step()
        snapshot = maker.proved()
        if snapshot.cursor.stage is not Pass.BACKWARD:
            continue
        found = rows(context(snapshot), 120, 7)
        for label in ("‖dh_t‖", "‖dc_t‖"):
            heat = [role for text, role in found[label] if role.startswith("heat-")]
            assert len(heat) == 7 - snapshot.cursor.t
            norms = snapshot.gradient_norms if "h" in label else snapshot.memory_norms["c"]
            ordered = sorted(zip(norms[snapshot.cursor.t - 1 :], heat, strict=True))
            assert [role for _, role in ordered] == sorted(heat)
            for t, role in enumerate(heat, snapshot.cursor.t):
                assert grounds.setdefault((label, t), role) == role


def test_a_row_of_h_shows_eight_units_and_the_title_says_of_how_many() -> None:
    snapshot = backward()
    for height, last in ((5, 8), (8, 16), (10, 32)):
        view = context(snapshot, unit=3)
        labels = [label for label in rows(view, 120, height) if label.startswith("h ")]
        assert labels[0] == "h 1–8"
        assert labels[-1].endswith(f"–{last}")
        rule = plain((network.rule(view, *network.title(view), 120, height, False),))
        assert (f"h 1–{last} of 32" in rule) == (last < 32)
    assert "h 9–16" in rows(context(snapshot, unit=9), 120, 5)


def test_the_memory_has_a_row_of_its_own_or_is_shown_in_place_of_h() -> None:
    snapshot = backward()
    assert {"‖dh_t‖", "‖dc_t‖"} <= {*rows(context(snapshot), 80, 6)}
    assert "‖dc_t‖" not in rows(context(snapshot), 80, 5)
    chosen = rows(context(snapshot, variants=(("network", "c"),)), 80, 5)
    assert {"c 1–8", "‖dc_t‖"} <= {*chosen}
    assert "‖dh_t‖" not in chosen
    numbers = re.findall(r"\S+", plain((chosen["‖dc_t‖"],)))[1:]
    assert len(numbers) == 6
    rnn = backward(LSTM.with_(cell="rnn"))
    assert network.PANEL.variants(rnn) == ("h",)
    assert network.PANEL.variants(snapshot) == ("h", "c")


def test_the_column_of_the_timestep_has_one_ground_in_all_rows() -> None:
    for width in (80, 120):
        snapshot = backward()
        shown = [one.t for one in network.columns_shown(snapshot, width)]
        place = network.LABEL + 5 * shown.index(snapshot.t)
        for line in network.draw(context(snapshot), width, 7):
            at = 0
            for text, role in line:
                inside = at < place + 5 and at + len(text) > place
                ground = role.startswith(("computed-", "units-", "heat-"))
                assert not inside or ground, (text, role)
                assert inside or not role.startswith("computed-"), (text, role)
                at += len(text)


def test_where_grounds_cannot_be_seen_there_are_bars_and_no_grounds() -> None:
    view = context(backward(), unit=1)
    view.chart_cache.grounds = False
    drawn = network.draw(view, 80, 7)
    assert "▀" not in plain(drawn)
    roles = {role for line in drawn for _, role in line}
    assert not any(role.startswith(("computed-", "units-", "heat-")) for role in roles)
    assert "‹4›" in plain(drawn)
    assert any(role.startswith("selected-") for role in roles)


@pytest.mark.parametrize("task", ["recall", "text", "copy", "adding"])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_timestep_and_the_only_loss_are_on_the_screen(task: str, width: int) -> None:
    trainer = Trainer(compose({"task": task, "hidden": 4, "batch": 2}))
    maker = ProofSnapshotMaker(trainer)
    trainer.step()
    counted = trainer.task.topology.counted
    for t in (1, 2, trainer.settings.steps // 2, trainer.settings.steps):
        snapshot = maker.snapshot(t=t)
        columns = network.columns_shown(snapshot, width)
        shown = [one.t for one in columns]
        assert t in shown
        assert sum(one.timesteps for one in columns) == trainer.settings.steps
        if sum(counted) == 1:
            assert counted.index(True) + 1 in shown
        first = text_of(network.draw(context(snapshot), width, 6))[0]
        assert [int(n) for n in re.findall(r"⋯(\d+)", first)] == [
            one.hidden for one in columns if one.hidden
        ]
        x = network.LABEL + network.cell_width_of(snapshot) * shown.index(t) + 1
        assert network.timestep_at(snapshot, width, x) == t


def test_no_two_numbers_touch() -> None:
    trainer = Trainer(LSTM.with_(steps=12))
    trainer.step()
    for scale in (1e-9, 1e-3, 0.05, 1.0, 30.0, 1e4):
        snapshot = ProofSnapshotMaker(trainer).snapshot()
        snapshot.window.tape.arrays["x"][...] *= scale
        snapshot.window.tape.arrays["target"][...] *= -scale
        lines = text_of(network.draw(context(snapshot), 80, 7))
        for label in ("x_t", "target"):
            line = next(line for line in lines if line.strip().startswith(label[:3]))
            numbers = line[network.LABEL :].split()
            assert len(numbers) == 12, line
            assert all(re.fullmatch(r"−?(\d+|\d*\.\d+)", number) for number in numbers), line


def test_style_of_units_is_known_in_every_theme() -> None:
    assert style_of("units-0-8", "ansi") == style_of("units-0-8", DARK.name)
    assert style_of("units-4-", DARK.name) == Style(color=UNIT_SHADES[DARK.name][4])


@pytest.mark.parametrize("task", TASKS)
def test_rows_that_have_no_room_are_counted(task: str) -> None:
    def labels(height: int) -> tuple[list[str], int]:
        lines = text_of(network.draw(view, 80, height))
        counted = re.match(r" t(?: \(z: \+(\d+)\))? ", lines[0])
        assert counted, lines[0]
        names = [line[1:10].split(" ")[0] for line in lines[1:]]
        return [name for name in names if name != "h"], int(counted[1] or 0)

    view = context(snapshot_after(TASKS[task].with_(cell="lstm"), 2))
    everything, none = labels(20)
    assert not none
    for height in range(5, 20):
        shown, count = labels(height)
        assert len({*everything} - {*shown} - {"mark"}) == count, (shown, everything)


def test_the_strip_stays_from_the_clipping_to_the_update() -> None:
    trainer = Trainer(compose({"task": "waveform", "hidden": 2, "batch": 2, "cell": "rnn"}))
    maker = ProofSnapshotMaker(trainer)
    while trainer.cursor.stage is not Pass.CLIP:
        trainer.step()
    clipping = network.columns_shown(maker.snapshot(), 180)
    trainer.step()
    updated = maker.snapshot()
    assert updated.cursor.stage is Pass.UPDATE
    assert network.columns_shown(updated, 180) == clipping
    last = network.columns_shown(maker.snapshot(t=49), 180)
    assert all(column.timesteps for column in last)
