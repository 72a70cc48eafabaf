"""The real program in a pseudo-terminal: back in time, breakpoints and what-ifs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from terminal.program import Program, program


def screen_without_measurements(one: Program) -> str:
    """Return the screen without the measured speed and the memory in use."""
    text = re.sub(r"\d+/s", "n/s", one.settled())
    return re.sub(r"timeline .* MiB", "timeline", text)


def weights(one: Program, folder: Path) -> dict[str, np.ndarray]:
    """Write a checkpoint in `folder` and return its tensors by name."""
    for old in folder.glob("*.safetensors"):
        old.unlink()
    one.send("w")
    one.wait_for("saved ")
    (path,) = folder.glob("*.safetensors")
    one.key("1", "esc")  # another key, so that the line about it goes
    tensors = load_file(path)
    tensors.pop("history.tested")  # measured now and then, as there is time for it
    return tensors


def test_back_to_update_40_and_forward_again_is_the_same_screen_and_bits(tmp_path: Path) -> None:
    with program("--cell", "lstm", "--hidden", "8", cwd=tmp_path) as one:
        one.reach("500u", "UPDATE", 500)
        bits = weights(one, tmp_path)
        screen = screen_without_measurements(one)
        there = one.until(lambda h: h.update == 500)
        assert "past" not in there.rest
        back = one.reach("40g", "UPDATE", 40)
        assert "past of 500" in back.rest
        one.reach("N", "CLIP", 39)
        one.reach("N", "BACKWARD t=1/20", 39)
        at_the_end = screen_without_measurements(one)
        one.reach("18N", "BACKWARD t=19/20", 39)
        one.reach("F", "BACKWARD t=20/20", 39)
        one.reach("F", "LOSS", 39)
        one.reach("20n", "BACKWARD t=1/20", 39)
        assert screen_without_measurements(one) == at_the_end
        one.reach("SSs", "BACKWARD t=1/20", 39)
        one.reach("U", "UPDATE", 39)
        one.reach("461u", "UPDATE", 500)
        assert "past" not in one.header.rest
        assert screen_without_measurements(one) == screen
        again = weights(one, tmp_path)
        assert again.keys() == bits.keys()
        for name in bits:
            np.testing.assert_array_equal(again[name], bits[name], err_msg=name)
        one.reach("40g", "UPDATE", 40)
        one.reach("G", "UPDATE", 500)
        assert screen_without_measurements(one) == screen


def test_a_change_in_the_past_forks_and_delete_drops_the_ghost() -> None:
    with program() as one:
        one.reach("300u", "UPDATE", 300)
        one.reach("100g", "UPDATE", 100)
        one.send("o")
        one.wait_for("enter applies")
        one.send("\x15")  # ctrl+u: the field is empty
        one.wait_for("must be a number")
        one.send("0.05")
        one.wait_for("enter changes the running network: lr")
        one.key("enter")
        forked = one.until(lambda h: "fork 1" in h.rest)
        assert (forked.update, forked.state) == (100, "paused")
        assert "past" not in forked.rest
        one.focus("loss")
        one.wait_for("lr 0.01 → 0.05")
        one.key("backspace")
        one.until(lambda h: "fork" not in h.rest)


def test_breakpoints_stop_a_run_with_reason_and_advice() -> None:
    with program("--break", "update=70") as one:
        one.send("c")
        one.until(lambda h: h.update == 70 and h.state == "paused")
        assert "■ stopped" in one.lines[1]
        assert "update=70" in one.lines[1]
        one.send("b")
        one.wait_for("hit 1×")
        one.send("pass=BACKWARD t=3")
        one.wait_for("BACKWARD t=3")
        one.key("enter")
        one.wait_for("● pass=BACKWARD t=3")
        one.send("loss<<1")
        one.wait_for("'loss<<1'")  # the reason names it
        one.key("esc")
        one.reach("c", "BACKWARD t=3/20", 70)
        one.reach("c", "BACKWARD t=3/20", 71)
        one.reach("C", "BACKWARD t=3/20", 70)
        one.reach("C", "UPDATE", 70)
        one.reach("G", "BACKWARD t=3/20", 71)


def test_run_to_a_selected_timestep() -> None:
    with program() as one:
        one.reach("2n", "FORWARD t=1/20", 0)
        one.key(*["right"] * 6)
        one.wait_for("timestep 7")
        one.reach("t", "FORWARD t=7/20", 0)


def what_if(one: Program, text: str) -> None:
    """Type a what-if in place of the one that is offered."""
    one.send("e")
    one.wait_for("enter recomputes")
    one.send("\x15")  # ctrl+u: all that stands before the cursor goes
    one.wait_for("'':")
    one.send(text)
    one.wait_for(text)
    one.key("enter")
    one.wait_for(lambda screen: "enter recomputes" not in screen)


def test_a_forget_gate_is_held_compared_discarded_and_kept() -> None:
    with program("--cell", "lstm") as one:
        one.reach("50u7n", "FORWARD t=6/20", 50)
        before = screen_without_measurements(one)
        what_if(one, "f = 1")
        one.wait_for("what if f = 1")
        assert one.header.place == "FORWARD t=6/20"
        assert re.search(r"f_t .* \+1\.0+ was +\+0\.\d+", one.settled())
        one.key("esc")
        one.wait_for(lambda text: "? what if" not in text)
        assert screen_without_measurements(one) == before
        what_if(one, "f = 1")
        one.wait_for("enter keeps it")
        one.key("enter")
        one.wait_for("f = 1")
        one.wait_for(lambda text: "enter keeps it" not in text)
        one.reach("U", "UPDATE", 50)
        one.wait_for(lambda text: "f = 1" not in text)


def test_of_several_what_ifs_each_is_released_in_the_list_and_esc_undoes_the_newest() -> None:
    with program("--cell", "lstm", "--hidden", "4") as one:
        one.reach("5u7n", "FORWARD t=6/20", 5)
        before = screen_without_measurements(one)
        for text in ("f = 1", "W_h *= 2", "h_3[1:2] = 0"):
            what_if(one, text)
        one.wait_for("? 3 what-ifs")
        one.wait_for("enter keeps all 3  esc undoes the newest")
        one.send("e")
        one.wait_for("↑↓ list · del releases")
        lines = r"f = 1 +since update 5.*\n.*W_h \*= 2 .*\n.*h_3\[1:2\] = 0 "
        assert re.search(lines, one.settled())
        one.key("up", "up", "delete")
        one.wait_for(lambda text: not re.search(r"W_h \*= 2 +since", text))
        one.key("esc")
        one.wait_for("enter keeps all 2  esc undoes the newest")
        one.key("esc")
        one.wait_for("enter keeps it  esc discards it")
        one.key("esc")
        one.wait_for(lambda text: "? what if" not in text)
        assert "fork" not in one.header.rest
        assert screen_without_measurements(one) == before
