"""`rnn-tui lesson check`: what holds, what does not, and what it says of that."""

from __future__ import annotations

from pathlib import Path

import pytest
from lessons.lesson_support import RUN, lesson_with

from rnn_tui.cli import run
from rnn_tui.lessons.checking import check_lesson
from rnn_tui.lessons.library import LibraryLesson, library
from rnn_tui.lessons.reading import lesson_of, read_lesson


def _names(lesson: LibraryLesson) -> str:
    return lesson.name


@pytest.mark.parametrize("lesson", library(), ids=_names)
def test_every_claim_of_a_lesson_holds(lesson: LibraryLesson) -> None:
    read = lesson.read()
    check = check_lesson(read, read.seeds[0] if read.seeds else None)
    assert list(check.lines()) == []
    assert check.claims > 0
    assert check.predictions > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lesson", library(), ids=_names)
def test_every_claim_holds_with_every_seed(lesson: LibraryLesson, seed: int) -> None:
    read = lesson.read()
    if read.seeds and seed not in read.seeds:
        pytest.skip(f"it is for seeds {read.seeds}")
    assert list(check_lesson(read, seed).lines()) == []


def test_every_claim_of_the_lecture_holds() -> None:
    result = check_lesson(read_lesson(Path(__file__).parents[2] / "docs" / "lecture.toml"))
    assert list(result.lines()) == []
    assert result.claims > 20


def test_a_claim_that_is_made_false_fails_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = library()[0].path.read_text(encoding="utf-8")
    rows = text.split("\n")
    row = next(k for k, each in enumerate(rows) if " within " in each and " = " in each)
    rows[row] = rows[row].replace(" within ", " + 1 within ")
    path = tmp_path / "false.toml"
    path.write_text("\n".join(rows), encoding="utf-8")
    assert run(["lesson", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{path}:{row + 1}: seed 0: does not hold: ")
    assert " is " in out.split("does not hold: ")[1]  # both sides with their numbers


@pytest.mark.parametrize(
    ("step", "mistake"),
    [
        ('claims = "loss > 1e9"', "12: does not hold: loss > 1e9: loss is "),
        ('claims = "dq_1[1] > 0"', "12: claim: "),
        ('say = "it is {dh_9[1]}"', "12: say: "),
        ('show = { mark = "da_9[1]" }', "12: mark: "),
        ('ask = { question = "?", number = "1/0" }', "12: 1/0 must be a finite number"),
        ('ask = { question = "?", number = "dh_1" }', "12: dh_1 must be one number"),
        ('ask = { question = "?", timestep = "1.5" }', "12: 1.5 must be a timestep"),
        (
            'ask = { question = "?", choices = [\n{ text = "a", when = "1 < 2" },\n'
            '{ text = "b", when = "2 < 3" }] }',
            "12: exactly one choice must hold, but 2 of 2 hold: 'a' and 'b'",
        ),
        ('ask = { question = "?", number = "loss", hide = "da_9[1]" }', "12: hide: "),
        ('remember = { a = "dq_1" }', "12: remember a: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(step: str, mistake: str) -> None:
    check = check_lesson(lesson_with(f'do = "keys u"\n{step}'))
    lines = list(check.lines())
    assert len(lines) == 1
    assert lines[0].startswith(f"test.toml:{mistake}")


def test_what_is_pointed_at_may_be_computed_later() -> None:
    lesson = lesson_with('do = "go 0:F1"\nshow = { mark = "h_2[1]" }')
    assert list(check_lesson(lesson).lines()) == []


def test_lessons_that_cannot_be_read_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.toml").write_text(RUN + "noisy = 1\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text(RUN + "gap = 3\n[[step]]\ntitle = 'a'\n", encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("a.toml", "b.toml", "none.toml")]
    assert run(["lesson", "check", *paths]) == 2
    errors = capsys.readouterr().out.splitlines()
    assert all(each.startswith(path) for each, path in zip(errors, paths, strict=True))
    assert "a.toml:8: there is no setting 'noisy'" in errors[0]
    assert "b.toml:2: --gap 3 has no effect with --task cos" in errors[1]
    assert "none.toml:1: cannot be read: " in errors[2]


def test_a_lesson_for_some_seeds_is_checked_with_those_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "seeds.toml"
    text = RUN.replace("[run]", "seeds = [3]\n[run]") + "[[step]]\ntitle = 'a'\nclaims = '1 < 2'\n"
    path.write_text(text, encoding="utf-8")
    assert run(["lesson", "check", str(path), "--seeds", "0-4"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "seeds: not checked with seed 0, 1, 2, 4: written for others",
        "seeds: seed 3: 1 claim: all hold",
    ]


def test_a_checkpoint_a_second_network_and_a_restart(tmp_path: Path) -> None:
    saved = tmp_path / "run.safetensors"
    assert run(["train", "--hidden", "3", "--updates", "4", "--quiet", "--out", str(saved)]) == 0
    text = """
title = "From a file"
[run]
checkpoint = "run.safetensors"
versus = "lstm"
lr = 0.5
[[step]]
title = "a"
claims = ["updates = 4", "lr = 0.5", "versus.loss != loss"]
[[step]]
title = "b"
do = ["keys 2u", "restart"]
claims = ["updates = 0"]
"""
    lesson = lesson_of(text, str(tmp_path / "a.toml"))
    assert list(check_lesson(lesson).lines()) == []
