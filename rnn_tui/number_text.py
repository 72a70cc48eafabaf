"""One number as text, as the screen and lessons write it: four significant digits, a true minus."""

from __future__ import annotations

import math
import struct

MINUS = "−"
NOT_FINITE = "!"  # stands for NaN and ±inf
DIGITS = 4  # significant digits
COVERED = "███"  # stands for a number that is not to be seen yet
_COVERING_BITS = 0x7FF8_C0DE_0000_0000  # of a NaN that 32 bits and sums keep, too
COVERING: float = struct.unpack("<d", struct.pack("<Q", _COVERING_BITS))[0]
"""What stands in place of a number that is not to be seen yet; `unwritten` tells it from others."""


def unwritten(value: float) -> str:
    """Return what stands for a number that is not finite: whether it is covered, or is none."""
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    return COVERED if bits & 0x7FFF_FFFF_0000_0000 == _COVERING_BITS else NOT_FINITE


def number(value: float, digits: int = DIGITS) -> str:
    """Return `value` with `digits` significant digits: 0.4970, −12.35, 3.214e−5; no plus sign.

    A whole number is written as one: 0, 20, −1. NaN and ±inf are NOT_FINITE.
    """
    if not math.isfinite(value):
        return unwritten(value)
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
    """Return `number` with a plus sign for positive numbers, so that columns line up."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and math.isfinite(value) else text
