"""Breakpoints and going back, as the screen asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_conditions import parse
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    BackToStop,
    Command,
    Configure,
    GoTo,
    Pause,
    RemoveBreakpoint,
    Run,
    RunTo,
    Step,
    ToggleBreakpoint,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=4, num_points=60)


@pytest.fixture
def session() -> Iterator[Session]:
    one = Session(Trainer(SMALL), [parse("update=30")])
    one.start()
    yield one
    one.stop()


def after(
    session: Session, *commands: Command, until: Callable[[Snapshot], bool] = lambda s: True
) -> Snapshot:
    """The first paused snapshot after the commands for which `until` holds."""
    number = session.latest.number
    for command in commands:
        session.send(command)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        snapshot = session.latest
        if snapshot.number > number and not snapshot.running and until(snapshot):
            return snapshot
        session.refresh()
        time.sleep(0.002)
    raise AssertionError(f"never came true: {session.latest.cursor}")


def test_a_run_stops_at_the_breakpoint_and_says_why(session: Session) -> None:
    stopped = after(session, Run())
    assert stopped.cursor.update == 30
    assert stopped.stop is not None
    assert "30" in stopped.stop.reason
    assert stopped.stop.advice
    assert stopped.breakpoints[1].hits == 1
    assert after(session, Step(Stride.TIMESTEP)).stop is None


def test_a_counted_walk_stops_too(session: Session) -> None:
    assert after(session, Step(Stride.UPDATE, 200)).cursor.update == 30


def test_the_list_is_edited_and_refusals_are_told(session: Session) -> None:
    listed = after(
        session, AddBreakpoint(parse("loss<0.1")), until=lambda s: len(s.breakpoints) == 3
    )
    assert str(listed.breakpoints[2].breakpoint) == "loss<0.1"
    off = after(
        session, ToggleBreakpoint(1), until=lambda s: not s.breakpoints[1].breakpoint.enabled
    )
    assert off.breakpoints[2].breakpoint.enabled
    gone = after(session, RemoveBreakpoint(1), until=lambda s: len(s.breakpoints) == 2)
    assert str(gone.breakpoints[1].breakpoint) == "loss<0.1"
    refused = after(session, RemoveBreakpoint(0), until=lambda s: s.notice is not None)
    assert refused.notice is not None
    assert refused.notice.error
    unfit = after(
        session,
        AddBreakpoint(parse("saturated f>0.5")),
        until=lambda s: "f" in (s.notice.text if s.notice else ""),
    )
    assert len(unfit.breakpoints) == 2


def test_back_to_the_stop_and_to_the_newest_again(session: Session) -> None:
    after(session, Run())
    there = after(session, Step(Stride.UPDATE, 25), until=lambda s: s.cursor.update == 55)
    back = after(session, BackToStop(), until=lambda s: s.cursor.update == 30)
    assert back.stop is not None
    assert back.timeline.in_past
    newest = after(session, GoTo(None), until=lambda s: s.cursor.update == 55)
    assert not newest.timeline.in_past
    assert newest.smoothed == there.smoothed
    assert (newest.window.tape["h"] == there.window.tape["h"]).all()


def at(t: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.cursor.t == t


def test_run_to_the_selected_timestep_of_this_pass_or_the_next(session: Session) -> None:
    after(session, Step(Stride.TIMESTEP, 2), until=lambda s: s.cursor.t == 1)
    for stage, t in ((Pass.FORWARD, 3), (Pass.BACKWARD, 2), (Pass.BACKWARD, 1), (Pass.FORWARD, 4)):
        arrived = after(session, RunTo(t), until=at(t))
        assert arrived.cursor.stage is stage
        assert arrived.cursor.complete


def test_a_change_in_the_past_forks_and_keeps_a_ghost(session: Session) -> None:
    after(session, Step(Stride.UPDATE, 20), until=lambda s: s.cursor.update == 20)
    after(session, GoTo(10), until=lambda s: s.cursor.update == 10)
    forked = after(session, Configure(SMALL.with_(lr=0.1)), until=lambda s: s.settings.lr == 0.1)
    assert not forked.timeline.in_past
    assert len(forked.timeline.ghosts) == 1
    assert forked.timeline.newest == 10


def test_back_before_the_start_stays_there(session: Session) -> None:
    start = after(session, Step(Stride.UPDATE, 3), Back(Stride.UPDATE, 10), ViewRequest(t=None))
    start = after(session, Back(Stride.UPDATE, 10), until=lambda s: s.cursor.update == 0)
    assert not start.cursor.has_batch


def test_walks_wait_for_each_other_and_a_pause_overtakes_them() -> None:
    session = Session(Trainer(Settings(cell="lstm", hidden=64, steps=40, num_points=400)))
    session.start()
    try:
        arrived = after(
            session,
            Step(Stride.UPDATE, 20),
            Back(Stride.UPDATE, 5),
            Step(Stride.TIMESTEP, 3),
            until=lambda s: s.cursor.t == 2,
        )
        assert (arrived.cursor.update, arrived.cursor.stage) == (15, Pass.FORWARD)
        for _ in range(50):
            session.send(Step(Stride.UPDATE, 1000))
        while session.latest.cursor.update < 20:
            session.refresh()
            time.sleep(0.002)
        paused = after(session, Pause())
        assert paused.cursor.update < 5000
        time.sleep(0.1)
        assert session.latest.cursor == paused.cursor
    finally:
        session.stop()
