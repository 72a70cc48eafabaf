"""The command palette: Textual's own, closed once and safe in a terminal of any size."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.widgets import LoadingIndicator

from rnn_tui.tui.screens.dialog import ClosesOnce, PagesAnywhere


class Commands(PagesAnywhere, CommandList, can_focus=False):
    """The commands that match what was typed."""


class Palette(ClosesOnce, CommandPalette):
    """The command palette."""

    def compose(self) -> ComposeResult:
        """Yield what Textual's palette has, with a list that moves by pages at any size."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield Commands()
                yield LoadingIndicator()
