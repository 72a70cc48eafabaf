"""The distribution of an array's entries, computed in parts, against NumPy on the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnn_tui.engine.analysis import distribution as module
from rnn_tui.engine.analysis.distribution import BINS, distribution
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.core.expressions import Array

ENTRIES = st.floats(width=32) | st.floats(-(2.0**-20), 2.0**-20, width=32)


@given(arrays.arrays(np.float32, st.integers(1, 40), elements=ENTRIES))
def test_it_is_that_of_the_finite_entries(array: Array) -> None:
    found = complete(distribution(array))
    finite = array[np.isfinite(array)].astype(np.float64)
    assert (found.count, found.finite) == (array.size, finite.size)
    assert found.bins.sum() == finite.size
    assert len(found.bins) == BINS
    if not finite.size:
        assert math.isnan(found.mean)
        return
    assert (found.lowest, found.highest) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-12 * np.abs(finite).max())
    assert found.deviation == pytest.approx(finite.std(), rel=1e-6, abs=1e-9 * np.abs(finite).max())


def test_parts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).normal(1.0, 2.0, (50, 40)).astype(np.float32)
    whole = complete(distribution(array))
    monkeypatch.setattr(module, "PART", 37)
    parts = complete(distribution(array))
    assert np.array_equal(whole.bins, parts.bins)
    expected = np.histogram(array.astype(np.float64), BINS)[0]
    assert np.abs(whole.bins - expected).sum() <= 2  # an entry on the border of two
    assert (whole.mean, whole.deviation) == pytest.approx((parts.mean, parts.deviation))


def test_equal_entries_are_in_one_range() -> None:
    found = complete(distribution(np.full((3, 4), 0.5, np.float32)))
    assert (found.lowest, found.highest, found.mean, found.deviation) == (0.5, 0.5, 0.5, 0.0)
    assert found.bins.max() == 12
