"""Tests in a real terminal run two at a time at most, also where more workers share the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


# Those about kinds of terminals and links: they mostly wait for a terminal's answers.
WAITING = {
    "test_ascii.py", "test_bytes.py", "test_held_back.py", "test_kinds.py", "test_mouse.py",
    "test_multiplexers.py", "test_pacing.py", "test_torn.py",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep them on two workers: more programs would wait for each other's processor."""
    for item in items:
        if HERE in item.path.parents:
            group = "answers" if item.path.name in WAITING else "terminal"
            item.add_marker(pytest.mark.xdist_group(group))
