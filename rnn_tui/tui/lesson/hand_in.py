"""An exercise that is handed in: answers are taken and saved, and none is graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnn_tui.exercises.answer_sheet import AnswerSheet
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.player import LessonPlayer
from rnn_tui.tui.lesson.answer import wrong_form
from rnn_tui.tui.lesson.guide import LessonGuide, LessonScreen
from rnn_tui.tui.lesson.plan import LessonPlan, StepResult
from rnn_tui.tui.lesson.view import TAKEN, Covered, LessonView, Try

_FIRST_ANSWER = "an answer first: later steps say what is right; a guess is better than none"


def hand_in_plan(lesson: Lesson, sheet: AnswerSheet, *, workings: bool = False) -> LessonPlan:
    """Return how an exercise is played whose answers `sheet` takes.

    It begins with the first question that has no answer.

    Args:
        lesson: the lesson.
        sheet: takes the answers.
        workings: equations have no numbers but their result, as in the drill.
    """
    asked = [k for k, step in enumerate(lesson.steps) if step.ask is not None]
    given = sheet.answers.given
    results = tuple(StepResult(k, (given[k + 1],), (TAKEN,)) for k in asked if k + 1 in given)
    missing = [k for k in asked if k + 1 not in given]
    begin = missing[0] if missing and results else 0

    def note(step: int, results: Sequence[StepResult]) -> None:
        """Save what is new."""
        for each in results:
            if sheet.answers.given.get(each.step + 1) != each.given[-1]:
                sheet.take(each.step + 1, each.given[-1])

    def sum_up(results: Sequence[StepResult]) -> Sequence[str]:
        """Return what is handed in."""
        return (f"{sheet.path} has the answers of {sheet.answers.name}: hand it in.",)

    return LessonPlan(
        lesson,
        name="exercise",
        begin=begin,
        results=results,
        progress=note,
        sum_up=sum_up,
        make_guide=lambda plan, player, screen: HandInGuide(plan, player, screen, sheet, workings),
    )


class HandInGuide(LessonGuide):
    """Guides through an exercise: takes answers, and covers what is asked for until the end.

    An answer may be changed until one goes on, as later steps may say what is right. So none of
    them is shown before there is an answer.
    """

    def __init__(
        self,
        plan: LessonPlan,
        player: LessonPlayer,
        screen: LessonScreen,
        sheet: AnswerSheet,
        workings: bool,
    ) -> None:
        """Guide through the exercise of `plan`; `sheet` takes the answers."""
        self._sheet, self._workings = sheet, workings
        super().__init__(plan, player, screen)

    @property
    def results(self) -> tuple[StepResult, ...]:
        """The answers that were given, in the order of the steps."""
        return tuple(
            StepResult(step, (attempt.tries[-1].given,), (TAKEN,))
            for step, attempt in sorted(self._attempts.items())
            if attempt.tries
        )

    def on(self) -> None:
        """Go on, if there is an answer; it stays as it is then."""
        asks = self._now.ask is not None and (self.open or self._facts is None)
        if asks and not self._attempt.tries and not self._ended:
            self._note = _FIRST_ANSWER
            self._changed()
            return
        self._attempt.settled = True
        super().on()

    def pressed_enter(self) -> None:
        """Take an answer; with nothing new typed, go on."""
        if self.open and self._attempt.tries and not self._field.text:
            self.on()
        else:
            super().pressed_enter()

    def _answer(self) -> None:
        """Take what was typed, if it can be an answer."""
        ask, facts, text = self._now.ask, self._facts, self._field.text
        assert ask is not None
        assert facts is not None
        self._note = wrong_form(ask.kind, text, facts.steps)
        if not self._note:
            self._attempt.tries = (Try(text, TAKEN),)
            self._field.text = ""
            self.plan.progress(self.step, self.results)
        self._changed()

    def _covered(self) -> Covered:
        """Return what is not to be seen: what the step asks for, whether it is answered or not."""
        ask = self._now.ask
        if ask is None:
            return Covered()
        numbers = () if self._facts is None else self._facts.numbers
        names = (*((ask.answer,) if ask.kind == "number" else ()), *ask.hides)
        return Covered(numbers, names, ask.hides_panels, self._workings)

    def _view(self) -> LessonView:
        """Return what the panel shows, but for what is right, why, and hints."""
        view = super()._view()
        problem = view.problem or self._sheet.problem
        ask, known = self._now.ask, self.known
        otherwise = known.otherwise(told=ask is None) if known is not None else ""
        return replace(view, right="", reveal="", hint="", problem=problem, otherwise=otherwise)

    def _sum_up(self) -> str:
        """Return the paragraphs of the end."""
        asked = sum(step.ask is not None for step in self.plan.lesson.steps)
        results = self.results
        lines = ["This was the last step.", f"{len(results)} of {asked} questions are answered."]
        return "\n".join([*lines, *self.plan.sum_up(results)])
