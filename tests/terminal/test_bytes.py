"""The bytes of a display while training, where most changes: a text and a second network."""

from __future__ import annotations

import sys

from terminal.driver import Terminal

from rnn_tui.tui.link import FRAMES_PER_SECOND
from rnn_tui.tui.output_diff import BEGIN_SYNCHRONISED

OPTIONS = ("--task", "text", "--cell", "lstm", "--versus", "gru")
MOST = 12 * 1024  # bytes a second
DISPLAYS = 12


def test_the_bytes_of_a_second_are_few() -> None:
    program = [sys.executable, "-m", "rnn_tui", *OPTIONS]
    with Terminal(program, columns=120, rows=40, answers="decrqm") as terminal:
        terminal.wait_for("paused")
        terminal.wait_still(0.5)
        before = terminal.bytes_received
        terminal.key("space")

        def displays(_: str = "") -> int:
            new = terminal.raw(terminal.bytes_received - before)
            return new.count(BEGIN_SYNCHRONISED.encode())

        terminal.wait_for(lambda text: displays() >= DISPLAYS, timeout=30)
        sent = terminal.bytes_received - before
        assert sent / displays() <= MOST / FRAMES_PER_SECOND
