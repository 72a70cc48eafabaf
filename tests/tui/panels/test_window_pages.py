"""BATCH and LOSS of a long window: every timestep is on a page, and what a page has is counted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tui.screen_support import SMALL, SnapshotMaker, context, text_of

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.panels.current_pass import window_table


@pytest.mark.parametrize("passes", [1, 3])
def test_each_timestep_is_on_a_page_and_pages_are_counted(passes: int) -> None:
    trainer = Trainer(SMALL.with_(steps=40, num_points=200))
    for _ in range(passes):
        trainer.finish_pass()
    shown, found = context(SnapshotMaker(trainer).snapshot()), set()
    for page in range(4):
        selection = replace(shown.selection, page=page)
        lines = text_of(window_table.draw(replace(shown, selection=selection), 80, 9))
        assert len(lines) <= 9
        (said,) = (re.search(r"t=(\d+)–(\d+): (\d+) of 40", line) for line in lines[-1:])
        assert said is not None
        first, last, count = map(int, said.groups())
        assert last - first + 1 == count < 40
        found |= set(range(first, last + 1))
    assert found == set(range(1, 41))
