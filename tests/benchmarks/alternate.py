"""Timing several sides fairly on a noisy machine: in turns, in one run, medians of ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

REST = 0.3  # seconds before each turn: threads of the side before may go on spinning for a while
Side = Callable[[int], object]  # told how many repetitions to make


def calibrate(side: Side, seconds: float) -> int:
    """How many repetitions of `side` take about `seconds`; warms it up too."""
    count = 1
    while True:
        started = time.perf_counter()
        side(count)
        spent = time.perf_counter() - started
        if spent > seconds / 4:
            return max(1, round(count * seconds / spent))
        count *= 2


def alternate(
    sides: Mapping[str, Side], rounds: int, seconds: float
) -> dict[str, tuple[float, ...]]:
    """Seconds per repetition of each side, one figure a round; the sides take turns.

    Args:
        sides: what to time, by name.
        rounds: how many figures for each.
        seconds: about how long each turn lasts.
    """
    counts = {name: calibrate(side, seconds) for name, side in sides.items()}
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            time.sleep(REST)
            side(max(1, counts[name] // 4))  # untimed: after a rest caches are cold, the clock low
            started = time.perf_counter()
            side(counts[name])
            figures[name].append((time.perf_counter() - started) / counts[name])
    return {name: tuple(values) for name, values in figures.items()}


def ratio(of: tuple[float, ...], to: tuple[float, ...]) -> float:
    """Return the median over the rounds of `of` / `to`."""
    return statistics.median(a / b for a, b in zip(of, to, strict=True))
