"""Lines of Textual's own widgets, translated once they are rendered."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from textual.color import Color
from textual.scrollbar import ScrollBarRender

from rnn_tui.tui.ascii_filter import AsciiFilter


@pytest.mark.parametrize("position", range(0, 31, 3))
def test_a_scroll_bar_has_no_letters_at_its_ends(position: int) -> None:
    bar = ScrollBarRender(
        virtual_size=41, window_size=11, position=position, style="#c8c8c8 on #141414"
    )
    console = Console(width=1, height=10)
    lines = console.render_lines(bar, console.options.update(height=10), pad=False)
    assert position in (0, 30) or not _text(lines).isascii()
    filtered = [AsciiFilter().apply(line, Color(0, 0, 0)) for line in lines]
    assert not _text(filtered).strip()
    cells = [cell for line in filtered for cell in line]
    assert len(cells) == 10
    assert any(cell.style is not None and cell.style.reverse for cell in cells)


def _text(lines: list[list[Segment]]) -> str:
    """Return what is written in lines."""
    return "".join(cell.text for line in lines for cell in line)
