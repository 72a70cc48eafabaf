"""Numbers as a learner types them: −.017, 1,5, 76 %, 2/3, 0.5^19, t=7."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.evaluation import evaluate_numbers
from rnn_tui.claims.parser import parse_tree
from rnn_tui.settings import quote

_WITHOUT_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"))  # between thousands
_PLAIN = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d{0,40})(?:\.(?P<part>\d{0,40}))?(?:e(?P<power>[+-]?\d{1,4}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """A number as it was typed.

    Attributes:
        text: as it was typed.
        value: the number.
        unit: the value of a 1 in the last digit typed: 0.001 of −.017; None of a calculation.
        digits: significant digits that were typed; 0 where it was calculated.
        note: how it was understood, where that could be otherwise; "" where there is no doubt.
    """

    text: str
    value: float
    unit: float | None = None
    digits: int = 0
    note: str = ""


def read_number(text: str) -> TypedNumber:
    """Read a number as a learner types it.

    A decimal comma is understood where it can be nothing else, and ``76 %`` is 0.76. A product, a
    fraction or a power of numbers is calculated: ``2/3``, ``0.5^19``, ``ln(8)``.

    Raises:
        ClaimError: it is none, or could be two; one line.
    """
    plain = text.strip().replace("−", "-").translate(_WITHOUT_SPACES)
    if not plain:
        raise ClaimError("a number is missing")
    plain, note = _with_point(plain, text)
    share = plain.endswith("%")
    typed = _typed(text, plain.removesuffix("%").rstrip().lower(), note, 0.01 if share else 1.0)
    if typed is not None:
        return typed
    value = _calculated(text, plain)
    return TypedNumber(text, value, note=note)


def read_timestep(text: str, steps: int) -> int:
    """Read a timestep: 7, t=7, t 7.

    Args:
        text: what was typed.
        steps: T.

    Raises:
        ClaimError: it is none of 1 … T.
    """
    match = re.fullmatch(r"\s*(?:t\s*=?\s*)?(\d{1,9})\s*", text, re.ASCII | re.IGNORECASE)
    if match is None or not 1 <= int(match[1]) <= steps:
        raise ClaimError(f"{quote(text)} is no timestep; they go from 1 to {steps}")
    return int(match[1])


def _with_point(plain: str, text: str) -> tuple[str, str]:
    """Return a number with a decimal point, and what is said of that.

    Raises:
        ClaimError: its comma may be a decimal one or separate thousands.
    """
    match = re.fullmatch(r"([+-]?)([\d.,]+)((?:[eE][+-]?\d+)?\s*%?)", plain, re.ASCII)
    if match is None or "," not in match[2]:
        return plain, ""
    sign, digits, rest = match.groups()
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d*", digits, re.ASCII):  # 1,234.5
        return f"{sign}{digits.replace(',', '')}{rest}", ""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d*", digits, re.ASCII):  # 1.234,5
        found = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[1-9]\d{0,2},\d{3}", digits, re.ASCII):
        point, whole = digits.replace(",", "."), digits.replace(",", "")
        raise ClaimError(f"{quote(text)} may be {point} or {whole}: a decimal point makes it clear")
    elif re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3}){2,}", digits, re.ASCII):  # 1,234,567
        return f"{sign}{digits.replace(',', '')}{rest}", ""
    elif re.fullmatch(r"\d*,\d+", digits, re.ASCII):
        found = digits.replace(",", ".")
    else:
        raise ClaimError(f"{quote(text)} is no number")
    return f"{sign}{found}{rest}", f"read as {sign}{found}{rest}".replace("-", "−")


def _typed(text: str, plain: str, note: str, scale: float) -> TypedNumber | None:
    """Read digits; None where it is something else."""
    match = _PLAIN.fullmatch(plain)
    if match is None or not (match["whole"] or match["part"]):
        return None
    part, power = match["part"] or "", int(match["power"] or 0)
    value = float(plain) * scale
    if not math.isfinite(value):
        raise ClaimError(f"{quote(text)} is too large")
    digits = ((match["whole"] or "") + part).lstrip("0")
    with np.errstate(all="ignore"):
        unit = float(np.power(10.0, power - len(part))) * scale
    return TypedNumber(text, value, unit, len(digits), note)


def _calculated(text: str, plain: str) -> float:
    """Calculate with numbers alone."""
    try:
        value = evaluate_numbers(parse_tree(plain, claim=False))
    except ClaimError as error:
        if re.search(r"[A-Za-z]{2}|^[^\d.(+-]", plain) and not re.search(r"\d", plain):
            raise ClaimError(f"{quote(text)} is no number") from None
        raise ClaimError(str(error)) from None
    if not math.isfinite(value):
        raise ClaimError(f"{quote(text)} is no finite number")
    return value
