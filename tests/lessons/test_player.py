"""Playing a lesson: entering steps, going back, leaving the path and coming back."""

from __future__ import annotations

import threading

import pytest
from lessons.lesson_support import PlayedLesson, lesson_with, place_of

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.lessons.player import LessonPlayer
from rnn_tui.lessons.run import begin_run
from rnn_tui.session.commands import Step

LESSON = lesson_with(
    'do = "go 0:B3"\nsay = "loss {loss}"\nremember = { first = "loss" }',
    'do = ["what-if W_h = 0.5", "keys 3u z"]\nclaims = "loss != first"',
    'do = ["set lr=0.5", "go 5:B2"]\nremember = { third = "loss" }',
    'do = ["restart hidden=3", "run until update=2"]\nclaims = ["third > 0", "loss > 0"]',
)


def test_each_action_is_done_when_the_one_before_is() -> None:
    lesson = PlayedLesson(LESSON)
    first = lesson.enter(0)
    assert (first.cursor.update, first.cursor.stage, first.cursor.t) == (0, Pass.BACKWARD, 3)
    second = lesson.enter(1)
    assert second.cursor.update == 3
    assert second.what_if is not None
    assert lesson.keys == ["z"]
    fourth = lesson.enter(3)
    assert (fourth.settings.hidden, fourth.settings.lr, fourth.cursor.update) == (3, 0.5, 2)
    evaluation = lesson.player.evaluated
    assert evaluation is not None
    assert [each.holds for each in evaluation.claims] == [True, True]
    assert set(lesson.player.remembered) == {"first", "third"}


def test_going_back_and_forth_comes_to_the_same_places() -> None:
    lesson = PlayedLesson(LESSON)
    places = [place_of(lesson.enter(step)) for step in range(4)]
    for step in (2, 0, 3, 1, 1, 2):
        assert place_of(lesson.enter(step)) == places[step]
        evaluation = lesson.player.evaluated
        assert evaluation is not None
        assert not evaluation.mistakes


def test_a_step_is_reached_from_anywhere() -> None:
    there = place_of(PlayedLesson(LESSON).enter(3))
    lesson = PlayedLesson(LESSON)
    lesson.enter(1)
    lesson.session.perform(Step(Stride.UPDATE, 4))  # off the path
    assert lesson.player.left(lesson.session.latest)
    assert place_of(lesson.enter(3)) == there


def test_who_leaves_the_path_comes_back() -> None:
    lesson = PlayedLesson(LESSON)
    there = place_of(lesson.enter(1))
    assert not lesson.player.left(lesson.session.latest)
    lesson.session.perform(Step(Stride.UPDATE, 7))
    assert lesson.player.left(lesson.session.latest)
    lesson.player.come_back()
    assert place_of(lesson.finish()) == there
    assert not lesson.player.left(lesson.session.latest)


def test_where_a_moment_is_lost_the_lesson_is_played_again() -> None:
    lesson = PlayedLesson(LESSON)
    places = [place_of(lesson.enter(step)) for step in range(3)]
    lesson.loses_moments = True
    assert place_of(lesson.enter(1)) == places[1]


def test_an_action_that_fails_is_said_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.lessons.moves.MOST_UPDATES", 5)
    lesson = PlayedLesson(lesson_with('do = [\n"run until loss<1e-300"]'))
    snapshot = lesson.enter(0)
    reason = "run until loss<1e-300: not reached within 5 updates"
    assert str(lesson.player.error) == f"test.toml:12: {reason}"
    assert len(snapshot.breakpoints) == 1  # `nan`: those for the way are gone


def test_a_condition_that_holds_already_is_reached() -> None:
    lesson = PlayedLesson(lesson_with('do = ["keys 5u", "run until loss<1e9"]'))
    assert lesson.enter(0).cursor.update == 5
    assert lesson.player.error is None


def test_what_was_cancelled_leaves_no_breakpoints() -> None:
    lesson = PlayedLesson(lesson_with('do = "run until loss<1e-300"'))
    lesson.player.enter(0)
    while len(lesson.session.latest.breakpoints) < 3:
        commands, lesson.queue = lesson.queue, []
        lesson.player.take(lesson.session.perform(*commands))
    lesson.queue.clear()  # the run has not begun
    lesson.player.cancel()
    assert len(lesson.finish().breakpoints) == 1
    assert not lesson.player.busy
    assert lesson.player.interrupted


def test_a_session_with_its_thread_plays_the_same() -> None:
    text = (
        'do = ["keys 2u", "run until loss<0.5", "what-if W_h = 0.5"]\nsay = "{loss}"',
        'do = ["run until pass=BACKWARD t=2", "keys s"]\nclaims = "dh_2[1] != 0"',
        'do = "run until update=30"\nremember = { l = "loss" }\nclaims = "loss = l"',
    )
    lesson = lesson_with(*text)
    alone = PlayedLesson(lesson)
    expected = [(place_of(alone.enter(step)), alone.player.evaluated) for step in range(3)]
    session = begin_run(lesson).session()
    player = LessonPlayer(lesson, session)
    news = threading.Event()
    session.listen(news.set)
    session.start()
    try:
        for step in (0, 1, 2, 0, 2, 1):
            player.enter(step)
            while player.busy:
                session.refresh()
                assert news.wait(20)
                news.clear()
                player.take(session.latest)
            assert player.error is None
            assert (place_of(session.latest), player.evaluated) == expected[step]
    finally:
        session.stop()
