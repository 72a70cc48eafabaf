"""Codes, their one-hot rows, and products with them, against the plain products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.network.one_hot import OneHot, ScatterAdd, look_up


def test_one_hot_rows_follow_their_codes() -> None:
    random = np.random.default_rng(1)
    codes, rows = np.zeros((4, 3), np.int64), np.zeros((4, 3, 5))
    hot = OneHot(codes, rows)
    for _ in range(20):
        codes[...] = random.integers(-1, 5, codes.shape)
        hot.update()
        expected = (codes[..., None] == np.arange(5)).astype(float)
        assert np.array_equal(rows, expected)


@pytest.mark.parametrize("wrong", [5, -2])
def test_a_code_out_of_range_is_refused(wrong: int) -> None:
    codes, rows = np.zeros((2, 1), np.int64), np.zeros((2, 1, 5))
    codes[1] = wrong
    with pytest.raises(ValueError, match=f"0 to 4, −1 for none; there is {wrong}"):
        OneHot(codes, rows).update()
    assert not rows.any()


def test_what_is_not_contiguous_is_refused() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        OneHot(np.zeros((2, 1), np.int64), np.zeros((2, 1, 6))[..., :5])


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_products_of_one_hot_rows(rows: int, symbols: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(-1, symbols, rows)
    x = (codes[:, None] == np.arange(symbols)).astype(float)
    matrix, d = random.normal(size=(symbols, width)), random.normal(size=(rows, width))
    found = np.full((rows, width), np.nan)
    look_up(codes, matrix, found)
    assert np.array_equal(found, x @ matrix)
    out = np.full((symbols, width), np.nan)
    add = ScatterAdd(codes, [(d, out)])
    for _ in range(2):
        add()
        assert np.abs(out - x.T @ d).max() <= 1e-15 * rows * np.abs(d).max()
