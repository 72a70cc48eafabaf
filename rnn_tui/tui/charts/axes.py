"""Ranges and ticks of a chart's axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# ------------------------------------------------------------------------------------- the axes


@dataclass(frozen=True)
class _Tick:
    at: float  # in the axis's own units
    label: str


@dataclass(frozen=True)
class _Axis:
    """A range in the axis's own units: log10 of the value, or the value without its power of ten.

    Taking the power of ten out first keeps differences finite for 1e308 and exact for 1e-320.
    """

    low: float
    high: float
    power: int = 0
    log: bool = False
    whole: bool = False  # only whole numbers make sense as ticks

    def units(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log10(values) if self.log else _shift(values, -self.power)

    def fraction(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where `values` lie between the ends: 0 is the low one, 1 the high one."""
        with np.errstate(over="ignore", under="ignore"):
            result: NDArray[np.float64] = (self.units(values) - self.low) / (self.high - self.low)
        return result

    def cell(self, at: float, cells: int) -> int:
        return min(int((at - self.low) / (self.high - self.low) * cells), cells - 1)

    def ticks(self, most: int, limit: int) -> list[_Tick]:
        """About `most` round numbers in the range, never more than `limit`."""
        if self.log:
            return _log_ticks(self.low, self.high, most, limit)
        return _linear_ticks(self.low, self.high, most, limit, self.power, self.whole)


def _shift(values: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    """values · 10^power, in two steps where 10^power itself would not be a number.

    A value far outside a given tiny range may become infinite here; `_dots` brings it back.
    """
    with np.errstate(over="ignore", under="ignore"):
        if abs(power) > 300:
            part = 200 if power > 0 else -200
            values, power = values * 10.0**part, power - part
        return values * 10.0**power if power >= 0 else values / 10.0**-power


def _axis(
    values: NDArray[np.float64],
    log: bool = False,
    fixed: tuple[float, float] | None = None,
    whole: bool = False,
) -> _Axis:
    """The axis that holds `values`, or spans `fixed` where that is a usable range."""
    ends = np.array([values.min(), values.max()])
    if fixed is not None and _usable(fixed, log):
        ends = np.array(fixed, dtype=np.float64)
    if log:
        low, high = (float(end) for end in np.log10(ends))
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        return _Axis(low, high, log=True)
    top = float(np.abs(ends).max())
    power = math.floor(math.log10(top)) if top >= 1e7 or 0 < top < 1e-3 else 0
    low, high = (float(end) for end in _shift(ends, -power))
    middle = (abs(low) + abs(high)) / 2
    if high - low <= 1e-12 * middle:  # a constant: give it a range of its own size
        margin = 1.0 if whole or middle == 0 else 0.1 * middle
        low, high = low - margin, high + margin
    return _Axis(low, high, power, whole=whole and power == 0)


def _usable(limits: tuple[float, float], log: bool) -> bool:
    low, high = limits
    return math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)


def _linear_ticks(
    low: float, high: float, most: int, limit: int, power: int, whole: bool
) -> list[_Tick]:
    """Multiples of 1, 2 or 5 times a power of ten, with the finest step that gives few enough."""
    start = math.floor(math.log10((high - low) / most)) - 1
    finer: tuple[int, int] | None = None
    for exponent in range(start, start + 4):
        for mantissa in (1, 2, 5):
            if whole and exponent < 0:
                continue
            first, last = _multiples(low, high, mantissa * 10.0**exponent)
            if last - first >= most:
                finer = mantissa, exponent
                continue
            if first >= last and finer is not None:
                # One tick alone gives no scale; better a few too many.
                first_finer, last_finer = _multiples(low, high, finer[0] * 10.0 ** finer[1])
                if last_finer - first_finer < limit:
                    (mantissa, exponent), first, last = finer, first_finer, last_finer
            step, decimals = mantissa * 10.0**exponent, max(0, -exponent)
            return [
                _Tick(min(max(k * step, low), high), _number(k * step, decimals, power))
                for k in range(first, last + 1)
            ]
    return []


def _multiples(low: float, high: float, step: float) -> tuple[int, int]:
    """The first and the last multiple of `step` in the range, give or take a rounding error."""
    slack = 1e-9 * (high - low)
    return math.ceil((low - slack) / step), math.floor((high + slack) / step)


def _log_ticks(low: float, high: float, most: int, limit: int) -> list[_Tick]:
    """1-2-5 in every decade, or decades alone, or every n-th decade: the finest that fits."""
    choices: list[tuple[tuple[int, ...], int]] = [((1, 2, 5), 1)]
    choices += [((1,), step) for step in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)]
    for mantissas, every in choices:
        if (high - low) / every > 2 * most + 2:
            continue
        values = [
            (mantissa, power)
            for power in range(math.floor(low) - 1, math.ceil(high) + 1)
            if power % every == 0
            for mantissa in mantissas
            if low - 1e-9 <= power + math.log10(mantissa) <= high + 1e-9
        ]
        if len(values) <= most and (len(values) >= 2 or mantissas == (1,)):
            break
    if len(values) < 2:
        return _narrow_log_ticks(low, high, most, limit)
    plainly = all(-3 <= power <= 4 for _, power in values)
    return [
        _Tick(
            min(max(power + math.log10(mantissa), low), high),
            _number(mantissa * 10.0**power, max(0, -power), 0)
            if plainly
            else f"{mantissa}e{power}",
        )
        for mantissa, power in values
    ]


def _narrow_log_ticks(low: float, high: float, most: int, limit: int) -> list[_Tick]:
    """Ticks for less than a decade: round numbers, spaced as the logarithm spaces them."""
    decade = math.floor(low)
    power = 0 if -3 <= decade <= 4 else decade
    shown = decade - power
    ends = 10.0 ** (low - decade + shown), 10.0 ** (high - decade + shown)
    ticks = _linear_ticks(*ends, most, limit, power, whole=False)
    return [_Tick(math.log10(tick.at) + power, tick.label) for tick in ticks]


def _number(value: float, decimals: int, power: int) -> str:
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return "0"
    if power:
        text += f"e{power}"
    return text.replace("-", "−", 1) if text.startswith("-") else text
