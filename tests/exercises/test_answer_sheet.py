"""Answers on the disk: saved at once, gone on with, and nothing else replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rnn_tui.exercises.answer_sheet import open_sheet
from rnn_tui.exercises.answers_file import Answers, read_answers
from rnn_tui.exercises.exercise_file import Exercise, ExerciseError


def exercise(folder: Path, seed: int = 17) -> Exercise:
    return Exercise(str(folder / "ex.toml"), "a-lesson", seed, 'title = "A lesson"\n')


def test_answers_are_saved_and_gone_on_with(tmp_path: Path) -> None:
    made = exercise(tmp_path)
    sheet = open_sheet(made, "Ada")
    assert not os.path.exists(sheet.path)
    sheet.take(1, "0.018")
    sheet.take(1, "0.019")
    assert sheet.close() == ""
    again = open_sheet(made)
    assert again.answers.name == "Ada"
    assert again.answers.given == {1: "0.019"}
    again.take(3, " −2 \n")
    assert again.close() == ""
    assert read_answers(sheet.path).given == {1: "0.019", 3: "−2"}
    with pytest.raises(ExerciseError, match=r"the answers of 'Ada': leave --name out"):
        open_sheet(made, "Bob")


@pytest.mark.parametrize("content", ["my notes\n", '{"format": "rnn-tui answers 1"}', None])
def test_what_is_no_sheet_of_this_exercise_is_left_alone(
    content: str | None, tmp_path: Path
) -> None:
    made = exercise(tmp_path)
    path = Path(made.answers_path)
    other = Answers.to(exercise(tmp_path, seed=18), "Ada").with_answer(1, "2").to_json()
    path.write_text(other if content is None else content, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ExerciseError, match="move"):
        open_sheet(made, "Ada")
    assert path.read_bytes() == before


def test_a_sheet_that_somebody_else_wrote_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    made = exercise(tmp_path)
    first, second = open_sheet(made, "Ada"), open_sheet(made, "Bob")
    first.take(1, "0.018")
    assert first.close() == ""
    second.take(1, "77")
    problem = second.close()
    assert "cannot be saved" in problem
    assert second.problem == problem
    assert read_answers(first.path).name == "Ada"


def test_an_empty_file_is_taken_and_a_folder_is_not(tmp_path: Path) -> None:
    made = exercise(tmp_path)
    Path(made.answers_path).touch()
    sheet = open_sheet(made, "Ada")
    sheet.take(1, "2")
    assert sheet.close() == ""
    os.unlink(made.answers_path)
    os.mkdir(made.answers_path)
    with pytest.raises(ExerciseError, match="move it away"):
        open_sheet(made, "Ada")
