"""Finding out which breakpoints were true just before a place, however the run came there."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_tui.engine.time_travel.counterfactual import Counterfactual
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoints import Breakpoints

_SECONDS = 0.004  # of work between two items


def settle(timeline: Timeline, breakpoints: Breakpoints) -> Iterator[float]:
    """Find out which conditions were true after the last update; the run stays where it is.

    Clipping and saturation are read from the window of that update. Where the tape has another one,
    it is computed again, by a trainer of its own.

    Yields:
        0 after each piece of work, for the caller to look at the time.
    """
    breakpoints.disarm_true(timeline.trainer)
    if not breakpoints.unsettled:
        return
    trainer, end = timeline.trainer, timeline.trainer.schedule.end
    start = timeline.keyframes.nearest(trainer.updates - 1)
    if start.updates >= trainer.updates:  # the timeline begins here
        breakpoints.settle_by(None)
        return
    again = Counterfactual(trainer, start, start.updates * end)
    last = trainer.updates * end
    while not again.follow(last, timeline.all_changes, _SECONDS):
        yield 0.0
    breakpoints.settle_by(again.at(last))
