"""The header: its first line stays, nothing in the second moves, and what matters most has room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from tui.panels.test_versus import beside
from tui.screen_support import SMALL, context, places_of_an_update, snapshot_after, text_of

from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse as parse_breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import AddBreakpoint, Back, Configure, Continue, Intervene, Keep, Step
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.ascii_text import line_in_ascii
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panels import footer, header

LSTM = SMALL.with_(cell="lstm")
LINK = "link 210 ms · 4/s"


def lines(view: DrawContext | Snapshot, width: int = 80) -> list[str]:
    """Return the two lines and the footer."""
    view = context(view) if isinstance(view, Snapshot) else view
    drawn = (*header.draw(view, width, 2), *footer.draw(view, width, 1))
    assert all(len(line) <= width for line in text_of(drawn))
    return text_of(drawn)


@cache
def stopped(condition: str, settings: Settings = LSTM) -> Snapshot:
    """Return a run that a breakpoint has stopped."""
    session = Session(Trainer(settings))
    return session.perform(AddBreakpoint(parse_breakpoint(condition)), Continue())


def questions() -> Iterator[tuple[Snapshot, Snapshot]]:
    """Yield a place before and after something is said of it."""
    session = Session(Trainer(LSTM))
    before = session.perform(Step(Stride.UPDATE, 5), Step(Stride.TIMESTEP, 4))
    what_if = parse_what_if("f = 1", session.trainer.network.declaration)
    yield before, session.perform(Intervene(what_if))
    for condition in ("update=3", "loss<5", "pass=BACKWARD t=2"):
        there = stopped(condition)
        yield replace(there, stop=None), there


@pytest.mark.parametrize("width", [80, 120])
def test_the_first_line_stays_whatever_is_said(width: int) -> None:
    for before, after in questions():
        assert lines(before, width)[0] == lines(after, width)[0]


@pytest.mark.parametrize("grounds", [True, False])
def test_a_pill_says_what_the_state_is_of(grounds: bool) -> None:
    found = []
    for _, after in questions():
        view = context(after)
        view.chart_cache.grounds = grounds
        found.append(re.findall(r"paused +\[?(\S.*?)\]? *$", lines(view)[1])[0])
    assert found == [
        "? what if f = 1",
        "■ stopped: update=3",
        "■ stopped: loss<5",
        "■ pass=BACKWARD t=2",
    ]


def test_a_what_if_is_held_and_a_fork_once_it_is_kept() -> None:
    session = Session(Trainer(LSTM))
    session.perform(Step(Stride.UPDATE, 5), Back(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 3))
    what_if = parse_what_if("f = 1", session.trainer.network.declaration)
    asked = lines(session.perform(Intervene(what_if)))
    assert "fork" not in asked[1]
    assert "f = 1" not in asked[0]
    assert re.search(r"enter keeps it +esc discards it", asked[2])
    kept = lines(session.perform(Keep()))
    assert "· f = 1" in kept[0]
    assert "what if" not in kept[1]


def in_two_what_ifs() -> Iterator[Snapshot]:
    """Yield a run with one what-if, with two, with three, and two passes later."""
    session = Session(Trainer(LSTM))
    session.perform(Step(Stride.TIMESTEP, 2))
    for text in ("h_1[1] = 0", "W_h *= 2", "h_2[2] = 0.5"):
        what_if = parse_what_if(text, session.trainer.network.declaration)
        yield session.perform(Intervene(what_if))
    yield session.perform(Step(Stride.PASS, 2))


@pytest.mark.parametrize("width", [80, 100, 120, 160])
@pytest.mark.parametrize("grounds", [True, False])
def test_with_what_ifs_help_stays_and_nothing_is_said_twice(width: int, grounds: bool) -> None:
    for snapshot in in_two_what_ifs():
        view = context(snapshot)
        view.chart_cache.grounds = grounds
        drawn = lines(view, width)
        assert "? help" in drawn[2]
        assert "enter keeps" in drawn[2]
        assert "esc " in drawn[2]
        assert " ".join(drawn).count("W_h *= 2") <= 1
        assert not re.search(r"· +\?", drawn[0])


def test_the_footer_says_where_undoing_a_what_if_goes() -> None:
    *here, later = in_two_what_ifs()
    for snapshot in here:
        assert "back to" not in lines(snapshot)[2]
    assert "undoes the newest, back to FORWARD t=1" in lines(later)[2]


STOPS = ("update=3", "loss<5", "pass=BACKWARD t=2", "pass=LOSS", "saturated z2>=0", "clipped")


@pytest.mark.parametrize("width", [80, 83, 100, 120])
@pytest.mark.parametrize("condition", STOPS)
def test_a_stop_says_which_breakpoint_and_how_to_go_on(condition: str, width: int) -> None:
    """Where other breakpoints could have stopped the run too, none is left to guess."""
    deep = Settings(cell="gru", hidden=5, layers=2, steps=7, clip=0.001)
    snapshot = stopped(condition, deep)
    long = replace(snapshot, speed=123456.0, cursor=replace(snapshot.cursor, update=123456))
    for each in (snapshot, long):
        _, place, below = lines(each, width)
        assert each.stop is not None
        reason = each.stop.reason.split(" at ")[0]
        assert condition in place or reason in below
        assert " · c on " in below
        assert "? help" in below


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("condition", ["update=3", "loss<5", "pass=BACKWARD t=2", "grad>0.0001"])
def test_stop_line_and_header_name_the_same_update(condition: str, width: int) -> None:
    snapshot = stopped(condition)
    assert snapshot.stop is not None
    _, place, below = lines(snapshot, width)
    assert f"· update {snapshot.cursor.update} ·" in place
    said = re.findall(r"update (\d+)", below)
    assert {*said} <= {str(snapshot.cursor.update)}
    assert snapshot.stop.advice in below  # and what it was, here or in the pill
    assert snapshot.stop.reason.split(" at ")[0] in below or "stopped" in place
    assert re.search(rf"update {snapshot.cursor.update}\b", snapshot.stop.reason)


def test_divergence_says_what_has_become_of_what() -> None:
    diverging = SMALL.with_(optimizer="sgd", lr=100.0, clip_by="none", activation="relu")
    snapshot = Session(Trainer(diverging)).perform(Step(Stride.UPDATE, 500))
    assert snapshot.divergence is not None
    _, place, below = lines(snapshot)
    assert re.search(r"· diverged · \S+ is (inf|nan) ✗ ", place)
    said = re.findall(r"update (\d+)", below)
    assert {*said} <= {str(snapshot.cursor.update)}


FORM = re.compile(
    r"^ (?:BATCH|LOSS|CLIP|UPDATE|(?:FORWARD|BACKWARD) t=[1-9]\d*/12)"
    r" · update \d+ · loss \S+ · \d+/s · (?:paused|running) *$"
)


def test_the_form_that_scripts_read_is_the_same_everywhere() -> None:
    for snapshot in places_of_an_update(SMALL.with_(steps=12)):
        for loss in (2.0, 0.123456, 1.23e-12, 45.6, float("nan")):
            line = lines(replace(snapshot, loss=loss))[1]
            assert FORM.match(line), line


def test_a_paused_run_shows_no_speed_of_before() -> None:
    paused = replace(snapshot_after(), speed=3805.0)
    for snapshot, run in (
        (paused, ("0/s", "dim")),
        (replace(paused, running=True), ("3805/s", "")),
    ):
        assert run in header.draw(context(snapshot), 80, 2)[1]


def past(forks: int = 0) -> Snapshot:
    """Return a place in the past, with futures that were left."""
    session = Session(Trainer(LSTM))
    there = session.perform(Step(Stride.UPDATE, 6), Back(Stride.UPDATE, 3))
    for k in range(forks):
        session.perform(Configure(LSTM.with_(lr=0.5 + k)), Step(Stride.UPDATE, 3))
        there = session.perform(Back(Stride.UPDATE, 2))
    return there


def test_what_has_no_room_in_the_second_line_is_in_the_first() -> None:
    snapshot = replace(past(1), second_network=beside(6, 0).second_network)
    late = replace(snapshot, cursor=replace(snapshot.cursor, update=123_456), speed=12345.0)
    for rail in (False, True):
        for link in ("", LINK):
            first, second, _ = lines(replace(context(late), rail=rail, link=link))
            text = first + second
            assert "fork 1" in text, text
            assert re.search(r"past of \d+", text), text
            assert link in text
            assert "lstm 4" in first
            assert "lstm 2" in first
            assert "…" not in text


def test_the_timeline_gives_way_first_then_the_learning_rate() -> None:
    shown = snapshot_after(LSTM)
    wide, link, narrow = (
        lines(replace(context(shown), link=words), width)[0]
        for words, width in (("", 120), (LINK, 80), ("", 62))
    )
    assert re.search(r"timeline 0–0.* adagrad lr 0.01 · clip 5 · T 5 · B 1 $", wide)
    assert link.endswith(f"lr 0.01 · {LINK} ")
    assert narrow.endswith("lr 0.01 ")


@pytest.mark.parametrize("width", [80, 94, 120, 200])
def test_the_rail_has_one_pill_where_no_panel_has_it(width: int) -> None:
    for snapshot in places_of_an_update(LSTM):
        stage = snapshot.cursor.stage.value.lower()
        for link in ("", LINK):
            view = replace(context(snapshot), rail=True, link=link)
            [pill] = [text for text, role in header.draw(view, width, 2)[0] if "pill" in role]
            assert re.fullmatch(rf" {stage}( \d+/5)? ", pill)
            assert link in lines(view, width)[0]
        plain_view = context(snapshot)
        assert all("pill" not in role for _, role in header.draw(plain_view, width, 2)[0])


def test_in_ascii_separators_are_separators() -> None:
    snapshot = snapshot_after(SMALL.with_(steps=12), steps=3)
    view = replace(context(snapshot), ascii=True)
    view.chart_cache.grounds = False
    drawn = line_in_ascii(header.draw(view, 80, 2)[1], 80)
    form = r" FORWARD t=2/12 +\| update 0 \| loss \S+ +\| \d+/s \| paused *"
    assert re.fullmatch(form, text_of((drawn,))[0])
