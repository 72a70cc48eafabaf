"""Between the view of a run that a checkpoint keeps and what a session has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnn_tui.engine.training.breakpoint_conditions import Kind
from rnn_tui.engine.training.breakpoints import Breakpoints, BreakpointStatus
from rnn_tui.session.commands import ViewRequest
from rnn_tui.settings import Settings

if TYPE_CHECKING:  # an untouched run needs none of it
    from rnn_tui.checkpoint.run_view import RunView, ScreenView
    from rnn_tui.places.bookmark import Bookmark


def run_view(
    breakpoints: Breakpoints, screen: ScreenView, bookmarks: tuple[Bookmark, ...] = ()
) -> RunView:
    """Return the view to save; `nan` is in every list and needs no saving."""
    from rnn_tui.checkpoint.run_view import RunView, SavedBreakpoint

    saved = (
        SavedBreakpoint(str(each.breakpoint), each.breakpoint.enabled, each.hits, each.was_true)
        for each in breakpoints.statuses
        if each.breakpoint.kind is not Kind.NAN
    )
    return RunView(tuple(saved), screen, bookmarks)


def breakpoint_statuses(view: RunView) -> list[BreakpointStatus]:
    """Return the breakpoints of a saved view, whose texts have been checked."""
    from dataclasses import replace

    from rnn_tui.engine.training.breakpoint_parser import parse

    return [
        BreakpointStatus(
            replace(parse(each.text), enabled=each.enabled), each.hits, False, each.waiting
        )
        for each in view.breakpoints
    ]


def screen_view(request: ViewRequest) -> ScreenView:
    """Return what `request` tells of the screen."""
    from rnn_tui.checkpoint.run_view import ScreenView

    return ScreenView(
        parameter=request.parameter, sample=request.sample, t=request.t, layer=request.layer
    )


def view_request(view: RunView | None, settings: Settings) -> ViewRequest:
    """Return what snapshots are to show at first, within the bounds of the run."""
    if view is None or view.screen is None:
        return ViewRequest()
    screen = view.screen
    return ViewRequest(
        sample=min(screen.sample, settings.batch - 1),
        t=None if screen.t is None else min(screen.t, settings.steps),
        layer=None if screen.layer is None else min(screen.layer, settings.layers),
        parameter=screen.parameter,
    )
