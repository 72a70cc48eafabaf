"""Going forward in a run, up to the first breakpoint."""

from __future__ import annotations

from collections.abc import Generator

from rnn_tui.engine.time_travel.places import Stride, stride_end
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints


def stride_or_stop(
    timeline: Timeline, stride: Stride, breakpoints: Breakpoints
) -> BreakpointHit | None:
    """Go one stride forward, or only to the first pass or timestep with a breakpoint within it.

    Returns:
        The breakpoint hit at that place, if any.
    """
    trainer, before = timeline.trainer, timeline.trainer.index
    if stride in (Stride.PASS, Stride.UPDATE) and breakpoints.has_positions:
        position = breakpoints.next_position(trainer)
        if position is not None:
            index = trainer.index_of(position)
            if index < stride_end(trainer, stride):
                timeline.advance_to(index)
                return breakpoints.check_here(trainer)
    timeline.forward(stride)
    if breakpoints.idle and trainer.divergence is None:
        return None
    moved = trainer.index > before or trainer.divergence is not None
    return breakpoints.check_here(trainer) if moved else None


def stretch_of(timeline: Timeline, stride: Stride, breakpoints: Breakpoints) -> bool:
    """Go forward a part of a long stride, towards its end or the first breakpoint within it.

    Returns:
        Whether it was; if not, `stride_or_stop` has little left to do and nothing was done here.
    """
    trainer = timeline.trainer
    if stride not in (Stride.PASS, Stride.UPDATE):
        return False
    index = trainer.index + timeline.stretch
    position = breakpoints.next_position(trainer)
    ends = [stride_end(trainer, stride)]
    if position is not None:
        ends.append(trainer.index_of(position))
    if index >= min(ends):
        return False
    timeline.advance_to(index)
    return True


def go_to_or_stop(
    timeline: Timeline, index: int, breakpoints: Breakpoints
) -> Generator[float, None, BreakpointHit | None]:
    """Go forward to schedule index `index`, or only to the first breakpoint before it.

    Yields:
        The share of the way that is done.

    Returns:
        The breakpoint hit at that place, if any.
    """
    trainer, start = timeline.trainer, timeline.trainer.index
    hit = None
    while hit is None and trainer.index < index and trainer.divergence is None:
        position = breakpoints.next_position(trainer) or trainer.schedule.end
        stop = min(trainer.index_of(position), index)
        timeline.advance_to(min(trainer.index + timeline.stretch, stop))
        if trainer.index >= stop or trainer.divergence is not None:
            hit = breakpoints.check_here(trainer)
        yield (trainer.index - start) / max(index - start, 1)
    return hit
