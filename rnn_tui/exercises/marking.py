"""Marking: right answers are computed again by playing the lesson, and answers are graded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rnn_tui.exercises.answers_file import Answers
from rnn_tui.exercises.drill_sheet import drill_sheet
from rnn_tui.exercises.exercise_file import ExerciseError, digest_of
from rnn_tui.lessons.lesson import Lesson, Prediction

if TYPE_CHECKING:
    from rnn_tui.exercises.drill import Round
    from rnn_tui.lessons.run import LessonRun

GradeWord = Literal["exact", "approximate", "off", "none"]
"""The grade of an answer; "none" where there is no answer."""


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """What a prediction of a lesson asks for, with one seed.

    Attributes:
        step: the number of the step, from 1.
        ask: the prediction.
        value: the right number or timestep, or the number of the right choice, from 1.
    """

    step: int
    ask: Prediction
    value: float


@dataclass(frozen=True, slots=True)
class MarkedAnswers:
    """The answers of one student, marked.

    Attributes:
        path: the answers file.
        answers: what is in it.
        grades: the grade of each question, in order.
        marks: the marks in all.
    """

    path: str
    answers: Answers
    grades: tuple[GradeWord, ...]
    marks: float


@dataclass(slots=True)
class RightAnswers:
    """The right answers of lessons that were handed out, each computed once.

    Attributes:
        lessons: the texts of the lessons, by their digests.
        known: the right answers, by digest and seed.
    """

    lessons: Mapping[str, Lesson]
    known: dict[tuple[str, int], tuple[RightAnswer, ...]] = field(default_factory=dict)

    def of(self, path: str, answers: Answers) -> tuple[RightAnswer, ...]:
        """Return the right answers for somebody's exercise.

        Raises:
            ExerciseError: the lesson that it was made of is not here, or cannot be played.
        """
        key = answers.digest, answers.seed
        if key not in self.known:
            self.known[key] = self._found(path, answers)
        return self.known[key]

    def _found(self, path: str, answers: Answers) -> tuple[RightAnswer, ...]:
        """Compute the right answers for somebody's exercise."""
        lesson, sheet = self.lessons.get(answers.digest), drill_sheet(answers.lesson_name)
        if sheet is not None and digest_of(sheet.text) != answers.digest:
            sheet = None
        if lesson is None and sheet is None:
            raise ExerciseError(path, self._unknown(answers))
        try:
            if lesson is not None:
                return tuple(right_answers(lesson, answers.seed))
            assert sheet is not None
            return right_answers_of_round(sheet.round(answers.seed))
        except ValueError as error:
            raise ExerciseError(path, f"its lesson cannot be played: {error}") from None

    def _unknown(self, answers: Answers) -> str:
        """Return why there is no lesson for some answers."""
        name = answers.lesson_name
        if drill_sheet(name) is not None:
            return f"it answers a {name!r} of another version of the program"
        if any(lesson.name == name for lesson in self.lessons.values()):
            return (
                f"the lesson {name!r} here is not the one that it was made of (their digests "
                "differ): name that file, or the exercise: --lesson FILE"
            )
        return f"its lesson {name!r} is none of the program's own: name its file: --lesson FILE"


def right_answers_of_round(drawn: Round) -> tuple[RightAnswer, ...]:
    """Return what is right in each question of a round of the drill.

    Raises:
        LessonError: a question has no right answer.
    """
    from rnn_tui.lessons.run import LessonRun

    return tuple(right_answers(drawn.lesson, None, LessonRun(drawn.network.trainer())))


def right_answers(
    lesson: Lesson, seed: int | None, run: LessonRun | None = None
) -> Iterator[RightAnswer]:
    """Play a lesson, and yield what is right in each of its predictions.

    Args:
        lesson: the lesson.
        seed: the seed; None for that of the lesson.
        run: what it is played on; None for the run that it says.

    Raises:
        LessonError: an action of the lesson is refused, or a prediction has no right answer.
    """
    from rnn_tui.lessons.checking import played_steps
    from rnn_tui.lessons.evaluation import mistakes_of_prediction
    from rnn_tui.lessons.lesson_file import LessonError

    for number, (step, evaluation) in enumerate(played_steps(lesson, seed, run), 1):
        if step.ask is None:
            continue
        for mistake in (*evaluation.mistakes, *mistakes_of_prediction(step, evaluation)):
            raise LessonError(lesson.path, mistake.line, mistake.reason)
        right = evaluation.answer
        if step.ask.kind == "choice":
            right = float(evaluation.right.index(True) + 1)
        assert right is not None
        yield RightAnswer(number, step.ask, right)


def mark(
    path: str, answers: Answers, right: Sequence[RightAnswer], approximate: float
) -> MarkedAnswers:
    """Grade the answers of one student.

    Args:
        path: the answers file.
        answers: what is in it.
        right: the right answers.
        approximate: the marks of an approximate answer; an exact one has 1.
    """
    grades = tuple(grade_of(each, answers.given.get(each.step)) for each in right)
    each_mark = {"exact": 1.0, "approximate": approximate, "off": 0.0, "none": 0.0}
    return MarkedAnswers(path, answers, grades, math.fsum(each_mark[each] for each in grades))


def grade_of(right: RightAnswer, typed: str | None) -> GradeWord:
    """Return the grade of one answer, as a lesson grades it."""
    from rnn_tui.claims.errors import ClaimError
    from rnn_tui.claims.grading import grade

    if typed is None or not typed.strip():
        return "none"
    try:
        if right.ask.kind == "number":
            return grade(typed, right.value, right.ask.within).kind
        return "exact" if grade(typed, right.value, 0).relative in (0, None) else "off"
    except ClaimError:  # no number
        return "off"


def same_seeds(marked: Iterable[MarkedAnswers]) -> Iterator[tuple[int, tuple[MarkedAnswers, ...]]]:
    """Yield the seeds of a lesson that several students had, and whose they were."""
    groups: dict[tuple[str, int], list[MarkedAnswers]] = {}
    for each in marked:
        groups.setdefault((each.answers.digest, each.answers.seed), []).append(each)
    for (_, seed), group in groups.items():
        if len(group) > 1:
            yield seed, tuple(group)


def other_numbers(lesson: Lesson, seed: int) -> tuple[int, int]:
    """Return how many answers of a lesson are others with this seed than with its own, and of all.

    Raises:
        LessonError: the lesson cannot be played.
    """
    own = lesson.settings.get("seed", 0)
    assert isinstance(own, int)
    before = own if own != seed else seed + 1
    pairs = zip(right_answers(lesson, before), right_answers(lesson, seed), strict=True)
    differ = [first.value != second.value for first, second in pairs]
    return sum(differ), len(differ)
