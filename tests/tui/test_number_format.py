"""Numbers as they look: rounded truly, short enough, and with a sign that needs no colour."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.tui.lines import text_width
from rnn_tui.tui.number_format import (
    LEVELS,
    block,
    blocks,
    count,
    number,
    percent,
    short,
    signed,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
USUAL = st.floats(-1e4, 1e4) | st.floats(-1, 1) | st.floats(-1e-6, 1e-6)
NUMBERS = FINITE | USUAL
WIDEST = 11  # −1.234e−308


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.497, "0.4970"),
        (-12.35, "−12.35"),
        (3.214e-5, "3.214e−5"),
        (9999.6, "1.000e4"),
        (0.99999, "1.000"),
        (0.00099999, "0.001000"),
        (1234.4, "1234"),
        (20.0, "20"),
        (math.nan, "!"),
        (-math.inf, "!"),
    ],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(NUMBERS)
@example(0.9999999)
@example(999.95)
@example(9999.5)
@example(5e-324)
@example(1.7976931348623157e308)
def test_a_number_is_rounded_to_the_nearest_that_can_be_shown(value: float) -> None:
    text = number(value)
    assert "-" not in text
    assert text_width(text) <= WIDEST
    assert Decimal(text.replace("−", "-")) == Decimal(f"{value:.3e}")
    digits = text.partition("e")[0].replace(".", "").replace("−", "").lstrip("0")
    assert len(digits) in ((0, 1, 2, 3, 4) if value == int(value) else (4,))


@given(NUMBERS)
def test_a_signed_number_says_so_unless_it_is_zero(value: float) -> None:
    text = signed(value)
    assert text.lstrip("+−") == number(abs(value))
    assert text[0] == ("+" if value > 0 else "−" if value < 0 else "0")


@given(st.floats())
@example(0.003)
@example(-0.003)
@example(1e-12)
@example(-1e-12)
@example(-9.9e-12)
@example(1e-300)
@example(-1e-300)
@example(-1e300)
@example(0.995)
@example(9.95)
@example(99.5)
@example(0.0095)
def test_a_short_number_takes_five_cells_at_most(value: float) -> None:
    assert text_width(short(value)) <= 5


@given(NUMBERS)
def test_a_short_number_takes_four_cells_where_it_has_no_more(value: float) -> None:
    text = short(value, 4)
    assert text_width(text) <= 4
    if text_width(short(value)) <= 4 and abs(value) > 1e-99:
        assert text == short(value)
    assert text == "0" or text.startswith("−") == (value < 0)


def test_in_four_cells_small_negative_numbers_have_two_decimals() -> None:
    texts = [short(value, 4) for value in (-0.009, -0.004, -3e-12, 0.009, 3e-12, -2e22)]
    assert texts == ["−.01", "−.00", "−.00", "9e−3", "e−12", "−e22"]


@given(NUMBERS)
@example(1e-12)
@example(3e-10)
@example(-4e-8)
@example(2.5e150)
@example(1.5e308)
def test_a_short_number_has_the_right_size_and_sign(value: float) -> None:
    text = short(value)
    assert text.startswith("−") == (value < 0)
    size = text.lstrip("−")
    if value == 0 or size == "0":
        assert abs(value) < 1e-99
    elif size.startswith("e"):  # a power of ten where there is no room for more
        power = int(size[1:].replace("−", "-"))
        assert abs(math.log10(abs(value)) - power) < 1
    else:
        # Decimal, because the number shown may be larger than the largest float.
        exact = Decimal(abs(value))
        error = abs(Decimal(size.replace("−", "-")) - exact)
        first_digit = Decimal(10) ** exact.adjusted()  # 100 of 234
        if 0.0095 <= abs(value) < 99.5:  # two digits, but no more than two decimals
            assert error < max(Decimal("0.051") * first_digit, Decimal("0.0051"))
        else:  # one digit
            assert error <= first_digit / 2


def test_the_ends_of_a_range_are_the_ends_of_the_blocks() -> None:
    assert blocks((0.0, 1.0), 0.0, 1.0) == LEVELS[0] + LEVELS[-1]
    assert block(math.nan, 0.0, 1.0) == "!"


def test_shares_and_counts() -> None:
    assert (percent(0.952), count(1169)) == ("95 %", "1,169")
