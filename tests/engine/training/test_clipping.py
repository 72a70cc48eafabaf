"""Clipping and the norm it goes by."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
from engine.engine_support import same_bits
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.training.clipping import Clipping

FloatType = type[np.floating[Any]]
DTYPES: tuple[FloatType, ...] = (np.float32, np.float64)


def clip(by: str, limit: float, gradient: np.ndarray) -> np.ndarray:
    kept, room = gradient.copy(), np.full_like(gradient, np.nan)
    clipped = Clipping(by, limit).apply(gradient, room, norm(gradient))
    assert clipped is gradient or clipped is room
    assert same_bits(gradient, kept)
    return clipped


def vectors(dtype: FloatType) -> st.SearchStrategy[np.ndarray]:
    most = float(np.finfo(dtype).max)
    width: Literal[32, 64] = 32 if dtype is np.float32 else 64
    entries = st.floats(-most, most, width=width)
    return st.lists(entries, min_size=1, max_size=20).map(lambda v: np.array(v, dtype))


def exact_norm(vector: np.ndarray) -> float:
    """‖v‖ by fractions: nothing overflows."""
    square = sum(Fraction(float(entry)) ** 2 for entry in vector)
    largest = Fraction(float(np.abs(vector).max()))
    if not largest:
        return 0.0
    try:
        return float(Fraction(math.sqrt(square / largest**2)) * largest)
    except OverflowError:
        return math.inf


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_entries_pass_and_large_ones_are_clamped_by_value(dtype: FloatType) -> None:
    gradient = np.array([-7, -0.5, -0.0, 0.25, 0.5, 0.500001, 1e30], dtype)
    clipped = clip("value", 0.5, gradient)
    assert np.array_equal(clipped, np.array([-0.5, -0.5, 0, 0.25, 0.5, 0.5, 0.5], dtype))
    assert clipped.dtype == dtype


@given(st.one_of(*map(vectors, DTYPES)), st.floats(1e-6, 1e6))
def test_by_value_is_a_clamp_that_leaves_the_rest_untouched(
    gradient: np.ndarray, limit: float
) -> None:
    clipped = clip("value", limit, gradient)
    bound = gradient.dtype.type(limit)
    inside = np.abs(gradient) <= bound
    assert np.array_equal(clipped[inside], gradient[inside])
    assert np.array_equal(clipped[~inside], np.copysign(bound, gradient[~inside]))


@given(st.one_of(*map(vectors, DTYPES)), st.floats(1e-3, 1e3))
def test_by_norm_the_direction_stays_and_the_length_is_at_most_the_limit(
    gradient: np.ndarray, limit: float
) -> None:
    length = exact_norm(gradient)
    clipped = clip("norm", limit, gradient)
    factor = min(1.0, limit / (length + 1e-6))
    tiny = float(np.finfo(gradient.dtype).tiny)
    if factor == 1.0:
        assert same_bits(clipped, gradient)
    elif factor > 1e7 * tiny and length < math.inf:
        expected = gradient.astype(float) * factor
        wrong = np.abs(clipped - expected)
        assert np.all(wrong <= 4 * np.finfo(gradient.dtype).eps * np.abs(expected) + tiny)
        assert norm(clipped) <= limit * (1 + 1e-6)


def test_by_norm_uses_torchs_coefficient() -> None:
    assert Clipping("norm", 1.0).factor(4.0) == 1.0 / (4.0 + 1e-6)
    assert Clipping("norm", 1.0).factor(0.0) == 1.0
    assert Clipping("norm", 1.0).factor(1.0 - 1e-6) == 1.0  # the edge lies 1e-6 below
    assert Clipping("norm", 1.0).factor(1.0) < 1.0
    for by in ("value", "none"):
        assert Clipping(by, 1.0).factor(4.0) == 1.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_none_copies(dtype: FloatType) -> None:
    gradient = np.array([-1e30, 0.0, -0.0, 5.0], dtype)
    assert same_bits(clip("none", 1e-9, gradient), gradient)


@given(st.one_of(*map(vectors, DTYPES)))
def test_the_norm_of_finite_numbers_is_right_however_large(vector: np.ndarray) -> None:
    expected = exact_norm(vector)
    smallest_square = math.sqrt(float(np.finfo(vector.dtype).tiny)) * 1e4
    if expected > smallest_square:
        assert norm(vector) == pytest.approx(expected, rel=8 * float(np.finfo(vector.dtype).eps))
    else:  # squares of such small numbers are lost, and nobody clips them
        assert 0 <= norm(vector) <= 2 * smallest_square


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_norm_of_huge_numbers(dtype: FloatType) -> None:
    largest = float(np.finfo(dtype).max)
    assert norm(np.full(4, largest / 4, dtype)) == pytest.approx(largest / 2, rel=1e-6)
    assert norm(np.array([largest, 0, 1], dtype)) == pytest.approx(largest, rel=1e-6)


def test_the_norm_of_float32_may_exceed_float32() -> None:
    largest = float(np.finfo(np.float32).max)
    assert norm(np.full(100, largest, np.float32)) == pytest.approx(10 * largest, rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("entry", "expected"), [(math.inf, math.inf), (-math.inf, math.inf)])
def test_the_norm_of_an_infinite_entry(dtype: FloatType, entry: float, expected: float) -> None:
    assert norm(np.array([1.0, entry, 2.0], dtype)) == expected


@pytest.mark.parametrize("entries", [[math.nan], [1.0, math.nan, math.inf], [math.inf, math.nan]])
def test_the_norm_of_nan_is_nan(entries: list[float]) -> None:
    assert math.isnan(norm(np.array(entries)))


def test_the_norm_of_nothing_is_nothing() -> None:
    assert norm(np.zeros(5)) == 0.0
