"""Moments of a session: a whole state of it, to which it returns exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.engine.training.memory_use import memory_use
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.state import OldRun, SessionState, TrainingRun

if TYPE_CHECKING:
    from rnn_tui.engine.time_travel.branches import TimelineMoment
    from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints
    from rnn_tui.second_network import SecondNetwork

MOST = 100  # moments
MOST_BYTES = 256 * 2**20  # of runs that are kept for moments alone


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A state of a session.

    Attributes:
        run: the run that was shown.
        second: its second network; None if there was none.
        timelines: the moments of its timeline, and of that of the second network.
        breakpoints: a copy of its list of breakpoints.
        stop: the breakpoint at which it had stopped.
    """

    run: TrainingRun
    second: SecondNetwork | None
    timelines: tuple[TimelineMoment, ...]
    breakpoints: Breakpoints
    stop: BreakpointHit | None

    @property
    def update(self) -> int:
        """The number of updates that were done."""
        return self.timelines[0].here.index // self.run.trainer.schedule.end

    @property
    def trainers(self) -> tuple[Trainer, ...]:
        """The trainer, and that of the second network if there was one."""
        own = (self.run.trainer,)
        return own if self.second is None else (*own, self.second.trainer)

    def is_of(self, run: TrainingRun) -> bool:
        """Return whether this is a moment of `run`, or of the same networks swapped."""
        return any(trainer in self.trainers for trainer in run.trainers)

    def is_on_branch_of(self, other: Moment) -> bool:
        """Return whether `other` is a moment of the same runs, with the same changes made."""
        if self.trainers != other.trainers:
            return False
        pairs = zip(self.timelines, other.timelines, strict=True)
        return all(a.left.branch.changes is b.left.branch.changes for a, b in pairs)

    def limit(self, budget: int) -> None:
        """Drop keyframes, so that those kept for this moment take no more bytes than `budget`."""
        for each in self.timelines:
            each.left.branch.keyframes.limit(budget)


def moment_of(state: SessionState) -> Moment:
    """Return the moment at hand."""
    run = state.run
    return Moment(
        run=run,
        second=run.second_network,
        timelines=tuple(timeline.moment() for timeline in run.timelines),
        breakpoints=state.breakpoints.copy(),
        stop=state.stop,
    )


def return_to(state: SessionState, moment: Moment, *, breakpoints: bool) -> Iterator[float] | None:
    """Make a moment the present one: its run and its branch at once, then its place.

    The second network, if there was one, follows by lock step.

    Args:
        state: the session's state.
        moment: the moment.
        breakpoints: whether its list of breakpoints comes back in the same run, too.

    Returns:
        The way to the place; None where the run stands there still.
    """
    before, run = state.run, moment.run
    if run is not before:
        if not moment.is_of(before):
            state.old = OldRun(before, state.breakpoints)
            breakpoints = True
        state.show(run, moment.breakpoints.copy() if breakpoints else state.breakpoints)
    elif breakpoints:
        state.breakpoints = moment.breakpoints.copy()
    state.goal = state.stop = state.check = None
    run.second_network = moment.second
    way = run.timeline.return_to(moment.timelines[0])
    if moment.second is not None:
        moment.second.timeline.return_to(moment.timelines[1])  # the way is gone by lock step
        moment.second.forget_followed()
    run.note_what_if()
    if way is None:
        state.stop = moment.stop
        return None
    return _with_stop(state, way, moment.stop)


def _with_stop(
    state: SessionState, way: Iterator[float], stop: BreakpointHit | None
) -> Iterator[float]:
    """Go a way, and have the session stand at a breakpoint at its end as it did."""
    yield from way
    state.stop = stop


class Moments:
    """The moments that were noted, by key; the memory that they take is limited.

    Their keyframes take no more than those of the run itself, and runs that nothing else keeps no
    more than MOST_BYTES: then those noted first are forgotten.
    """

    def __init__(self) -> None:
        self._moments: dict[str, Moment] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._moments

    def __len__(self) -> int:
        return len(self._moments)

    def get(self, key: str) -> Moment | None:
        """Return the moment called `key`; None if there is none, or it was forgotten."""
        return self._moments.get(key)

    def note(self, key: str, moment: Moment, budget: int) -> None:
        """Keep a moment; what was called so before is forgotten.

        Args:
            key: its name.
            moment: the moment.
            budget: bytes that the keyframes of all moments may take.
        """
        self._moments.pop(key, None)
        self._moments[key] = moment
        while len(self._moments) > MOST or self._bytes_of_others(moment.run) > MOST_BYTES:
            del self._moments[next(iter(self._moments))]
        for each in self._moments.values():
            each.limit(budget // len(self._moments))

    def _bytes_of_others(self, run: TrainingRun) -> int:
        """Return the bytes of all runs but `run`, without their keyframes."""
        others = {
            trainer
            for each in self._moments.values()
            if not each.is_of(run)
            for trainer in each.trainers
        }
        return sum(_bytes_of(trainer) for trainer in others)


def _bytes_of(trainer: Trainer) -> int:
    return memory_use(trainer.settings, trainer.architecture, screen=False).total
