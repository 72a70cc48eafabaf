"""The last look at every line before it goes to the terminal: text cannot command it.

Names of columns, characters of a text, what is typed and pasted: where they are shown they are
worded for the screen. Should one come here as it is, a control character (C0, C1) would begin a
sequence, and one that changes the direction of writing (bidi) would show something else than is
there. Here they become �.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from rnn_tui.tui.lines import text_width

REPLACEMENT = "\ufffd"
JOINERS = "\u200c\u200d"
"""What joins letters and emoji; it shows nothing and commands nothing."""


def safe_text(text: str) -> str:
    """Return `text` with nothing in it that a terminal would obey; its width stays."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in JOINERS else REPLACEMENT * text_width(each)
        for each in text
    )


class SafeText(LineFilter):
    """Puts every line through `safe_text`."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments, the same list where there is nothing to replace."""
        if all(text.isprintable() or control for text, _, control in segments):
            return segments
        return [
            segment if segment.control else Segment(safe_text(segment.text), segment.style)
            for segment in segments
        ]
