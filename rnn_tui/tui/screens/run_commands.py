"""The palette's commands that have no key of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from rnn_tui.tui.screens.take_home import take_home_commands
from rnn_tui.tui.screens.versus_commands import versus_commands
from rnn_tui.tui.screens.what_if_commands import what_if_commands

if TYPE_CHECKING:
    from rnn_tui.tui.screens.debugger import Debugger


def run_commands(screen: Debugger, *, guest: bool) -> Iterable[SystemCommand]:
    """Yield what changes the run, and what takes something of it home; a guest writes no files."""
    yield from versus_commands(screen)
    yield from what_if_commands(screen)
    if not guest:
        yield from take_home_commands(screen)
