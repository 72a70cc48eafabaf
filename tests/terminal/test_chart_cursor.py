"""The cursor of a chart in the real program: it reads recorded values, and enter goes there."""

from __future__ import annotations

import re

from terminal.program import assert_ended, program


def test_the_cursor_reads_values_zooms_and_enter_goes_there() -> None:
    with program("--hidden", "8") as one:
        one.send("60u")
        one.until(lambda h: h.update == 60 and h.state == "paused")
        one.focus("loss")
        one.send("z10\x1b[D")  # ten points back
        read = re.compile(r"═ loss at update 50 .*⠶⠶? smoothed 0?\.\d+ ")
        one.wait_for(lambda text: read.search(text) is not None)
        one.send("++")
        one.wait_for(lambda text: re.search(r"update 3\d–5\d of 1–60", text) is not None)
        one.key("enter")
        one.until(lambda h: h.update == 50 and h.state == "paused")
        one.key("esc")
        one.wait_for(lambda text: "of 1–60" not in text and "loss at update" not in text)
        one.key("z")
        one.focus("network")
        one.send("+")
        one.wait_for("+ and − are for a chart")
        one.key("q")
        assert_ended(one)
