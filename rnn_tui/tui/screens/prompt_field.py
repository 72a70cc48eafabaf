"""The field of the prompt, in which every character that is typed is seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from itertools import accumulate
from typing import ClassVar
from unicodedata import category

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from rnn_tui.predictions.results import LONGEST_PROMPT
from rnn_tui.tasks.tokens import NEWLINE, shown_character
from rnn_tui.tui.ascii_filter import draws_ascii
from rnn_tui.tui.lines import text_width
from rnn_tui.tui.prompt_lines import SIGNS
from rnn_tui.tui.safe_text import JOINERS
from rnn_tui.tui.screens.text_field import TextField
from rnn_tui.tui.visible_names import BASE, on_letter, visible_name

PLACEHOLDER = "type a beginning"


class PromptField(TextField):
    """The field of the prompt: line breaks can be typed and pasted; ↵ stands for them.

    Characters that show nothing have names in it, as they have everywhere, and the cells behind a
    word are free that terminals do not agree on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,alt+enter,shift+enter", "new_line", "new line", show=False),
    ]

    class Cut(Message):
        """A paste had no room; `value` is the text of the field now."""

        def __init__(self, taken: int, pasted: int, value: str) -> None:
            """Note how many characters were taken, and of how many."""
            super().__init__()
            self.taken, self.pasted, self.value = taken, pasted, value

    def action_new_line(self) -> None:
        """Type the end of a line."""
        self.insert_text_at_cursor(NEWLINE)

    def _on_paste(self, event: events.Paste) -> None:
        """Insert all lines, as far as there is room; Textual's field takes the first one."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        text = "".join(SIGNS.get(each, each) for each in text)
        text = "".join(each if category(each) != "Cc" else "\ufffd" for each in text)
        start, end = sorted(self.selection)
        room = max(LONGEST_PROMPT - (len(self.value) - (end - start)), 0)
        self.replace(text[:room], start, end)
        if len(text) > room:
            self.post_message(self.Cut(room, len(text), self.value))

    def _pieces(self) -> list[str]:
        """Return what shows each character."""
        if self.value.isascii() or draws_ascii(self.app):
            return [*self.value]
        pieces = shown_in_field(self.value)
        ends = {end for place in self.selection for end in letter_at(pieces, place)}
        return shown_in_field(self.value, ends)

    @property
    def _value(self) -> Text:
        return Text("".join(self._pieces()), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return text_width("".join(self._pieces()[:position]))

    def _cell_offset_to_index(self, offset: int) -> int:
        pieces = self._pieces()
        ends = [text_width("".join(pieces[: k + 1])) for k in range(len(pieces))]
        return bisect_right(ends, offset)

    def render_line(self, y: int) -> Strip:
        """Return the line; the cursor and the selection are on whole letters with their marks."""
        pieces = self._pieces()
        if y or (pieces == [*self.value] and not any(map(_is_mark, pieces))):
            return super().render_line(y)
        text = self._value
        place = [0, *accumulate(map(len, pieces))]
        if self.has_focus:
            start, end = sorted(self.selection)
            if start < end:
                style = self.get_component_rich_style("input--selection")
                text.stylize_before(style, place[start], place[end])
            if self._cursor_visible:
                text.pad_right(int(self.cursor_at_end))
                start, end = letter_at(pieces, self.cursor_position)
                after = place[end] if end < len(place) else len(text)
                style = self.get_component_rich_style("input--cursor")
                text.stylize(style, place[start], after)
        options = self.app.console_options.update_width(self.content_width)
        strip = Strip(self.app.console.render(text, options))
        width, left = self.scrollable_content_region.width + 1, self.scroll_offset.x
        strip = strip.crop(left, left + width).extend_cell_length(width)
        return strip.apply_style(self.rich_style)


def shown_in_field(value: str, ends: Collection[int] = ()) -> list[str]:
    """Return what shows each character of a text: a mark stands on its letter, or on ◌.

    Args:
        value: the text.
        ends: places at which the style changes: free cells for marks come before them.
    """
    pieces: list[str] = []
    cluster = ""
    free = 0
    for place, character in enumerate(value):
        if _joins_letters(value, place):
            pieces.append(character)
            continue
        printable = character.isprintable()
        piece = visible_name(character if printable else shown_character(character))
        marked = on_letter(cluster, piece) if piece.startswith(BASE) else None
        if marked is None:
            if place and (place in ends or not character.isalpha()):
                pieces[-1] += " " * free
                free = 0
            cluster = piece
        else:
            piece, cluster = marked[len(cluster) :], marked
            free += category(character) == "Mc"
        pieces.append(piece)
    if pieces:
        pieces[-1] += " " * free
    return pieces


def _joins_letters(value: str, place: int) -> bool:
    """Return whether a character is a joiner between two letters, whose shapes show it."""
    if value[place] not in JOINERS or not 0 < place < len(value) - 1:
        return False
    return all(category(value[k])[0] in "LM" for k in (place - 1, place + 1))


def letter_at(pieces: list[str], place: int) -> tuple[int, int]:
    """Return from where to where a letter with its marks reaches, of which one is at a place."""
    start, end = place, place + 1
    while 0 < start < len(pieces) and _is_mark(pieces[start]):
        start -= 1
    while end < len(pieces) and _is_mark(pieces[end]):
        end += 1
    return start, end


def _is_mark(piece: str) -> bool:
    """Return whether what shows a character stands on the one before it."""
    return not piece.isascii() and not text_width(piece.rstrip(" "))
