"""The list of breakpoints and runs that stop at them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.breakpoint_advice import _advice, _advice_nan, _reason
from rnn_tui.engine.training.breakpoint_conditions import (
    COMPARISONS,
    NOT_FINITE,
    Breakpoint,
    BreakpointError,
    Compare,
    Kind,
)
from rnn_tui.engine.training.breakpoint_gauges import Gauge, _gauge
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.trainer import Trainer

_NEEDS_TAPE = (Kind.CLIPPED, Kind.SATURATED)  # what is left of the window tells, nothing else


# Stopping


@dataclass(frozen=True, slots=True)
class BreakpointHit:
    """Why a run stopped.

    Attributes:
        breakpoint: the condition; the first of the list if several fired.
        value: the number that made it true: NaN or ±inf of `nan`, the timestep of a place.
        reason: one line with the value: "loss 0.00987 < 0.01 at update 812".
        advice: one sentence that follows from the numbers.
        also: further conditions that fired at the same place.
    """

    breakpoint: Breakpoint
    value: float
    reason: str
    advice: str
    also: tuple[Breakpoint, ...] = ()


@dataclass(slots=True)
class _Entry:
    """A breakpoint in the list; `held`: whether its condition was true when last looked at."""

    breakpoint: Breakpoint
    hits: int = 0
    held: bool = False
    gauge: Gauge | None = None  # None: off, of another kind, or it does not fit this run


@dataclass(frozen=True, slots=True)
class BreakpointStatus:
    """One line of the list, for the screen.

    Attributes:
        breakpoint: the condition and whether it is enabled.
        hits: how often it fired in this run.
        armed: enabled, fitting, and not waiting for its condition to become false first.
    """

    breakpoint: Breakpoint
    hits: int
    armed: bool


class Breakpoints:
    """An ordered list of breakpoints with their hits; the first is always `nan`.

    Belongs to whoever runs the trainer. A trainer it has not seen is another run: everything is
    armed and no hits are counted yet. Whoever goes back in time calls `forget` and then `settle`.
    """

    def __init__(self, *breakpoints: Breakpoint) -> None:
        self._entries = [_Entry(NOT_FINITE)]
        self._network: Network | None = None
        self._trainer: Trainer | None = None
        self._watched: list[tuple[Gauge, Compare, float, _Entry]] = []
        self._places: dict[int, list[_Entry]] = {}
        self._positions: list[int] = []
        self._divergence: Divergence | None = None  # the newest that was counted
        for each in breakpoints:
            self.add(each)

    # The list

    @property
    def lines(self) -> tuple[BreakpointStatus, ...]:
        """The list as it is now."""
        return tuple(BreakpointStatus(e.breakpoint, e.hits, self._armed(e)) for e in self._entries)

    @property
    def placed(self) -> bool:
        """Whether a pass or timestep stops anywhere, so that a run has to walk there."""
        return any(e.breakpoint.enabled and e.breakpoint.kind is Kind.PLACE for e in self._entries)

    @property
    def idle(self) -> bool:
        """Whether there is nothing enabled but `nan`, which the trainer looks after."""
        return not any(entry.breakpoint.enabled for entry in self._entries[1:])

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Breakpoint:
        return self._entries[index].breakpoint

    def add(self, breakpoint: Breakpoint) -> int:
        """Append it, armed, and return its place; one that is there already is armed again."""
        texts = [str(entry.breakpoint) for entry in self._entries]
        if str(breakpoint) in texts:
            index = texts.index(str(breakpoint))
            entry = self._entries[index]
            entry.breakpoint, entry.held = replace(breakpoint, enabled=True), False
        else:
            index = len(self._entries)
            self._entries.append(_Entry(breakpoint))
        self._compile()
        return index

    def remove(self, index: int) -> Breakpoint:
        """Take it out of the list.

        Raises:
            BreakpointError: it is `nan`.
        """
        removed = self._entries[self._own(index)].breakpoint
        del self._entries[index]
        self._compile()
        return removed

    def toggle(self, index: int) -> Breakpoint:
        """Switch it off, or on and armed.

        Raises:
            BreakpointError: it is `nan`.
        """
        entry = self._entries[self._own(index)]
        entry.breakpoint = replace(entry.breakpoint, enabled=not entry.breakpoint.enabled)
        entry.held = False
        self._compile()
        return entry.breakpoint

    def _own(self, index: int) -> int:
        if self._entries[index].breakpoint.kind is Kind.NAN:
            raise BreakpointError("'nan' is always on")
        return index

    def forget(self) -> None:
        """Arm everything, whatever was true before; hits stay."""
        self._divergence = None
        for entry in self._entries:
            entry.held = False

    def settle(self, trainer: Trainer) -> None:
        """Take what is true here as seen: it does not fire again before it has been false.

        For a place gone back to. Between updates only; where the window is not on the tape,
        clipping and saturation stay as they are. In mid-window it does nothing.
        """
        self._bind(trainer)
        if 0 < trainer.position < trainer.schedule.end:
            return
        for gauge, compare, limit, entry in self._watched:
            if trainer.position or entry.breakpoint.kind not in _NEEDS_TAPE:
                entry.held = compare(gauge(trainer), limit)

    # Checking

    def after_update(self, trainer: Trainer) -> BreakpointHit | None:
        """Whether to stop here; called once after each completed update, and on divergence."""
        if trainer.network is not self._network:
            self._bind(trainer)
        if trainer.divergence is not None:
            return self._diverged(trainer, trainer.divergence)
        fired = None
        for gauge, compare, limit, entry in self._watched:
            if compare(gauge(trainer), limit) != entry.held:
                entry.held = not entry.held
                if entry.held:
                    fired = [*(fired or ()), entry]
        return self._fire(trainer, fired) if fired else None

    def after_micro(self, trainer: Trainer) -> BreakpointHit | None:
        """Whether a pass or timestep stops here; called after a move to `next_position`."""
        self._bind(trainer)
        if trainer.divergence is not None:
            return self._diverged(trainer, trainer.divergence)
        fired = self._places.get(trainer.position)
        return self._fire(trainer, fired) if fired else None

    def next_position(self, trainer: Trainer) -> int | None:
        """The next position at which a pass or timestep stops: of this update or, standing at its
        end, of the next. None: there is none before the update is complete."""
        self._bind(trainer)
        here = 0 if trainer.position == trainer.schedule.end else trainer.position
        index = bisect_right(self._positions, here)
        return self._positions[index] if index < len(self._positions) else None

    def _armed(self, entry: _Entry) -> bool:
        what = entry.breakpoint
        if what.kind is Kind.NAN:
            return True
        if self._trainer is None:
            return what.enabled
        if what.kind is Kind.PLACE:
            return what.enabled and bool(what.positions(self._trainer.schedule))
        return entry.gauge is not None and not entry.held

    def _bind(self, trainer: Trainer) -> None:
        """Be about this trainer; if it is another, a new run has begun."""
        if trainer.network is self._network:
            return
        self._trainer, self._network = trainer, trainer.network
        self.forget()
        for entry in self._entries:
            entry.hits = 0
        self._compile()

    def _compile(self) -> None:
        """What to look at while running, and where to stop, ready to be looked at fast."""
        trainer = self._trainer
        if trainer is None:
            return
        self._watched, self._places = [], {}
        for entry in self._entries:
            what = entry.breakpoint
            entry.gauge = _gauge(what, trainer) if what.enabled else None
            if entry.gauge:
                compare = COMPARISONS[what.comparison]
                self._watched.append((entry.gauge, compare, what.limit, entry))
            for position in what.positions(trainer.schedule) if what.enabled else ():
                self._places.setdefault(position, []).append(entry)
        self._positions = sorted(self._places)

    def _fire(self, trainer: Trainer, fired: list[_Entry]) -> BreakpointHit:
        for entry in fired:
            entry.hits += 1
        first = fired[0]
        value = first.gauge(trainer) if first.gauge else trainer.cursor.t
        also = tuple(entry.breakpoint for entry in fired[1:])
        what = first.breakpoint
        return BreakpointHit(
            what, value, _reason(what, value, trainer), _advice(what, value, trainer), also
        )

    def _diverged(self, trainer: Trainer, divergence: Divergence) -> BreakpointHit:
        if divergence is not self._divergence:
            self._divergence = divergence
            self._entries[0].hits += 1
        reason = f"{divergence} in update {trainer.updates + 1:,}"
        return BreakpointHit(NOT_FINITE, divergence.value, reason, _advice_nan(trainer))


def run_until(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None = None,
) -> BreakpointHit | None:
    """Complete up to `updates` more updates, or fewer when a breakpoint is hit.

    Args:
        trainer: what to run, from wherever it stands.
        breakpoints: where to stop. What holds at the start does not stop it before it has moved.
        updates: how many to complete.
        stop: asked before each update, for a deadline or a key; True returns None early.
    """
    if breakpoints.idle and stop is None:
        trainer.run(updates)
        return breakpoints.after_update(trainer) if trainer.divergence else None
    goal, placed = trainer.updates + updates, breakpoints.placed
    if not placed:
        return _run_watched(trainer, breakpoints, updates, stop)
    while trainer.updates < goal and not (stop and stop()):
        position = breakpoints.next_position(trainer) if placed else None
        if position is None:
            trainer.run(1)
            found = breakpoints.after_update(trainer)
        else:
            found = _run_to(trainer, breakpoints, position)
        if found:
            return found
    return None


def _run_watched(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None,
) -> BreakpointHit | None:
    """Whole updates, asking after each."""
    stops: list[BreakpointHit] = []

    def over() -> bool:
        hit = breakpoints.after_update(trainer)
        stops.extend([hit] if hit else [])
        return bool(stops) or bool(stop and stop())

    if not (stop and stop()):
        trainer.run(updates, over)
    if trainer.divergence is not None and not stops:
        return breakpoints.after_update(trainer)
    return stops[0] if stops else None


def _run_to(trainer: Trainer, breakpoints: Breakpoints, position: int) -> BreakpointHit | None:
    """Go on to `position` of this update or, from its end, of the next, and stop there."""
    trainer.advance(trainer.index - trainer.position % trainer.schedule.end + position)
    done = trainer.position == trainer.schedule.end
    found = breakpoints.after_update(trainer) if done else None
    there = breakpoints.after_micro(trainer)
    if found and there:
        return replace(found, also=(*found.also, there.breakpoint, *there.also))
    return found or there
