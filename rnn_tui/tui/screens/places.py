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
PLACE = 14  # cells of a place in the list
AROUND_LIST = 3  # lines of its box: a border, and a blank line below the list
LINES_OF_FIELD = 2
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

    def __init__(self, line: PlaceLine, noted: Bookmark | None) -> None:
        """Ask for a note about the place of `line`, or for another where it has one."""
        super().__init__()
        self._line, self._noted = line, noted

    def compose(self) -> ComposeResult:
        """Yield the field below the place."""
        with Vertical(id="note-box") as box:
            box.border_title = "bookmark" if self._noted is None else "it is a bookmark: its note"
            box.border_subtitle = "enter notes it · esc closes"
            yield Static(str(self._line), id="noted-place", markup=False)
            note = "" if self._noted is None else self._noted.note
            hint = "a note, or nothing"
            yield TextField(note, placeholder=hint, id="note", max_length=LONGEST_NOTE)

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
        Binding("slash", "find", "only those with a text"),
    ]

    def __init__(self, session: SnapshotSource) -> None:
        """List the bookmarks of `session`."""
        super().__init__()
        self._session = session
        self._shown: tuple[Bookmark, ...] | None = None  # of the newest snapshot seen
        self._listed: list[Bookmark] = []  # the same after what was changed and removed
        self._rows: list[Bookmark] = []  # of them, those with the text looked for
        self._edited: Bookmark | None = None
        self._finding = False  # the text is being typed
        self._text = ""  # that they have; "" for all

    def compose(self) -> ComposeResult:
        """Yield the list, and below it the highlighted line, or the field of its note."""
        with Vertical(id="bookmarks") as box:
            box.border_title = "bookmarks"
            box.border_subtitle = "enter goes · e note · / finds · del removes · ' back · esc"
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
        if bookmarks == self._shown or self._typing:
            return
        self._shown, self._listed = bookmarks, list(bookmarks)
        self._list(self.query_one(OptionList).highlighted or 0)

    def _list(self, highlighted: int) -> None:
        """Fill the list, and highlight the row, or the last one if there are fewer."""
        looked_for = self._text.casefold()
        self._rows = [
            each for each in self._listed if looked_for in f"{each.place} {_text(each)}".casefold()
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(each)) for each in self._rows])
        options.display = bool(self._rows)
        if self._rows:
            options.highlighted = min(highlighted, len(self._rows) - 1)
        found = f": {len(self._rows)} of {len(self._listed)} with {self._text}"
        self.query_one("#bookmarks").border_title = f"bookmarks{found if self._text else ''}"
        self._describe()

    @property
    def _typing(self) -> bool:
        """Whether the keys go to the field, for a note or for what is looked for."""
        return self._finding or self._edited is not None

    def _line(self, bookmark: Bookmark) -> Text:
        """Return one line of the list."""
        theme, text = self.app.theme, Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{bookmark.place.alone.short:<{PLACE}} ", style_of("strong", theme))
        text.append(bookmark.note, style_of("", theme))
        return text

    def _describe(self) -> None:
        """Show the whole line of the highlighted bookmark, and a note that is longer than a row."""
        row = self._highlighted()
        text = NONE if not self._listed else f"none has {self._text}"
        if row is not None:
            chosen = self._rows[row]
            text = str(chosen.place)
            width = self.query_one(OptionList).scrollable_content_region.width
            if len(chosen.note) > width - PLACE - 1:
                text += f"\n{chosen.note}"
        self.query_one("#bookmark-place", Static).update(text)
        self._leave_room_for(text)

    def _leave_room_for(self, text: str) -> None:
        """Let the list have the lines that the text below it, and the field, leave."""
        options = self.query_one(OptionList)
        width = max(options.size.width, 1)
        below = sum(-(-len(line) // width) or 1 for line in text.split("\n"))
        below += LINES_OF_FIELD * self._typing
        options.styles.max_height = max(self.app.size.height * 9 // 10 - AROUND_LIST - below, 3)

    def on_resize(self) -> None:
        """Show the note of a bookmark where it has no room in its row now."""
        self.call_after_refresh(self._describe)

    def on_option_list_option_highlighted(self) -> None:
        """Show the whole line of the bookmark."""
        self._describe()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the highlighted bookmark."""
        row = self._highlighted()
        if row is not None:
            self.dismiss(self._rows[row])

    def on_key(self, event: events.Key) -> None:
        """Go back, if the key that opened this is typed again."""
        if event.character == "'" and not self._typing:
            event.stop()
            self.dismiss(BACK)

    def action_back(self) -> None:
        """Go back to before the last jump."""
        if not self._typing:
            self.dismiss(BACK)

    def action_leave(self) -> None:
        """Leave the note as it is, or list all again, or close."""
        if self._edited is not None:
            self._end_edit()
        elif self._finding or self._text:
            self._text = ""
            self._end_edit()
            self._list(0)
        else:
            self.dismiss(None)

    def action_remove(self) -> None:
        """Remove the highlighted bookmark; R brings it back."""
        row = self._highlighted()
        if row is not None and not self._typing:
            removed = self._rows[row]
            self._listed = [each for each in self._listed if each is not removed]
            self._session.send(ChangeBookmark(removed, None))
            self._list(row)

    def action_edit(self) -> None:
        """Change the note of the highlighted bookmark."""
        row = self._highlighted()
        if row is None or self._typing:
            return
        self._edited = self._rows[row]
        self._type(self._edited.note)

    def action_find(self) -> None:
        """List those alone whose place or note has a text."""
        if not self._typing and self._listed:
            self._finding = True
            self._type(self._text)

    def _type(self, text: str) -> None:
        """Let the keys go to the field."""
        field = self.query_one(Input)
        field.value, field.display = text, True
        self._describe()
        field.placeholder = "a part of the place or of the note" if self._finding else ""
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """List those alone that have what is typed."""
        if self._finding and event.value != self._text:
            self._text = event.value
            self._list(0)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the note; or go to the list of what was found."""
        old, row = self._edited, self._highlighted()
        if old is not None:
            new = replace(old, note=plain_note(event.value))
            self._session.send(ChangeBookmark(old, new))
            self._listed = [new if each is old else each for each in self._listed]
        self._end_edit()
        self._list(row or 0)

    def _end_edit(self) -> None:
        """Go back to the list."""
        self._edited, self._finding = None, False
        self.query_one(Input).display = False
        self._describe()
        self.query_one(OptionList).focus()

    def _highlighted(self) -> int | None:
        """Return the highlighted row of the list; None if there is none."""
        row = self.query_one(OptionList).highlighted
        return row if row is not None and row < len(self._rows) else None


def _text(bookmark: Bookmark) -> str:
    """Return a bookmark as its row shows it."""
    return f"{bookmark.place.alone.short} {bookmark.note}"
