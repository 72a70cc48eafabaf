"""Colours in a real terminal: what is asked and answered, and what is sent for each kind."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

import pytest
from terminal.driver import Terminal
from terminal.program import ROOT, Program

from rnn_tui.tui import colour_depth

ARGV = [sys.executable, "-m", "rnn_tui", "--hidden", "4"]
TRUECOLOR_QUERY = colour_depth.TRUECOLOR_QUERY.encode()
XTERM = {"TERM": "xterm-256color", "COLORTERM": None}
KINDS = {
    "256 light": (XTERM, "light", "ffffff"),
    "16 dark": ({"TERM": "xterm", "COLORTERM": None}, "dark", "black"),
    "16 light": ({"TERM": "linux", "COLORTERM": None}, "light", "brightwhite"),
    "none": ({"TERM": "vt220", "COLORTERM": None}, "light", "default"),
}


def start(env: Mapping[str, str | None], *options: str, answers: str | None = None) -> Terminal:
    """Return the program in a terminal with this environment."""
    argv = [*ARGV, *options]
    return Terminal(argv, env={"PYTHONPATH": str(ROOT), **env}, answers=answers)


@pytest.mark.parametrize(("env", "theme", "ground"), KINDS.values(), ids=KINDS)
def test_the_ground_is_that_of_the_kind_of_terminal(
    env: Mapping[str, str | None], theme: str, ground: str
) -> None:
    with start(env, "--theme", theme) as terminal:
        Program(terminal).until(lambda h: h.state == "paused")
        terminal.wait_still(0.2)
        assert terminal.cell(40, 15).bg == ground
        frames = terminal.raw().replace(TRUECOLOR_QUERY, b"")
        kinds = set(re.findall(rb"\x1b\[[\d;]*?[34]8;([25]);", frames))
        assert kinds == ({b"5"} if env is XTERM else set())


@pytest.mark.parametrize(
    ("answers", "answer"), [(None, "0;48:2::1:2:3m"), ("decrqm", "48;2;1;2;3m")]
)
def test_the_running_program_goes_over_to_truecolor(answer: str, answers: str | None) -> None:
    with start(XTERM, answers=answers) as terminal:
        program = Program(terminal)
        program.until(lambda h: h.state == "paused")
        if answers:
            terminal.key("b")  # which blinks nowhere but in its field
            terminal.wait_for("breakpoints")
        terminal.wait_still(0.2)
        assert terminal.raw().count(TRUECOLOR_QUERY) == 1
        before = program.text()
        for other in ("0$r", "1$r0m", "1$r0;48:5:16m", "1+r524742=38"):
            terminal.send(f"\x1bP{other}\x1b\\")
        terminal.wait_still(0.3)
        assert terminal.cell(40, 22).bg == "1c1c1c"
        terminal.send(f"\x1bP1$r{answer}\x1b\\")
        terminal.wait_for(lambda _: terminal.cell(40, 22).bg == "14161f")
        terminal.wait_still(0.2)
        assert program.text() == before  # nothing was taken for keys
        frames = terminal.raw(2000)
        assert b"8;5;" not in frames
        if answers:
            terminal.key("esc")
        assert terminal.cell(40, 0).bg == "1b1e2b"
        program.reach("u", "UPDATE", update=1)
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()
