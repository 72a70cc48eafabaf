"""Going back from stop to stop meets the stops of a straight run, in reverse."""

from __future__ import annotations

import pytest

from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.search_back import search_back
from rnn_tui.engine.time_travel.stops import stride_or_stop
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import Breakpoints
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

SMALL = Settings(hidden=3, steps=4, num_points=60, noise=0.1, lr=0.05)


def straight_stops(texts: tuple[str, ...], updates: int) -> list[tuple[Place, str]]:
    timeline, breakpoints = Timeline(Trainer(SMALL)), Breakpoints(*map(parse, texts))
    stops = []
    while timeline.trainer.updates < updates:
        stop = stride_or_stop(timeline, Stride.UPDATE, breakpoints)
        if stop:
            stops.append((timeline.here, stop.reason))
    return stops


def back(timeline: Timeline, breakpoints: Breakpoints) -> str | None:
    way = search_back(timeline, breakpoints)
    while True:
        try:
            next(way)
        except StopIteration as end:
            return end.value.reason if end.value else None


@pytest.mark.parametrize(
    "texts",
    [("loss<0.1",), ("grad>0.5", "update=37"), ("pass=BACKWARD t=2",), ("t=3", "loss<0.2")],
)
def test_back_from_stop_to_stop_is_the_straight_run_reversed(texts: tuple[str, ...]) -> None:
    updates = 60
    expected = straight_stops(texts, updates)[-8:]
    assert len(expected) >= 1
    timeline, breakpoints = Timeline(Trainer(SMALL)), Breakpoints(*map(parse, texts))
    timeline.advance_to(expected[-1][0].index)
    for _ in range(3):
        timeline.forward(Stride.TIMESTEP)  # beyond the last stop
    for place, reason in reversed(expected):
        assert back(timeline, breakpoints) == reason
        assert timeline.here == place


def test_without_a_stop_before_it_one_stays() -> None:
    timeline, breakpoints = Timeline(Trainer(SMALL)), Breakpoints(parse("loss<1e-9"))
    for _ in range(40):
        timeline.forward(Stride.UPDATE)
    here = timeline.here
    assert back(timeline, breakpoints) is None
    assert timeline.here == here
