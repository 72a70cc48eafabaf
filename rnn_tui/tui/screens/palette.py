"""The command palette: Textual's own, closed once and safe in a terminal of any size."""

from __future__ import annotations

import inspect

from textual import on, work
from textual.app import ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.events import Mount
from textual.widgets import Input, LoadingIndicator, OptionList

from rnn_tui.tui.screens.dialog import ClosesOnce, PagesAnywhere


class Commands(PagesAnywhere, CommandList, can_focus=False):
    """The commands that match what was typed."""


class Palette(ClosesOnce, CommandPalette):
    """The command palette."""

    CSS_PATH = "../dialogs.tcss"

    def compose(self) -> ComposeResult:
        """Yield what Textual's palette has, with a list that moves by pages at any size."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield Commands()
                yield LoadingIndicator()

    def _on_mount(self, event: Mount) -> None:
        """Do nothing if the palette was closed before it was there."""
        if self not in self.app.screen_stack:
            event.prevent_default()  # which would look for the screen below

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _ignore_once_closed(self, event: Input.Submitted | OptionList.OptionSelected) -> None:
        """Do not run a command twice for an enter that is pressed twice."""
        if self not in self.app.screen_stack:
            event.stop()
            event.prevent_default()

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        """List the commands that match; a palette that is closed meanwhile lists nothing."""
        try:
            await _gather(self, search_value)
        except NoMatches:
            if not self.closing:
                raise


_gather = inspect.unwrap(CommandPalette._gather_commands)
