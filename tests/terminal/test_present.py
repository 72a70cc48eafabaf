"""Slides in the real program: a clicker's keys, stepping around, and coming back."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from terminal.program import ROOT, Program, program

SLIDES = """
title = "Three slides"
[run]
hidden = 4
steps = 5
[[step]]
title = "a window"
do = ["keys n"]
[[step]]
title = "why does it shrink?"
do = ["keys 3n"]
show = { panel = "timestep", big = "equation" }
[[step]]
title = "twenty updates"
do = ["run until update=20"]
show = { panel = "loss" }
"""
CLICK = 0.25  # seconds; two presses within less are one


def click(one: Program, key: str = "pagedown") -> None:
    """Press a key of a clicker."""
    time.sleep(CLICK)
    one.key(key)


def test_slides_are_turned_left_and_come_back_to(tmp_path: Path) -> None:
    (tmp_path / "slides.toml").write_text(SLIDES)
    with program("present", str(tmp_path / "slides.toml")) as one:
        one.wait_for(" 1/3 · a window ")
        one.until(lambda h: h.place == "BATCH")
        click(one)
        one.wait_for("FORWARD t=3/5 · update 0 ")
        one.wait_for(" 2/3 · why does it shrink? ")
        one.send("2n")  # step anywhere
        one.wait_for("esc comes back")
        one.key("esc")
        one.wait_for("FORWARD t=3/5 · update 0 ")
        one.wait_for(lambda text: "esc comes back" not in text)
        one.key("esc")  # leave
        one.wait_for("2/3 left · esc comes back")
        one.until(lambda h: h.place == "FORWARD t=3/5")
        one.key("f5")
        one.wait_for(" 2/3 · why does it shrink? ")
        click(one)
        one.until(lambda h: h.update == 20 and h.state == "paused")
        one.wait_for(" 3/3 · twenty updates ")
        time.sleep(CLICK)
        one.key("pageup", "pageup", "pageup")  # held down
        one.wait_for("FORWARD t=3/5 · update 0 ")
        one.settled()
        assert " 2/3 · " in one.text()


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 23), (120, 40)])
def test_the_lecture_is_played_through_by_keys(size: tuple[int, int]) -> None:
    path = ROOT / "docs" / "lecture.toml"
    steps = tomllib.loads(path.read_text())["step"]
    with program("present", str(path), size=size) as one:
        for place, step in enumerate(steps, 1):
            one.wait_for(f" {place}/{len(steps)} · {step['title']}"[: size[0] - 20])
            one.terminal.wait_still(1.2)  # work of more than a second says that it goes on
            one.wait_for(lambda text: "working" not in text, timeout=60)
            assert "esc comes back" not in one.text()
            if "ask" in step:
                click(one)
                one.settled()
            if place < len(steps):
                click(one)
        click(one)
        one.wait_for("this is the last slide")
        for place in range(len(steps) - 1, 0, -1):
            click(one, "pageup")
            one.wait_for(f" {place}/{len(steps)} · ")
            one.terminal.wait_still(0.3)


LOOKS = """
title = "Looks"
[run]
hidden = 4
steps = 5
[[step]]
title = "one"
do = ["keys 2n"]
show = { panel = "network", unit = 2 }
[[step]]
title = "two"
do = ["keys up n"]
show = { panel = "timestep" }
[[step]]
title = "three"
do = ["keys u"]
show = { panel = "loss", big = "curve" }
"""
CHANGES = (("tab",), ("z", "tab", "down"), ("f2", "d"), ("f3", "down", "f3"), ("u", "left", "tab"))


def seen(one: Program) -> str:
    """Return the screen once the slide is there, without what the footer says besides."""
    one.wait_for(lambda text: "esc comes back" not in text)
    one.terminal.wait_still(0.25)
    return one.text()


@pytest.mark.long
def test_a_slide_that_one_comes_back_to_looks_as_it_did(tmp_path: Path) -> None:
    (tmp_path / "slides.toml").write_text(LOOKS)
    with program("present", str(tmp_path / "slides.toml"), "--slide", "2") as one:
        one.wait_for(" 2/3 · two ")
        two = seen(one)
        click(one)
        one.wait_for(" 3/3 · three ")
        three = seen(one)
        click(one, "pageup")
        one.wait_for(" 2/3 · two ")
        assert seen(one) == two
        for ways in (("f5",), ("esc", "esc", "esc", "f5"), ("pagedown", "pageup")):
            for keys in CHANGES:
                one.key(*keys)
                one.terminal.wait_still(0.2)
                for key in ways:
                    click(one, key)
                    one.terminal.wait_still(0.2)
                one.wait_for(" 2/3 · two ")
                assert seen(one) == two, (keys, ways)
        one.key("tab", "down", "z")
        click(one)
        one.wait_for(" 3/3 · three ")
        assert seen(one) == three
    with program("present", str(tmp_path / "slides.toml")) as one:
        one.wait_for(" 1/3 · one ")
        one.key("down", "tab", "z")
        click(one)
        one.wait_for(" 2/3 · two ")
        assert seen(one) == two
