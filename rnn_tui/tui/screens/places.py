"""Dialogs about places: a line to type one, a line for a note, and the list of bookmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.places.bookmark import LONGEST_NOTE, Bookmark, plain_note
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.places.reading import PlaceError, parse_place
from rnn_tui.session.commands import ChangeBookmark
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.screens.dialog import Dialog, PagesAnywhere
from rnn_tui.tui.screens.text_field import TextField
from rnn_tui.tui.themes import style_of

FORMS = (
    "40:B7.3 is operation 3 of t=7 of the backward pass after 40 updates; so are 40:F7, 40:L, "
    "40:C, 40:BATCH; 40 is the end of update 40; B7 is in this update; start; "
    "then what to look at: unit 2 panel map zoom"
)
NONE = "no bookmarks yet: m notes a place, with what is looked at"
BACK = "back"
"""What the list returns for the way back to before the last jump."""


class PlaceScreen(Dialog[PlaceLine | None]):
    """A field to type a place: enter returns it, esc None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", priority=True)]

    def __init__(self, session: SnapshotSource, check: Callable[[PlaceLine], None]) -> None:
        """Ask for a place.

        Args:
            session: the session, whose update a place may leave out.
            check: raises a PlaceError if the run has no such place.
        """
        super().__init__()
        self._session = session
        self._check = check

    def compose(self) -> ComposeResult:
        """Yield the field, and lines that say what a place is or why the text is none."""
        with Vertical(id="place-box") as box:
            box.border_title = "go to a place"
            box.border_subtitle = "enter goes there · esc closes"
            yield TextField(placeholder="such as 40:B7.3", id="place")
            yield Static(FORMS, id="place-reason", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    def _read(self, text: str) -> PlaceLine:
        """Return the place that was typed.

        Raises:
            PlaceError: it is none of this run.
        """
        cursor = self._session.latest.cursor
        complete = cursor.stage.value == "UPDATE"
        line = parse_place(text, cursor.update - complete)
        self._check(line)
        return line

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show why the text is no place, while it is typed."""
        reason = ""
        if event.value.strip():
            try:
                self._read(event.value)
            except PlaceError as error:
                reason = str(error)
        shown = self.query_one("#place-reason", Static)
        shown.set_class(bool(reason), "bad")
        shown.update(reason or FORMS)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the place, if it is one."""
        if not event.value.strip():
            return
        try:
            line = self._read(event.value)
        except PlaceError:
            return  # said already
        self.dismiss(line)


class NoteScreen(Dialog[str | None]):
    """A field for the note of a bookmark: enter returns it, which may be empty; esc None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", priority=True)]

    def __init__(self, line: PlaceLine) -> None:
        """Ask for a note about the place of `line`."""
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        """Yield the field below the place."""
        with Vertical(id="note-box") as box:
            box.border_title = "bookmark"
            box.border_subtitle = "enter notes it · esc closes"
            yield Static(str(self._line), id="noted-place", markup=False)
            yield TextField(placeholder="a note, or nothing", id="note", max_length=LONGEST_NOTE)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the note."""
        self.dismiss(plain_note(event.value))


class BookmarkList(PagesAnywhere, OptionList):
    """The bookmarks, one a line."""


class BookmarksScreen(Dialog[Bookmark | str | None]):
    """The bookmarks: enter returns one, the key that opened them BACK, esc None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", priority=True),
        Binding("apostrophe", "back", "back to before the last jump"),
        Binding("delete,backspace", "remove", "remove"),
        Binding("e", "edit", "change the note"),
    ]

    def __init__(self, session: SnapshotSource) -> None:
        """List the bookmarks of `session`."""
        super().__init__()
        self._session = session
        self._shown: tuple[Bookmark, ...] | None = None  # of the newest snapshot seen
        self._listed: list[Bookmark] = []  # the same after what was changed and removed
        self._edited: Bookmark | None = None

    def compose(self) -> ComposeResult:
        """Yield the list, and below it the highlighted line, or the field of its note."""
        with Vertical(id="bookmarks") as box:
            box.border_title = "bookmarks"
            box.border_subtitle = "enter goes · e note · del removes · ' back · esc closes"
            yield BookmarkList(id="bookmark-list")
            yield TextField(id="bookmark-note", max_length=LONGEST_NOTE)
            yield Static(NONE, id="bookmark-place", markup=False)

    def on_mount(self) -> None:
        """Show the list, and again whenever it has changed."""
        self.query_one(Input).display = False
        self._show()
        self.set_interval(0.1, self._show)
        self.query_one(OptionList).focus()

    def _show(self) -> None:
        """Show the bookmarks if they have changed."""
        bookmarks = self._session.latest.bookmarks
        if bookmarks == self._shown or self._edited is not None:
            return
        self._shown, self._listed = bookmarks, list(bookmarks)
        self._list(self.query_one(OptionList).highlighted or 0)

    def _list(self, highlighted: int) -> None:
        """Fill the list, and highlight the row, or the last one if there are fewer."""
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(each)) for each in self._listed])
        options.display = bool(self._listed)
        if self._listed:
            options.highlighted = min(highlighted, len(self._listed) - 1)
        self._describe()

    def _line(self, bookmark: Bookmark) -> Text:
        """Return one line of the list."""
        theme, place = self.app.theme, bookmark.place.alone.short
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{place:<14} ", style_of("strong", theme))
        text.append(bookmark.note, style_of("", theme))
        return text

    def _describe(self) -> None:
        """Show the whole line of the highlighted bookmark."""
        row = self._highlighted()
        text = NONE if row is None else str(self._listed[row].place)
        self.query_one("#bookmark-place", Static).update(text)

    def on_option_list_option_highlighted(self) -> None:
        """Show the whole line of the bookmark."""
        self._describe()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the highlighted bookmark."""
        row = self._highlighted()
        if row is not None:
            self.dismiss(self._listed[row])

    def on_key(self, event: events.Key) -> None:
        """Go back, if the key that opened this is typed again."""
        if event.character == "'" and self._edited is None:
            event.stop()
            self.dismiss(BACK)

    def action_back(self) -> None:
        """Go back to before the last jump."""
        if self._edited is None:
            self.dismiss(BACK)

    def action_leave(self) -> None:
        """Leave the note as it is, or close."""
        if self._edited is not None:
            self._end_edit()
        else:
            self.dismiss(None)

    def action_remove(self) -> None:
        """Remove the highlighted bookmark; R brings it back."""
        row = self._highlighted()
        if row is not None and self._edited is None:
            self._session.send(ChangeBookmark(self._listed.pop(row), None))
            self._list(row)

    def action_edit(self) -> None:
        """Change the note of the highlighted bookmark."""
        row = self._highlighted()
        if row is None or self._edited is not None:
            return
        self._edited = self._listed[row]
        field = self.query_one(Input)
        field.value, field.display = self._edited.note, True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the note."""
        old, row = self._edited, self._highlighted()
        if old is not None and row is not None and self._listed[row] is old:
            new = replace(old, note=plain_note(event.value))
            self._session.send(ChangeBookmark(old, new))
            self._listed[row] = new
        self._end_edit()
        self._list(row or 0)

    def _end_edit(self) -> None:
        """Go back to the list."""
        self._edited = None
        self.query_one(Input).display = False
        self.query_one(OptionList).focus()

    def _highlighted(self) -> int | None:
        """Return the highlighted row of the list; None if there is none."""
        row = self.query_one(OptionList).highlighted
        return row if row is not None and row < len(self._listed) else None
