"""The numbers of the strip: they have room, never touch, and a row has one format."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.tui.number_format import NOT_FINITE
from rnn_tui.tui.strip_numbers import exponent_of, exponent_words, fixed, power

FINITE = st.floats(-1e30, 1e30, allow_nan=False)


@given(st.lists(FINITE, min_size=1, max_size=8))
def test_a_row_is_in_fixed_point_and_has_room(row: list[float]) -> None:
    exponent = exponent_of(row)
    for value in row:
        text = fixed(value, exponent, 4)
        assert len(text) <= 4
        assert re.fullmatch(r"−?(\d+|\d*\.\d+)", text), (value, text)
        shown = float(text.replace("−", "-")) * 10.0**exponent
        assert shown == pytest.approx(value, rel=0.06, abs=0.006 * 10.0**exponent)


@pytest.mark.parametrize(
    ("row", "label", "texts"),
    [
        ((0.92, -0.27, 1.04, -0.006, 0.0), "", (".92", "−.27", "1.0", "−.01", "0")),
        ((-2e-3, -5e-3), " e−3", ("−2.0", "−5.0")),
        ((0.06, 6e-3), " e−2", ("6.0", ".60")),
        ((2000.0, -15.0), " e3", ("2.0", "−.01")),
        ((float("nan"), 0.5), "", (NOT_FINITE, ".50")),
    ],
)
def test_rows(row: tuple[float, ...], label: str, texts: tuple[str, ...]) -> None:
    exponent = exponent_of(row)
    assert exponent_words(exponent) == label
    assert tuple(fixed(value, exponent, 4) for value in row) == texts


@given(st.floats(1e-45, 1e30), st.integers(4, 7))
def test_a_norm_has_its_power_of_ten_always(value: float, cells: int) -> None:
    text = power(value, cells)
    assert len(text) <= cells
    assert re.fullmatch(r"[\d.]*e−?\d+", text)
    mantissa, exponent = text.replace("−", "-").split("e")
    assert float(f"{mantissa or 1}e{exponent}") == pytest.approx(value, rel=0.5 if mantissa else 3)


def test_norms() -> None:
    assert [power(each, 4) for each in (0.06, 6e-3, 2.0, 3e-12)] == ["6e−2", "6e−3", "2e0", "e−12"]
    assert [power(each, 4) for each in (9e-9, 5e-10, 1.2e-10)] == ["9e−9", "e−10", "e−10"]
    assert power(0.0123, 7) == "1.2e−2"
    assert power(0.0, 4) == "0"
    assert power(float("inf"), 4) == NOT_FINITE
