"""Ranges and ticks of a chart's axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.tui.charts.curves import Level, Values
from rnn_tui.tui.charts.dates import date_ticks

ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # numbers where an axis may end


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis."""

    at: float  # in the axis's own units
    label: str


@dataclass(frozen=True)
class Axis:
    """A range in the axis's own units: log10(value), or value / 10^power.

    Dividing by the power of ten first keeps differences finite for 1e308 and exact for 1e-320.
    """

    low: float
    high: float
    power: int = 0
    log: bool = False
    whole: bool = False  # only whole numbers make sense as ticks
    dates: bool = False  # the values are times in seconds

    def units(self, values: Values) -> Values:
        """Convert `values` to the axis's own units."""
        return np.log10(values) if self.log else _times_power_of_ten(values, -self.power)

    def fraction(self, values: Values) -> Values:
        """Return the position of `values` between the ends: 0 is the low end, 1 the high end."""
        with np.errstate(over="ignore", under="ignore"):
            result: Values = (self.units(values) - self.low) / (self.high - self.low)
        return result

    def cell(self, at: float, cells: int) -> int:
        """Return the cell, of `cells` along the axis, that holds `at` (own units)."""
        return min(int((at - self.low) / (self.high - self.low) * cells), cells - 1)

    def ticks(self, most: int, limit: int) -> list[Tick]:
        """Return about `most` round numbers in the range, never more than `limit`."""
        if self.dates:
            return [Tick(at, label) for at, label in date_ticks(self.low, self.high, most)]
        if self.log:
            return _log_ticks(self.low, self.high, most, limit)
        return _linear_ticks(self.low, self.high, most, limit, self.power, self.whole)


def _times_power_of_ten(values: Values, power: int) -> Values:
    """Return values · 10^power, in two steps where 10^power itself would overflow.

    A value far outside a tiny fixed range may become infinite here; `points` clips it.
    """
    with np.errstate(over="ignore", under="ignore"):
        if abs(power) > 300:
            part = 200 if power > 0 else -200
            values, power = values * 10.0**part, power - part
        return values * 10.0**power if power >= 0 else values / 10.0**-power


def make_axis(
    values: Values,
    log: bool = False,
    fixed: tuple[float, float] | None = None,
    whole: bool = False,
    dates: bool = False,
) -> Axis:
    """Return the axis that holds `values`, or spans `fixed` if that is a usable range.

    Args:
        values: all coordinates to hold, at least one; positive where `log`.
        log: whether the axis is logarithmic.
        fixed: its ends, or None.
        whole: whether only whole numbers make sense as ticks.
        dates: whether the values are times in seconds.
    """
    ends = np.array([values.min(), values.max()])
    if fixed is not None and _usable(fixed, log):
        ends = np.array(fixed, dtype=np.float64)
    if dates:
        low, high = float(ends[0]), float(ends[1])
        return Axis(low, high if high > low else low + 1.0, dates=True)
    if log:
        low, high = (float(end) for end in np.log10(ends))
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        return Axis(low, high, log=True)
    top = float(np.abs(ends).max())
    power = math.floor(math.log10(top)) if top >= 1e7 or 0 < top < 1e-3 else 0
    low, high = (float(end) for end in _times_power_of_ten(ends, -power))
    middle = (abs(low) + abs(high)) / 2
    if high - low <= 1e-12 * middle:  # a constant: give it a range of its own size
        margin = 1.0 if whole or middle == 0 else 0.1 * middle
        low, high = low - margin, high + margin
    return Axis(low, high, power, whole=whole and power == 0)


def range_with_levels(
    values: Values, levels: Sequence[Level], log: bool
) -> tuple[float, float] | None:
    """Return the range of `values`, extended by at most half to hold the levels that are near.

    Returns:
        None if none is: the range of the values then stays.
    """
    ranges = [found for each in levels if (found := _range_with_level(values, each, log))]
    if not ranges:
        return None
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _range_with_level(values: Values, level: Level, log: bool) -> tuple[float, float] | None:
    """Return the range of `values`, extended to hold one level; None if it is not near."""
    if not math.isfinite(level.y) or values.size < 2:
        return None
    low, high, y = float(values.min()), float(values.max()), level.y
    if log:
        if y <= 0 or high <= low:
            return None
        decades = 0.5 * max(math.log10(high / low), 0.3)
        near = low / 10**decades <= y <= high * 10**decades
    else:
        margin = 0.5 * (high - low)
        near = low - margin <= y <= high + margin
    return (min(low, y), max(high, y)) if near else None


