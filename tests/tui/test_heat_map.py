"""Heat maps: each cell is the bar of its entry, and the selected one is on the page."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnn_tui.engine.core.expressions import Array
from rnn_tui.tui.bars import ASCII_BARS, UNICODE_BARS, BarGlyphs, BarScale, bar
from rnn_tui.tui.heat_map import CellSize, divide, heat_lines, page_of, strongest
from rnn_tui.tui.lines import Line
from rnn_tui.tui.themes import role_within

BOTH = pytest.mark.parametrize("glyphs", [UNICODE_BARS, ASCII_BARS], ids=["unicode", "ascii"])
SCALES = st.builds(
    BarScale, st.sampled_from([0.0, 1.0, 3e-7]), st.sampled_from([0, 3, 9]), st.booleans()
)
MATRICES = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.floats(-2, 2, width=32) | st.sampled_from([math.nan, math.inf, 1e-7, -2e-7]),
)


def cells(line: Line) -> list[tuple[str, str]]:
    """Return each character of a line with the role of its text."""
    return [(glyph, role_within(role)) for text, role in line for glyph in text]


@BOTH
@given(values=MATRICES, scale=SCALES)
def test_a_cell_is_the_bar_of_its_entry(glyphs: BarGlyphs, values: Array, scale: BarScale) -> None:
    lines = heat_lines(values, scale, glyphs)
    assert len(lines) == len(values)
    for line, row in zip(lines, values, strict=True):
        assert cells(line) == [bar(float(value), scale, glyphs) for value in row]


@BOTH
def test_a_large_cell_has_the_height_of_all_its_lines(glyphs: BarGlyphs) -> None:
    levels, scale = len(glyphs.positive), BarScale(1.0)
    for height in (2, 3):
        for sign in (1, -1):
            for k in range(levels * height + 1):
                entry = np.array([[sign * k / (levels * height)]])
                lines = heat_lines(entry, scale, glyphs, size=CellSize(3, height))
                drawn = glyphs.positive if sign > 0 else glyphs.negative
                columns = ["".join(text for text, _ in line) for line in lines]
                assert all(len(text) == 3 and len({*text}) == 1 for text in columns)
                assert sum(drawn.find(text[0]) + 1 for text in columns) == k


@given(values=MATRICES, data=st.data())
def test_one_entry_is_marked_and_what_is_not_known_is_blank(
    values: Array, data: st.DataObject
) -> None:
    rows, columns = values.shape
    chosen = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    known = data.draw(arrays.arrays(bool, values.shape))
    drawn = heat_lines(
        values, BarScale(1.0), UNICODE_BARS, selected=chosen, known=known, size=CellSize(2)
    )
    marked = [
        (row, place // 2)
        for row, line in enumerate(drawn)
        for place, role in enumerate(role for text, role in line for _ in text)
        if role.startswith("selected-")
    ]
    assert marked == [chosen] * 2
    for row, line in enumerate(drawn):
        text = "".join(text for text, _ in line)
        assert [glyph == " " for glyph in text[::2]] == [not each for each in known[row]]


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(1, 300))
def test_the_selected_one_is_on_its_page(selected: int, count: int, room: int) -> None:
    selected = min(selected, count - 1)
    page = page_of(selected, count, room)
    assert selected in page
    assert len(page) <= room
    assert all(page_of(other, count, room) == page for other in page)


@given(values=MATRICES, room=st.tuples(st.integers(1, 7), st.integers(1, 10)))
def test_a_block_is_its_entry_of_the_largest_magnitude(
    values: Array, room: tuple[int, int]
) -> None:
    rows, columns = (divide(count, most) for count, most in zip(values.shape, room, strict=True))
    found = strongest(values, rows, columns)
    assert found.shape == (len(rows), len(columns))
    assert all(shown <= most for shown, most in zip(found.shape, room, strict=True))
    for k, blocks in enumerate(np.split(values, rows[1:], axis=0)):
        for n, block in enumerate(np.split(blocks, columns[1:], axis=1)):
            if np.isnan(block).any():
                assert math.isnan(found[k, n])
            else:
                assert abs(found[k, n]) == np.abs(block).max()
                assert found[k, n] in block
