"""The drill, and an exercise from the teacher to the marks, on the real program in a terminal."""

from __future__ import annotations

import csv
import json
import re
import signal
from pathlib import Path

from terminal.program import Program, assert_ended, program

from rnn_tui.cli import run
from rnn_tui.exercises.drill import draw_round
from rnn_tui.exercises.exercise_file import read_exercise
from rnn_tui.exercises.marking import right_answers

LESSON = """\
title = "Two numbers"
[run]
hidden = 1
steps = 3
dtype = "float64"
[[step]]
title = "Forward"
do = ["go 0:F3"]
say = "One unit."
[step.ask]
number = "h_3[1]"
question = "What is h_3[1]?"
hint = "tanh of {a_3[1]}"
reveal = "it is {h_3[1]}"
[[step]]
title = "Back"
do = ["go 0:B2"]
[step.ask]
number = "da_2[1]"
question = "What is da_2[1]?"
hint = "the slope"
reveal = "it is {da_2[1]}"
[[step]]
title = "Larger or not"
do = ["go 0:C"]
[step.ask]
question = "Is it?"
choices = [{ text = "yes", when = "1 < 2" }, { text = "no", when = "1 > 2" }]
"""


def answer(one: Program, question: str, text: str) -> None:
    """Type an answer once its question can be answered."""
    one.wait_for(re.compile(rf"{re.escape(question)}[\s\S]*(answer|another|second try) "))
    one.settled()
    one.send(f"{text}\r")


def test_an_exercise_is_made_solved_handed_in_and_marked(tmp_path: Path) -> None:
    lesson, made, sheet = tmp_path / "mine.toml", tmp_path / "ex.toml", tmp_path / "ex.answers"
    lesson.write_text(LESSON, encoding="utf-8")
    assert run(["exercise", "make", str(lesson), "--seed", "17", "-o", str(made)]) == 0
    exercise = read_exercise(str(made))
    right = [each.value for each in right_answers(exercise.lesson(), 17)]
    first, second = f"{right[0]:.3g}", f"{right[1]:.3g}"
    assert first not in made.read_text(encoding="utf-8")

    with program("exercise", "ex.toml", "--name", "Zoë", size=(80, 23), cwd=tmp_path) as one:
        one.wait_for("exercise · Two numbers")
        assert "███" in one.settled()
        answer(one, "What is h_3[1]?", "9.9")
        one.wait_for("→ 9.9: taken")
        assert "it is" not in one.text()
        answer(one, "What is h_3[1]?", first)
        one.wait_for(f"→ {first}: taken")
        one.send("\r")
        one.wait_for("What is da_2[1]?")
        one.settled()
        one.terminal.signal(signal.SIGKILL)
        one.terminal.wait_exit()
    assert json.loads(sheet.read_text(encoding="utf-8"))["answers"] == {"1": first}

    with program("exercise", "ex.toml", size=(80, 23), cwd=tmp_path) as one:
        answer(one, "What is da_2[1]?", second)
        one.wait_for(f"→ {second}: taken")
        one.send("\r")
        answer(one, "Is it?", "2")
        one.wait_for("→ no: taken")
        one.send("\r")
        one.wait_for("3 of 3 questions are answered")
        one.send("q")
        assert_ended(one)
    names = [each.name for each in tmp_path.iterdir()]
    assert sorted(names) == ["ex.answers", "ex.toml", "mine.toml"]

    marks = tmp_path / "marks.csv"
    check = ["exercise", "check", str(sheet), "--csv", str(marks)]
    assert run(check) == 1  # a lesson of the teacher's own must be named
    assert run([*check, "--lesson", str(lesson), "--force"]) == 0
    rows = list(csv.reader(marks.read_text(encoding="utf-8").splitlines()))
    assert rows[1][0] == "Zoë"
    assert rows[1][3:] == ["17", "2", "3", "exact", "exact", "off"]


def test_a_round_of_the_drill_is_graded_and_summed_up(tmp_path: Path) -> None:
    state = {"XDG_STATE_HOME": str(tmp_path)}
    drawn = draw_round("rnn", 3, 5, count=2)
    options = ("--level", "3", "--seed", "5", "--questions", "2")
    with program("drill", *options, size=(80, 23), env=state, cwd=tmp_path) as one:
        one.wait_for("drill · level 3: a gradient at one timestep")
        assert "███" in one.settled()
        answer(one, f"What is {drawn.questions[0].name}", f"{drawn.questions[0].answer:.3g}")
        one.wait_for("exact")
        one.send("\r")
        name = drawn.questions[1].name
        one.wait_for(f"What is {name}")
        one.wait_for(f"{name} = ███")  # and no number that it comes from
        one.send("77\r")
        one.wait_for("hint")
        one.wait_for(re.compile(rf"{re.escape(name)} = .*\d.* = ███"))
        one.settled()
        one.send("77\r")
        one.wait_for("enter the end")
        one.send("\r")
        one.wait_for("1 of 2 predictions were right")
        one.send("q")
        one.wait_for("1 of 2 right at the first try")
        one.wait_for("comes again")
        one.wait_for("Another round")
        one.send("q\r")
        assert_ended(one)
    kept = json.loads((tmp_path / "rnn-tui/drill.json").read_text(encoding="utf-8"))
    assert kept["answers"] == {"rnn 3": "10"}
    assert kept["due"] == [drawn.questions[1].skill]
