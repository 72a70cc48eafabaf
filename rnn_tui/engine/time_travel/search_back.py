"""Back to the previous stop: the past is searched keyframe by keyframe, newest first."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints


def to_next_stop(timeline: Timeline, breakpoints: Breakpoints) -> BreakpointHit | None:
    """Go on by one update or, where a pass or timestep stops before its end, to that place."""
    trainer = timeline.trainer
    position = breakpoints.next_position(trainer) if breakpoints.placed else None
    if position is None:
        timeline.forward(Stride.UPDATE)
        return breakpoints.after_update(trainer)
    timeline.advance(trainer.index - trainer.position % trainer.schedule.end + position)
    done = trainer.position == trainer.schedule.end
    return (breakpoints.after_update(trainer) if done else None) or breakpoints.after_micro(trainer)


def search_back(
    timeline: Timeline, breakpoints: Breakpoints
) -> Generator[float, None, BreakpointHit | None]:
    """Go to the last place before this one at which a breakpoint stops a run; if there is none,
    stay. Yields the share of the past that has been searched, returns the stop.

    Each stretch between two keyframes is replayed once, so the bits are those of the run.
    """
    origin = timeline.here
    end, span = origin.index, max(origin.index, 1)
    for start in reversed([s for s in timeline.starts if s <= timeline.trainer.updates]):
        first = timeline.place_of(start) if start else Place(0, 0)
        if first.index >= end:
            continue
        yield from _quietly(timeline.seek(first))
        breakpoints.forget()
        breakpoints.settle(timeline.trainer)
        found = None
        while timeline.here.index < end and timeline.trainer.divergence is None:
            stop = to_next_stop(timeline, breakpoints)
            # A stop may stand just where the stretch searched before began; the origin is none.
            if stop and timeline.here.index <= end and timeline.here.index < origin.index:
                found = timeline.here, stop
            yield 1 - (end - min(timeline.here.index, end)) / span
        if found is not None:
            place, why = found
            yield from _quietly(timeline.seek(place))
            return why
        end = first.index
    yield from _quietly(timeline.seek(origin))
    return None


def _quietly(way: Iterator[float]) -> Iterator[float]:
    """The steps of a way, its progress untold."""
    for _ in way:
        yield 0.0
