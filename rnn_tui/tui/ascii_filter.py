"""Textual's own widgets in ASCII: their lines are translated once they are rendered."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from rnn_tui.tui.ascii_text import pieces_in_ascii


class AsciiFilter(LineFilter):
    """Translates the text of a line; its width stays."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII, in exactly as many cells."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        width = sum(segment.cell_length for segment in segments)
        pieces = pieces_in_ascii([(text, (style, control)) for text, style, control in segments])
        translated = [Segment(text, style, control) for text, (style, control) in pieces]
        return [*Strip(translated).adjust_cell_length(width)]
