"""docs/lessons.md: its whole lesson is played, and every key and action has its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnn_tui.lessons.actions import FORMS
from rnn_tui.lessons.checking import check_lesson
from rnn_tui.lessons.reading import LESSON_KEYS, lesson_of

PAGE = (Path(__file__).parent.parent / "docs" / "lessons.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("```toml\n")[1].split("```")[0]


@pytest.mark.parametrize("seed", range(2))
def test_the_whole_lesson_holds(seed: int) -> None:
    check = check_lesson(lesson_of(EXAMPLE, "docs/lessons.md"), seed)
    assert list(check.lines()) == []
    assert (check.claims, check.predictions) == (3, 2)


def test_every_key_and_every_action_has_its_row() -> None:
    cells = " ".join(re.findall(r"^\|(.*?)\|", PAGE, re.MULTILINE))
    words = set(re.findall(r"[a-z_-]+", cells)) | {"text", "when"}  # these are in one row
    wanted = {key for keys in LESSON_KEYS.values() for key in keys} | set(FORMS)
    assert wanted <= words
