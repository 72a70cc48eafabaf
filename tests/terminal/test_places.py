"""Places as lines, in the real program: typed, copied, opened in a fresh process, bookmarks."""

from __future__ import annotations

import base64
import contextlib
import random
import re
from functools import partial
from pathlib import Path

import pytest
from terminal.driver import PROGRAM, Terminal
from terminal.program import ROOT, Header, Program, program

MOVES = ("n", "s", "f", "u", "3n", "7s", "4u", "N", "S", "F", "U", "2N", "G", "3g", "12u")
LOOKS = (
    *("up", "down", "left", "right", "tab", "shift+tab", "tab", "z", "d", "D", ",", "."),
    *("pageup", "pagedown", "x", "[", "]", "+", "i", "J", ";"),
)
RUNS: dict[str, tuple[str, ...]] = {
    "rnn": ("--hidden", "5", "--steps", "6"),
    "lstm": ("--cell", "lstm", "--hidden", "4", "--steps", "5", "--batch", "3", "--layers", "2"),
    "recall": ("--task", "recall", "--cell", "gru", "--hidden", "4", "--gap", "4"),
    "versus": ("--hidden", "4", "--steps", "5", "--versus", "lstm"),
    "text": ("--task", "text", "--hidden", "6", "--steps", "7"),
}


def copied(one: Program) -> str:
    """Copy the place and return the line that the terminal got."""
    one.send("y")
    one.wait_for("copied: ")
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", one.terminal.raw())
    line = base64.b64decode(found[-1]).decode()
    one.key("f9")  # no key of ours: the message goes
    return line


def cells(one: Program) -> list[list[object]]:
    """Return every cell of the screen, with its colours; of blanks what can be seen."""
    one.wait_for(lambda text: " proving " not in text)
    one.settled()
    screen = one.terminal
    width, height = len(screen.screen()[0]), len(screen.screen())
    rows = [[screen.cell(x, y) for x in range(width)] for y in range(height)]
    return [[each.bg if each.data == " " else each for each in row] for row in rows]


def _rests_at(place: str, header: Header) -> bool:
    return (header.state, header.place) == ("paused", place)


def walk_and_open(name: str, seed: int, size: tuple[int, int], places: int, cwd: Path) -> None:
    """Walk at random, and open each place where the walk rests in a fresh process."""
    pick = random.Random(seed)
    with program(*RUNS[name], "--no-autosave", size=size, cwd=cwd) as one:
        for _ in range(places):
            for _ in range(pick.randrange(1, 9)):
                if pick.random() < 0.5:
                    one.send(pick.choice(MOVES))
                else:
                    one.key(pick.choice(LOOKS))
            one.key("f9")
            one.until(lambda h: h.state == "paused", timeout=30)
            one.terminal.wait_still(0.6)  # text and predictions are computed meanwhile
            line = copied(one)
            here, text, place = cells(one), one.text(), one.header.place
            with Terminal(
                [*PROGRAM, *RUNS[name], "--no-autosave", "--at", line],
                *size,
                env={"PYTHONPATH": str(ROOT)},
                cwd=cwd,
            ) as terminal:
                fresh = Program(terminal)
                fresh.until(partial(_rests_at, place), 30)
                fresh.key("f9")
                with contextlib.suppress(AssertionError):  # what is computed comes later
                    fresh.wait_for(partial(str.__eq__, text), 20)
                if cells(fresh) != here:
                    assert fresh.text() == text, (name, seed, line)
                    assert cells(fresh) == here, (name, seed, line)


def test_a_copied_place_opens_as_the_same_screen(tmp_path: Path) -> None:
    walk_and_open("rnn", 1, (80, 23), 2, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 23), (80, 24), (120, 40), (190, 50)])
