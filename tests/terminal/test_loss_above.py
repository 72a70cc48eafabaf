"""The loss above the timestep of a narrow screen: while the real program trains, and no longer."""

from __future__ import annotations

import sys

from terminal.driver import Terminal
from terminal.program import ROOT, Program

# The panels take time to be placed: so a run may end while the loss is given its place.
SLOW = """
import sys, time
from rnn_tui.tui.screens.debugger import Debugger
arrange = Debugger._arrange
def slow(self, width, height):
    running = self.session.latest.running
    arrange(self, width, height)
    time.sleep(0.4 * running)
Debugger._arrange = slow
from rnn_tui.cli import main
sys.argv = ["rnn-tui", "--hidden", "8", *(f"--break=update={n}" for n in (400, 800, 1200))]
main()
"""


def network_is_above(text: str) -> bool:
    """Return whether the network is the panel below the header."""
    return text.split("\n")[2].startswith("── network")


def test_after_a_run_however_short_the_network_stands_above_the_timestep_again() -> None:
    code = [sys.executable, "-c", SLOW]
    with Terminal(code, 80, 24, env={"PYTHONPATH": str(ROOT)}) as terminal:
        one = Program(terminal)
        one.until(lambda h: h.state == "paused")
        for update in (400, 800, 1200):
            one.send("c")
            one.wait_for(f" update {update} ")
            one.until(lambda h: h.state == "paused")
            one.wait_for(network_is_above)
