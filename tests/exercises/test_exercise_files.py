"""Files of exercises and of answers: what is written is read, and damage is one line."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from rnn_tui.exercises.answers_file import Answers, name_problem, read_answers
from rnn_tui.exercises.exercise_file import Exercise, ExerciseError, is_exercise, read_exercise

LESSON = """\
title = "A lesson"
[run]
hidden = 1
steps = 3
[[step]]
title = "One"
say = '''It has "quotes", \\backslashes, ü and ▸.'''
"""
ANSWERS = Answers("Zoë O'Neill", "a-lesson", "0" * 64, 17, {1: "0.018", 3: "−2.5e-3"})


def saved(folder: Path, text: str = LESSON) -> Path:
    path = folder / "ex.toml"
    path.write_text(Exercise("", "a-lesson", 17, text).to_toml(), encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [LESSON, LESSON.replace("'''", '"'), LESSON + "# '", "\t#\x7f\n"])
def test_an_exercise_is_read_as_it_was_written(text: str, tmp_path: Path) -> None:
    exercise = read_exercise(str(saved(tmp_path, text)))
    assert (exercise.lesson_name, exercise.seed) == ("a-lesson", 17)
    assert exercise.text.strip("\n") == text.strip("\n")
    assert exercise.answers_path == str(tmp_path / "ex.answers")
    assert is_exercise(exercise.path)


def test_an_exercise_survives_line_ends_and_byte_order_marks_of_another_system(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path)
    digest = read_exercise(str(path)).digest
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_exercise(str(path)).digest == digest


def test_a_changed_lesson_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("steps = 3", "steps = 2"), "utf-8")
    with pytest.raises(ExerciseError, match="was changed since it was handed out"):
        read_exercise(str(path))


def test_answers_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "ex.answers"
    path.write_text(ANSWERS.to_json(), encoding="utf-8")
    assert read_answers(str(path)) == ANSWERS
    assert json.loads(ANSWERS.to_json())["answers"]["1"] == "0.018"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"1": "0.018"', '"1": "0.019"'),
        ('"seed": 17', '"seed": 18'),
        ("Zoë", "Zoe"),
        ("0" * 64, "1" * 64),
        ('"3":', '"2":'),
    ],
)
def test_edited_answers_are_refused(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "ex.answers"
    path.write_text(ANSWERS.to_json().replace(old, new), encoding="utf-8")
    with pytest.raises(ExerciseError, match="edited or damaged since it was saved"):
        read_answers(str(path))


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "1", "null", "[" * 100_000, '{"a": 1, "a": 2}', "1" * 10_000, "NaN", "\x00"],
)
def test_what_is_no_answers_file_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "ex.answers"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ExerciseError) as error:
        read_answers(str(path))
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_long_answers_file_and_one_that_is_none_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.answers"
    path.write_text(" " * 200_000, encoding="utf-8")
    for each in (path, tmp_path, tmp_path / "none.answers"):
        with pytest.raises(ExerciseError, match="cannot be read"):
            read_answers(str(each))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "x" * 101, "\ud800", "a\u202eb"])
def test_names_that_nobody_has_are_refused(name: str) -> None:
    assert name_problem(name)


def mutated(content: bytes, source: random.Random) -> bytes:
    """Change, remove, repeat or insert some bytes."""
    changed = bytearray(content)
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(changed) + 1)
        match source.randrange(4):
            case 0:
                changed[place : place + 1] = bytes([source.randrange(256)])
            case 1:
                del changed[place : place + source.randint(1, 40)]
            case 2:
                changed[place:place] = changed[place : place + source.randint(1, 60)]
            case _:
                changed[place:place] = source.choice([b'"', b"{", b"[", b"\x00", b"1e999", b"'''"])
    return bytes(changed)


def fuzz(folder: Path, count: int, seed: int) -> int:
    """Read mutated files; return how many were refused."""
    source = random.Random(seed)
    exercise, answers = saved(folder).read_bytes(), ANSWERS.to_json().encode()
    path, said = folder / "mutated", list[str]()
    for number in range(count):
        is_exercise_file = bool(number % 2)
        path.write_bytes(mutated(exercise if is_exercise_file else answers, source))
        try:
            if is_exercise_file:
                read_exercise(str(path))
            else:
                assert read_answers(str(path)) == ANSWERS  # only blanks were changed
        except ExerciseError as error:
            said.append(str(error))
    assert not [each for each in said if "\n" in each]
    return len(said)


def test_mutated_files_are_refused_in_one_line(tmp_path: Path) -> None:
    assert fuzz(tmp_path, 100, 1) > 60


@pytest.mark.long
def test_many_mutated_files_are_refused_in_one_line(tmp_path: Path) -> None:
    print(f"refused {fuzz(tmp_path, 40_000, 2):,} of 40,000")
