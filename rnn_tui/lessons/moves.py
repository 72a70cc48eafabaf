"""What the actions of a step send to the session, one after the other."""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator, Sequence

from rnn_tui.engine.network.interventions import InterventionError, Release
from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint, Kind
from rnn_tui.engine.training.breakpoint_parser import parse as parse_breakpoint
from rnn_tui.lessons.keys import parse_key
from rnn_tui.lessons.lesson import (
    DISCARD,
    Action,
    ChangeSettings,
    PressKeys,
    RunUntil,
    TakePlace,
    TryWhatIf,
)
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.places.looking import PlaceError
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.commands import (
    AddBreakpoint,
    Command,
    Configure,
    Continue,
    Discard,
    GoTo,
    GoToPlace,
    Intervene,
    RemoveBreakpoint,
    Restart,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import SettingError

MOST_UPDATES = 200_000
"""Updates after which ``run until`` gives up."""
MOST_STOPS = 1000
"""Stops at breakpoints of the user's own on the way."""

Work = Generator[Sequence[Command], Snapshot, Snapshot]
"""Commands go out together; what comes back is the snapshot after them."""

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class LessonMoves:
    """Carries out actions.

    Attributes:
        path: the file of the lesson, for errors.
        on_key: is given the keys that only a screen can press.
        on_place: is given the places gone to.
        added: breakpoints that were added for the way, and are still in the list.
    """

    def __init__(
        self, path: str, on_key: Callable[[str], None], on_place: Callable[[PlaceLine], None]
    ) -> None:
        self.path = path
        self.on_key = on_key
        self.on_place = on_place
        self.added: tuple[Breakpoint, ...] = ()

    def carry_out(self, action: Action, line: int, snapshot: Snapshot) -> Work:
        """Carry out one action; `line` is where the file has it.

        Raises:
            LessonError: it was refused.
            InterruptedError: the user has paused it.
        """
        try:
            match action:
                case TakePlace(place):
                    snapshot = yield from self._checked(line, snapshot, GoToPlace(place.alone))
                    self.on_place(place)
                case PressKeys(keys):
                    snapshot = yield from self._press(keys, line, snapshot)
                case TryWhatIf(text):
                    snapshot = yield from self._what_if(text, line, snapshot)
                case RunUntil(condition):
                    snapshot = yield from self._run_until(condition, line, snapshot)
                case ChangeSettings(settings, restarts):
                    base = snapshot.settings
                    changed = base.with_(**settings)
                    command = Restart(changed) if restarts else Configure(changed, base)
                    if restarts or changed != base:
                        snapshot = yield from self._checked(line, snapshot, command)
        except (SettingError, InterventionError, PlaceError) as error:
            raise LessonError(self.path, line, str(error)) from None
        return snapshot

    def _checked(self, line: int, before: Snapshot, *commands: Command) -> Work:
        """Send commands, and return the snapshot after them.

        Raises:
            LessonError: one of them was refused.
        """
        snapshot = yield commands
        notice, old = snapshot.notice, before.notice
        if notice is not None and notice.error and (old is None or notice.number > old.number):
            raise LessonError(self.path, line, notice.text)
        return snapshot

    def _press(self, keys: Sequence[str], line: int, snapshot: Snapshot) -> Work:
        for text in keys:
            key = parse_key(text)
            if key.moves:
                snapshot = yield from self._checked(line, snapshot, key.command())
            else:
                self.on_key(text)
        return snapshot

    def _what_if(self, text: str, line: int, snapshot: Snapshot) -> Work:
        if text == DISCARD:
            while snapshot.what_if is not None:
                snapshot = yield from self._checked(line, snapshot, Discard())
            return snapshot
        if not text:
            if not snapshot.pins:
                return snapshot
            return (yield from self._checked(line, snapshot, Intervene(Release())))
        declaration = snapshot.window.declaration
        what_if = parse_what_if(text, declaration)
        return (yield from self._checked(line, snapshot, Intervene(what_if, declaration)))

    def _run_until(self, condition: str, line: int, snapshot: Snapshot) -> Work:
        wanted = parse_breakpoint(condition)
        if wanted.kind is Kind.UPDATE:
            return (yield from self._run_to_update(int(wanted.limit), line, snapshot))
        if _holds(wanted, snapshot):
            return snapshot
        listed = any(each.breakpoint == wanted for each in snapshot.breakpoints)
        last = Breakpoint(Kind.UPDATE, "=", snapshot.cursor.update + MOST_UPDATES)
        added = (last,) if listed else (wanted, last)
        self.added = added
        snapshot = yield from self._checked(line, snapshot, *map(AddBreakpoint, added))
        for _ in range(MOST_STOPS):
            snapshot = yield from self._checked(line, snapshot, Continue())
            hits = () if snapshot.stop is None else (snapshot.stop.breakpoint, *snapshot.stop.also)
            over = not hits or snapshot.divergence is not None
            if over or wanted in hits or last in hits:
                break
        snapshot = yield from self._checked(line, snapshot, *self.removals())
        if not hits:
            raise InterruptedError
        if wanted not in hits:
            reason = f"run until {condition}: not reached within {MOST_UPDATES} updates"
            if snapshot.divergence is not None:
                reason = f"run until {condition}: the network diverged before"
            raise LessonError(self.path, line, reason)
        return snapshot

    def removals(self) -> tuple[RemoveBreakpoint, ...]:
        """Return what takes the breakpoints for the way out of the list again."""
        added, self.added = self.added, ()
        return tuple(map(RemoveBreakpoint, added))

    def _run_to_update(self, update: int, line: int, snapshot: Snapshot) -> Work:
        done = snapshot.cursor.update
        if done > update:
            reason = f"run until update={update}: the run is at update {done} already"
            raise LessonError(self.path, line, reason)
        snapshot = yield from self._checked(line, snapshot, GoTo(update))
        if snapshot.cursor.update < update:
            if snapshot.divergence is None:
                raise InterruptedError
            reason = f"run until update={update}: the network diverged before"
            raise LessonError(self.path, line, reason)
        return snapshot


def _holds(wanted: Breakpoint, snapshot: Snapshot) -> bool:
    """Return whether a condition about the newest update holds already."""
    values = {
        Kind.LOSS: snapshot.loss,
        Kind.SMOOTHED: snapshot.smoothed,
        Kind.GRAD: snapshot.grad_norm,
    }
    if wanted.kind not in values:
        return False
    return bool(_COMPARISONS[wanted.comparison](values[wanted.kind], wanted.limit))
