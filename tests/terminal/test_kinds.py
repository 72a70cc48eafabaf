"""Every kind of terminal: started, stepped, run, resized, quit, with its own keys and answers."""

from __future__ import annotations

import sys

import pytest
from terminal.kinds import KINDS, kind_terminal
from terminal.program import ROOT, Program, assert_ended

ARGV = [sys.executable, "-m", "rnn_tui", "--hidden", "4", "--steps", "9"]
# What other programs have asked for, and what was left switched on by one: answered late.
UNASKED = (
    "\x1b[0n\x1b[?1;2c\x1b[>41;354;0c\x1b[8;24;80t\x1bP1$r0m\x1b\\\x1b]11;rgb:0/0/0\x07"
    "\x1b[?2048;2$y\x1b[I\x1b[O\x1b[97;1:3u\x1b[M !!\x1bn"
)


SELDOM = {"rxvt", "screen", "old linux", "apple"}  # of screen there is a real one elsewhere


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in SELDOM)) for name in KINDS]
)
def test_started_stepped_run_resized_quit(name: str) -> None:
    kind = KINDS[name]
    with kind_terminal(kind, ARGV, {"PYTHONPATH": str(ROOT)}) as terminal:
        one = Program(terminal)
        one.until(lambda header: header.state == "paused")
        one.send(UNASKED)
        one.key("n", "f10")
        one.until(lambda header: header.place == "FORWARD t=1/9")
        one.key("right", "right", "home", "end", "f12", "backspace", "n")
        one.until(lambda header: header.place == "FORWARD t=2/9")
        one.key("f5")
        one.until(lambda header: header.state == "running" and header.update > 5)
        one.key("space")
        one.until(lambda header: header.state == "paused")
        one.key("f1")
        one.wait_for("esc closes")
        one.key("esc")
        one.until(lambda header: header.state == "paused")
        terminal.resize(100, 30)
        one.wait_for(lambda text: "? help" in text.split("\n")[-1] and text.count("\n") == 29)
        one.settled()
        assert terminal.wrong() == []
        one.key("q")
        assert_ended(one)
        assert one.text().strip() == ""
