"""Breakpoints and going back, as the screen asks for them."""

from __future__ import annotations

import time

import pytest
from session.session_support import Driver

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_conditions import NON_FINITE
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    BackToStop,
    Configure,
    Continue,
    GoTo,
    Pause,
    RemoveBreakpoint,
    RunTo,
    Step,
    Swap,
    SwitchBreakpoint,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=4, num_points=60)


@pytest.fixture
def session() -> Session:
    return Session(Trainer(SMALL), [parse("update=30")])


def test_a_run_stops_at_the_breakpoint_and_says_why(session: Session) -> None:
    stopped = session.perform(Continue())
    assert stopped.cursor.update == 30
    assert stopped.stop is not None
    assert "30" in stopped.stop.reason
    assert stopped.stop.advice
    assert stopped.breakpoints[1].hits == 1
    assert session.perform(Step(Stride.TIMESTEP)).stop is None


def test_a_counted_move_stops_too(session: Session) -> None:
    assert session.perform(Step(Stride.UPDATE, 200)).cursor.update == 30


def test_the_list_is_edited_and_refusals_are_notices(session: Session) -> None:
    listed = session.perform(AddBreakpoint(parse("loss<0.1")))
    assert str(listed.breakpoints[2].breakpoint) == "loss<0.1"
    off = session.perform(SwitchBreakpoint(parse("update=30"), False))
    assert not off.breakpoints[1].breakpoint.enabled
    assert off.breakpoints[2].breakpoint.enabled
    gone = session.perform(RemoveBreakpoint(parse("update=30")))
    assert len(gone.breakpoints) == 2
    assert str(gone.breakpoints[1].breakpoint) == "loss<0.1"
    refused = session.perform(RemoveBreakpoint(NON_FINITE))
    assert refused.notice is not None
    assert refused.notice.error
    unfit = session.perform(AddBreakpoint(parse("saturated f>0.5")))
    assert unfit.notice is not None
    assert "f" in unfit.notice.text
    assert unfit.notice.number > refused.notice.number
    assert len(unfit.breakpoints) == 2


def test_back_to_the_stop_and_to_the_newest_again(session: Session) -> None:
    session.perform(Continue())
    there = session.perform(Step(Stride.UPDATE, 25))
    assert there.cursor.update == 55
    back = session.perform(BackToStop())
    assert back.cursor.update == 30
    assert back.stop is not None
    assert back.timeline.in_past
    newest = session.perform(GoTo(None))
    assert newest.cursor == there.cursor
    assert not newest.timeline.in_past
    assert newest.smoothed == there.smoothed
    assert (newest.window.tape["h"] == there.window.tape["h"]).all()


def test_run_to_the_selected_timestep_of_this_pass_or_the_next(session: Session) -> None:
    session.perform(Step(Stride.TIMESTEP, 2))
    for stage, t in ((Pass.FORWARD, 3), (Pass.BACKWARD, 2), (Pass.BACKWARD, 1), (Pass.FORWARD, 4)):
        arrived = session.perform(RunTo(t))
        assert (arrived.cursor.stage, arrived.cursor.t) == (stage, t)
        assert arrived.cursor.complete


def test_a_change_in_the_past_forks_and_keeps_a_ghost(session: Session) -> None:
    session.perform(Step(Stride.UPDATE, 20))
    session.perform(GoTo(10))
    forked = session.perform(Configure(SMALL.with_(lr=0.1)))
    assert not forked.timeline.in_past
    assert len(forked.timeline.ghosts) == 1
    assert forked.timeline.newest == 10


def test_back_before_the_start_stays_there(session: Session) -> None:
    start = session.perform(Step(Stride.UPDATE, 3), Back(Stride.UPDATE, 10))
    start = session.perform(Back(Stride.UPDATE, 10))
    assert start.cursor.update == 0
    assert not start.cursor.has_batch


def test_moves_wait_for_each_other_and_a_pause_cancels_them() -> None:
    driver = Driver(Trainer(Settings(cell="lstm", hidden=64, steps=40, num_points=400)))
    try:
        driver.send(Step(Stride.UPDATE, 20), Back(Stride.UPDATE, 5), Step(Stride.TIMESTEP, 3))
        arrived = driver.until(lambda s: s.cursor.t == 2 and not s.running)
        assert (arrived.cursor.update, arrived.cursor.stage) == (15, Pass.FORWARD)
        driver.send(*[Step(Stride.UPDATE, 1000)] * 50)
        driver.until(lambda s: s.cursor.update >= 20)
        paused = driver.after(Pause())
        assert paused.cursor.update < 5000
        time.sleep(0.1)
        assert driver.latest.cursor == paused.cursor
    finally:
        driver.session.stop()


@pytest.mark.parametrize("place", [Back(Stride.TIMESTEP), GoTo(9), Step(Stride.UPDATE)])
def test_one_that_is_added_is_armed_wherever_that_is(place: Back | GoTo | Step) -> None:
    session = Session(Trainer(SMALL), [parse("clipped")])
    session.perform(Step(Stride.UPDATE, 20), place)
    update = session.latest.cursor.update
    session.perform(AddBreakpoint(parse("loss>0")), Continue())
    assert session.latest.cursor.update in (update, update + 1)
    session.perform(GoTo(9))  # it was true at update 8 and is now: nothing becomes true
    limit = session.perform(AddBreakpoint(parse("update=30")), Continue())
    assert limit.cursor.update == 30


def test_after_a_swap_nothing_becomes_true_that_was_true() -> None:
    session = Session(Trainer(SMALL), [parse("loss>0"), parse("update=30")], Versus("gru"))
    session.perform(Step(Stride.UPDATE, 20), Swap(), Continue())
    assert session.latest.cursor.update == 30


def test_a_run_stops_at_a_test_loss_that_is_measured_while_it_goes_on() -> None:
    driver = Driver(Trainer(SMALL.with_(lr=0.05)))
    driver.send(AddBreakpoint(parse("test<0.4")), Continue())
    stopped = driver.until(lambda snapshot: snapshot.stop is not None)
    assert stopped.stop is not None
    assert stopped.stop.reason.startswith("test 0.")
    tested = stopped.test_losses
    assert stopped.stop.value in tested.loss
    assert stopped.stop.value < 0.4
    driver.session.stop()
