"""What destructive steps have replaced, so that one key takes the newest of them back, and forth.

Destructive are: a restart, another future in place of one that was known, a what-if that was
discarded, taken out or kept, futures that were forgotten, a second network that was replaced, a
breakpoint or a bookmark that was removed. What changed a list alone changes that list again,
wherever the run is by now; all others return to the moment before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rnn_tui.session.moments import Moment, moment_of, return_to
from rnn_tui.session.state import SessionState, TrainingRun

MOST = 30  # steps

Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A destructive step.

    Attributes:
        text: what it was: "the restart", "lr 0.01 → 0.05".
        moment: the moment before it; None where it changed a list alone.
        exchange: exchanges that list for what it was before, and likewise back.
        in_branch: whether that list is a part of the branch, which moments have too.
    """

    text: str
    moment: Moment | None = None
    exchange: Callable[[], None] | None = None
    in_branch: bool = False

    def change_list(self, *, alone: bool) -> None:
        """Exchange the list; one of the branch only where no moment is returned to besides."""
        if self.exchange is not None and (alone or not self.in_branch):
            self.exchange()


class DoneSteps:
    """The newest destructive steps, and those of them that are taken back.

    Only moments of the present run and of the old one are kept, and they have as much memory for
    keyframes together as the run itself.
    """

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._done: list[Done] = []
        self._undone: list[Done] = []  # taken back, the oldest first
        self._forth: Moment | None = None  # before they were; None if they changed lists alone

    def before(self) -> Moment:
        """Return the moment at hand, to be noted if the step that follows is made."""
        return moment_of(self._state)

    def note(self, step: Done) -> None:
        """Note a step that has just been made."""
        forth, self._forth = self._forth, None
        if forth is not None and not forth.is_of(self._state.run):
            self._done.append(Done("the way to this run", forth))  # the other one stays in reach
        self._undone = []
        self._done.append(step)
        self._tidy()

    def note_restart(self, step: Done, *, replaces: bool) -> None:
        """Note a restart.

        Args:
            step: with the moment before it.
            replaces: false if nothing was lost with it: one restart after another.
        """
        newest = self._done[-1].moment if self._done else None
        if replaces or newest is None or newest.is_of(self._state.run) or self._undone:
            self.note(step)

    def forget_old(self) -> None:
        """Forget the moments of runs that are kept no longer."""
        self._tidy()

    def count_to_old(self) -> int:
        """Return the count with which taking back comes to the old run; 0 if none does."""
        old = self._state.old
        if old is None:
            return 0
        taken = len(self._undone)
        if taken and self._forth is not None and self._forth.is_of(old.run):
            return 1
        for back, each in enumerate(reversed(self._done), taken + 1):
            if each.moment is not None and each.moment.is_of(old.run):
                return back
        return 0

    def way_to_old(self) -> str:
        """Return which key brings the old run back, in words; "" if none does."""
        count, old = self.count_to_old(), self._state.old
        if not count or old is None:
            return ""
        key = f"{count}R" if count > 1 else "R"
        return f"{key} brings the old run back, at update {old.run.trainer.updates}"

    def _tidy(self) -> None:
        """Keep what is in reach, and within its memory."""
        state = self._state
        runs = [state.run] if state.old is None else [state.run, state.old.run]
        self._done = [each for each in self._done if _is_kept(each.moment, runs)][-MOST:]
        if self._forth is not None and not _is_kept(self._forth, runs):
            self._forth, self._undone = None, []
        moments = [each.moment for each in self._done if each.moment is not None]
        for moment in moments:
            moment.limit(state.run.timeline.budget // len(moments))

    def take_back(self, count: int) -> tuple[str, Iterator[float] | None]:
        """Take the newest steps back, or make those again that are taken back.

        Args:
            count: how many; where no more than are taken back already, these are made again.

        Returns:
            What to say, "" for nothing; and the way to the place, if there is one.
        """
        if self._undone and count <= len(self._undone):
            return self._make_again()
        more = self._done[len(self._done) - min(count - len(self._undone), len(self._done)) :]
        if not more:
            return "", None
        del self._done[-len(more) :]
        way = None
        first = next((each.moment for each in more if each.moment is not None), None)
        if first is not None and self._forth is None:
            self._forth = self.before()
        for each in reversed(more):
            each.change_list(alone=first is None)
        if first is not None:
            way = self._return_to(first)
        self._undone = [*more, *self._undone]
        return _said(self._undone, "taken back", "R makes it again"), way

    def _make_again(self) -> tuple[str, Iterator[float] | None]:
        """Make the steps again that were taken back."""
        steps, forth = self._undone, self._forth
        self._undone, self._forth = [], None
        way = None
        if forth is not None:
            row = next(k for k, each in enumerate(steps) if each.moment is not None)
            steps = [*steps[:row], replace(steps[row], moment=self.before()), *steps[row + 1 :]]
        for each in steps:
            each.change_list(alone=forth is None)
        if forth is not None:
            way = self._return_to(forth)
        self._done += steps
        return _said(steps, "made again", "R takes it back"), way

    def _return_to(self, moment: Moment) -> Iterator[float] | None:
        return return_to(self._state, moment, breakpoints=False)


def exchange_of(
    exchange: Callable[[tuple[Listed, ...]], tuple[Listed, ...]],
) -> Callable[[], None]:
    """Exchange a list for an empty one; return what exchanges both again, each time."""
    kept = exchange(())

    def again() -> None:
        nonlocal kept
        kept = exchange(kept)

    return again


def _is_kept(moment: Moment | None, runs: Sequence[TrainingRun]) -> bool:
    """Return whether a moment, if there is one, is of one of the runs."""
    return moment is None or any(moment.is_of(run) for run in runs)


def _said(steps: Sequence[Done], what: str, key: str) -> str:
    """Return what to say of steps: what was done with them, and the key that does the opposite."""
    if len(steps) == 1:
        return f"{what}: {steps[0].text}; {key}"
    return f"{what}, {len(steps)} steps: {', '.join(each.text for each in steps)}; {key}"
