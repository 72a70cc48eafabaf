"""How the entries of an array are distributed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array

BINS = 64
PART = 1 << 17  # entries in one part of the work: about a millisecond


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """The finite entries of an array.

    Attributes:
        count: the number of all entries.
        finite: the number of those that are finite.
        lowest: the smallest of these; NaN if there is none, like all that follow.
        highest: the largest.
        mean: their mean.
        deviation: their standard deviation.
        bins: [BINS], how many are in each of equal ranges from `lowest` to `highest`.
    """

    count: int
    finite: int
    lowest: float
    highest: float
    mean: float
    deviation: float
    bins: npt.NDArray[np.int64]


def distribution(array: Array) -> Work[Distribution]:
    """Compute the distribution of the entries of `array`, a part at a time."""
    flat = array.reshape(-1)
    parts, done = 2 * -(-flat.size // PART), 0
    finite, total, low, high = 0, 0.0, math.inf, -math.inf
    for part in _finite_parts(flat):
        if part.size:
            finite += part.size
            total += float(part.sum())
            low, high = min(low, float(part.min())), max(high, float(part.max()))
        done += 1
        yield Progress(done, parts)
    bins = np.zeros(BINS, np.int64)
    if not finite:
        return Distribution(flat.size, 0, math.nan, math.nan, math.nan, math.nan, bins)
    mean, squares = total / finite, 0.0
    for part in _finite_parts(flat):
        squares += float(np.square(part - mean).sum())
        bins += _binned(part, low, high)
        done += 1
        yield Progress(done, parts)
    deviation = math.sqrt(squares / finite)
    return Distribution(flat.size, finite, low, high, mean, deviation, bins)


def _finite_parts(flat: Array) -> Iterator[Array]:
    """Yield the finite entries of one part after another, in float64."""
    for start in range(0, flat.size, PART):
        part = flat[start : start + PART].astype(np.float64)
        yield part[np.isfinite(part)]


def _binned(part: Array, low: float, high: float) -> npt.NDArray[np.int64]:
    """Return how many entries are in each of the ranges from `low` to `high`."""
    with np.errstate(all="ignore"):
        shares = (part / 2 - low / 2) / (high / 2 - low / 2)  # halves cannot overflow
    places = np.nan_to_num(shares * BINS).astype(np.int64)
    return np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)
