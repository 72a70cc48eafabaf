"""Changing what a session has beside the run: breakpoints, futures left, the second network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint, BreakpointError
from rnn_tui.kiosk import KioskError
from rnn_tui.places.bookmark import MOST as MOST_BOOKMARKS
from rnn_tui.session.commands import (
    AddBreakpoint,
    ChangeBookmark,
    RemoveBreakpoint,
    SetSecondNetwork,
    Swap,
    SwitchBreakpoint,
)
from rnn_tui.session.lock_step import ALL_OPERATIONS, LockStep
from rnn_tui.session.state import Goal, SessionState
from rnn_tui.session.taking_back import Done, DoneSteps, exchange_of

if TYPE_CHECKING:
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.second_network import Versus


def clear_ghosts(state: SessionState, steps: DoneSteps) -> None:
    """Forget the futures that were left."""
    timeline = state.run.timeline
    if count := len(timeline.ghosts):
        exchange = exchange_of(timeline.exchange_ghosts)
        futures = f"{count} futures" if count > 1 else "a future"
        steps.note(Done(f"forgetting {futures}", exchange=exchange, in_branch=True))


# Breakpoints


def edit_breakpoints(
    state: SessionState,
    command: AddBreakpoint | RemoveBreakpoint | SwitchBreakpoint,
    steps: DoneSteps,
) -> None:
    """Change the list of breakpoints, or say why not."""
    breakpoints, trainer = state.breakpoints, state.run.trainer
    try:
        match command:
            case AddBreakpoint(breakpoint):
                if state.kiosk is not None:
                    state.kiosk.check_breakpoints(len(breakpoints.statuses))
                breakpoint.fits(trainer.network.declaration, tested=trainer.task.tested)
                breakpoints.add(breakpoint)
            case RemoveBreakpoint(breakpoint):
                exchange = _without(state, breakpoint)
                steps.note(Done(f"removing breakpoint {breakpoint}", exchange=exchange))
            case SwitchBreakpoint(breakpoint, on):
                breakpoints.set_enabled(breakpoint, on)
    except (BreakpointError, KioskError) as error:
        state.say(str(error), error=True)


def _without(state: SessionState, breakpoint: Breakpoint) -> Callable[[], None]:
    """Remove a breakpoint; return what brings it back where it stood, and removes it again.

    Raises:
        BreakpointError: it is `nan`, or not in the list.
    """
    text = str(breakpoint)
    texts = [str(each.breakpoint) for each in state.breakpoints.statuses]
    row = texts.index(text) if text in texts else 0
    status = state.breakpoints.statuses[row]
    state.breakpoints.remove(breakpoint)

    def exchange() -> None:
        if any(str(each.breakpoint) == text for each in state.breakpoints.statuses):
            state.breakpoints.remove(breakpoint)
        else:
            state.breakpoints.insert(row, status)

    return exchange


# Bookmarks


def change_bookmark(state: SessionState, command: ChangeBookmark, steps: DoneSteps) -> None:
    """Add, change or take out a bookmark; what is taken out can be brought back."""
    old, new, listed = command.old, command.new, state.bookmarks
    if old is None:
        if new is not None and len(listed) < MOST_BOOKMARKS:
            state.bookmarks = (*listed, new)
        elif new is not None:
            text = f"not noted: there are {MOST_BOOKMARKS} bookmarks; del in the list (') takes one"
            state.say(f"{text} out", error=True)
        return
    row = next((k for k, each in enumerate(listed) if each is old), None)
    if row is None:
        state.say("not done: this bookmark is no longer in the list", error=True)
        return
    state.bookmarks = (*listed[:row], *([] if new is None else [new]), *listed[row + 1 :])
    if new is None:

        def exchange() -> None:
            if any(each is old for each in state.bookmarks):
                state.bookmarks = tuple(each for each in state.bookmarks if each is not old)
            else:
                state.bookmarks = (*state.bookmarks[:row], old, *state.bookmarks[row:])

        name = old.note or old.place.alone.short
        steps.note(Done(f"removing bookmark {name}", exchange=exchange))


# The second network


def change_second_network(
    state: SessionState, command: SetSecondNetwork | Swap, lock_step: LockStep, steps: DoneSteps
) -> None:
    """Set another second network, or none; or let both change places."""
    match command:
        case SetSecondNetwork(versus):
            try:
                if versus is not None and state.kiosk is not None:
                    _check_second(state, versus, state.kiosk)
                second = state.run.second_network
                trained = second is not None and second.trainer.updates
                before = steps.before() if trained else None
                lock_step.set_versus(versus)
            except ValueError as error:
                state.say(str(error), error=True)
            else:
                if before is not None:
                    how = "removing" if versus is None else "replacing"
                    steps.note(Done(f"{how} the other network", before))
        case Swap():
            _swap(state, lock_step)


def _check_second(state: SessionState, versus: Versus, kiosk: Kiosk) -> None:
    """Refuse a second network that is larger than a guest's may be.

    Raises:
        SettingError: it is.
    """
    from rnn_tui.second_network import second_network_settings

    trainer = state.run.trainer
    kiosk.check(second_network_settings(trainer.settings, trainer.architecture, versus))


def _swap(state: SessionState, lock_step: LockStep) -> None:
    """Let the two networks change places, and the other one come to this place first."""
    place = state.run.timeline.here
    if not lock_step.swap():
        state.say("there is no other network: ctrl+p sets one beside this one")
        return
    state.goal = state.stop = state.check = None
    run = state.run
    if run.trainer.divergence is not None:
        state.stop = state.breakpoints.check_update(run.trainer)
    elif run.trainer.index != place.index:
        route = run.timeline.seek(Place(place.index, ALL_OPERATIONS))
        state.goal = Goal(Stride.UPDATE, 1, route)
    else:
        state.breakpoints.rearm()
        state.breakpoints.disarm_true(run.trainer)
