"""Terminals that are no good, and sizes that are none."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest
from terminal.driver import Terminal
from terminal.program import ROOT, Program

ARGV = [sys.executable, "-m", "rnn_tui"]


def start(columns: int, rows: int, env: Mapping[str, str | None]) -> Terminal:
    """Return the program in a terminal that has this size from the start."""
    terminal = Terminal(ARGV, 80, 24, env={"PYTHONPATH": str(ROOT), **env})
    terminal._set_size(columns, rows)  # while Python starts; the emulator keeps a real size
    return terminal


def test_a_dumb_terminal_is_refused_in_one_line() -> None:
    with start(100, 30, {"TERM": "dumb"}) as terminal:
        assert terminal.wait_exit() == 2
        assert "TERM=dumb" in terminal.text()
        assert terminal.bytes_received < 300
        assert terminal.restored()


def test_over_ssh_it_says_where_that_comes_from() -> None:
    env = {"TERM": "dumb", "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22", "SSH_TTY": "/dev/pts/9"}
    with start(200, 30, env) as terminal:
        assert terminal.wait_exit() == 2
        assert "TERM=xterm ssh -t HOST rnn-tui" in "".join(terminal.screen())


@pytest.mark.parametrize(
    ("size", "shown"),
    [((0, 0), "paused"), ((1, 1), "r"), ((65535, 65535), "paused")],
    ids=["none", "tiny", "huge"],
)
def test_sizes_that_are_none(size: tuple[int, int], shown: str) -> None:
    with start(*size, {"COLUMNS": "33", "LINES": "7"}) as terminal:
        terminal.wait_for(shown)
        terminal.wait_still(0.3)  # it draws once, not for ever
        if shown == "paused":
            Program(terminal).reach("u", "UPDATE", update=1)
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()
