"""Taking home: the list of what there is to take, and what a choice does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnn_tui.session.commands import Say
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.take_home.capture import Capture
from rnn_tui.tui.take_home.writing import (
    FileKind,
    TakenFile,
    contents_of,
    free_name,
    in_theme,
    take_home,
    why_not,
    without_middle,
)
from rnn_tui.tui.themes import THEMES, style_of

if TYPE_CHECKING:
    from rnn_tui.tui.screens.screen_actions import ScreenActions

CHOICES = {
    "s": TakenFile(FileKind.SVG),
    "p": TakenFile(FileKind.PNG),
    "t": TakenFile(FileKind.TEXT),
    "c": TakenFile(FileKind.CSV),
    "S": TakenFile(FileKind.SVG, whole=True),
    "P": TakenFile(FileKind.PNG, whole=True),
    "T": TakenFile(FileKind.TEXT, whole=True),
}
"""What there is to take, by letter: capitals are of the whole screen."""
WORDS = 26  # cells of the longest of their words, and a gap
AROUND_NAME = WORDS + 12  # cells of a line that a name of a file has not


class TakeHomeList(PagesAnywhere, OptionList):
    """What there is to take, one a line."""


class TakeHomeScreen(Dialog[TakenFile]):
    """What there is to take home: a letter, or enter on a line, returns it; esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", priority=True),
        Binding("l", "theme", "another theme"),
    ]

    def __init__(self, capture: Capture) -> None:
        """List what can be made of `capture`."""
        super().__init__()
        self._capture = capture
        self._theme = capture.theme
        self._why_not = {letter: why_not(capture, each) for letter, each in CHOICES.items()}

    def compose(self) -> ComposeResult:
        """Yield the list in a box whose border says what the keys do."""
        with Vertical(id="take-home") as box:
            box.border_title = f"take it home: {self._capture.shown}, or the whole screen"
            yield TakeHomeList(*map(self._option, CHOICES), id="take-home-list")

    def _option(self, letter: str) -> Option:
        """Return a line: the letter, what it takes, and the name of the file or why there is none.

        The name has a number where there is such a file already.
        """
        theme, wanted = self.app.theme, CHOICES[letter]
        text = Text(no_wrap=True)
        text.append(f" {letter} ", style_of("key", theme))
        reason = self._why_not[letter]
        text.append(f" {wanted.words:<{WORDS}}", style_of("dim" if reason else "", theme))
        room = max(self.app.size.width - AROUND_NAME, 8)
        name = reason or without_middle(free_name(self._capture, wanted), room)
        text.append(name, style_of("dim" if reason else "title", theme))
        return Option(text, id=letter)

    def on_mount(self) -> None:
        """Let the keys go to the list."""
        self._name_theme()
        self.query_one(OptionList).focus()

    def _name_theme(self) -> None:
        """Say which theme figures are drawn in."""
        other = _next_theme(self._theme)
        words = f"{self._theme} figures; l: {other} ones · a letter saves · esc closes"
        self.query_one("#take-home").border_subtitle = words

    def action_theme(self) -> None:
        """Draw figures in the next theme."""
        self._theme = _next_theme(self._theme)
        self._name_theme()

    def on_key(self, event: events.Key) -> None:
        """Take what the letter that was typed stands for."""
        if event.character in CHOICES:
            event.stop()
            self._take(str(event.character))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what is highlighted."""
        self._take(str(event.option_id))

    def _take(self, letter: str) -> None:
        """Close the dialog with what was chosen."""
        self.dismiss(in_theme(CHOICES[letter], self._theme))


def _next_theme(theme: str) -> str:
    """Return the theme after `theme`."""
    names = list(THEMES)
    return names[(names.index(theme) + 1) % len(names)]


def open_take_home(screen: ScreenActions) -> None:
    """Open the list; what is chosen is made of what is on the screen now."""
    capture = screen.capture()
    if capture is None:
        screen.show_notice("there is nothing to take home from a terminal this small")
        return

    def take(wanted: TakenFile | None) -> None:
        if wanted is not None:
            _take(screen, capture, wanted)

    screen.app.push_screen(TakeHomeScreen(capture), take)


def take_home_commands(screen: ScreenActions) -> Iterable[SystemCommand]:
    """Yield the palette's commands that take something home at once."""

    def taker(wanted: TakenFile) -> Callable[[], None]:
        return lambda: _take(screen, screen.capture(), wanted)

    for wanted in CHOICES.values():
        words = f"take home: {wanted.words}"
        yield SystemCommand(words, "into a file of its own", taker(wanted))


def _take(screen: ScreenActions, capture: Capture | None, wanted: TakenFile) -> None:
    """Write a file; the footer says where, or why there is none."""
    if capture is None:
        return
    if reason := why_not(capture, wanted):
        screen.show_notice(f"not saved: {reason}")
        return
    make = contents_of(capture, wanted)
    name = capture.file_name(whole=wanted.whole, ending=wanted.kind.value)
    work = partial(take_home, make, name, capture.run_file, screen.app.size.width - 1)

    screen.session.send(Say(f"saving {free_name(capture, wanted)} …"))  # a large one takes seconds

    async def write() -> None:
        screen.session.send(Say(*await asyncio.to_thread(work)))

    screen.run_worker(write(), group="take-home")
