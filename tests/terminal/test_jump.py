"""The list of panels: a letter jumps to one, also to a panel that was registered later."""

from __future__ import annotations

import sys

from terminal.driver import Terminal
from terminal.program import ROOT, Program

WITH_A_PANEL = """
import sys
from rnn_tui.registry import PANELS, Entry
from rnn_tui.tui.panel_spec import PanelSpec
spec = PanelSpec(lambda context, width, height: (), lambda context: ("quantum", ""))
PANELS.register(Entry("quantum", spec, group="proof"))
from rnn_tui.cli import main
sys.argv = ["rnn-tui", "--hidden", "4"]
main()
"""


def test_a_letter_jumps_to_a_panel_and_esc_leaves_all_as_it_was() -> None:
    code = [sys.executable, "-c", WITH_A_PANEL]
    with Terminal(code, 80, 24, env={"PYTHONPATH": str(ROOT)}) as terminal:
        one = Program(terminal)
        one.until(lambda h: h.state == "paused")
        for letter, title in (("l", "══ loss ═"), ("q", "══ quantum ═"), ("h", "hyperparameters ")):
            one.key("/")
            one.wait_for("a letter jumps there")
            assert f" {letter}  " in one.text()
            one.key(letter)
            one.wait_for(title)
            one.wait_for(lambda text: "a letter jumps there" not in text)
        one.send("/n")  # in one packet
        one.wait_for("══ network")
        one.key("/")
        one.wait_for("a letter jumps there")
        one.key("down", "up", "esc")
        one.wait_for(lambda text: "a letter jumps there" not in text)
        assert "══ network" in one.settled()
