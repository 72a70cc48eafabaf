"""Numbers under numbers: the points of a column stand below each other, at one power of ten.

A column has a field of cells before its point and one from it on. What has too many digits for
the field is written whole: with an exponent in units of 1; below a heading that names a power of
ten, with a power of its own, which nobody multiplies by that of the heading::

    value     gradient ×10⁻⁴
    +0.6516     −1.643
    −12.3450   −16.200
    +1.23e4     +0.000458
              +4.58×10⁻¹²
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from rnn_tui.tui.number_format import MINUS, UNKNOWN, unwritten

PLAIN = 0.00995, 999.95  # the largest number of a column that is in units of 1
AFTER = 7  # cells of a table's column from the point on, where numbers have exponents
SIGNIFICANT = 3  # digits at least that a number keeps
LARGEST = 2  # the highest power of ten that a gradient has before its point; 3 digits
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """How the numbers of a column are written.

    Attributes:
        decimals: of a number that is not small.
        exponent: the power of ten of all of them; what stands there is to be multiplied by it.
        before: cells before the point, with the sign.
        after: cells from the point on.
        scaled: the power of ten is that of the column.
        signed: positive numbers have a plus sign.
        significant: digits at least that a number keeps.
        apart: the first cell is a blank, as what stands before is not separated from it.
    """

    decimals: int
    exponent: int = 0
    before: int = 4
    after: int = 7
    scaled: bool = False
    signed: bool = True
    significant: int = SIGNIFICANT
    apart: bool = False

    @property
    def width(self) -> int:
        """Cells of the column."""
        return self.before + self.after

    def is_far(self, value: float) -> bool:
        """Return whether `value` has an exponent or a power of ten of its own here."""
        if not math.isfinite(value) or not value or self._digits(value) is not None:
            return False
        return not (self.exponent and self._large(value))

    def text(self, value: float) -> str:
        """Return `value` in exactly as many cells as the column has.

        0 is exactly 0, and what is not finite is NOT_FINITE.
        """
        if not math.isfinite(value):
            return self._placed(unwritten(value), "")
        if not value:
            return self._placed("0", "")
        sign = MINUS if value < 0 else "+" if self.signed else ""
        digits = self._digits(value)
        if digits is None and self.exponent:
            if large := self._large(value):
                return f"{' ' * self.apart}{sign}{large}".ljust(self.width)
            digits = self._with_power(value)
        digits = digits or self._with_exponent(value)
        whole, point, rest = digits.partition(".")
        if not point:  # 5e−308
            whole, rest = digits[0], digits[1:]
        if len(point + rest) > self.after:
            return f"{sign}{digits}".rjust(self.width)
        return self._placed(sign + whole, point + rest)

    @property
    def unknown(self) -> str:
        """The dot of a number that is not known yet, in as many cells."""
        return self._placed("", UNKNOWN)

    def _placed(self, before: str, after: str) -> str:
        """Return both parts of a number, with the point at its place."""
        return f"{before:>{self.before}}{after:<{self.after}}"

    def _digits(self, value: float) -> str | None:
        """Return the digits of a magnitude at the column's power of ten; None if it is far."""
        size = Decimal(abs(value)).scaleb(-self.exponent)
        power = size.adjusted()
        decimals = max(self.decimals, self.significant - 1 - power)
        decimals = min(decimals, self.after - 1, AFTER - 1)
        if decimals + min(power, 0) + 1 < self._least:
            return None
        text = f"{size:.{decimals}f}"
        whole = len(text.partition(".")[0])
        return text if whole + self.signed + self.apart <= self.before else None

    @property
    def _least(self) -> int:
        """Significant digits at least of a number without an exponent."""
        return min(self.significant, self.after - 3)

    def _with_exponent(self, value: float) -> str:
        """Return a magnitude with an exponent of its own."""
        exponent = f"{abs(value):.2e}".partition("e")[2]
        taken = len(f"e{int(exponent)}")
        decimals = min(max(self.after - 1 - taken, 0), self.significant - 1)
        mantissa, exponent = f"{abs(value):.{decimals}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)

    def _large(self, value: float) -> str:
        """Return the digits of a magnitude whose point is further right; "" where it is small."""
        size = Decimal(abs(value)).scaleb(-self.exponent)
        whole = len(f"{size:.{self.decimals}f}".partition(".")[0])
        room = self.width - self.signed - self.apart - whole - 1
        if size < 1 or room < max(self.significant - whole, 1):
            return ""
        return f"{size:.{min(self.decimals, room)}f}"

    def _with_power(self, value: float) -> str:
        """Return a magnitude with a power of ten of its own, of as many digits as have room."""
        for decimals in range(self.significant - 1, -1, -1):
            mantissa, exponent = f"{abs(value):.{decimals}e}".split("e")
            text = f"{mantissa}{power_of_ten(int(exponent))}"
            if len(text) + self.signed + self.apart <= self.width:
                return text
        return ""


