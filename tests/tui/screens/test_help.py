"""The help: laid out at every width, with whole words and hanging indents."""

from __future__ import annotations

import pytest
from tui.screen_support import SMALL

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.worker import Session
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.help_sections import everywhere, keys
from rnn_tui.tui.help_text import GAP, INDENT, NARROWEST, WIDEST_SIGN, Section, lay_out
from rnn_tui.tui.lines import Line, cell_width, plain
from rnn_tui.tui.panel_help import Sign

CONTEXT = DrawContext(Session(Trainer(SMALL)).latest, Selection())
LONG = Sign("▁▂▃▄▅▆▇█  ⡀⣀⣄⣤⣦⣶⣷⣿  ·", "a sign that is wider than its column")
SECTIONS = (
    Section("This panel", (LONG, *everywhere(CONTEXT))),
    *keys(),
)


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("width", [36, 54, 59, 74, 76, 90, 120])
def test_words_are_whole_and_lines_hang_at_their_indent(width: int, columns: int) -> None:
    lines = lay_out(SECTIONS[:1], SECTIONS[1:], width, columns)
    assert max(map(cell_width, lines)) <= width
    text = plain(lines)
    known = {word for one in SECTIONS for word in words_of(one)}
    assert {word for line in text.split("\n") for word in line.split()} <= known
    assert "…" not in text.replace(" …", "")
    sides = [text]
    each = (width - 2 * GAP) // 2
    if columns == 2 and each >= NARROWEST:
        sides = [plain(tuple(part(line, a, b) for line in lines)) for a, b in halves(each)]
        assert [side.split("\n")[0].strip() for side in sides] == ["This panel", "Keys that count"]
    headings = {section.heading for section in SECTIONS}
    for line in (line.rstrip() for side in sides for line in side.split("\n")):
        indent = len(line) - len(line.lstrip())
        assert indent >= INDENT or line in headings or not line, line
        assert indent <= INDENT + WIDEST_SIGN + 2


def halves(each: int) -> list[tuple[int, int]]:
    """Return where the two columns begin and end."""
    return [(0, each), (each + 2 * GAP, 2 * each + 2 * GAP)]


def part(line: Line, start: int, end: int) -> Line:
    """Return a part of a line, whose characters have a cell each."""
    return (("".join(text for text, _ in line)[start:end], ""),)


def words_of(section: Section) -> set[str]:
    """Return the words of a section."""
    texts = [section.heading, section.note]
    texts += [text for sign in section.signs for text in (sign.shown, sign.meaning)]
    return {word for text in texts for word in text.split()}
