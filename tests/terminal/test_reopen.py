"""The real program in a pseudo-terminal: a checkpoint opens where one was."""

from __future__ import annotations

import re
from pathlib import Path

from terminal.program import Program, program

NETWORK = ("--cell", "lstm", "--hidden", "6", "--steps", "8", "--layers", "2")
SIZE = (120, 40)


def looked_at(one: Program) -> str:
    """Return the screen without the speed, the memory in use and what of the past is in reach."""
    text = re.sub(r"\d+/s", "n/s", one.settled())
    text = re.sub(r"timeline .* MiB|timeline \S+", "timeline", text)
    return re.sub(r"( · fork \d+)?\s+\n", "\n", text)


def saved(one: Program) -> str:
    """Write the checkpoint, quit, and return the screen as it was."""
    screen = looked_at(one)
    one.send("w")
    one.wait_for("saved ")
    one.send("q")
    assert one.terminal.wait_exit() == 0
    return screen


def test_a_checkpoint_opens_where_one_was(tmp_path: Path) -> None:
    breakpoints = ("--break", "loss<0.0001", "--break", "t=7")
    with program(*NETWORK, *breakpoints, size=SIZE, cwd=tmp_path) as one:
        one.reach("u", "FORWARD t=7/8")  # its breakpoint
        one.send("b")
        one.wait_for("space on/off")
        for key in ("tab", "down", "down", "space"):
            one.settled()
            one.key(key)
        one.wait_for("○ t=7")
        one.key("escape")
        one.reach("3u", "UPDATE", 3)
        one.send("e")
        one.wait_for("enter recomputes")
        one.send("\x15")  # ctrl+u: the field is empty
        one.wait_for("'':")
        one.send("f2_5[3] = 0.5")
        one.wait_for("f2_5[3] = 0.5")
        one.key("enter")
        one.wait_for("enter keeps it")
        one.key("enter")
        one.wait_for("parameters · f2_5[3] = 0.5")
        one.key("backspace")  # futures left behind are in no file
        one.reach("ufffnnn", "BACKWARD t=6/8")
        one.send("ss")
        one.key("down", "down", "left", "left", "left")
        one.key("tab", "tab", "tab", "tab")
        one.wait_for(re.compile(r"══ ledger .*[\s\S]*so far [+−]\d"))
        before = saved(one)
    (path,) = tmp_path.glob("*.safetensors")
    with program(path.name, "--break", "grad>9", size=SIZE, cwd=tmp_path) as one:
        one.wait_for(lambda _: looked_at(one) == before)  # the proof takes a moment
        assert "timestep 2 " in before
        assert "unit 3 of 6" in before
        one.send("b")
        listed = one.wait_for("grad>9")
        assert re.search(r"● loss<0\.0001 .*\n.*○ t=7 .*hit 1×.*\n.*● grad>9", listed), listed
        one.key("escape")