def column_of(
    values: Iterable[float],
    *,
    signed: bool = True,
    digits: int = SIGNIFICANT,
    exponent: int | None = None,
) -> NumberColumn:
    """Return how the numbers of a table's column are written, in as few cells as it takes.

    The power of ten is that of the largest, or 1 where that has up to three digits before its point
    and is no less than a hundredth.

    Args:
        values: all numbers of the column.
        signed: positive numbers have a plus sign.
        digits: significant digits at least that a number keeps.
        exponent: the power of ten, where that is given.
    """
    given = values if isinstance(values, np.ndarray) else [*values]
    sizes = np.abs(np.asarray(given, np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    largest, smallest = (float(sizes.max()), float(sizes.min())) if sizes.size else (0.0, 0.0)
    scaled = bool(exponent) or (bool(largest) and not PLAIN[0] <= largest < PLAIN[1])
    decimals = 3 if scaled else 4
    if exponent is None:
        exponent = _power(largest, decimals) if scaled else 0
    whole = max(_power(largest, decimals) - exponent, 0) + 1 if largest else 1
    least = 10.0 ** (exponent + digits - 1 - decimals)  # what is less has more decimals
    after = 1 + decimals if not sizes.size or smallest >= least else AFTER
    column = NumberColumn(decimals, exponent, whole + signed, after, scaled, signed, digits)
    if exponent and column.is_far(smallest):
        column = replace(column, significant=SIGNIFICANT)  # fewer digits before another unit
    if exponent and column.is_far(smallest):
        column = replace(column, significant=digits)
        far = _power(smallest, digits - 1), exponent - AFTER + digits - 1
        longest = max(len(power_of_ten(each)) for each in far)
        column = replace(column, after=max(AFTER, digits + longest))
    return column


def _power(size: float, decimals: int) -> int:
    """Return the power of ten of a magnitude that is rounded to so many decimals."""
    return int(f"{size:.{decimals}e}".partition("e")[2])


@dataclass(frozen=True, slots=True)
class HeadedColumn:
    """A column of a table: a heading that names its power of ten, and numbers below it.

    Attributes:
        name: what the numbers are.
        numbers: how they are written.
        least: cells at least.
        ascii: the power of ten is written in ASCII.
    """

    name: str
    numbers: NumberColumn
    least: int = 0
    ascii: bool = False

    @property
    def power(self) -> str:
        """The power of ten, unless that is 1."""
        exponent = self.numbers.exponent
        return power_of_ten(exponent, ascii=self.ascii) if exponent else ""

    @property
    def words(self) -> str:
        """The name and the power of ten, unless that is 1."""
        return f"{self.name} {self.power}".rstrip()

    @property
    def width(self) -> int:
        """Cells of the column."""
        return max(len(self.words), self.numbers.width, self.least)

    @property
    def heading(self) -> str:
        """The heading, in as many cells."""
        return f"{self.words:>{self.width}}"

    def text(self, value: float) -> str:
        """Return a number, in as many cells."""
        return f"{self.numbers.text(value):>{self.width}}"

    @property
    def unknown(self) -> str:
        """The dot of a number that is not known yet, in as many cells."""
        return f"{self.numbers.unknown:>{self.width}}"


def power_of_ten(exponent: int, *, ascii: bool = False) -> str:
    """Return a power of ten as a factor: ``×10⁻⁴``, in ASCII ``x1e-4``; for 0 ``×1``."""
    if ascii:
        return f"x1e{exponent}" if exponent else "x1"
    return f"×10{str(exponent).translate(_RAISED)}" if exponent else "×1"
