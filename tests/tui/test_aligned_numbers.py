"""Numbers under numbers: the point has its place, and what stands there is the number."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tui.screen_support import power_in, power_of, stands_for

from rnn_tui.tui.aligned_numbers import HeadedColumn, NumberColumn, column_of, power_of_ten

COLUMNS = [
    NumberColumn(4, after=6),
    *(NumberColumn(3, exponent, scaled=True) for exponent in (-12, -4, 0, 3)),
]
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@given(FLOATS | st.floats(-1, 1, width=32))
@example(0.99996)
@example(-999.9999)
@example(99.99996)
@example(1e-4)
@example(0.0)
def test_the_point_has_its_place_and_three_digits_are_right(
    column: NumberColumn, value: float
) -> None:
    text = column.text(value)
    assert len(text) == column.width
    large = abs(value) >= 999 * 10.0**column.exponent
    assert "." not in text or "×" in text or large or text.index(".") == column.before
    size = abs(value)
    if not size:
        assert text.strip() == "0"
    elif "e" in text and size < 1e-9 and column.after < 7:
        return  # two digits where the exponent has two
    else:
        assert stands_for(text.strip(), value, column.exponent), text


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@given(FLOATS)
def test_what_is_far_has_its_own_exponent(column: NumberColumn, value: float) -> None:
    """Below a heading with a power of ten it has its own, which is written as that one is."""
    own = "×" if column.exponent else "e"
    assert column.is_far(value) == (own in column.text(value))


@given(st.integers(-30, -1), st.floats(1.1e-4, 9e6), st.booleans())
def test_ten_powers_of_ten_have_the_unit_of_the_heading(
    exponent: int, size: float, negative: bool
) -> None:
    """What stands below one heading is in one unit."""
    column = NumberColumn(3, exponent, scaled=True)
    value = (-size if negative else size) * 10.0**exponent
    text = column.text(value).strip()
    assert not {"e", "×"} & {*text}
    assert stands_for(text, value, exponent), text


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_what_is_no_number_stands_there_too(column: NumberColumn) -> None:
    for value in (float("nan"), float("inf")):
        assert column.text(value).index("!") == column.before - 1
    assert column.unknown.index("·") == column.before


@pytest.mark.parametrize("exponent", [-12, -4, 0, 3])
def test_the_title_names_the_power(exponent: int) -> None:
    assert power_in(f"gradient {power_of_ten(exponent)}") == exponent
    assert power_of_ten(exponent, ascii=True).isascii()


@given(st.lists(FLOATS, min_size=1, max_size=6), st.booleans(), st.sampled_from([3, 4]))
@example([9.99996e-4, 5e-5], True, 3)
@example([99.99996, 0.5], False, 3)
@example([1e6, 2.0, 1e-12], True, 4)
def test_a_column_has_one_power_of_ten_and_room_for_all_its_numbers(
    values: list[float], signed: bool, digits: int
) -> None:
    values = values if signed else [abs(value) for value in values]
    column = column_of(values, signed=signed, digits=digits)
    largest = max(map(abs, values))
    assert (column.exponent == 0) == (not largest or 0.00995 <= largest < 999.95)
    for value in values:
        text = column.text(value)
        assert len(text) == column.width <= 11 + 2 * signed
        assert "." not in text or text.index(".") == column.before
        assert "e" not in text or not column.exponent
        assert signed or not text.strip().startswith(("+", "−"))
        if "e" not in text and value:
            assert stands_for(text.strip(), value, column.exponent), text
    headed = HeadedColumn("‖g‖", column, 9)
    assert len(headed.heading) == headed.width == len(headed.text(values[0]))
    assert power_of(headed.heading, "‖g‖") == column.exponent
