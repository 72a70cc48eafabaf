"""The list of panels, one letter each: the letter jumps to the panel."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, digits
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnn_tui.registry import PANELS
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_spec import hidden_panels, panel_spec
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.themes import style_of

NAME = 17  # cells of the longest name, and a gap


def letters(names: Sequence[str]) -> dict[str, str]:
    """Return a letter for each name: the first of its own that no name before it has."""
    taken: dict[str, str] = {}
    for name in names:
        free = (each for each in (*name, *ascii_lowercase, *digits) if each not in taken.values())
        taken[name] = next(each for each in free if each.isalnum())
    return taken


class PanelList(PagesAnywhere, OptionList):
    """The panels, one a line."""


class JumpScreen(Dialog[str]):
    """The panels: a letter, or enter on a line, returns the panel's name; esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", priority=True)]

    def __init__(self, context: DrawContext) -> None:
        """List the panels; the one with the focus in `context` is highlighted."""
        super().__init__()
        self._drawn = context
        self._letters = letters(PANELS.names)
        hidden = hidden_panels(context.snapshot, lesson=context.lesson is not None)
        self._shown = tuple(name for name in PANELS.names if name not in hidden)

    def compose(self) -> ComposeResult:
        """Yield the list in a box whose border says what the keys do."""
        with Vertical(id="jump") as box:
            box.border_title = "panels"
            box.border_subtitle = "a letter jumps there · ↑ ↓ enter · esc closes"
            yield PanelList(*map(self._option, self._shown), id="panel-list")

    def _option(self, name: str) -> Option:
        """Return the line of a panel: its letter, its name, and what its title says."""
        theme, context = self.app.theme, self._drawn
        text = Text(f" {self._letters[name]} ", style_of("key", theme), no_wrap=True)
        text.append(f" {name:<{NAME}}", style_of("strong", theme))
        left, _ = panel_spec(name).title(context)
        text.append(left if left != name else "", style_of("title", theme))
        return Option(text, id=name)

    def on_mount(self) -> None:
        """Highlight the panel with the focus."""
        panels = self.query_one(OptionList)
        if self._drawn.selection.panel in self._shown:
            panels.highlighted = self._shown.index(self._drawn.selection.panel)
        panels.focus()

    def on_key(self, event: events.Key) -> None:
        """Jump to the panel whose letter was typed."""
        for name, letter in self._letters.items():
            if event.character == letter:
                event.stop()
                self.dismiss(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Jump to the highlighted panel."""
        self.dismiss(event.option_id)
