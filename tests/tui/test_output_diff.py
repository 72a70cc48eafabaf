"""Output diff: the terminal shows the same, and fewer bytes are sent."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from terminal.emulator import Emulator
from textual.strip import Strip

from rnn_tui.tui.lines import text_width
from rnn_tui.tui.output_diff import BEGIN_SYNCHRONISED, END_SYNCHRONISED, OutputDiff
from rnn_tui.tui.text_style import ATTRIBUTE_OFF, DEFAULT, apply_codes, change_of_style

COLUMNS, ROWS = 16, 4
STYLES = (
    "", "red", "bold #7aa2f7", "on #14161f", "underline #bb9af7 on #4a5170", "dim reverse",
    "color(130) on color(17)", "bright_red on blue", "italic strike #7aa2f7", "reverse #7aa2f7",
    "bold", "default on #14161f", "#7aa2f7 on #14161f", "bold #7aa2f7 on #14161f", "blink conceal",
)  # fmt: skip
# Among them wide ones, and one of two code points.
CHARACTERS = [*"ab  ▁−界世é", "e\u0301", " " * 11]
CONSOLES = {
    system: Console(file=io.StringIO(), color_system=system)
    for system in ("truecolor", "256", "standard")
}


def move_to(row: int, column: int) -> str:
    """Return the sequence that Textual moves the cursor by."""
    return str(Control.move_to(column - 1, row - 1))


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Draw a part of a line as Textual sends it: position, pieces in full style, line feed."""
    column = draw(st.integers(1, COLUMNS))
    text = draw(st.lists(st.sampled_from(CHARACTERS), max_size=(COLUMNS + 1 - column) // 2))
    while sum(map(text_width, text)) > COLUMNS + 1 - column:
        text.pop()
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    parts = ["".join(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    pieces = [Segment(part, Style.parse(draw(st.sampled_from(STYLES)))) for part in parts if part]
    line = Strip(pieces).render(CONSOLES[draw(st.sampled_from(sorted(CONSOLES)))])
    row = draw(st.integers(1, ROWS))
    newline = "\n" if row < ROWS else ""  # on the last row Textual sends none
    return f"{move_to(row, column)}{line}{newline}"


def displays() -> st.SearchStrategy[str]:
    """Draw some lines and the final place of the cursor."""
    places = st.sampled_from([move_to(1, 1), move_to(3, 5)])
    return st.tuples(st.lists(lines(), min_size=1, max_size=5).map("".join), places).map("".join)


def shown(emulator: Emulator) -> list[list[object]]:
    """Return all cells as they look, and the place of the cursor."""
    screen = emulator.shown
    cells = [[_seen(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(ROWS)]
    return [*cells, [screen.cursor.x, screen.cursor.y]]


def _seen(cell: object) -> object:
    """Return how a cell looks: a blank shows neither its colour nor its weight."""
    data, fore, back, bold, blink, italics = (
        getattr(cell, name) for name in ("data", "fg", "bg", "bold", "blink", "italics")
    )
    lines = tuple(getattr(cell, name) for name in ("underscore", "reverse", "strikethrough"))
    if data == " " and not any(lines):
        return (data, back)
    return (data, fore, back, bold, blink, italics, lines)


@given(
    st.lists(displays(), max_size=8),
    st.integers(0, 8),
    st.lists(lines(), max_size=2).map("".join),
    st.booleans(),
)
def test_the_terminal_shows_the_same(
    parts: list[str], resized: int, before: str, erases: bool
) -> None:
    whole, reduced, output = Emulator(COLUMNS, ROWS), Emulator(COLUMNS, ROWS), OutputDiff()
    output.erases = erases
    for emulator in (whole, reduced):
        emulator.feed(f"\x1b[?1049h\x1b[?7l{before}".encode())
    reduced.feed(b"\x1b[3;41m")  # of which the program knows nothing
    for number, part in enumerate(parts):
        if number == resized:
            output.forget()
        whole.feed(part.encode())
        reduced.feed(output.encode(part).encode())
        assert shown(reduced) == shown(whole)


@given(*[st.tuples(st.sampled_from(["", "31", "97", "38;5;17", "38;2;1;2;3"]),
                   st.sampled_from(["", "41", "107", "48;5;17", "48;2;1;2;3"]),
                   st.sets(st.sampled_from(sorted(ATTRIBUTE_OFF)), max_size=4))] * 2)  # fmt: skip
def test_a_change_of_style_ends_in_the_new_one(
    old: tuple[str, str, set[int]], new: tuple[str, str, set[int]]
) -> None:
    first, second = (
        apply_codes(DEFAULT, ";".join(filter(None, [*map(str, sorted(codes)), *colours])))
        for *colours, codes in (old, new)
    )
    sequence, style = change_of_style(first, second)
    assert style is second
    codes = sequence[2:-1]
    assert (apply_codes(first, codes) if sequence else first) is second


def test_what_stands_there_is_not_sent_again() -> None:
    output = OutputDiff()
    line = f"{move_to(2, 1)}\x1b[1;38;2;1;2;3mloss 0.123\x1b[0m   {move_to(1, 1)}"
    assert "loss 0.123" in output.encode(line)
    assert output.encode(line) == ""


def test_only_the_cells_that_differ_are_sent() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(2, 1)}\x1b[38;2;1;2;3mupdate 1234 · loss 0.123\x1b[0m")
    sent = output.encode(f"{move_to(2, 1)}\x1b[38;2;1;2;3mupdate 1235 · loss 0.124\x1b[0m")
    assert sent == "\x1b[2;11H5\x1b[12C4"


def test_only_the_change_of_a_style_is_sent() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(1, 1)}\x1b[38;2;1;2;3;48;2;4;5;6ma\x1b[0m")
    sent = output.encode(
        f"{move_to(1, 2)}\x1b[1;38;2;1;2;3;48;2;4;5;6mb\x1b[0m\x1b[38;2;9;9;9;48;2;4;5;6mc\x1b[0m"
    )
    assert sent == "\x1b[1mb\x1b[22;38;2;9;9;9mc"


def test_each_style_is_set_once_in_a_frame() -> None:
    output = OutputDiff()
    red, blue = "\x1b[38;2;200;0;0m{}\x1b[0m", "\x1b[38;2;0;0;200m{}\x1b[0m"
    frame = "".join(f"{move_to(row, 1)}{red}   {blue}   {red}\n" for row in (2, 3, 4))
    output.encode(frame.format(*"123456789"))
    sent = output.encode(frame.format(*"abcdefghi"))
    assert len(re.findall(r"\x1b\[[0-9;]*m", sent)) == 1  # the other is set from the frame before
    assert re.sub(r"\x1b\[[0-9;]*[A-Zm]|\x08", "", sent) in ("acdfgibeh", "behacdfgi")


def test_unchanged_text_is_sent_again_where_it_is_no_longer_than_a_jump() -> None:
    output = OutputDiff()
    text = f"{move_to(2, 1)}\x1b[31m{{}}\x1b[0m"
    output.encode(text.format("1 ab 1 abc 1 ▁ 1 ▁▁ 1"))
    sent = output.encode(text.format("2 ab 2 abc 2 ▁ 2 ▁▁ 2"))
    assert sent == "\x1b[2H2 ab 2\x1b[5C2\x1b[3C2\x1b[4C2"


def test_a_blank_does_not_show_its_colour() -> None:
    output = OutputDiff()
    output.encode(f"{move_to(1, 1)}\x1b[1;31;48;2;4;5;6m \x1b[0m{move_to(1, 1)}")
    assert output.encode(f"{move_to(1, 1)}\x1b[32;48;2;4;5;6m \x1b[0m{move_to(1, 1)}") == ""
    assert output.encode(f"{move_to(1, 1)}\x1b[32;48;2;4;5;7m \x1b[0m{move_to(1, 1)}") != ""


def test_a_blank_is_sent_in_the_style_of_a_neighbour() -> None:
    output = OutputDiff()
    line = f"{move_to(2, 1)}\x1b[31m{{}}\x1b[0m{{}}\x1b[32m{{}}\x1b[0m\n"
    output.encode(line.format("ab", "12", "cd"))
    assert output.encode(line.format("xy", "  ", "zz")) == "\x1b[2;5Hzz\x1b[31m\x1b[2Hxy  "


def test_blanks_are_erased_where_that_has_the_background() -> None:
    output = OutputDiff()
    output.erases = True
    line = "\x1b[2;1H\x1b[38;2;1;2;3;48;2;9;9;9ma{}b{}\x1b[0m\n"
    sent = output.encode(line.format(" " * 50, " " * 40))
    assert sent == "\x1b[0;38;2;1;2;3;48;2;9;9;9m\x1b[2Ha\x1b[50X\x1b[50Cb\x1b[40X"
    underlined = "\x1b[3;1H\x1b[4ma{}\x1b[0m\n".format(" " * 50)
    assert " " * 50 in output.encode(underlined)
    plain = OutputDiff()
    assert " " * 50 in plain.encode(line.format(" " * 50, " " * 40))


def test_wide_characters_are_sent_when_they_change() -> None:
    output = OutputDiff()
    text = f"{move_to(2, 1)}\x1b[31mx 世界 {{}}\x1b[0m\n{move_to(1, 1)}"
    output.encode(text.format("1"))
    assert output.encode(text.format("1")) == ""
    assert output.encode(text.format("2")) == "\x1b[2;8H2\x1b[H"
    assert output.encode(text.format("2").replace("界", "面")) == "\x1b[2;5H面\x1b[H"


def test_a_query_does_not_make_the_cells_unknown() -> None:
    output = OutputDiff()
    line = f"{move_to(2, 1)}text{move_to(1, 1)}"
    output.encode(line)
    for query in ("\x1b[6n", "\x1b[5n", "\x1b[c", "\x1b[?2026$p", "\x1bP$qm\x1b\\"):
        assert output.encode(query) == query
        assert output.encode(line) == ""
    assert output.encode(f"{move_to(3, 1)}\x1b[6n") == "\x1b[3H\x1b[6n"


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
    sent = output.encode(f"{move_to(1, 1)}\x1b[91;48;5;17mx\x1b[0m\x1b[39;49my\x1b[0m\n")
    assert sent == "\x1b[0m\x1b[1;2Hy\x1b[91;48;5;17m\x1b[Hx"


def test_cells_that_are_still_to_come_are_crossed_with_blanks() -> None:
    """Two styles that alternate, as in a heat map: a blank is shorter than a move."""
    diff, emulator = OutputDiff(), Emulator(COLUMNS, ROWS)
    cells = [Segment("▁", Style.parse(f"#7aa2f7 on {STYLES[3 + k % 2][-7:]}")) for k in range(10)]
    shown = f"{move_to(2, 3)}{Strip(cells).render(CONSOLES['truecolor'])}\n"
    sent = diff.encode(shown)
    emulator.feed(sent.encode())
    assert emulator.shown.display[1] == "  ▁▁▁▁▁▁▁▁▁▁    "
    assert sent.count("▁ ▁ ▁ ▁ ▁") == 1  # the first style
    assert sent.count("▁\x1b[C▁") == 2  # the second one, in regular expressions without overlap


def test_words_keep_their_places_where_marks_take_cells() -> None:
    """The emulator gives a vowel sign of Hindi a cell of its own, as some terminals do."""
    output, wide = OutputDiff(), Emulator(COLUMNS, 1)
    sent = output.encode(f"{move_to(1, 1)}नदी  रानी   पास  को\n")
    wide.feed(re.sub("[ीाो]", "X", sent).encode())
    assert "".join(wide.shown.display).split() == ["नदX", "रXनX", "पXस", "कX"]
