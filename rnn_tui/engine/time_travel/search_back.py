"""Search the past for the previous breakpoint hit, keyframe by keyframe, the newest first."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.stops import stretch_of, stride_or_stop
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints


def search_back(
    timeline: Timeline, breakpoints: Breakpoints
) -> Generator[float, None, BreakpointHit | None]:
    """Go to the last place before this one where a breakpoint stops a run.

    The updates between two keyframes are replayed once, so the bits are those of the run.

    Yields:
        The share of the past that has been searched.

    Returns:
        The hit; None if there is none, and the trainer is back where it was.
    """
    origin = timeline.here
    end, span = origin.index, max(origin.index, 1)
    for start in reversed([s for s in timeline.keyframes.updates if s <= timeline.trainer.updates]):
        first = timeline.place_of(start) if start else Place(0, 0)
        if first.index >= end:
            continue
        yield from _without_progress(timeline.seek(first))
        breakpoints.rearm()
        breakpoints.disarm_true(timeline.trainer)
        last: tuple[Place, BreakpointHit] | None = None
        while timeline.here.index < end and timeline.trainer.divergence is None:
            if stretch_of(timeline, Stride.UPDATE, breakpoints):
                yield 1 - (end - min(timeline.here.index, end)) / span
                continue
            hit = stride_or_stop(timeline, Stride.UPDATE, breakpoints)
            # A hit at `end`, the start of the part searched before, counts; one at the origin not.
            if hit and timeline.here.index <= end and timeline.here.index < origin.index:
                last = timeline.here, hit
            yield 1 - (end - min(timeline.here.index, end)) / span
        if last is not None:
            place, hit = last
            yield from _without_progress(timeline.seek(place))
            return hit
        end = first.index
    yield from _without_progress(timeline.seek(origin))
    return None


def _without_progress(steps: Iterator[float]) -> Iterator[float]:
    """Yield 0 for each of `steps`, because their own progress is not that of the search."""
    for _ in steps:
        yield 0.0
