"""How far somebody has come: kept in the state folder, also by several programs at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_tui.command_line.lesson_list import list_text, listed_lessons
from rnn_tui.files.state_folder import state_path
from rnn_tui.lessons.progress import GivenAnswer, LessonProgress, read_progress, write_progress
from rnn_tui.lessons.progress_writer import ProgressWriter

SOME = LessonProgress(2, 5, 8, (GivenAnswer(1, ("0.5", "−0.2"), ("off", "exact")),))


def test_progress_is_read_as_it_was_written() -> None:
    write_progress("one-step", SOME)
    assert read_progress("one-step") == SOME
    assert read_progress("other") == LessonProgress()


def test_what_is_farther_stays() -> None:
    write_progress("one-step", SOME)
    write_progress("one-step", LessonProgress(0, 0, 8))
    assert read_progress("one-step") == LessonProgress(0, 5, 8)
    write_progress("one-step", LessonProgress(0, 0, 9))  # the lesson has changed
    assert read_progress("one-step").reached == 0


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"at": -1}', b"\xff", b"[" * 60000], ids=range(6)
)
def test_a_damaged_file_is_no_progress(content: bytes) -> None:
    write_progress("one-step", SOME)
    (state_path() / "lessons" / "one-step.json").write_bytes(content)
    assert read_progress("one-step") == LessonProgress()


def test_where_nothing_can_be_kept_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    write_progress("one-step", SOME)
    assert read_progress("one-step") == LessonProgress()


def test_the_writer_writes_the_newest() -> None:
    writer = ProgressWriter("one-step")
    for step in range(50):
        writer.note(LessonProgress(step, step, 50))
    writer.close()
    assert read_progress("one-step").at == 49


def test_the_list_has_how_far_one_is() -> None:
    first, second, *_ = listed_lessons()
    write_progress(first.lesson.name, LessonProgress(first.steps, first.steps, first.steps))
    write_progress(second.lesson.name, LessonProgress(2, 2, second.steps))
    text = list_text(listed_lessons())
    assert f"({first.steps} steps) · done" in text
    assert f"({second.steps} steps) · 3/{second.steps}" in text
    assert max(map(len, text.splitlines())) <= 80
