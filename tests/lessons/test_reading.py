"""The files of lessons: what is read of them, and where their mistakes are."""

from __future__ import annotations

import pytest

from rnn_tui.lessons.lesson import ChangeSettings, PressKeys, RunUntil, TryWhatIf
from rnn_tui.lessons.reading import LessonError, lesson_of

TEXT = '''\
title = "One step by hand"
about = "One step of backpropagation through time."
[run]
hidden = 1
steps = 3
clip-by = "none"

[[step]]
title = "First"
do = ["keys n 2s", "what-if W_h = 0.5",
  # a comment with ] and "
  "run until update=300", "set lr=0.05", "restart hidden=2"]
show = { panel = "timestep", zoom = true, mark = "dh_2[1]", unit = 2 }
say = """At t=2 it is
{dh_2[1]} ["""
remember = { before = "loss" }
claims = [
  "dh_2[1] = dh_2[1] within 1e-12",
  "norm(dh_1) < 5"]
[step.ask]
number = "dh_2[1]"
question = "How large?"
within = "5%"
hide_panels = ["gradients"]
hint = "h"

[[step]]
title = "Second"
ask.choices = [
  { text = "a", when = "1 < 2" },
  { text = "b", when = "2 < 1" },
]
ask.question = "Which?"
'''


def test_a_lesson_is_read_with_its_lines() -> None:
    lesson = lesson_of(TEXT, "there/one.toml")
    first, second = lesson.steps
    assert (lesson.name, lesson.title) == ("one", "One step by hand")
    assert lesson.settings == {"hidden": 1, "steps": 3, "clip_by": "none"}
    assert first.do == (
        PressKeys(("n", "2s")),
        TryWhatIf("W_h = 0.5"),
        RunUntil("update=300"),
        ChangeSettings({"lr": 0.05}),
        ChangeSettings({"hidden": 2}, restarts=True),
    )
    assert first.lines == (10, 10, 12, 12, 12)
    assert [claim.line for claim in first.claims] == [18, 19]
    assert first.ask is not None
    assert (first.line, first.ask.line) == (8, 20)
    assert second.ask is not None
    assert [choice.line for choice in second.ask.choices] == [30, 31]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden = 1", "hiden = 1", "4: there is no setting 'hiden'; did you mean hidden?"),
        ("steps = 3", "steps = 0", "5: --steps must be a whole number from 1 to 5000, not 0"),
        ('"First"', '""', "9: title must be a text, not ''"),
        ("keys n 2s", "keys n q", "10: key 'q' cannot be pressed by a lesson; allowed: "),
        ("keys n 2s", "go 0:L unit 7", "10: '0:L unit 7': unit must be from 1 to"),
        ("keys n 2s", "keys e", "10: key 'e' cannot be pressed by a lesson; write "),
        ("keys n 2s", "key n", "10: 'key n' is no action; did you mean keys?"),
        ("W_h = 0.5", "W_g = 0.5", "10: 'W_g = 0.5': there is no 'W_g'"),
        ("update=300", "updte=300", "12: 'updte=300' is no breakpoint"),
        ("set lr=0.05", "set steps=5", "12: steps cannot change in a run: write restart steps="),
        ("unit = 2", "unit = 3", "13: unit must be a whole number from 1 to 2 here, not 3"),
        ("gradients", "gradient", "24: there is no panel 'gradient'; did you mean gradients?"),
        ("within = ", "witin = ", "23: there is no key 'witin' in [step.ask]; did you mean within"),
        ('"5%"', '"500%"', "23: within must be a share"),
        ("question = ", "hint = ", "25: this is no TOML: it is there already"),
        ('question = "How large?"\n', "", "20: [step.ask] needs question = "),
        ("hidden = 1", "hidden = " + "9" * 5000, "4: a number has too many digits"),
        ('"Second"', '"\\u001b[2J"', "28: title must not have the control character"),
        ("say = ", "say = " + "[" * 5000, "1: it is nested too deeply"),
    ],
)
def test_a_mistake_is_said_with_its_line(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(LessonError) as error:
        lesson_of(TEXT.replace(old, new, 1), "one.toml")
    assert str(error.value).startswith(f"one.toml:{message}")
    assert "\n" not in str(error.value)
