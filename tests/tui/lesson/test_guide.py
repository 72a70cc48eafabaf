"""What a lesson says where its claims do not hold, and what becomes of keys that come early."""

from __future__ import annotations

from typing import Any, cast

from lessons.lesson_support import PlayedLesson, lesson_with

from rnn_tui.tui.lesson.guide import LessonGuide
from rnn_tui.tui.lesson.plan import LessonPlan

FALSE = 'claims = "loss > 1e9"\n'
NUMBER = 'do = "keys u"\nask = { question = "?", number = "loss", hint = "x", reveal = "y" }\n'
TWO_RIGHT = (
    'do = "keys u"\nask = { question = "?", choices = [\n'
    '{ text = "a", when = "1 < 2" },\n{ text = "b", when = "2 < 3" }] }\n'
)


class Screen:
    """A screen that shows nothing."""

    def show_for_lesson(self, show: object) -> None:
        pass

    def draw_lesson(self) -> None:
        pass


class Guided:
    """A lesson that is guided through."""

    def __init__(self, *steps: str) -> None:
        self.played = PlayedLesson(lesson_with(*steps))
        plan = LessonPlan(self.played.player.lesson)
        self.guide = LessonGuide(plan, self.played.player, cast(Any, Screen()))
        self.guide.begin()

    def finish(self) -> None:
        """Do what the step does."""
        self.guide.takes(self.played.finish())

    def press(self, *keys: str) -> list[bool]:
        """Press keys; return which were taken."""
        return [self.guide.key(key, key, in_focus=False) for key in keys]


def test_a_claim_that_fails_is_said() -> None:
    one = Guided('do = "keys u"\n' + FALSE)
    one.finish()
    said = one.guide.view.otherwise
    assert said.startswith("With this seed (0) it comes out otherwise: loss is 0.")


def test_its_numbers_are_not_said_before_the_answer() -> None:
    one = Guided(NUMBER + FALSE)
    one.finish()
    assert one.guide.view.otherwise == "With this seed (0) not all comes out as this lesson says."
    one.press(*"77")
    one.guide.pressed_enter()
    assert "loss is" not in one.guide.view.otherwise
    one.press(*"77")
    one.guide.pressed_enter()
    assert "loss is 0." in one.guide.view.otherwise


def test_a_question_without_one_right_answer_is_not_graded() -> None:
    one = Guided(TWO_RIGHT)
    one.finish()
    assert not one.guide.open
    problem = "not graded with this seed (0): exactly one choice must hold, but 2 of 2 hold"
    assert one.guide.view.problem.startswith(problem)
    assert not one.guide.covered.names
    one.guide.pressed_enter()
    assert one.guide.view.say == (
        "This was the last step.\n1 could not be graded: no one answer was right."
    )


def test_an_answer_typed_too_early_waits_for_its_question() -> None:
    one = Guided(NUMBER, 'say = "no question"\n')
    assert one.guide.waits
    assert one.press("4", ".", "2", "n") == [True, True, True, False]
    one.guide.pressed_enter()
    assert one.guide.view.answer == "4.2"
    one.finish()
    assert not one.guide.waits
    assert (one.guide.view.answer, one.guide.view.tries) == ("4.2", ())
    one.guide.enter(1)
    assert one.guide.waits
    assert one.press("4") == [False]


def test_steps_are_turned_from_where_a_learner_is() -> None:
    one = Guided('say = "one"\n', NUMBER)
    one.finish()
    assert one.press("pageup") == [False]
    one.guide.pressed_enter()
    one.finish()
    one.press("4")
    for key in ("pageup", "pagedown"):  # while an answer is typed, and after a turn
        assert one.press(key) == [True]
        one.finish()
    assert one.guide.step == 1
    for _ in range(2):
        one.press("4")
        one.guide.pressed_enter()
    assert one.guide.view.turns  # right after the answer
    one.press("tab")
    assert not one.guide.view.turns
    assert one.press("pageup") == [False]


def test_steps_are_turned_from_one_that_was_stopped_on_its_way() -> None:
    one = Guided('say = "one"\n', 'do = "run until loss<0"\n')
    one.finish()
    one.guide.pressed_enter()
    one.press("z")
    one.played.player.cancel()
    one.played.queue.clear()
    one.guide.takes(one.played.session.latest)
    assert one.guide.view.problem.startswith("stopped on the way there")
    assert one.press("pageup") == [True]
    assert one.guide.step == 0
