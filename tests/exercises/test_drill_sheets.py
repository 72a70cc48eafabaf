"""Questions of the drill that are handed out: made, answered and marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_tui.cli import run
from rnn_tui.exercises.answers_file import Answers
from rnn_tui.exercises.drill_sheet import DrillSheet, drill_sheet
from rnn_tui.exercises.exercise_file import read_exercise
from rnn_tui.number_text import number

MAKE = ("exercise", "make", "--drill", "--cell", "gru", "--level", "4", "--questions", "2")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert run(["exercise", *arguments]) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_each_student_has_other_numbers_and_is_marked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {}
    for seed, name in ((1, "Ada"), (2, "Bob")):
        assert run([*MAKE, "--seed", str(seed), "-o", f"{name}.toml"]) == 0
        assert "2 questions, on a network of this seed" in capsys.readouterr().out
        made = read_exercise(f"{name}.toml")
        drawn = made.drill_round()
        assert drawn is not None
        answers[name] = [each.answer for each in drawn.questions]
        sheet = Answers.to(made, name).with_answer(1, number(answers[name][0]))
        sheet = sheet.with_answer(2, "1234")
        Path(f"{name}.answers").write_text(sheet.to_json(), encoding="utf-8")
    assert answers["Ada"] != answers["Bob"]
    assert run(["exercise", "check", "Ada.answers", "Bob.answers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "drill --cell gru --level 4 --questions 2"
    assert [line.split()[-3:] for line in lines[2:4]] == [["exact", "off", "1/2"]] * 2
    old = Answers("Eve", "drill --cell gru --level 4 --questions 2", "0" * 64, 1)
    Path("old.answers").write_text(old.to_json(), encoding="utf-8")
    assert "of another version" in refused(capsys, "check", "old.answers", code=1)
    text = Path("Ada.toml").read_text(encoding="utf-8")
    Path("Ada.toml").write_text(text.replace("--level 4", "--level 5"), encoding="utf-8")
    assert "no drill of this version" in refused(capsys, "Ada.toml")


def test_what_does_not_go_together_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ("--seed", "1", "-o", "ex.toml")
    assert "which level?" in refused(capsys, "make", "--drill", *out)
    assert "not both" in refused(capsys, "make", "1", "--drill", "--level", "1", *out)
    assert "goes with --drill" in refused(capsys, "make", "1", "--level", "1", *out)
    assert "which seed?" in refused(capsys, "make", "--drill", "--level", "1")
    neuron = ("make", "--drill", "--cell", "neuron", "--level")
    assert "has no level 4" in refused(capsys, *neuron, "4", *out)
    few = refused(capsys, *neuron, "6", "--questions", "50", *out)
    assert "questions, not 50" in few
    assert not Path("ex.toml").exists()


def test_a_name_that_is_no_drill_is_that_of_a_lesson() -> None:
    assert drill_sheet(DrillSheet("lstm", 3, 6).name) == DrillSheet("lstm", 3, 6)
    for name in ("drill", "one-step", "drill --cell x --level 3 --questions 6", "drill --cell rnn"):
        assert drill_sheet(name) is None
