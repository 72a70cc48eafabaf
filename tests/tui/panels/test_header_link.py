"""The header names the link while it limits the frames, whatever else it has to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui.panels.test_versus import beside
from tui.screen_support import TASKS, SnapshotMaker, context, text_of

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.panels import header

LINK = "link 210 ms · 4/s"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("task", TASKS)
def test_the_link_is_named_beside_every_task(task: str, width: int) -> None:
    snapshot = SnapshotMaker(Trainer(TASKS[task])).snapshot()
    lines = text_of(header.draw(replace(context(snapshot), link=LINK), width, 2))
    assert lines[0].rstrip().endswith(LINK)
    assert all(len(line) <= width for line in lines)
    assert TASKS[task].cell in lines[0]


@pytest.mark.parametrize("width", [80, 120])
def test_the_link_is_named_beside_two_networks(width: int) -> None:
    first, second = text_of(header.draw(replace(context(beside(3, 0)), link=LINK), width, 2))
    assert first.rstrip().endswith(LINK)
    assert "rnn 4" in first
    assert "lstm 2" in first
    assert second == text_of(header.draw(context(beside(3, 0)), width, 2))[1]
