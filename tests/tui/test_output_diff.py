"""Output diff: the terminal shows the same, and fewer bytes are sent."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from terminal.driver import Emulator
from textual.strip import Strip

from rnn_tui.tui.output_diff import BEGIN_SYNCHRONISED, END_SYNCHRONISED, OutputDiff, move_to

COLUMNS, ROWS = 16, 4
STYLES = ("", "red", "bold #7aa2f7", "on #14161f", "underline #bb9af7 on #4a5170", "dim reverse")


@st.composite
def drawings(draw: st.DrawFn) -> str:
    """Draw a part of a line as Textual sends it: position, pieces in full style, end position."""
    column = draw(st.integers(1, COLUMNS))
    text = draw(st.text("ab ▁−界é", max_size=(COLUMNS + 1 - column) // 2))
    cut = draw(st.integers(0, len(text)))
    styles = [Style.parse(draw(st.sampled_from(STYLES))) for _ in range(2)]
    pieces = [Segment(part, s) for part, s in zip((text[:cut], text[cut:]), styles, strict=True)]
    console = Console(file=io.StringIO(), color_system="truecolor")
    line = Strip([piece for piece in pieces if piece.text]).render(console)
    row = draw(st.integers(1, ROWS))
    newline = "\n" if row < ROWS else ""  # on the last row Textual sends none
    return f"{move_to(row, column)}{line}{newline}{move_to(1, 1)}"


def shown(emulator: Emulator) -> list[list[object]]:
    """Return all cells as they look: a blank shows neither its colour nor its weight."""
    screen = emulator.shown
    return [[_seen(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(ROWS)]


def _seen(cell: object) -> object:
    data, fore, back, bold = (getattr(cell, name) for name in ("data", "fg", "bg", "bold"))
    lines = tuple(getattr(cell, name) for name in ("underscore", "reverse", "italics"))
    if data == " " and not any(lines):
        return (data, back)
    return (data, fore, back, bold, lines)


@given(st.lists(drawings(), max_size=12), st.integers(0, 12))
def test_the_terminal_shows_the_same(parts: list[str], resized: int) -> None:
    whole, reduced, output = Emulator(COLUMNS, ROWS), Emulator(COLUMNS, ROWS), OutputDiff()
    for number, part in enumerate(["\x1b[?1049h", "\x1b[?7l", *parts]):
        if number == resized:
            output.forget()
        whole.feed(part.encode())
        reduced.feed(output.encode(part).encode())
        assert shown(reduced) == shown(whole)


def test_what_stands_there_is_not_sent_again() -> None:
    output = OutputDiff()
    line = f"{move_to(2, 1)}\x1b[1;38;2;1;2;3mloss 0.123\x1b[0m   {move_to(1, 1)}"
    assert "loss 0.123" in output.encode(line)
    assert output.encode(line) == ""


def test_only_the_cells_that_differ_are_sent() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(2, 1)}\x1b[38;2;1;2;3mupdate 1234 · loss 0.123\x1b[0m")
    sent = output.encode(f"{move_to(2, 1)}\x1b[38;2;1;2;3mupdate 1235 · loss 0.124\x1b[0m")
    assert sent == "\x1b[11G5\x1b[24G4"


def test_only_the_change_of_a_style_is_sent() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(1, 1)}\x1b[38;2;1;2;3;48;2;4;5;6ma\x1b[0m")
    sent = output.encode(
        f"{move_to(1, 2)}\x1b[1;38;2;1;2;3;48;2;4;5;6mb\x1b[0m\x1b[38;2;9;9;9;48;2;4;5;6mc\x1b[0m"
    )
    assert sent == "\x1b[1mb\x1b[22;38;2;9;9;9mc"


def test_a_blank_does_not_show_its_colour() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(1, 1)}\x1b[1;31;48;2;4;5;6m \x1b[0m{move_to(1, 1)}")
    assert output.encode(f"{move_to(1, 1)}\x1b[32;48;2;4;5;6m \x1b[0m{move_to(1, 1)}") == ""
    assert output.encode(f"{move_to(1, 1)}\x1b[32;48;2;4;5;7m \x1b[0m{move_to(1, 1)}") != ""


def test_another_screen_or_size_is_drawn_whole() -> None:
    output = OutputDiff()
    line = f"{move_to(1, 1)}text{move_to(1, 1)}"
    output.encode(line)
    output.forget()
    assert "text" in output.encode(line)
    assert output.encode("\x1b[?1049h") == "\x1b[?1049h"
    assert "text" in output.encode(line)


def test_an_update_of_nothing_is_no_update() -> None:
    output = OutputDiff()
    line = f"{move_to(1, 1)}text{move_to(1, 1)}"
    assert output.encode(BEGIN_SYNCHRONISED) == ""
    assert output.encode(line).startswith(BEGIN_SYNCHRONISED)
    assert output.encode(END_SYNCHRONISED) == END_SYNCHRONISED
    parts = (BEGIN_SYNCHRONISED, line, END_SYNCHRONISED)
    assert [output.encode(part) for part in parts] == ["", "", ""]


def test_colours_of_sixteen_and_of_many() -> None:
    output = OutputDiff()
    sent = output.encode(f"{move_to(1, 1)}\x1b[91;48;5;17mx\x1b[0m\x1b[39;49my\x1b[0m")
    assert sent.startswith(f"{move_to(1, 1)}\x1b[0;91;48;5;17mx")
