"""The rail of the six passes: one pill in every pass, at every size, and nothing moves."""

from __future__ import annotations

import re

import pytest
from tui.screen_support import SMALL, context, places_of_an_update, snapshot_after

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, cell_width, plain
from rnn_tui.tui.panels import network

WORDS = [stage.value.lower() for stage in Pass]


def rule(view: DrawContext, width: int, left: str = "network") -> Line:
    """Return the title line of the network panel."""
    return network.rule(view, left, network.title(view)[1], width, 5, False)


def uncoloured(view: DrawContext) -> DrawContext:
    """Return `view` on a terminal where grounds cannot be seen."""
    view.chart_cache.grounds = False
    return view


@pytest.mark.parametrize("changes", [{}, {"hidden": 300, "layers": 2, "batch": 3}])
def test_there_is_one_pill_in_every_pass_at_every_width(changes: dict[str, int]) -> None:
    seen = set()
    for steps in (0, 1, 2, 4, 6, 7, 9, 12, 13, 14):
        snapshot = snapshot_after(SMALL.with_(**changes), steps=steps)
        stage = snapshot.cursor.stage.value.lower()
        seen.add(stage)
        for width in (40, 80, 94, 120, 200):
            line = rule(context(snapshot), width)
            assert cell_width(line) == width
            [(pill, _)] = [run for run in line if run[1] == "pill-accent"]
            assert re.fullmatch(rf" {stage}( \d+/5)? ", pill)
            [brackets] = re.findall(
                r"\[(.*?)\]", plain((rule(uncoloured(context(snapshot)), width),))
            )
            assert brackets == pill.strip()
            words = re.findall(r"[a-z]+", plain((line,)).partition("network")[2])
            assert words[:6] == WORDS or width == 40 or (changes and width == 80)
    assert seen == {*WORDS}


def test_nothing_of_the_rail_moves_but_the_pill_within_a_pass() -> None:
    forms: dict[str, set[int]] = {}
    for snapshot in places_of_an_update():
        line = plain((rule(context(snapshot), 80),))
        forms.setdefault(snapshot.cursor.stage, set()).add(line.index("clip"))
    assert all(len(places) == 1 for places in forms.values())


def test_it_counts_the_timesteps_that_are_done() -> None:
    found = []
    for snapshot in places_of_an_update():
        cursor = snapshot.cursor
        pill = next(text for text, role in rule(context(snapshot), 120) if role == "pill-accent")
        if cursor.t:
            done, steps = map(int, pill.split()[1].split("/"))
            before = cursor.t - 1 if cursor.stage is Pass.FORWARD else 5 - cursor.t
            assert (done, steps) == (before + cursor.complete, 5)
            found.append(done)
    assert max(found) == 5


def test_what_is_said_beside_it_gives_way_the_least_important_first() -> None:
    snapshot = snapshot_after(SMALL.with_(hidden=40, layers=2), steps=1)
    long, short = (plain((rule(context(snapshot), width),)) for width in (150, 80))
    assert long.endswith(" many→many, carried state · layer 2 of 2 · h2 1–8 of 40 ──")
    assert short.endswith("─ layer 2 of 2 · h2 1–8 of 40 ──")
    assert " batch " in short