@pytest.mark.parametrize("name", RUNS)
def test_copied_places_open_as_the_same_screen(
    name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    for seed in range(3):
        walk_and_open(name, seed, size, 6, tmp_path)


def test_places_are_typed_noted_and_come_back_to(tmp_path: Path) -> None:
    with program("--hidden", "4", "--steps", "6", size=(80, 23), cwd=tmp_path) as one:
        one.reach("9u", "UPDATE", 9)
        one.send("g")
        one.wait_for("go to a place")
        one.send("7:B9\r")
        one.wait_for("there is no timestep 9: windows have 6")
        one.send("\x7f3.2 unit 3\r")
        one.until(lambda h: (h.place, h.update) == ("BACKWARD t=3/6", 7))
        one.wait_for("unit 3 of 4")
        one.send("m")
        one.wait_for("a note, or nothing")
        one.send(f"the third unit {'x' * 80}\r")
        one.wait_for("noted 7:B3.2")
        one.send("m")
        one.wait_for("it is a bookmark: its note")
        one.send("the third unit\r")
        one.wait_for(lambda text: "its note" not in text)
        one.send("'/zz")
        one.wait_for("0 of 1 with zz")
        one.send("\x7f\x7fTHIRD")
        one.wait_for("1 of 1 with THIRD")
        one.key("esc")
        one.wait_for("╭─ bookmarks ──")
        one.key("esc")
        one.wait_for(lambda text: "bookmarks" not in text)
        one.reach("30u", "UPDATE", 37)
        one.send("''")
        one.until(lambda h: (h.place, h.update) == ("UPDATE", 9))
        assert "unit 1 of 4" in one.settled() or "W_h[1,1]" in one.text()
        one.send("w")
        one.wait_for("saved ")
        one.send("'")
        one.wait_for("the third unit")
        one.wait_for("update 7 BACKWARD t=3 op 2 unit 3")
        one.send("\r")
        one.until(lambda h: (h.place, h.update) == ("BACKWARD t=3/6", 7))
        one.wait_for("unit 3 of 4")
        one.send("'")
        one.wait_for("the third unit")
        one.send("\x7f")
        one.wait_for("no bookmarks yet")
        one.key("esc")
        one.send("R")
        one.wait_for("taken back: removing bookmark the third unit; R makes it again")
        one.send("'")
        one.wait_for("the third unit")
    (saved,) = tmp_path.glob("*.safetensors")
    with program(str(saved), "--at", "9:F2 panel loss zoom", size=(80, 23), cwd=tmp_path) as one:
        one.until(lambda h: (h.place, h.update) == ("FORWARD t=2/6", 9))
        one.wait_for("══ loss")
        one.send("'")
        one.wait_for("the third unit")
        one.send("\r")
        one.wait_for("out of reach: the run can be followed from update")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "3:B70"), "--at 3:B70: there is no timestep 70: windows have 20"),
        (("--at", "3:B7 unit 90"), "--at unit must be from 1 to 32 in this run, not 90"),
        (("--at", "3:B7 panel theirs"), "--at panel theirs: theirs needs a case file"),
    ],
)
def test_an_impossible_place_is_refused_before_the_screen_opens(
    options: tuple[str, ...], said: str
) -> None:
    with Terminal([*PROGRAM, *options], 100, 24, env={"PYTHONPATH": str(ROOT)}) as terminal:
        assert terminal.wait_exit() == 2
        assert said in terminal.text()


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "keys", "said"),
    [
        (("--versus", "lstm"), ("5u", "3n", "a"), "front lstm"),
        (("--versus", "lstm"), ("a", "5u", "3n", "2s"), "front lstm"),
        (("--cell", "lstm"), ("5u", "3f", "v"), "checked W_ho[1,1]"),
        (("--hidden", "4"), ("5u", "3f", "V", "l"), "checked-all W_h[1,1]"),
    ],
)
def test_the_other_network_and_a_check_are_in_the_line(
    options: tuple[str, ...], keys: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    all_options = ("--hidden", "6", "--steps", "5", *options, "--no-autosave")
    with program(*all_options, cwd=tmp_path) as one:
        for key in keys:
            one.send(key)
            one.terminal.wait_still(0.4)
        line = copied(one)
        assert line.endswith(said)
        here, text = cells(one), one.text()
    with program(*all_options, "--at", line, cwd=tmp_path) as fresh:
        fresh.until(lambda h: h.update >= 5 and h.state == "paused", 20)
        fresh.key("f9")
        fresh.wait_for(partial(str.__eq__, text), 20)
        assert cells(fresh) == here
