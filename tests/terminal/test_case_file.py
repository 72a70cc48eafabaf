"""The real program in a pseudo-terminal on somebody's own network and batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cases.case_support import case_arrays, write
from terminal.program import assert_ended, program

from rnn_tui.checkpoint.loading import load
from rnn_tui.tasks.case import CaseTask


def test_a_case_file_opens_is_stepped_restarted_and_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.safetensors", case_arrays(steps=3, batch=2), reduction="sum")
    content = path.read_bytes()
    with program("mine.safetensors", size=(80, 24), cwd=tmp_path) as one:
        one.wait_for("mine.safetensors · many→many · lstm 3")
        one.wait_for("weights of the case")
        one.reach("nf", "FORWARD t=3/3", 0)
        one.send("n")
        one.wait_for("L = Σ (y_t − target_t)²")
        one.wait_for("y[2]")
        one.reach("u", "UPDATE", 1)
        one.send("r")
        one.wait_for("restarted (weights of the case)")
        one.send("w")
        one.wait_for("saved case-lstm3-0.safetensors at update 0")
        assert path.read_bytes() == content
        one.send("q")
        assert_ended(one)
    path.unlink()
    task = load(tmp_path / "case-lstm3-0.safetensors").task
    assert isinstance(task, CaseTask)
    assert task.title == "mine.safetensors"


def test_enter_in_theirs_leads_out_of_the_zoom_to_rows_with_theirs(tmp_path: Path) -> None:
    arrays = case_arrays(steps=3, batch=2)
    arrays["h"] = np.full((3, 2, arrays["rnn.weight_hh_l0"].shape[1]), 3.0)
    write(tmp_path / "mine.safetensors", arrays)
    with program("mine.safetensors", size=(80, 23), cwd=tmp_path) as one:
        one.wait_for("1 of 1 tensor differs; first: h, t=1 — / i shows them")
        one.send("/")
        one.wait_for("a letter jumps there")
        one.send("i")
        one.wait_for("enter go there")
        one.send("z")
        one.wait_for("words and signs")
        one.send("\r")
        one.wait_for("theirs +3.0000 ✗")
        one.send("q")
        assert_ended(one)
