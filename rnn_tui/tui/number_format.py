"""How numbers look: four significant digits, a true minus sign, and ramps of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnn_tui.tui.lines import Line, Run

MINUS = "−"
LEVELS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"
BAD = "!"
DIGITS = 4  # significant
SHORT = 5  # cells


def number(value: float, digits: int = DIGITS) -> str:
    """`value` with `digits` significant digits: 0.4970, −12.35, 3.214e−5; no sign for plus.

    A number that is exactly whole is written so: 0, 20, −1. What is not a finite number is not
    drawn as one: it is BAD.
    """
    if not math.isfinite(value):
        return BAD
    size = abs(value)
    if value == int(value) and size < 10**digits:
        return f"{MINUS if value < 0 else ''}{int(size)}"
    rounded = float(f"{size:.{digits - 1}e}")
    if 1e-3 <= rounded < 10**digits:
        before = max(1, math.floor(math.log10(rounded)) + 1)
        leading = -math.floor(math.log10(rounded)) - 1 if rounded < 1 else 0
        decimals = digits - before if rounded >= 1 else digits + leading
        text = f"{size:.{max(0, min(decimals, digits + 2))}f}"
    else:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        text = f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    return f"{MINUS}{text}" if value < 0 else text


def signed(value: float, digits: int = DIGITS) -> str:
    """As `number`, with a plus sign for positive numbers, so that columns line up."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and math.isfinite(value) else text


def short(value: float) -> str:
    """Two significant digits in at most five cells, for a chain: .92, −.27, 1.0, −12, 3e−4.

    Of what is smaller or larger only the power of ten: −e−12.
    """
    if not math.isfinite(value) or value == 0:
        return number(value)
    size = abs(value)
    if 0.0095 <= size < 99.5:
        text = f"{size:.2f}" if size < 0.995 else f"{size:.1f}" if size < 9.95 else f"{size:.0f}"
        text = text.removeprefix("0")
    else:
        mantissa, exponent = f"{size:.0e}".split("e")
        text = f"{mantissa}e{int(exponent)}".replace("-", MINUS)
        if len(text) + (value < 0) > SHORT:  # no room for more than a power of ten
            text = f"e{round(math.log10(size))}".replace("-", MINUS)
        if len(text) + (value < 0) > SHORT:
            text = "0"
    return f"{MINUS}{text}" if value < 0 else text


def percent(share: float) -> str:
    """A share of the whole, as 95 %."""
    return f"{100 * share:.0f} %"


def level(value: float, low: float, high: float) -> str:
    """One block for a value between `low` and `high`.

    Where the range is symmetric the lower four blocks are negative and the upper four positive, so
    the sign can be read without colour; exactly zero is ─.
    """
    if not math.isfinite(value):
        return BAD
    if value == 0 and low <= 0 and high == -low:
        return "─"
    share = (value - low) / (high - low) if high > low else 0.0
    highest = len(LEVELS) // 2 - 1 if value < 0 and high == -low else len(LEVELS) - 1
    return LEVELS[min(max(int(share * len(LEVELS)), 0), highest)]


def role_of(value: float) -> str:
    """The role of a number by its sign."""
    return "negative" if value < 0 else "positive" if value > 0 else "dim"


def strip(
    values: Sequence[float], span: tuple[float, float] | None, known: bool, selected: int = -1
) -> Line:
    """A strip of blocks, one a unit; dots while not computed. `selected` is underlined.

    Without a `span` the scale is ± the largest magnitude shown; a single entry then has nothing to
    be compared with and is left blank.
    """
    if not known:
        return tuple(
            (UNKNOWN, "selected-dim" if k == selected else "dim") for k in range(len(values))
        )
    if span is None and len(values) == 1:
        return ((" ", ""),)
    if span is None:
        largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
        span = (-largest, largest)
    runs: list[Run] = []
    for k, value in enumerate(values):
        role = role_of(value) if span[0] < 0 else "gate"
        runs.append((level(value, *span), f"selected-{role}" if k == selected else role))
    return tuple(runs)


def count(value: int) -> str:
    """A whole number with thousands apart: 1,169."""
    return f"{value:,}"
