"""The list of breakpoints, and runs that stop at them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.breakpoint_conditions import (
    COMPARISONS,
    NON_FINITE,
    Breakpoint,
    BreakpointError,
    Compare,
    Kind,
)
from rnn_tui.engine.training.breakpoint_values import ValueReader, value_reader
from rnn_tui.engine.training.divergence import Divergence
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import quote

_NEEDS_TAPE = (Kind.CLIPPED, Kind.SATURATED)  # kinds whose numbers are read from the last window


@dataclass(frozen=True, slots=True)
class BreakpointHit:
    """A stop of a run at a breakpoint, with the reason.

    Attributes:
        breakpoint: the condition; the first of the list if several fired.
        value: the number that made it true; for `nan`, NaN or ±inf; for a pass or timestep, t.
        reason: one line with the value: "loss 0.00987 < 0.01 at update 812".
        advice: one sentence about what the numbers mean.
        also: further conditions that fired at the same place.
    """

    breakpoint: Breakpoint
    value: float
    reason: str
    advice: str
    also: tuple[Breakpoint, ...] = ()


@dataclass(slots=True)
class _Entry:
    """A breakpoint in the list.

    Attributes:
        breakpoint: the condition.
        hits: how often it fired in this run.
        was_true: whether it was true when last checked.
        chosen: whether it was armed by the user since the list was armed: it stays so.
        read: reads the number that it compares; None if it is switched off, compares no number, or
            does not fit this run.
    """

    breakpoint: Breakpoint
    hits: int = 0
    was_true: bool = False
    chosen: bool = False
    read: ValueReader | None = None


@dataclass(frozen=True, slots=True)
class BreakpointStatus:
    """A breakpoint of the list as the screen shows it.

    Attributes:
        breakpoint: the condition and whether it is enabled.
        hits: how often it fired in this run.
        armed: whether it fires when its condition is true: it is enabled, fits the run, and has
            been false since it fired.
        was_true: whether its condition was true when last checked.
    """

    breakpoint: Breakpoint
    hits: int
    armed: bool
    was_true: bool = False


class Breakpoints:
    """An ordered list of breakpoints with their hits; the first is always `nan`.

    The first call with a new trainer begins a new run: all breakpoints are armed and the hits are
    set to 0. Whoever moves the trainer without checking calls `rearm`, and before the next check
    `rnn_tui.engine.time_travel.settling.settle`.

    Attributes:
        unsettled: whether it is not known which conditions were true after the last update.
    """

    def __init__(self, *breakpoints: Breakpoint) -> None:
        self._entries = [_Entry(NON_FINITE)]
        self._network: Network | None = None
        self._trainer: Trainer | None = None
        self._comparisons: list[tuple[ValueReader, Compare, float, _Entry]] = []
        self._by_position: dict[int, list[_Entry]] = {}
        self._positions: list[int] = []  # the keys of _by_position, sorted
        self._diverged: frozenset[str] = frozenset()  # what has been counted as a hit
        self.unsettled = False
        for each in breakpoints:
            self.add(each)

    # The list

    @property
    def statuses(self) -> tuple[BreakpointStatus, ...]:
        """The list as it is now."""
        return tuple(
            BreakpointStatus(e.breakpoint, e.hits, self._armed(e), e.was_true)
            for e in self._entries
        )

    @property
    def has_positions(self) -> bool:
        """Whether a pass or timestep is enabled, so that runs must check within updates."""
        return any(e.breakpoint.enabled and e.breakpoint.kind is Kind.PASS for e in self._entries)

    @property
    def idle(self) -> bool:
        """Whether only `nan` is enabled, at which the trainer itself stops."""
        return not any(entry.breakpoint.enabled for entry in self._entries[1:])

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Breakpoint:
        return self._entries[index].breakpoint

    def add(self, breakpoint: Breakpoint) -> int:
        """Append a breakpoint, or arm it if it is in the list already; return its index."""
        texts = [str(entry.breakpoint) for entry in self._entries]
        if str(breakpoint) in texts:
            index = texts.index(str(breakpoint))
            entry = self._entries[index]
            entry.breakpoint, entry.was_true = replace(breakpoint, enabled=True), False
            entry.chosen = True
        else:
            index = len(self._entries)
            self._entries.append(_Entry(breakpoint, chosen=True))
        self._prepare()
        return index

    def copy(self) -> Breakpoints:
        """Return a copy that is changed by itself."""
        copied = Breakpoints()
        copied._entries = [replace(entry, read=None) for entry in self._entries]
        copied._network, copied._trainer = self._network, self._trainer
        copied._diverged, copied.unsettled = self._diverged, self.unsettled
        copied._prepare()
        return copied

    def insert(self, index: int, status: BreakpointStatus) -> None:
        """Put a breakpoint that was removed at its place in the list again, as it was."""
        if any(str(entry.breakpoint) == str(status.breakpoint) for entry in self._entries):
            return
        entry = _Entry(status.breakpoint, status.hits, status.was_true)
        self._entries.insert(index, entry)
        self._prepare()

    def resume(self, trainer: Trainer, statuses: Iterable[BreakpointStatus]) -> None:
        """Begin the run of `trainer` with breakpoints as they were left, after `nan`."""
        self._attach(trainer)
        for status in statuses:
            entry = self._entries[self.add(status.breakpoint)]
            entry.breakpoint, entry.hits = status.breakpoint, status.hits
            entry.was_true = status.was_true
        self._prepare()

    def remove(self, breakpoint: Breakpoint) -> None:
        """Take a breakpoint out of the list, whether it is switched on or off.

        Raises:
            BreakpointError: it is `nan`, or not in the list.
        """
        self._entries.remove(self._entry(breakpoint))
        self._prepare()

    def set_enabled(self, breakpoint: Breakpoint, enabled: bool) -> None:
        """Switch a breakpoint off, or on and armed; nothing changes if it is so already.

        Raises:
            BreakpointError: it is `nan`, or not in the list.
        """
        entry = self._entry(breakpoint)
        if entry.breakpoint.enabled != enabled:
            entry.breakpoint = replace(entry.breakpoint, enabled=enabled)
            entry.was_true, entry.chosen = False, True
            self._prepare()

    def _entry(self, breakpoint: Breakpoint) -> _Entry:
        """Return the entry of a breakpoint; its text says which one is meant."""
        if breakpoint.kind is Kind.NAN:
            raise BreakpointError("'nan' is always on")
        text = str(breakpoint)
        for entry in self._entries:
            if str(entry.breakpoint) == text:
                return entry
        raise BreakpointError(f"{quote(text)} is no longer in the list")

    def rearm(self) -> None:
        """Arm every enabled breakpoint, even if it was true before; keep the hits."""
        self.unsettled = True
        for entry in self._entries:
            entry.was_true = entry.chosen = False

    def disarm_true(self, trainer: Trainer) -> None:
        """Disarm the conditions that were true after the last update; see the class.

        If the last window is not on the tape, conditions on clipping and saturation stay as they
        are, and the list unsettled. That is so before the first schedule step of a window, and
        within one.
        """
        self._attach(trainer)
        loss, grad_norm = trainer.history.last
        known = {Kind.LOSS: loss, Kind.GRAD: grad_norm}
        on_tape = trainer.position == trainer.schedule.end
        self.unsettled = False
        for read, compare, limit, entry in self._comparisons:
            kind = entry.breakpoint.kind
            if entry.chosen:
                continue
            if on_tape or kind not in _NEEDS_TAPE:
                value = known[kind] if kind in known and not on_tape else read(trainer)
                entry.was_true = compare(value, limit)
            elif trainer.updates:
                self.unsettled = True

    def settle_by(self, trainer: Trainer | None) -> None:
        """Disarm the conditions on clipping and saturation that were true after the last update.

        Args:
            trainer: another trainer, which has just made that update; None where that cannot be
                known any more.
        """
        self.unsettled = False
        if trainer is None:
            return
        for _, compare, limit, entry in self._comparisons:
            if entry.breakpoint.kind in _NEEDS_TAPE and not entry.chosen:
                read = value_reader(entry.breakpoint, trainer)
                entry.was_true = read is not None and compare(read(trainer), limit)

    # Checking

    def check_update(self, trainer: Trainer) -> BreakpointHit | None:
        """Return the hit, if any; to be called after each update, and after a divergence."""
        if trainer.network is not self._network:
            self._attach(trainer)
        if trainer.divergence is not None:
            return self._divergence_hit(trainer, trainer.divergence)
        fired = None
        for read, compare, limit, entry in self._comparisons:
            if compare(read(trainer), limit) != entry.was_true:
                entry.was_true = not entry.was_true
                if entry.was_true:
                    fired = [*(fired or ()), entry]
        return self._fire(trainer, fired) if fired else None

    def check_position(self, trainer: Trainer) -> BreakpointHit | None:
        """Return the hit, if any, of a pass or timestep; to be called at each `next_position`."""
        self._attach(trainer)
        if trainer.divergence is not None:
            return self._divergence_hit(trainer, trainer.divergence)
        fired = self._by_position.get(trainer.position)
        return self._fire(trainer, fired) if fired else None

    def check_here(self, trainer: Trainer) -> BreakpointHit | None:
        """Return the hit, if any, of all kinds; to be called once for each place of a run.

        Conditions on numbers are checked at the end of an update only.
        """
        complete = trainer.position == trainer.schedule.end or trainer.divergence is not None
        hit = self.check_update(trainer) if complete else None
        if trainer.divergence is not None:
            return hit
        standing = self.check_position(trainer) if self.has_positions else None
        if hit and standing:
            return replace(hit, also=(*hit.also, standing.breakpoint, *standing.also))
        return hit or standing

    def next_position(self, trainer: Trainer) -> int | None:
        """Return the next position of this update at which a pass or timestep may stop the run.

        If this update is complete, return that of the next one. None if there is no such position
        before the end of the update.
        """
        self._attach(trainer)
        here = 0 if trainer.position == trainer.schedule.end else trainer.position
        index = bisect_right(self._positions, here)
        return self._positions[index] if index < len(self._positions) else None

    def _armed(self, entry: _Entry) -> bool:
        """Return whether an entry is armed; see `BreakpointStatus`."""
        breakpoint = entry.breakpoint
        if breakpoint.kind is Kind.NAN:
            return True
        if self._trainer is None:
            return breakpoint.enabled
        if breakpoint.kind is Kind.PASS:
            return breakpoint.enabled and bool(breakpoint.positions(self._trainer.schedule))
        return entry.read is not None and not entry.was_true

    def _attach(self, trainer: Trainer) -> None:
        """Use `trainer` from now on; if it is a new one, begin a new run."""
        if trainer.network is self._network:
            return
        self._trainer, self._network = trainer, trainer.network
        self.rearm()
        self.unsettled = False
        self._diverged = frozenset()
        for entry in self._entries:
            entry.hits = 0
        self._prepare()

    def _prepare(self) -> None:
        """Collect the comparisons to make after each update, and the positions to stop at."""
        trainer = self._trainer
        if trainer is None:
            return
        self._comparisons, self._by_position = [], {}
        for entry in self._entries:
            breakpoint = entry.breakpoint
            entry.read = value_reader(breakpoint, trainer) if breakpoint.enabled else None
            if entry.read:
                compare = COMPARISONS[breakpoint.comparison]
                self._comparisons.append((entry.read, compare, breakpoint.limit, entry))
            if breakpoint.enabled:
                for position in breakpoint.positions(trainer.schedule):
                    self._by_position.setdefault(position, []).append(entry)
        self._positions = sorted(self._by_position)

    def _fire(self, trainer: Trainer, fired: list[_Entry]) -> BreakpointHit:
        """Count a hit of each entry in `fired`, and return the hit of the first."""
        from rnn_tui.engine.training.breakpoint_advice import advice, reason  # not for the start

        for entry in fired:
            entry.hits += 1
        first = fired[0]
        value = first.read(trainer) if first.read else trainer.cursor.t
        return BreakpointHit(
            first.breakpoint,
            value,
            reason(first.breakpoint, value, trainer),
            advice(first.breakpoint, value, trainer),
            also=tuple(entry.breakpoint for entry in fired[1:]),
        )

    def _divergence_hit(self, trainer: Trainer, divergence: Divergence) -> BreakpointHit:
        """Return the hit of `nan`, counted once for each divergence, however often one is there."""
        from rnn_tui.engine.training.breakpoint_advice import divergence_advice

        why = f"{divergence} in update {trainer.updates + 1:,}"
        which = f"{why} {trainer.history.last}"  # of which future: the way there tells
        if which not in self._diverged:
            self._diverged |= {which}
            self._entries[0].hits += 1
        return BreakpointHit(NON_FINITE, divergence.value, why, divergence_advice(trainer))


def run_until(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None = None,
) -> BreakpointHit | None:
    """Complete up to `updates` more updates, or fewer when a breakpoint is hit.

    Args:
        trainer: the trainer to run, at any place.
        breakpoints: the conditions to stop at. They are first checked after the trainer has moved.
        updates: number of updates to complete.
        stop: called before each update, for a deadline or a key; the run ends when it returns True.

    Returns:
        The hit that ended the run; None if no breakpoint did.
    """
    if breakpoints.idle and stop is None:
        trainer.run(updates)
        return breakpoints.check_update(trainer) if trainer.divergence else None
    if not breakpoints.has_positions:
        return _run_updates(trainer, breakpoints, updates, stop)
    goal = trainer.updates + updates
    while trainer.updates < goal and not (stop and stop()):
        position = breakpoints.next_position(trainer)
        if position is None:
            trainer.run(1)
            hit = breakpoints.check_update(trainer)
        else:
            hit = _run_to_position(trainer, breakpoints, position)
        if hit:
            return hit
    return None


def _run_updates(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None,
) -> BreakpointHit | None:
    """Carry out `run_until` in whole updates, as no pass or timestep is enabled."""
    hits: list[BreakpointHit] = []

    def is_over() -> bool:
        hit = breakpoints.check_update(trainer)
        hits.extend([hit] if hit else [])
        return bool(hits) or bool(stop and stop())

    if not (stop and stop()):
        trainer.run(updates, is_over)
    if trainer.divergence is not None and not hits:
        return breakpoints.check_update(trainer)
    return hits[0] if hits else None


def _run_to_position(
    trainer: Trainer, breakpoints: Breakpoints, position: int
) -> BreakpointHit | None:
    """Go to `position` of this update (of the next one from its end); return the hit there."""
    trainer.advance_to(trainer.index_of(position))
    return breakpoints.check_here(trainer)
