"""Displays that were held back: in the end the screen is the one that a full redraw gives."""

from __future__ import annotations

import random
import signal
import sys
import time

import pytest
from terminal.driver import Terminal

from rnn_tui.tui.link import LAST_PROBE

PROGRAM = [sys.executable, "-m", "rnn_tui", "--hidden", "8"]
KEYS = [
    "s", "n", "f", "u", "S", "N", "F", "tab", "shift+tab", "z", "up", "down", "left", "right",
    "[", "]", "3", "?", "esc", "o", "b", "space", "space", "ctrl+p",
]  # fmt: skip


def redrawn(terminal: Terminal) -> str:
    """Have the program draw everything anew; return the screen."""
    terminal.signal(signal.SIGCONT)  # the terminal's state is then unknown to the program
    terminal.wait_still(0.4)
    return terminal.text()


def close_dialogs(terminal: Terminal) -> None:
    """Close dialogs until none is open, and none is on its way to the screen."""
    closed = 0
    while closed < 2:
        time.sleep(1)
        if any(sign in terminal.text() for sign in ("esc closes", "▔▔▔", "╭")):
            terminal.key("esc")
            closed = 0
        else:
            closed += 1


def walk(seed: int, keys: int, answers: str | None, *, lossy: bool) -> None:
    """Press random keys while answers take their time or are lost, and compare at the end."""
    rng = random.Random(seed)
    with Terminal(PROGRAM, *rng.choice([(80, 24), (120, 40)]), answers=answers) as terminal:
        terminal.wait_for("paused")
        for _ in range(keys):
            terminal.answer_delay = rng.choice([0.0, 0.0, 0.05, 0.3, 1.0])
            terminal.answering = not lossy or rng.random() < 0.9
            terminal.key(rng.choice(KEYS))
            time.sleep(rng.choice([0.0, 0.0, 0.02, 0.1]))
        terminal.answering, terminal.answer_delay = True, 0.0
        if lossy:
            time.sleep(LAST_PROBE + 1)  # until then it may be waiting for an answer
        close_dialogs(terminal)
        if "running" in terminal.text():
            terminal.key("space")
        terminal.wait_still(3.5 if lossy else 1, timeout=60)  # or until a lost answer is noticed
        shown = terminal.text()
        assert redrawn(terminal) == shown, f"seed {seed}"
        terminal.key("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()


def test_the_screen_is_right_in_the_end() -> None:
    walk(1, 10, "cpr", lossy=False)


@pytest.mark.long
@pytest.mark.parametrize("answers", ["decrqm", "cpr", None])
@pytest.mark.parametrize("seed", range(2, 22))
def test_the_screen_is_right_in_the_end_of_long_walks(seed: int, answers: str | None) -> None:
    walk(seed, 150, answers, lossy=answers is not None)