def steady_log_range(
    values: Values, parts: int, least: float, levels: Sequence[Level] = ()
) -> tuple[float, float] | None:
    """Return a range of whole parts of decades that holds `values` and the levels that are near.

    It is as wide however the values move within it, so that what is flat looks flat.

    Args:
        values: any numbers; only those that a logarithm can show count.
        parts: parts of a decade, 1 or 2.
        least: decades that it spans at least; what is missing is added below.
        levels: levels that it holds if `range_with_levels` does.

    Returns:
        None where there are no such values.
    """
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return None
    ends = range_with_levels(values, levels, True) or (float(values.min()), float(values.max()))
    low = math.floor(math.log10(ends[0]) * parts + 1e-9) / parts
    high = math.ceil(math.log10(ends[1]) * parts - 1e-9) / parts
    low = min(low, high - least)
    # Beyond these powers of ten there are no numbers.
    return max(10.0 ** max(low, -323.0), 5e-324), 10.0 ** min(high, 308.0)


def steady_end(largest: float) -> float:
    """Return a round number that is at least `largest`, a positive one, and at most a third more.

    An axis that ends there keeps still while the largest value grows: what is drawn stays where it
    is, and only what is new has to be sent to the terminal.
    """
    power = 10.0 ** math.floor(math.log10(largest))
    first = largest / power
    return max(next(end for end in ROUND if end >= first - 1e-9) * power, largest)


def _usable(limits: tuple[float, float], log: bool) -> bool:
    """Return whether an axis can span `limits`."""
    low, high = limits
    return math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)


def _linear_ticks(
    low: float, high: float, most: int, limit: int, power: int, whole: bool
) -> list[Tick]:
    """Return multiples of 1, 2 or 5 · 10^n, with the finest step that gives few enough.

    `low` and `high` are in units of 10^power; `whole` allows whole numbers only.
    """
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
                Tick(min(max(k * step, low), high), _number(k * step, decimals, power))
                for k in range(first, last + 1)
            ]
    return []


def _multiples(low: float, high: float, step: float) -> tuple[int, int]:
    """Return first and last k with k · step in the range, give or take a rounding error."""
    slack = 1e-9 * (high - low)
    return math.ceil((low - slack) / step), math.floor((high + slack) / step)


def _log_ticks(low: float, high: float, most: int, limit: int) -> list[Tick]:
    """Return ticks at 1, 2, 5 of every decade, or at decades, or every n-th: the finest that fits.

    `low` and `high` are logarithms to base 10.
    """
    choices: list[tuple[tuple[int, ...], int]] = [((1, 2, 5), 1)]
    choices += [((1,), step) for step in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)]
    lowest = math.ceil(low - 1e-9)  # has a tick, so that ticks stay where a range grows upwards
    for mantissas, every in choices:
        if (high - low) / every > 2 * most + 2:
            continue
        values = [
            (mantissa, power)
            for power in range(math.floor(low) - 1, math.ceil(high) + 1)
            if (power - lowest) % every == 0
            for mantissa in mantissas
            if low - 1e-9 <= power + math.log10(mantissa) <= high + 1e-9
        ]
        if len(values) <= most and (len(values) >= 2 or mantissas == (1,)):
            break
    if len(values) < 2:
        return _narrow_log_ticks(low, high, most, limit)
    without_exponent = all(-3 <= power <= 3 for _, power in values)
    return [
        Tick(
            min(max(power + math.log10(mantissa), low), high),
            _number(mantissa * 10.0**power, max(0, -power), 0)
            if without_exponent
            else f"{mantissa}e{_whole(power)}",
        )
        for mantissa, power in values
    ]


def _narrow_log_ticks(low: float, high: float, most: int, limit: int) -> list[Tick]:
    """Return ticks for less than a decade: round numbers at the logarithm's distances."""
    decade = math.floor(high)
    power = 0 if -3 <= decade <= 4 else decade
    ends = 10.0 ** (low - power), 10.0 ** (high - power)
    ticks = _linear_ticks(*ends, most, limit, power, whole=False)
    return [Tick(math.log10(tick.at) + power, tick.label) for tick in ticks]


def _whole(value: int) -> str:
    """Return a whole number with a true minus."""
    return f"{value}".replace("-", "−")


def _number(value: float, decimals: int, power: int) -> str:
    """Return the label of a tick: ``−1,000``, ``0.25``, ``1.5e8`` (power 8)."""
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return "0"
    if power:
        text += f"e{power}"
    return text.replace("-", "−")
