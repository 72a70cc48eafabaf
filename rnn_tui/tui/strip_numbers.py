"""Numbers of the strip, a row in one format: side by side, they can be compared by looking.

A row of values is in fixed point, all of them in units of the same power of ten, which the row's
label names where it is not 1. Gradients, whose powers of ten are what one looks for, each have one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from rnn_tui.tui.number_format import MINUS, number, short

LEAST, MOST = 0.0995, 999.5  # the largest magnitude of a row in fixed point that is in units of 1


def exponent_of(values: Iterable[float]) -> int:
    """Return the power of ten that a row of values is in units of; 0 mostly."""
    sizes = np.abs(np.asarray(list(values), np.float64))
    largest = float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))
    return 0 if not largest or LEAST <= largest < MOST else math.floor(math.log10(largest))


def exponent_words(exponent: int) -> str:
    """Return what a label says of the power of ten of its row: " e−3"; nothing of 1."""
    return f" e{exponent}".replace("-", MINUS) if exponent else ""


def fixed(value: float, exponent: int, cells: int) -> str:
    """Return a value in fixed point in units of a power of ten: .92, −.27, 1.0, −12, .00.

    One that has no room, as no target has, is written with a power of ten of its own.
    """
    if not math.isfinite(value) or value == 0:
        return number(value)
    size = abs(value) / 10.0**exponent
    text = f"{size:.2f}" if size < 0.995 else f"{size:.1f}" if size < 9.95 else f"{size:.0f}"
    text = text.removeprefix("0")
    if value < 0 and text.strip(".0"):
        text = MINUS + text
    return text if len(text) <= cells else short(value, cells)


def power(value: float, cells: int) -> str:
    """Return a magnitude with its power of ten: 2e−3, 2e0; 2.3e−3 in six cells and more.

    A digit that has no room is left out: e−12 stands for 1e−12 to 9e−12.
    """
    if not math.isfinite(value) or value == 0:
        return number(value)
    for digits in (1, 0):
        mantissa, exponent = f"{value:.{digits}e}".split("e")
        power_of_ten = f"e{int(exponent)}".replace("-", MINUS)
        if len(mantissa) + len(power_of_ten) <= cells:
            return mantissa + power_of_ten
    return power_of_ten if len(power_of_ten) <= cells else "0"
