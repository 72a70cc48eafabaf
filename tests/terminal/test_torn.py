"""Escape sequences that a slow link tears are one key; on a fast one, esc acts as soon as ever."""

from __future__ import annotations

import sys
import time

from terminal.driver import Terminal
from terminal.program import ROOT, Program

ARGV = [sys.executable, "-m", "rnn_tui", "--hidden", "4", "--steps", "9"]
ENV = {"PYTHONPATH": str(ROOT)}
TORN_FOR = 0.16  # seconds, longer than Textual waits after ESC


def press_torn(one: Program, sequence: str, at: int) -> None:
    """Send a sequence of which the rest comes later."""
    one.send(sequence[:at])
    time.sleep(TORN_FOR)
    one.send(sequence[at:])


def test_where_answers_take_long_a_torn_sequence_is_one_key() -> None:
    with Terminal(ARGV, 80, 24, env=ENV, answers="cpr") as terminal:
        terminal.answer_delay = 0.2
        one = Program(terminal)
        one.until(lambda header: header.state == "paused")
        one.send("nn")
        one.until(lambda header: header.place == "FORWARD t=1/9")
        one.terminal.wait_still(0.6)  # the answers have shown how long the way is
        press_torn(one, "\x1b[21~", 1)  # F10
        one.until(lambda header: header.place == "FORWARD t=2/9")
        press_torn(one, "\x1bOP", 1)  # F1
        one.wait_for("esc closes")
        press_torn(one, "\x1b[0n", 1)  # nobody's
        one.key("esc")
        one.until(lambda header: header.place == "FORWARD t=2/9")
        one.key("q")
        assert terminal.wait_exit() == 0
        time.sleep(terminal.answer_delay)  # the last answer has nobody to read it


def test_elsewhere_the_rest_of_it_is_ignored() -> None:
    with Terminal(ARGV, 80, 24, env=ENV, answers="cpr") as terminal:
        one = Program(terminal)
        one.until(lambda header: header.state == "paused")
        one.send("nn")
        one.until(lambda header: header.place == "FORWARD t=1/9")
        for sequence, at in (("\x1b[0n", 1), ("\x1b[21;9u", 3), ("\x1b[C", 2), ("\x1b[1;5C", 1)):
            terminal.wait_still(0.3)  # no terminal answers in the middle of a key
            press_torn(one, sequence, at)
        one.send("?")
        one.wait_for("esc closes")
        one.send("\x1b")  # and nothing after it
        one.until(lambda header: header.place == "FORWARD t=1/9")
