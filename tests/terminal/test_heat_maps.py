"""Heat maps in the real program: keys go through entries, tensors and what is shown."""

from __future__ import annotations

import re

from terminal.program import program

NUMBER = r"[+−][\d.]+(?:e[−\d]+)?"


def test_any_entry_of_any_tensor_can_be_seen_and_any_value_of_all_units() -> None:
    with program("--cell", "lstm") as one:
        one.reach("2u", "UPDATE", 2)
        one.focus("W_h 32×128: value")
        one.wait_for(lambda text: "4,096 entries" in text)
        one.key("left", "down")
        text = one.wait_for(lambda text: "W_hg[2,32] = " in text)  # o comes after g on the screen
        assert re.search(rf"W_hg\[2,32\] = {NUMBER}  g(radient)? {NUMBER}", text), text
        assert "h_<t-1>[2] → g_t[32]" in text
        one.send("ddd")
        one.wait_for(lambda text: "W_h 32×128: change by this update" in text)
        one.key("pagedown")
        text = one.wait_for(lambda text: "b 128: change by this update" in text)
        assert "128 entries" in one.wait_for(lambda text: "128 entries" in text)
        one.key("tab")
        one.wait_for(lambda text: "carpet of h" in text)
        before = re.search(r"h_1\[(\d+)\] = ", one.wait_for(lambda text: "h_1[" in text))
        one.send("d")
        one.wait_for(lambda text: "carpet of c" in text)
        one.key("right")
        text = one.wait_for(lambda text: "c_2[" in text)
        assert before is not None
        assert f"▸{before[1]:>2} " in text
        one.send("DD")
        one.wait_for(lambda text: "carpet of h" in text and "units by number" in text)
