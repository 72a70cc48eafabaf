"""Numbers as text: four significant digits, a true minus sign; and as blocks of eight heights.

The bars of values and gradients, which have a sign, are in `rnn_tui.tui.bars`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rnn_tui.number_text import COVERED, DIGITS, MINUS, NOT_FINITE, number, signed, unwritten

__all__ = [
    "COVERED",
    "DIGITS",
    "MINUS",
    "NOT_FINITE",
    "number",
    "signed",
    "unwritten",
]
LEVELS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"
SHORT = 5  # cells of a short number at most


def signed_decimals(value: float, decimals: int) -> str:
    """Return `value` with a sign and so many decimals: +0.31, −0.02; 0 has none."""
    text = f"{value:+.{decimals}f}".replace("-", MINUS)
    return text if text.strip("+−0.") else text[1:]


def short(value: float, cells: int = SHORT) -> str:
    """Return two significant digits in at most five cells: .92, −.27, 1.0, −12, 3e−4.

    Of numbers that do not fit only the power of ten is left: −e−12. In four cells negative numbers
    near 0 are rounded to two decimals: −.01.

    Args:
        value: the number.
        cells: the greatest width, 4 or 5.
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
        available = cells - (value < 0)
        if len(text) > available and size < 1 and available < 4:
            text = f"{size:.2f}".removeprefix("0")
        elif len(text) > available:  # no room for more than a power of ten
            text = f"e{round(math.log10(size))}".replace("-", MINUS)
        if len(text) > available:
            text = "0"
    return f"{MINUS}{text}" if value < 0 else text


def percent(share: float) -> str:
    """Return a share of 1 in whole percent: 95 %."""
    return f"{100 * share:.0f} %"


def precise_percent(share: float) -> str:
    """Return a share of 1 with one decimal: 62.4 %; exactly 0 and 1 are 0 % and 100 %."""
    if not math.isfinite(share):
        return unwritten(share)
    return f"{100 * share:.0f} %" if share in (0.0, 1.0) else f"{100 * share:.1f} %"


def probability(p: float) -> str:
    """Return a probability in three cells: .49; from 0.995 on it is 1.0."""
    if not math.isfinite(p):
        return f"{unwritten(p):>3}"
    return "1.0" if p >= 0.995 else f"{p:.2f}"[1:]


def block(value: float, low: float, high: float) -> str:
    """Return one of eight blocks, from `low` to `high`; the value's sign plays no part."""
    if not math.isfinite(value):
        return NOT_FINITE
    share = (value - low) / (high - low) if high > low else 0.0
    return LEVELS[min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)]


def blocks(values: Iterable[float], low: float, high: float) -> str:
    """Return a block for each value, all on the same scale."""
    return "".join(block(float(value), low, high) for value in values)


def role_of(value: float) -> str:
    """Return the theme's role for a number's sign: negative, positive or dim; error if it has none.

    Without colours nothing tells inf from −inf: both are drawn as `NOT_FINITE`.
    """
    if not math.isfinite(value):
        return "dim" if unwritten(value) == COVERED else "error"
    return "negative" if value < 0 else "positive" if value > 0 else "dim"


def count(value: int) -> str:
    """Return a whole number with thousands separated: 1,169."""
    return f"{value:,}"
