"""A scripted learner plays a lesson in the real program at 80×23."""

from __future__ import annotations

import re
from pathlib import Path

from terminal.program import program

LESSON = """
title = "What arrives at t=2"
about = "A lesson of this test."
[run]
hidden = 1
steps = 3
noise = 0.0
dtype = "float64"
optimizer = "sgd"
lr = 0.1
clip_by = "none"

[[step]]
title = "The sum"
do = ["go 0:B2.3"]
show = { panel = "timestep", mark = "dh_2[1]" }
say = "Two gradients come in: {dh_y_2[1]} and {dh_next_2[1]}."
[step.ask]
number = "dh_2[1]"
question = "What is dh_2?"
hint = "A sum."
reveal = "They add up to {dh_2[1]}."

[[step]]
title = "Through tanh"
do = ["go 0:B2.4"]
show = { panel = "timestep" }
say = "tanh takes a part of it."
[step.ask]
number = "da_2[1]"
within = "5%"
question = "What is da_2, with dh_2 = {dh_2[1]} and h_2 = {h_2[1]}?"
hint = "Times 1 − h_2²."
reveal = "It is {da_2[1]}."

[[step]]
title = "Where the largest gradient is"
do = ["go 0:B1"]
show = { panel = "network" }
[step.ask]
timestep = "argmax(norms(dh))"
question = "At which timestep is ‖dh‖ largest?"
hide_panels = ["gradients", "network"]

[[step]]
title = "Which way"
do = ["go 1:U"]
say = "The update is done."
[step.ask]
question = "Did W_h grow?"
choices = [
    { text = "it grew", when = "update(W_h[1,1]) > 0" },
    { text = "it shrank", when = "update(W_h[1,1]) < 0" },
    { text = "neither", when = "update(W_h[1,1]) = 0" },
]
hint = "By −lr·dW_h."
"""


def test_a_learner_gets_the_grades_that_the_answers_deserve(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(LESSON, encoding="utf-8")
    with program("lesson", str(path), "--seed", "0", size=(80, 23)) as one:
        one.wait_for("What is dh_2?")
        screen = one.wait_for("answer ▏")
        assert "step 1 of 4" in screen
        assert "lesson · What arrives at t=2" in screen
        assert re.search(r"h_t .*███", screen)
        assert "0.02123" not in screen
        # A slip is no answer; the right number, as it is written on paper, is exact.
        one.key("enter")
        one.wait_for("type a number, then enter")
        one.send("0.021234\x7f")
        one.wait_for("answer 0.02123▏")
        one.send("\r\r")  # the second one passes over nothing that was not seen
        one.wait_for("✓ 0.02123: exact")
        screen = one.wait_for("They add up to 0.02123.")
        assert "███" not in screen
        # Rounded to two digits it is exact, too; then one near enough, after a wrong one.
        one.key("enter")
        one.wait_for("step 2 of 4")
        one.wait_for("answer ▏")
        one.send("-.0184")
        one.key("enter")
        one.wait_for("✗ −.0184: off: the sign is the other one; the size is right")
        one.wait_for("hint: Times 1 − h_2².")
        # One may step around, and what is covered stays so; esc comes back.
        one.send("s")
        one.until(lambda h: h.place == "BACKWARD t=2/3")
        screen = one.wait_for("off the path: esc comes back")
        assert "0.01836" not in screen
        one.send("2N")  # with the field, digits are the answer's
        one.wait_for("second try 2▏")
        one.key("esc")
        one.wait_for(lambda text: "off the path" not in text)
        one.key("backspace")
        one.wait_for("second try ▏")
        # In its panel, a page back is a step back; what was looked at stays beside it.
        one.send("\x1b[Z")
        one.wait_for("══ lesson")
        assert re.search("^── timestep 2", one.settled(), re.MULTILINE)
        one.key("pageup")
        one.wait_for("They add up to 0.02123.")
        one.key("pagedown")  # on again, though the step's own panel has the focus now
        one.wait_for("second try ▏")
        one.send("0.0186")
        one.terminal.resize(120, 40)
        one.wait_for("second try 0.0186▏")
        one.key("enter")
        one.wait_for("~ 0.0186: approximate: 1.3 % off")
        one.terminal.resize(80, 23)
        one.wait_for("It is 0.01836.")
        # A timestep, by the arrows; the panels that would show it are covered.
        one.key("enter")
        one.wait_for("At which timestep")
        assert "covered until your answer is in" in one.text()
        one.key("left", "enter")
        one.wait_for("step 3 of 4")
        # A choice, wrong twice.
        one.wait_for("enter goes on")
        one.key("enter")
        one.wait_for("Did W_h grow?")
        for typed, next_one in (("3", "hint: By"), ("c", "it is it")):
            one.send(typed)
            one.wait_for("▸3 neither")
            one.key("enter")
            one.wait_for(next_one)
        one.wait_for("enter the end")
        one.key("enter")
        one.wait_for("2 of 4 predictions were right at the first try, 1 at the second try.")
        one.key("pageup")
        one.wait_for("step 4 of 4")
        one.key("q")
        assert one.terminal.wait_exit() == 0
