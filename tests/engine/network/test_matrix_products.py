"""Products over a window: divided or whole, the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.network.matrix_products import (
    HALF_COLUMNS,
    Product,
    halve_work,
    multiply_with_dot,
    multiply_with_matmul,
)

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(1, 3 * HALF_COLUMNS))


def products(sizes: list[tuple[int, int, int]]) -> list[Product]:
    """Random factors [M, N] and [N, K], and an array of NaN to write to."""
    random = np.random.default_rng(0)
    return [
        (random.normal(size=(m, n)), random.normal(size=(n, k)), np.full((m, k), np.nan))
        for m, n, k in sizes
    ]


@given(st.lists(SIZES, min_size=1, max_size=6))
def test_two_halves_are_the_whole(sizes: list[tuple[int, int, int]]) -> None:
    halved, whole = products(sizes), products(sizes)
    first, second = halve_work(halved)
    multiply_with_matmul(first)
    multiply_with_matmul(second)
    multiply_with_dot(whole)
    for (*_, found), (*_, expected) in zip(halved, whole, strict=True):
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "widths", [[2 * HALF_COLUMNS], [512], [128, 128, 128, 128, 1], [384, 384, 1]]
)
def test_the_halves_are_of_about_the_same_work(widths: list[int]) -> None:
    parts = halve_work(products([(8, 16, width) for width in widths]))
    first, second = (sum(right.shape[-1] for _, right, _ in part) for part in parts)
    assert first + second == sum(widths)
    assert abs(first - second) <= 1


def test_a_narrow_product_stays_whole() -> None:
    first, second = halve_work(products([(8, 16, 2 * HALF_COLUMNS - 1)]))
    assert len(first) == 1
    assert not second
