"""Numbers under numbers: the points of a column stand below each other, at one power of ten.

A column has a field of cells before its point and one from it on. What has too many digits for
the field, or is far from the column's power of ten, keeps an exponent of its own, with its point at
the same place::

    value     gradient ×10⁻⁴
    +0.6516     −1.643
    −12.3450   −16.200
    +1.23e4     +4.58e−8
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from rnn_tui.tui.number_format import MINUS, NOT_FINITE, UNKNOWN

SIGNIFICANT = 3  # digits at least that a number keeps
FAR = 3  # powers of ten from that of the column
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """How the numbers of a column are written.

    Attributes:
        decimals: of a number that is not small.
        exponent: the power of ten of all of them; what stands there is to be multiplied by it.
        before: cells before the point, with the sign.
        after: cells from the point on.
        scaled: the power of ten is that of the column; what is far from it has its own.
    """

    decimals: int
    exponent: int = 0
    before: int = 4
    after: int = 7
    scaled: bool = False

    @property
    def width(self) -> int:
        """Cells of the column."""
        return self.before + self.after

    def is_far(self, value: float) -> bool:
        """Return whether `value` has an exponent of its own here."""
        return math.isfinite(value) and value != 0 and self._digits(value) is None

    def text(self, value: float) -> str:
        """Return `value`, signed, in exactly as many cells as the column has.

        0 is exactly 0, and what is not finite is NOT_FINITE.
        """
        if not math.isfinite(value):
            return self._placed(NOT_FINITE, "")
        if not value:
            return self._placed("0", "")
        digits = self._digits(value) or self._with_exponent(value)
        whole, point, rest = digits.partition(".")
        if not point:  # 5e−308
            whole, rest = digits[0], digits[1:]
        return self._placed(("+" if value > 0 else MINUS) + whole, point + rest)

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
        decimals = min(max(self.decimals, SIGNIFICANT - 1 - power), self.after - 1)
        if decimals + min(power, 0) + 1 < self._least or (self.scaled and abs(power) > FAR):
            return None
        text = f"{size:.{decimals}f}"
        return text if len(text.partition(".")[0]) < self.before else None

    @property
    def _least(self) -> int:
        """Significant digits at least of a number without an exponent."""
        return min(SIGNIFICANT, self.after - 3)

    def _with_exponent(self, value: float) -> str:
        """Return a magnitude with an exponent of its own."""
        exponent = f"{abs(value):.2e}".partition("e")[2]
        taken = len(f"e{int(exponent)}")
        decimals = min(max(self.after - 1 - taken, 0), SIGNIFICANT - 1)
        mantissa, exponent = f"{abs(value):.{decimals}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)


def power_of_ten(exponent: int, *, ascii: bool = False) -> str:
    """Return a power of ten as a factor: ``×10⁻⁴``, in ASCII ``x1e-4``; for 0 ``×1``."""
    if ascii:
        return f"x1e{exponent}" if exponent else "x1"
    return f"×10{str(exponent).translate(_RAISED)}" if exponent else "×1"
