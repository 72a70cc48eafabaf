"""Grades of a learner's number: exact, approximate or off, with the relative error.

exact        the right number, rounded to the digits that were typed; two of them at least, unless
             the number is right as it stands
approximate  within the relative error that is allowed
off          anything else
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from rnn_tui.claims.answers import TypedNumber, read_number
from rnn_tui.number_text import number

ROUNDED = 5e-4  # relative, of a number that was calculated: four digits, as they are shown
NOTHING = 1e-15  # what is smaller is 0 for those who type 0
CLOSE = 0.05  # relative, of a size that is right but for its sign
MULTIPLE = 11  # from which on a wrong number is said to be so many times too large or small
MOST_TIMES = 1_000_000
_HAIR = 1e-9  # relative, for what rounding does in the last place
_HALF = 0.501  # of the last digit typed: where 5 follows it, both ways of rounding are right
Kind = Literal["exact", "approximate", "off"]


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer is worth.

    Attributes:
        kind: exact, approximate or off.
        relative: |given − right|/|right|; None where the right number is 0.
        words: the same in words: ``approximate: 1.2 % off``; and how the number was read, where it
            could be read otherwise.
    """

    kind: Kind
    relative: float | None
    words: str


def grade(given: float | str | TypedNumber, right: float, within: float = 0.05) -> Grade:
    """Grade a number.

    Args:
        given: what was typed; of a number, its shortest decimal form counts as typed.
        right: the right number.
        within: the relative error up to which a number is approximately right.

    Raises:
        ClaimError: `given` is a text and no number.
    """
    if isinstance(given, str):
        given = read_number(given)
    elif not isinstance(given, TypedNumber):
        given = read_number(repr(float(given)))
    found = _graded(given, right, within)
    return replace(found, words=f"{found.words}; {given.note}") if given.note else found


def _graded(given: TypedNumber, right: float, within: float) -> Grade:
    """Grade a number that has been read."""
    if not math.isfinite(right):
        return Grade("off", None, "off: the right value is not finite")
    if right == 0 or (given.value == 0 and abs(right) < NOTHING):
        return _grade_of_nothing(given)
    relative = abs(given.value - right) / abs(right)
    if _is_exact(given, right, relative):
        return Grade("exact", relative, "exact")
    if relative <= within * (1 + _HAIR):
        return Grade("approximate", relative, f"approximate: {_percent(relative)} off")
    return Grade("off", relative, _how_off(given, right, relative))


def _grade_of_nothing(given: TypedNumber) -> Grade:
    """Grade where the right number is 0."""
    if given.value == 0:
        return Grade("exact", None, "exact")
    return Grade("off", None, "off: it is exactly 0")


def _is_exact(given: TypedNumber, right: float, relative: float) -> bool:
    """Return whether a number is the right one, or that rounded to the digits typed."""
    if relative <= _HAIR:
        return True
    if given.unit is None:
        return relative <= ROUNDED
    return given.digits >= 2 and abs(given.value - right) <= _HALF * given.unit


def _how_off(given: TypedNumber, right: float, relative: float) -> str:
    """Return how far off an answer is, and what may be the matter."""
    if not given.value:
        return "off: it is not 0"
    if (given.value < 0) == (right < 0):
        ratio = given.value / right
        factor = _factor(ratio)
        return f"off: {factor}" if factor else f"off by {_percent(relative)}"
    ratio = -given.value / right
    size = abs(ratio - 1)
    if size <= CLOSE:
        return "off: the sign is the other one; the size is right"
    return f"off: the other sign, and {_factor(ratio) or f'a size {_percent(size)} off'}"


def _factor(ratio: float) -> str:
    """Return how many times too large or small a positive number is; "" where it is no multiple."""
    for factor in (100.0, 10.0):
        for times, words in ((factor, "too large"), (1 / factor, "too small")):
            if abs(ratio / times - 1) <= 0.02:
                return f"{factor:g} times {words}"
    if 1 / MULTIPLE < ratio < MULTIPLE:
        return ""
    times = max(ratio, 1 / ratio) if ratio else math.inf
    shown = f"over {MOST_TIMES:,}" if times > MOST_TIMES else f"about {float(f'{times:.1e}'):,.0f}"
    return f"{shown} times too {'large' if ratio > 1 else 'small'}"


def _percent(relative: float) -> str:
    """Return a relative error in two digits."""
    percent = 100 * relative
    return f"{percent:.0f} %" if percent >= 99.5 else f"{number(percent, 2)} %"
