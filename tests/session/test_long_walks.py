"""A walk of any length stands in the way of nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from session.session_support import Driver

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import (
    Back,
    Command,
    Continue,
    GoTo,
    Pause,
    RunOrPause,
    Step,
    ViewRequest,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, num_points=60)
ENDLESS = 10**100


@pytest.fixture
def driver() -> Iterator[Driver]:
    one = Driver(Trainer(SMALL))
    one.send(Step(Stride.UPDATE, 300))
    one.until(lambda s: s.cursor.update == 300 and not s.running)
    yield one
    one.session.stop(10)


@pytest.mark.parametrize("stride", list(Stride))
def test_back_by_any_count_is_at_the_beginning(stride: Stride) -> None:
    session = Session(Trainer(SMALL))
    for count in (999_999_999, ENDLESS):
        session.perform(Step(Stride.UPDATE, 40), Step(Stride.TIMESTEP, 3))
        there = session.perform(Back(stride, count))
        assert (there.cursor.update, there.cursor.has_batch) == (0, False)
        assert there.notice is not None
        assert "the timeline begins at update 0" in there.notice.text


@pytest.mark.parametrize("walk", [*(Step(s, ENDLESS) for s in Stride), GoTo(ENDLESS)])
@pytest.mark.parametrize("end", [Pause(), RunOrPause()])
def test_a_walk_without_end_is_shown_and_ended(driver: Driver, walk: Command, end: Command) -> None:
    driver.send(walk)
    under_way = driver.until(lambda s: s.running and s.cursor.update >= 300, ask=False)
    driver.send(walk, Step(Stride.UPDATE, 7), ViewRequest(t=3), end)
    ended = driver.until(lambda s: not s.running)
    assert ended.number > under_way.number
    assert ended.timeline.newest == ended.cursor.update
    driver.session.stop(10)
    plain = Trainer(SMALL)
    plain.advance_to(driver.session.trainer.index)
    assert driver.session.trainer.parameters.tobytes() == plain.parameters.tobytes()


def test_what_is_shown_changes_while_moves_wait(driver: Driver) -> None:
    driver.send(Step(Stride.UPDATE, ENDLESS))
    driver.until(lambda s: s.running)
    driver.send(Step(Stride.TIMESTEP), Back(Stride.PASS), ViewRequest(t=3))
    seen = driver.until(lambda s: s.request.t == 3)
    assert seen.running
    driver.send(Pause())
    driver.until(lambda s: not s.running)


def test_going_on_after_a_place_waits_until_it_is_reached(driver: Driver) -> None:
    driver.send(GoTo(20), Continue())
    driver.until(lambda s: s.running and s.cursor.update > 25 and not s.seeking)
    driver.after(Pause())


def test_going_to_a_far_update_counts_as_training() -> None:
    there = Session(Trainer(SMALL)).perform(GoTo(400))
    assert there.unsaved
    assert there.trained > 0
    assert there.speed > 0
