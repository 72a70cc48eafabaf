"""Covers numbers in a text that read as one that is asked for, but for sign and power of ten."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from rnn_tui.number_text import COVERED

DIGITS = 3  # significant digits from which on a written number is told from others
MANY = (9, 90, 900)  # hidden numbers, beyond which it takes a digit more each
ROUND = 2  # significant digits up to which a number is too common to be covered by its value
_WRITTEN = re.compile(r"(?<![\w.])(?<!e[−+-])(\d+(?:,\d{3})+|\d*\.?\d+)(?:e[−+-]?\d+)?(?![\w.]*\d)")


def is_round(value: float) -> bool:
    """Return whether so many other numbers are the same that the value alone says nothing."""
    return not math.isfinite(value) or float(f"{value:.{ROUND - 1}e}") == value


def without_hidden(text: str, numbers: Sequence[float]) -> str:
    """Return a text with the numbers covered that read as one of `numbers`."""
    for start, end in reversed(places_of_hidden(text, numbers)):
        text = text[:start] + COVERED + text[end:]
    return text


def places_of_hidden(text: str, numbers: Sequence[float]) -> list[tuple[int, int]]:
    """Return where numbers stand in a text that read as one of `numbers`."""
    hidden = _readings(tuple(numbers))
    if not hidden:
        return []
    found = (match for match in _WRITTEN.finditer(text) if _digits(match[1]) in hidden)
    return [match.span() for match in found]


def _digits(written: str) -> str:
    """Return the significant digits of a number, without its point and its power of ten."""
    return written.replace(",", "").replace(".", "").lstrip("0")


@lru_cache(64)
def _readings(numbers: tuple[float, ...]) -> frozenset[str]:
    """Return how the hidden numbers read: their digits, rounded to all lengths, and cut off."""
    found: set[str] = set()
    least = DIGITS + sum(len(numbers) > many for many in MANY)  # else others would read alike
    for value in numbers:
        if is_round(value):
            continue
        exact = f"{abs(value):.16e}".partition("e")[0].replace(".", "")
        for digits in range(least, 17):
            rounded = f"{abs(value):.{digits - 1}e}".partition("e")[0].replace(".", "")
            found |= {rounded, exact[:digits]}
    return frozenset(found)
