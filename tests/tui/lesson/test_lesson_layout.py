"""A lesson has its place beside what is looked at, on terminals of every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region
from tui.screen_support import LSTM, SnapshotMaker

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lesson.room import LessonRoom
from rnn_tui.tui.lesson.view import LessonView
from rnn_tui.tui.panel_spec import needs_of
from rnn_tui.tui.panels.lesson import draw

SAY = "Two gradients come in: that of the output, and that of the timestep after. " * 3
ROOM = LessonRoom(
    (
        (SAY, "How large is their sum?", (), "Add them.", "They add up, as both roads count."),
        (SAY, "Which way?", ("up", "down", "it stays where it is"), "", "Downhill."),
    )
)
WIDTHS = (80, 95, 109, 110, 130, 169, 170, 200, 250)
HEIGHTS = (23, 24, 28, 33, 40, 50, 60, 80)


@pytest.mark.parametrize("zoomed", [False, True])
def test_a_lesson_and_what_it_shows_have_room_at_every_size(zoomed: bool) -> None:
    needs = needs_of(SnapshotMaker(Trainer(LSTM)).snapshot())
    for width in WIDTHS:
        for height in HEIGHTS:
            places = set()
            for panel in PANELS.names:
                if panel in ("lesson", "hyperparameters", "theirs"):
                    continue
                focus = Focus(panel, "network", zoomed, lesson=ROOM)
                regions = arrange(width, height, focus, needs)
                assert {"lesson", panel} <= {*regions}, (width, height, panel)
                _do_not_overlap(regions.values(), width, height)
                lesson = regions["lesson"]
                least = ROOM.lines(lesson.width)[0]
                assert lesson.height >= min(least, height - 3 - 11), (width, height, panel)
                assert regions[panel].height >= 5, (width, height, panel, regions)
                if panel == "timestep":
                    assert regions[panel].height >= 10
                if not zoomed and width >= 110:
                    assert "timestep" in regions
                places.add(lesson)
            assert len(places) == 1, (width, height, places)


def _do_not_overlap(regions: object, width: int, height: int) -> None:
    """Assert that no two regions share a cell, and that all are in the body."""
    assert hasattr(regions, "__iter__")
    seen: list[Region] = []
    for region in regions:
        assert Region(0, 2, width, height - 3).contains_region(region)
        assert not any(region.overlaps(other) for other in seen)
        seen.append(region)


def test_an_answer_has_the_focus_with_the_panel_that_was_looked_at() -> None:
    needs = needs_of(SnapshotMaker(Trainer(LSTM)).snapshot())
    for width in WIDTHS:
        for height in HEIGHTS:
            looked = arrange(width, height, Focus("ledger", "ledger", lesson=ROOM), needs)
            in_lesson = arrange(width, height, Focus("lesson", "ledger", lesson=ROOM), needs)
            assert looked == in_lesson


def test_choices_are_read_whole_and_the_answer_is_seen_first() -> None:
    long = "larger than one hundred, which would be a very large loss for a network like this one"
    view = LessonView("slides", question="Which?", choices=(long, "smaller"), right="smaller")
    view = replace(view, reveal="So.", turned=True)
    context = DrawContext(SnapshotMaker(Trainer(LSTM)).snapshot(), Selection(), lesson=view)
    text = "\n".join("".join(part for part, _ in line) for line in draw(context, 60, 12))
    assert "".join(long.split()) in "".join(text.split())
    least = LessonRoom((("", "Which?", (long, "smaller"), "", "So."),)).lines(60)[0]
    first = "\n".join("".join(part for part, _ in line) for line in draw(context, 60, least - 2))
    assert "it is smaller" in first
    assert "So." in first
