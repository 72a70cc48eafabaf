"""The pictures of docs/ show what the program shows now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import screenshots

NAMES = screenshots.kept()
SETUPS = {one.name: one for one in screenshots.screenshots()}
USED = re.compile(r"screenshots/([\w-]+)\.(?:svg|txt)")
TASK = re.compile("task-")  # networks that have learned, which takes seconds
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long if TASK.match(name) else ()) for name in NAMES],
)
def test_the_text_of_a_picture_is_what_is_drawn_now(name: str, tmp_path: Path) -> None:
    made = screenshots.make(SETUPS[name], tmp_path).with_suffix(".txt")
    kept = screenshots.FOLDER / made.name
    stale = f"stale: python docs/screenshots.py {name}"
    assert made.read_text("utf-8") == kept.read_text("utf-8"), stale


def test_every_picture_is_used_and_has_its_text() -> None:
    texts = {path.stem for path in screenshots.FOLDER.glob("*.txt")}
    assert texts == set(NAMES)
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    used = {name for page in pages for name in USED.findall(page.read_text("utf-8"))}
    pictures = {path.stem for path in screenshots.FOLDER.glob("*.svg")}
    assert used == pictures
