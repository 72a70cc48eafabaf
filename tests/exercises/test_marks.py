"""Marks: the table, the CSV, and what is said of answers that cannot be marked."""

from __future__ import annotations

import csv
import io

import pytest

from rnn_tui.exercises.answers_file import Answers
from rnn_tui.exercises.exercise_file import ExerciseError
from rnn_tui.exercises.marking import MarkedAnswers, RightAnswer, RightAnswers, grade_of, mark
from rnn_tui.exercises.marks_table import harmless, table_lines, to_csv
from rnn_tui.lessons.lesson import Choice, Lesson, Prediction

NUMBER = RightAnswer(1, Prediction("number", "What is it?", "da_2[1]", within=0.05), 0.018364)
TIMESTEP = RightAnswer(2, Prediction("timestep", "When?", "argmax(norms(dh))"), 20)
CHOICE = RightAnswer(
    4, Prediction("choice", "Which?", choices=(Choice("a", "1 = 1"), Choice("b", "1 = 2"))), 1
)
RIGHT = (NUMBER, TIMESTEP, CHOICE)


def answers(name: str, *given: str, seed: int = 17) -> Answers:
    return Answers(name, "one-step", "0" * 64, seed, dict(zip((1, 2, 4), given, strict=False)))


def marked(name: str, *given: str, path: str = "ex.answers") -> MarkedAnswers:
    return mark(path, answers(name, *given), RIGHT, 0.5)


@pytest.mark.parametrize(
    ("right", "typed", "grade"),
    [
        (NUMBER, "0.018", "exact"),
        (NUMBER, "0.01836", "exact"),
        (NUMBER, "0.0179", "approximate"),
        (NUMBER, "−0.018", "off"),
        (NUMBER, "it shrinks", "off"),
        (NUMBER, "9" * 400, "off"),
        (NUMBER, "", "none"),
        (NUMBER, None, "none"),
        (TIMESTEP, "20", "exact"),
        (TIMESTEP, "19", "off"),
        (TIMESTEP, "t=20?", "off"),
        (CHOICE, "1", "exact"),
        (CHOICE, "2", "off"),
    ],
)
def test_answers_are_graded_as_in_a_lesson(
    right: RightAnswer, typed: str | None, grade: str
) -> None:
    assert grade_of(right, typed) == grade


def test_a_table_for_people() -> None:
    lines = table_lines(
        [
            marked("Ada", "0.01836", "20", "1", path="ada.answers"),
            marked("Zoë\x1b[2J", "0.0179", "3", path="zoë.answers"),
        ]
    )
    assert lines[0] == "one-step"
    assert lines[1].split() == ["name", "file", "seed", "1", "2", "3", "marks"]
    assert lines[2].split() == ["Ada", "ada.answers", "17", "exact", "exact", "exact", "3/3"]
    assert lines[3].split() == ["Zoë?[2J", "zoë.answers", "17", "approx", "off", "–", "0.5/3"]
    assert lines[4].strip() == "right, of 2: question 1: 2, question 2: 1, question 3: 1"
    assert lines[5].strip() == "the same numbers, seed 17: Ada, Zoë?[2J"


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    names = ['=cmd("calc")', "+1", "-2", "@SUM(A1)", "−3", " =1", "Ada, B.", 'O"Neill', "Zoë"]
    rows = list(csv.reader(io.StringIO(to_csv([marked(name, "0.018") for name in names]))))
    assert rows[0][:6] == ["name", "file", "lesson", "seed", "marks", "of"]
    assert [row[0] for row in rows[1:]] == [*(f"'{name}" for name in names[:6]), *names[6:]]
    assert rows[1][4:] == ["1", "3", "exact", "none", "none"]
    assert harmless("\t=1") == "'\t=1"


def test_a_lesson_that_is_another_one_is_refused_by_its_name() -> None:
    here = Lesson(path="x.toml", name="one-step", title="One step")
    right = RightAnswers({"1" * 64: here})
    with pytest.raises(ExerciseError, match=r"'one-step' here is not the one .* digests"):
        right.of("ada.answers", answers("Ada"))
    with pytest.raises(ExerciseError, match=r"'one-step' is none of the program's own"):
        RightAnswers({}).of("ada.answers", answers("Ada"))
