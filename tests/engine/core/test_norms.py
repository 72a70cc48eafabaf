"""Norms and relative changes of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.core.norms import log_relative_change


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30, 1e200])
def test_relative_change_at_any_scale(dtype: type[np.floating[Any]], scale: float) -> None:
    scale = min(scale, float(np.finfo(dtype).max) / 10)
    before = np.full(10, scale, dtype)
    found = log_relative_change(before, before * dtype(1e-3))
    assert found == pytest.approx(-3, abs=1e-6)


def test_no_change_has_no_size() -> None:
    assert log_relative_change(np.ones(3), np.zeros(3)) is None
    assert log_relative_change(np.zeros(3), np.ones(3)) is None
    assert log_relative_change(np.array([3.0, 4.0]), np.array([0.0, 0.5])) == pytest.approx(-1)
