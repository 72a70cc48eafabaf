"""Where the name of the value that is pointed at stands: it hides as little as it can."""

from __future__ import annotations

from textual.geometry import Region

from rnn_tui.tui.big.pointer_name import Part, place_of_name
from rnn_tui.tui.lines import Lines

NAME = ((("x" * 20, ""),),) * 3
SIZE = (40, 23)


def full(line: str = "0.1234 " * 6) -> Lines:
    """Return lines between the header and the footer, full of numbers, or of this text."""
    return (((line[:40], ""),),) * 20


def part(lines: Lines, focus: bool = False) -> Part:
    """Return lines below the header."""
    return Region(0, 2, 40, len(lines)), lines, focus


def test_it_stands_where_nothing_is() -> None:
    lines = (*full()[:9], *(((" " * 40, ""),),) * 3, *full()[12:])
    assert place_of_name(NAME, [part(lines)], 4, SIZE) == Region(20, 11, 20, 3)
    left = tuple((("0.123", ""), (" " * 35, "")) for _ in range(20))
    assert place_of_name(NAME, [part(left)], 20, SIZE) == Region(20, 2, 20, 3)


def test_it_hides_neither_the_value_nor_the_timesteps() -> None:
    timesteps = ((" t   1  2  3 ‹4› 5  6  ⋯7", ""),)
    for row in range(20):
        for marked in range(2, 22):
            lines = [*full("0.123 0.2 0.3 0.4")]
            lines[row] = timesteps
            there = place_of_name(NAME, [part(tuple(lines))], marked, SIZE)
            columns = range(there.x, there.right)
            assert not there.y <= marked < there.bottom
            hidden = there.y <= row + 2 < there.bottom and min(columns) < 24
            assert not hidden
            assert there.y >= 2
            assert there.bottom <= 22


def test_it_is_no_wider_than_the_screen() -> None:
    assert place_of_name(NAME, [part(full())], 1, (10, 4)).width == 10


def test_it_rather_hides_other_panels_than_that_with_the_focus() -> None:
    parts = [part(full()[:10]), (Region(0, 12, 40, 10), full()[:10], True)]
    assert place_of_name(NAME, parts, 20, SIZE).bottom <= 12
