"""Every move stops where a run at the command line does, and says the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Back,
    BackToStop,
    Continue,
    GoTo,
    Pause,
    Restart,
    RunOrPause,
    RunTo,
    Step,
    Swap,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.train import train

SMALL = Settings(hidden=3, steps=4, num_points=60, noise=0.2, lr=0.05)
EXPLODING = Settings(hidden=8, activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
TEXTS = ("loss<0.3", "loss>0.2", "grad>0.4", "clipped", "update=3", "saturated h<0.9", "t=2")
PLACED = ("pass=BATCH", "pass=LOSS", "pass=CLIP", "pass=UPDATE", "t=1", "pass=BACKWARD t=4")


def said(hit: BreakpointHit | None) -> tuple[object, ...] | None:
    """Return what a hit tells: NaN is not equal to itself."""
    return None if hit is None else (str(hit.breakpoint), hit.reason, hit.advice, hit.also)


@given(
    st.lists(st.sampled_from((*TEXTS, *PLACED)), max_size=3, unique=True),
    st.sampled_from(list(Stride)),
    st.integers(1, 12),
    st.integers(0, 30),
)
def test_a_counted_move_stops_where_single_moves_do(
    texts: list[str], stride: Stride, count: int, start: int
) -> None:
    sessions = [Session(Trainer(SMALL), list(map(parse, texts))) for _ in range(2)]
    counted, single = sessions
    for each in sessions:
        each.perform(Step(Stride.OPERATION, start))
    there = counted.perform(Step(stride, count))
    for _ in range(count):
        here = single.perform(Step(stride))
        if here.stop is not None:
            break
    assert here.cursor == there.cursor
    assert said(here.stop) == said(there.stop)
    assert here.breakpoints == there.breakpoints


def test_two_updates_do_not_pass_over_a_place_in_the_second_one() -> None:
    session = Session(Trainer(SMALL), [parse("pass=BACKWARD t=2")])
    session.perform(Step(Stride.UPDATE, 2))
    stopped = session.perform(Step(Stride.UPDATE, 2))
    assert stopped.stop is not None
    assert (str(stopped.cursor.stage), stopped.cursor.t, stopped.cursor.update) == (
        "BACKWARD",
        2,
        1,
    )


def test_run_to_a_timestep_stops_at_a_breakpoint_before_it() -> None:
    session = Session(Trainer(SMALL), [parse("t=2")])
    stopped = session.perform(RunTo(4))
    assert (stopped.cursor.t, stopped.stop is not None) == (2, True)
    assert session.perform(RunTo(4)).cursor.t == 4


@pytest.mark.parametrize("text", [*TEXTS, *PLACED])
def test_the_screen_says_what_the_command_line_says(text: str) -> None:
    settings = SMALL.with_(clip=0.1)
    listed = [parse(text), parse("update=200")]
    session, trainer = Session(Trainer(settings), listed), Trainer(settings)
    breakpoints = Breakpoints(*listed)
    for _ in range(3):
        shown = session.perform(Continue())
        told = train(trainer, 200, breakpoints=breakpoints).stop
        assert said(shown.stop) == said(told)
        assert shown.breakpoints == breakpoints.statuses
        if shown.cursor.update == 200:
            break
    assert shown.breakpoints[1].hits


MOVES = (Continue(), Step(Stride.UPDATE, 999), Step(Stride.TIMESTEP, 99999), GoTo(99))


@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("texts", [[], ["nan"], ["t=19"], ["update=5000", "nan"]])
def test_a_divergence_is_a_hit_of_nan_with_reason_and_advice(
    command: Continue | Step | GoTo, texts: list[str]
) -> None:
    told = train(Trainer(EXPLODING), 999).stop
    session = Session(Trainer(EXPLODING), list(map(parse, texts)))
    shown = session.perform(command)
    while shown.divergence is None:  # stopped at t=19
        shown = session.perform(command)
    assert said(shown.stop) == said(told)
    assert str(shown.breakpoints[0].breakpoint) == "nan"
    assert shown.breakpoints[0].hits == 1
    for refused in (Step(Stride.UPDATE), Continue(), RunOrPause()):
        after = session.perform(refused)
        assert said(after.stop) == said(told)
        assert after.breakpoints[0].hits == 1
        assert after.notice is not None
        assert after.notice.error
    assert session.perform(Back(Stride.UPDATE)).stop is None


def test_what_the_refusal_advises_works() -> None:
    session = Session(Trainer(EXPLODING))
    there = session.perform(Continue())
    assert there.divergence is not None
    assert session.perform(Back(Stride.UPDATE)).divergence is None
    assert session.perform(Step(Stride.UPDATE)).divergence == there.divergence
    assert session.perform(Restart()).stop is None


def test_a_stop_is_forgotten_with_the_network_that_it_is_about() -> None:
    session = Session(Trainer(SMALL), [parse("update=3")], versus=Versus("gru"))
    assert session.perform(Continue()).stop is not None
    assert session.perform(Swap()).stop is None


def test_swapping_to_a_network_that_diverged_says_why_it_stands() -> None:
    session = Session(Trainer(EXPLODING.with_(cell="gru")), versus=Versus("rnn"))
    session.perform(Step(Stride.UPDATE, 30))
    shown = session.perform(Swap())
    assert shown.divergence is not None
    assert shown.stop is not None
    assert str(shown.stop.breakpoint) == "nan"


def test_searching_back_counts_no_hits() -> None:
    session = Session(Trainer(SMALL), [parse("t=2")])
    for _ in range(9):
        before = session.perform(Continue())
    back = session.perform(BackToStop())
    assert back.stop is not None
    assert back.breakpoints == before.breakpoints


@pytest.mark.parametrize("back", [1, 2, 3])
def test_after_going_back_it_stops_where_it_did_before(back: int) -> None:
    session = Session(Trainer(SMALL), [parse("loss<0.2"), parse("grad>0.4"), parse("t=3")])
    there: list[Snapshot] = [session.perform(Continue()) for _ in range(24)]
    for _ in range(back):
        session.perform(BackToStop())
    for expected in there[-back:]:
        again = session.perform(Continue())
        assert again.cursor == expected.cursor
        assert said(again.stop) == said(expected.stop)


def test_a_pause_that_comes_too_late_does_not_run_past_the_stop() -> None:
    session = Session(Trainer(SMALL), [parse("update=5")])
    running = session.latest.number  # the newest that was seen when space was pressed
    stopped = session.perform(Continue())
    late = session.perform(RunOrPause(running))
    assert (late.cursor, late.stop) == (stopped.cursor, stopped.stop)
    assert late.notice is not None
    assert "already" in late.notice.text
    session.perform(Pause())
    seen = session.perform(RunTo(2))
    assert seen.cursor.t == 2
