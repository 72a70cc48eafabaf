"""The palette of commands: one line a command, the most used first, found by a part of its text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from rnn_tui.tui.lines import cut, text_width
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.screens.text_field import TextField
from rnn_tui.tui.themes import style_of

MARGIN = 1  # cells on each side of an option
GAP = 2  # cells between a command and what stands at the right, at least


def matching(commands: Iterable[SystemCommand], typed: str) -> list[SystemCommand]:
    """Return the commands that have every typed word, in order; those that begin so come first."""
    words = typed.lower().split()
    found = [
        each
        for each in commands
        if all(word in f"{each.title} {each.help}".lower() for word in words)
    ]
    start = " ".join(words)
    return sorted(found, key=lambda each: not each.title.lower().startswith(start))


class Commands(PagesAnywhere, OptionList, can_focus=False):
    """The commands that match what was typed."""


class Palette(Dialog[SystemCommand]):
    """The palette: enter returns the highlighted command, esc None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", priority=True),
        Binding("down", "move('cursor_down')", "next", priority=True),
        Binding("up", "move('cursor_up')", "before", priority=True),
        Binding("pagedown", "move('page_down')", "next page", priority=True),
        Binding("pageup", "move('page_up')", "page before", priority=True),
    ]

    def __init__(self, commands: Iterable[SystemCommand]) -> None:
        """Offer `commands`, in their order."""
        super().__init__()
        self._commands = list(commands)
        self._found = self._commands

    def compose(self) -> ComposeResult:
        """Yield a field and the commands below it."""
        with Vertical(id="palette") as box:
            box.border_title = "commands"
            box.border_subtitle = "enter runs it · ↑ ↓ · esc closes"
            yield TextField(placeholder="Search for commands…", id="command")
            yield Commands(id="command-list")

    def on_mount(self) -> None:
        """Let the keys go to the field; list all commands once there is a width."""
        self.query_one(Input).focus()
        self.call_after_refresh(self._list)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the commands that match."""
        self._found = matching(self._commands, event.value)
        self._list()

    def _list(self) -> None:
        """Fill the list, and highlight the first command."""
        commands = self.query_one(Commands)
        commands.clear_options()
        width = commands.scrollable_content_region.width - 2 * MARGIN
        commands.add_options([Option(self._line(each, width)) for each in self._found])
        if self._found:
            commands.highlighted = 0

    def _line(self, command: SystemCommand, width: int) -> Text:
        """Return one line: what the command does, and at the right its key or some words."""
        theme = self.app.theme
        title = cut(command.title, width)
        words = cut(command.help, max(width - text_width(title) - GAP, 0))
        gap = " " * max(width - text_width(title) - text_width(words), 0)
        text = Text(title + gap, no_wrap=True)
        text.append(words, style_of("title", theme))
        return text

    def action_move(self, action: str) -> None:
        """Move the highlight."""
        getattr(self.query_one(Commands), f"action_{action}")()

    def on_input_submitted(self) -> None:
        """Return the highlighted command."""
        row = self.query_one(Commands).highlighted
        if row is not None and row < len(self._found):
            self.dismiss(self._found[row])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the command that was clicked."""
        self.dismiss(self._found[event.option_index])
