"""The presenter's desk in the real program: one thing in large, the pointer, play."""

from __future__ import annotations

import re

from terminal.driver import PROGRAM, Terminal
from terminal.program import ROOT, Program, program


def test_one_thing_in_large_on_a_terminal_that_is_too_small_for_the_panels() -> None:
    command = [*PROGRAM, "--hidden", "4", "--steps", "5", "--cell", "gru"]
    with Terminal(command, 40, 12, env={"PYTHONPATH": str(ROOT)}) as terminal:
        one = Program(terminal)
        one.wait_for("* enlarges")
        one.key("f2")
        one.wait_for("before the first window")
        one.send("2n4s")
        one.wait_for("FORWARD t=2/5")
        one.wait_for("n_2[1] = ")
        one.key("d")
        one.wait_for(re.compile("▸ n_2 +[+−]"))
        one.key("down", "d")
        one.wait_for("d equation")
        one.send("u")
        one.wait_for("update 1")
        terminal.resize(100, 30)
        one.wait_for(re.compile("[▀▄█]"))
        one.key("esc")
        one.until(lambda h: h.update == 1)
        assert "══ update with" in one.settled()
        one.key("q")
        assert terminal.wait_exit() == 0


def test_the_pointer_marks_a_value_and_what_is_played_can_be_stopped_by_any_move() -> None:
    with program("--hidden", "4", "--steps", "5") as one:
        one.reach("2n", "FORWARD t=1/5")
        one.send(";")
        one.wait_for("arrows move the pointer")
        one.key("up")
        one.wait_for("; dim, off")
        assert re.search("[▀▄█]{2,} [▀▄█]", one.text())  # its name in large
        assert re.search("^ t +‹1›( +[2-5]){4}", one.lines[3])
        one.send("9")
        one.key("up", "up")
        one.wait_for("there is no value above this one")
        one.key("tab")
        one.wait_for("loss has no values that one could point at here: no pointer")
        one.key("shift+tab")
        one.send(";")
        one.wait_for("arrows move the pointer")
        one.reach("n", "FORWARD t=2/5")
        one.send(";;")
        one.wait_for(lambda text: "; dim, off" not in text)
        one.send(">")
        one.wait_for("playing timesteps, 1 a second")
        one.send(">>")
        one.wait_for("playing timesteps, 4 a second")
        one.until(lambda h: h.place == "BACKWARD t=4/5")
        one.send("s")
        one.wait_for(lambda text: "playing" not in text)
        one.settled()
        place = one.header.place
        one.terminal.wait_still(0.6)
        assert one.header.place == place
        one.send(">>>")
        one.wait_for("playing operations, 4 a second")
        one.send(" ")
        one.until(lambda h: h.state == "paused")
        one.wait_for(lambda text: "playing" not in text)
