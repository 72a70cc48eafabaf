"""``rnn-tui exercise make`` and ``check`` without a terminal: what is made, marked and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_tui.cli import run
from rnn_tui.exercises.answers_file import Answers
from rnn_tui.exercises.exercise_file import read_exercise

LESSON = """\
title = "One number"
[run]
hidden = 1
steps = 2
dtype = "float64"
[[step]]
title = "Forward"
do = ["go 0:F2"]
[step.ask]
number = "h_2[1]"
question = "What is h_2[1]?"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(LESSON, encoding="utf-8")
    return tmp_path


def error(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert run(["exercise", *arguments]) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


BEFORE, ASK = LESSON.split("[step.ask]")
STEPS = LESSON[LESSON.index("[[step]]") :]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BEFORE, "asks nothing"),
        (f"seeds = [0, 3]\n{LESSON}", "is written for the seeds 0, 3"),
        (f'title = "x"\n[run]\ncheckpoint = "run.safetensors"\n{STEPS}', "a student would lack"),
        (f'{BEFORE}claims = ["h_2[1] > 1"]\n[step.ask]{ASK}', "does not work with this seed"),
    ],
)
def test_a_lesson_that_cannot_be_handed_out_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    Path("mine.toml").write_text(text, encoding="utf-8")
    assert said in error(capsys, "make", "mine.toml", "--seed", "1", "-o", "ex.toml")
    assert not Path("ex.toml").exists()


def test_what_is_missing_or_there_already_is_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "which seed?" in error(capsys, "make", "mine.toml", "-o", "ex.toml")
    assert "where to?" in error(capsys, "make", "mine.toml", "--seed", "1")
    assert "ends with .toml" in error(capsys, "make", "mine.toml", "--seed", "1", "-o", "ex")
    assert "which lesson?" in error(capsys, "make", "--seed", "1", "-o", "ex.toml")
    mine = ("make", "mine.toml", "--seed", "1", "-o", "mine.toml", "--force")
    assert "it is the lesson" in error(capsys, *mine)
    Path("ex.toml").write_text("notes\n", encoding="utf-8")
    taken = error(capsys, "make", "mine.toml", "--seed", "1", "-o", "ex.toml")
    assert "--force replaces it" in taken
    assert Path("ex.toml").read_text(encoding="utf-8") == "notes\n"
    assert "it is no TOML" in error(capsys, "ex.toml")


def test_students_with_other_seeds_are_marked_and_other_files_are_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in ((1, "Ada"), (2, "Bob")):
        made = f"{name}.toml"
        assert run(["exercise", "make", "mine.toml", "--seed", str(seed), "-o", made]) == 0
        assert "other" in capsys.readouterr().out
        answers = Answers.to(read_exercise(made), name).with_answer(1, "0.1")
        Path(f"{name}.answers").write_text(answers.to_json(), encoding="utf-8")
    Path("bad.answers").write_text("{", encoding="utf-8")
    named = ("check", "Ada.answers", "Bob.answers", "--lesson", "Ada.toml")
    assert run(["exercise", *named]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0] == "mine"
    assert [line.split()[0] for line in table[1:4]] == ["name", "Ada", "Bob"]
    assert run(["exercise", *named, "bad.answers"]) == 1
    assert "bad.answers: it is no answers file" in capsys.readouterr().err
    Path("mine.toml").write_text(LESSON.replace("steps = 2", "steps = 3"), encoding="utf-8")
    changed = error(capsys, "check", "Ada.answers", "--lesson", "mine.toml", code=1)
    assert "'mine' here is not the one that it was made of" in changed


def test_other_commands_say_which_one_opens_an_exercise(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["exercise", "make", "mine.toml", "--seed", "1", "-o", "ex.toml"]) == 0
    capsys.readouterr()
    for command in (["ex.toml"], ["lesson", "ex.toml"], ["exercise", "ex.answers"]):
        assert run(command) == 2
        assert "exercise" in capsys.readouterr().err
    assert "is solved in a terminal" in error(capsys, "ex.toml")
    assert run(["drill"]) == 2
    assert "needs a terminal" in capsys.readouterr().err
