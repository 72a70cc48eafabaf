"""`rnn-tui export-lesson`: figures and a recording, the same each time; nothing is replaced."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.style import Style

from rnn_tui.cli import run
from rnn_tui.command_line import export_lesson
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.library import library
from rnn_tui.tui.lesson_tour import StepPicture
from rnn_tui.tui.take_home.cast import TimedFigure, cast_text
from rnn_tui.tui.take_home.figure import Figure

pytestmark = pytest.mark.usefixtures("elsewhere")

LESSON = """\
title = "Two steps"
[run]
hidden = 1
steps = 3
noise = 0.0
dtype = "float64"
[[step]]
title = "The first window"
do = ["go 0:F1"]
say = "The state is {h_1[1]}."
[[step]]
title = "What is added?"
do = ["go 0:F2"]
show = { panel = "timestep" }
say = "Timestep 2 is done."
[step.ask]
number = "h_2[1]"
question = "What is h_2?"
reveal = "It is {h_2[1]}, from h_1 = {h_1[1]}."
"""
SVG = "{http://www.w3.org/2000/svg}"


def export(*arguments: str) -> int:
    return run(["export-lesson", *arguments])


def figure_text(path: Path) -> str:
    """Return the letters of a figure, row by row, without blanks."""
    rows = ET.fromstring(path.read_text("utf-8")).iter(f"{SVG}text")
    return "".join(each.text or "" for row in rows for each in row)


def screens_of(cast: str) -> list[list[str]]:
    """Return the screens that a player shows, one for each event."""
    head, *events = [json.loads(line) for line in cast.splitlines()]
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    shown = []
    for _, kind, text in events:
        if kind == "o":
            stream.feed(text)
            shown.append([line.rstrip() for line in screen.display])
    return shown


def figure(*rows: str) -> Figure:
    styled = tuple(((row, Style.parse("bold #ff0000")),) for row in rows)
    return Figure("x", len(rows[0]), styled, "#ffffff", "#000000")


def test_a_recording_shows_its_figures_and_writes_only_what_changes() -> None:
    frames = [
        TimedFigure(figure("abc", "def"), 1.0, "one"),
        TimedFigure(figure("abc", "dxf"), 0.26),
    ]
    lines = [json.loads(line) for line in cast_text("t", frames).splitlines()]
    head, marker, first, second, end = lines
    assert (head["version"], head["width"], head["height"]) == (2, 3, 2)
    assert head["theme"]["fg"] == "#ffffff"
    assert len(head["theme"]["palette"].split(":")) == 16
    assert marker == [0.0, "m", "one"]
    assert first[:2] == [0.0, "o"]
    assert second[0] == 1.0
    assert "abc" not in second[2]
    assert end[0] == 1.3
    assert screens_of(cast_text("t", frames))[:2] == [["abc", "def"], ["abc", "dxf"]]


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(LESSON)
    return path


def test_a_lesson_becomes_figures_and_a_recording(
    lesson: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (str(lesson), "--svg", "figures/of", "--cast", "demo.cast", "--theme", "light")
    assert export(*arguments) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(r"figures/of: 3 figures; demo\.cast: a recording of 0:\d\d min\n", said)
    names = sorted(os.listdir("figures/of"))
    assert names == [
        "01-the-first-window.svg",
        "02-what-is-added-asked.svg",
        "02-what-is-added-revealed.svg",
    ]
    first, asked, revealed = (figure_text(Path("figures/of", name)) for name in names)
    assert "Thestateis" in first
    assert "Whatish_2?" in asked
    assert "fromh_1=" not in asked
    assert "fromh_1=" in revealed
    assert "exact" in revealed
    cast = Path("demo.cast").read_text("utf-8")
    screens = screens_of(cast)
    times = [json.loads(line)[0] for line in cast.splitlines()[1:]]
    assert times == sorted(times)
    assert any("exact" in line for line in screens[-1])
    shown = ["".join(line.split()) for line in screens[-1]]
    assert any(line and line in revealed for line in shown)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a picture of each step without playing any."""

    def pictures(lesson: Lesson, *_: object) -> list[StepPicture]:
        rows = [each.say.strip().ljust(40) for each in lesson.steps]
        return [
            StepPicture(k, "", f"Title {k}", figure(row), (TimedFigure(figure(row), 1.0),))
            for k, row in enumerate(rows)
        ]

    monkeypatch.setattr(export_lesson, "_pictures", pictures)


@pytest.mark.usefixtures("played")
def test_only_files_that_are_the_same_are_kept_without_force(
    lesson: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (str(lesson), "--svg", "figures", "--cast", "figures/demo.cast")
    assert export(*arguments) == 0
    before = {path: path.stat().st_mtime_ns for path in Path("figures").iterdir()}
    assert export(*arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in Path("figures").iterdir()} == before
    lesson.write_text(LESSON.replace("Timestep 2 is done", "Another text"))
    capsys.readouterr()
    assert export(*arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "there is a file that this command did not make; --force replaces it" in error
    assert {path: path.stat().st_mtime_ns for path in Path("figures").iterdir()} == before
    assert export(*arguments, "--force") == 0
    assert export(str(lesson), "--cast", str(lesson), "--force") == 2
    assert "it is the lesson" in capsys.readouterr().err
    assert lesson.read_text().startswith("title")
    os.mkfifo("pipe")
    assert export(str(lesson), "--cast", "pipe", "--force") == 2


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no lesson": ((), "which lesson?"),
    "two": (("1", "2", "--svg", "x"), "one lesson at a time"),
    "nothing to write": (("1",), "nothing to write"),
    "size": (("1", "--svg", "x", "--size", "80"), "--size must be 80x23 to 400x200"),
    "small": (("1", "--svg", "x", "--size", "79x24"), "--size must be"),
    "theme": (("1", "--svg", "x", "--theme", "pink"), "--theme must be one of dark, light"),
    "a file": (("1", "--svg", "two.toml"), "--svg must be a folder; 'two.toml' is a file"),
    "a folder": (("1", "--cast", "."), "--cast must be a file; '.' is a folder"),
    "no folder": (("1", "--cast", "no/x.cast"), "its folder does not exist"),
    "unknown": (("no-such", "--svg", "x"), "there is no lesson"),
}


@pytest.mark.parametrize("case", WRONG)
def test_errors_are_one_line(case: str, lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = WRONG[case]
    assert export(*arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert sorted(os.listdir()) == ["two.toml"]


@pytest.mark.long
@pytest.mark.parametrize("each", library(), ids=lambda each: each.name)
@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_every_lesson_gives_the_same_files_each_time(each: Any, size: str) -> None:
    made = []
    for k in "ab":
        assert export(each.name, "--svg", k, "--cast", f"{k}.cast", "--size", size) == 0
        figures = {path.name: path.read_bytes() for path in sorted(Path(k).iterdir())}
        made.append((figures, Path(f"{k}.cast").read_bytes()))
    assert made[0] == made[1]
    assert len(made[0][0]) >= len(each.read().steps)


@pytest.mark.long
def test_what_has_no_value_is_said_with_its_line(
    lesson: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson.write_text(LESSON.replace("{h_1[1]}.", "{nope}."))
    assert export(str(lesson), "--svg", "figures") == 2
    assert re.match(rf"rnn-tui: {lesson.name}:10: say: .*nope", capsys.readouterr().err)
    assert not Path("figures").exists()
