"""The lecture of docs/lecture.toml, played through by a clicker's keys in the real program."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from terminal.driver import PROGRAM, Terminal
from terminal.program import ROOT, Program

from rnn_tui.lessons.lesson import RunUntil
from rnn_tui.lessons.reading import read_lesson
from rnn_tui.tui.lesson.presentation import TOO_SOON

LECTURE = Path(__file__).parents[2] / "docs" / "lecture.toml"


def click(one: Program, key: str) -> None:
    """Press a key once; the same one within a moment would count as a double click."""
    time.sleep(2 * TOO_SOON)
    one.key(key)


@pytest.mark.long
def test_the_lecture_is_played_through_by_its_keys_and_back(tmp_path: Path) -> None:
    slides = read_lesson(LECTURE).steps
    command = [*PROGRAM, "present", str(LECTURE)]
    with Terminal(command, 80, 24, env={"PYTHONPATH": str(ROOT)}, cwd=tmp_path) as terminal:
        one = Program(terminal)
        seen: list[str] = []
        for k, slide in enumerate(slides, 1):
            if k > 1:
                click(one, "pagedown")
            one.wait_for(f" {k}/{len(slides)} · {slide.title}")
            for action in slide.do:
                if isinstance(action, RunUntil):
                    there = action.condition
                    one.until(lambda h, there=there: f"update={h.update}" == there, timeout=60)  # type: ignore[misc]
            if slide.ask is not None:  # a first press says the answer
                click(one, "pagedown")
                one.wait_for("it is ")
            one.until(lambda h: h.state == "paused")
            one.settled()
            seen.append(str(one.header))
        for k in range(len(slides) - 1, len(slides) - 9, -1):
            click(one, "pageup")
            one.wait_for(f" {k}/{len(slides)} · {slides[k - 1].title}")
            one.wait_for(lambda text: "working" not in text)
            one.until(lambda h, k=k: str(h) == seen[k - 1])  # type: ignore[misc]
