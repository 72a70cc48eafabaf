"""`rnn-tui lesson` on a terminal: the list, choosing with the arrows, going on where one left."""

from __future__ import annotations

import signal
from pathlib import Path

from terminal.driver import PROGRAM, Terminal

LIST = "arrows choose"


def test_a_lesson_is_chosen_and_gone_on_with(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path)}
    with Terminal([*PROGRAM, "lesson"], rows=23, env=env) as terminal:
        terminal.wait_for(LIST)
        assert "> 1" in " ".join(terminal.text().split())
        terminal.key("down", "down", "up")
        terminal.wait_for(lambda text: "> 2" in " ".join(text.split()))
        terminal.send("1")
        terminal.send("\r")
        terminal.wait_for("step 1 of ")
        terminal.wait_for("enter goes on")
        terminal.send("\r")
        terminal.wait_for("step 2 of ")
        terminal.wait_for("answer")
        terminal.key("escape")
        terminal.send("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()
    with Terminal([*PROGRAM, "lesson"], rows=23, env=env) as terminal:
        terminal.wait_for(LIST)
        assert "2/8" in terminal.text()
        terminal.send("\r")
        terminal.wait_for("step 2 of ")


def test_leaving_the_list_leaves_nothing_behind() -> None:
    with Terminal([*PROGRAM, "lesson"], rows=12, columns=40) as terminal:
        terminal.wait_for(LIST)
        terminal.send("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()
        assert LIST not in terminal.text()
    with Terminal([*PROGRAM, "lesson"]) as terminal:
        terminal.wait_for(LIST)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert terminal.restored()
