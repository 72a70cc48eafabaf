"""Textual's own widgets in ASCII: their lines are translated once they are rendered."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from rnn_tui.tui.ascii_text import numbers_for_characters, pieces_in_ascii


class AsciiFilter(LineFilter):
    """Translates the text of a line; its width stays."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII, in exactly as many cells."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        segments = [_without_end_of_scroll_bar(segment) for segment in segments]
        width = sum(segment.cell_length for segment in segments)
        pieces = [(text, (style, control)) for text, style, control in self.prepared(segments)]
        translated = pieces_in_ascii(pieces, width)
        strip = Strip([Segment(text, style, control) for text, (style, control) in translated])
        return [*strip.adjust_cell_length(width)]

    def prepared(self, segments: list[Segment]) -> list[Segment]:
        """Return the segments to translate."""
        return segments


def _without_end_of_scroll_bar(segment: Segment) -> Segment:
    """Return the segment blank if it is a part of a scroll bar: that ends at a whole cell."""
    style = segment.style
    if style is None or style.meta.get("@mouse.down") != "grab":
        return segment
    return Segment(" " * segment.cell_length, style, segment.control)


def draws_ascii(app: App[Any]) -> bool:
    """Return whether `app` draws with ASCII alone."""
    return any(isinstance(each, AsciiFilter) for each in app.get_line_filters())


class TypedTextFilter(AsciiFilter):
    """The same for what the user types: every character that ASCII has not becomes its number."""

    def prepared(self, segments: list[Segment]) -> list[Segment]:
        """Return the segments with the numbers in them."""
        return [
            Segment(numbers_for_characters(text), style, control)
            for text, style, control in segments
        ]
