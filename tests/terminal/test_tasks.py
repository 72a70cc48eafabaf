"""Tasks with symbols and classes in the real program."""

from __future__ import annotations

import re

import pytest
from terminal.program import Program, program

SIZES = [(80, 24), (120, 40)]


def row(one: Program, label: str) -> str:
    """Return a row of the network panel, without its label."""
    lines = one.settled().split("\n")
    return next(line for line in lines[3:12] if line.split()[:1] == [label])[10:]


@pytest.mark.parametrize("size", SIZES)
def test_a_text_is_read_character_by_character(size: tuple[int, int]) -> None:
    with program("--task", "text", "--hidden", "8", size=size) as one:
        assert one.lines[0].startswith(" text: built in · many→many · lstm 8 · ")
        one.reach("n", "BATCH")
        one.wait_for(lambda text: re.search(r"t x_t +target", text) is not None)
        inputs = row(one, "x_t").split()
        assert re.search(rf" 1 {re.escape(inputs[0])} +{re.escape(inputs[1])} ", one.text())
        one.reach("n", "FORWARD t=1/25")
        text = one.settled()
        assert re.search(rf"target '{re.escape(inputs[1])}' p [\d.]+, −log p [\d.]+", text)
        if folded := re.search(r"\d rows folded, z on this panel shows them: .*\bx_t\b", text):
            one.send("zd")
        one.wait_for(re.compile(rf"x_t +'{re.escape(inputs[0])}' +\(\d+ of 46\)"))
        if folded:
            one.send("zd")
            one.wait_for("rows folded")
        assert re.match(r" *\S[✓✗] +·", row(one, "y_t"))
        assert row(one, "x_t").split() == inputs
        one.reach("ff", "LOSS")
        text = one.settled()
        assert "L = −1/N · Σ log p_t[target] = " in text
        assert re.search("N = 25(?: timesteps · 8 samples|·8) = 200", text)
        one.reach("n", "BACKWARD t=25/25")
        one.reach("u", "UPDATE", update=1)
        (hidden,) = re.findall(r"⋯(\d+)", row(one, "t"))
        answers = len(re.findall("[✓✗]", row(one, "y_t")))
        assert answers + int(hidden) == 25
        assert answers + 1 == (size[0] - 10) // 5  # one column counts those that are hidden


@pytest.mark.parametrize("size", SIZES)
def test_recall_is_asked_once_at_the_end(size: tuple[int, int]) -> None:
    with program("--task", "recall", "--gap", "20", "--hidden", "8", size=size) as one:
        assert one.lines[0].startswith(" recall · many→one · lstm 8 · ")
        title = " batch  › forward › loss › backward › clip › update ─"
        if size[0] > 100:
            title = "─ sample 1 of 32, ‖dh_t‖ of all ──"
        assert title in one.text()
        one.reach("n", "BATCH")
        one.wait_for("the loss counts at t=29 only")
        one.reach("n", "FORWARD t=1/29")
        assert re.match(r" +I +was +born +in +[A-Z][a-z]+ ", row(one, "x_t"))
        assert row(one, "y_t").strip() == "·"  # of the only one that counts
        assert "not counted here" in one.text()
        one.reach("f", "FORWARD t=29/29")
        answer = row(one, "y_t").strip()
        assert re.fullmatch(r"[A-Z][a-z]+[✓✗]", answer)
        assert row(one, "x_t").split()[-4:] == ["so", "today", "I", "speak"]
        text = one.settled()
        match = re.search(r"p_t +([A-Z][a-z]+) \.\d\d .*target ([A-Z][a-z]+) p ", text)
        assert match is not None
        assert answer == match[1] + ("✓" if match[1] == match[2] else "✗")
        one.reach("f", "LOSS")
        rows = re.findall(rf"^ *29 {match[2]} +{match[1]}[✓✗] ", one.settled(), re.MULTILINE)
        assert len(rows) == 1


def test_every_output_can_be_looked_at_even_where_there_are_more_than_hidden_units() -> None:
    with program("--task", "neuron") as one:
        one.reach("nn", "FORWARD t=1/1")
        assert "output first, target" in one.settled()
        one.key("down")
        one.wait_for("output second, target")
        one.wait_for("output 2 of 2")
        one.key("down")
        assert "output 2 of 2" in one.settled()
