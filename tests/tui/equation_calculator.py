"""Parser and calculator of equations as they are printed on the screen, apart from the program.

A number on the screen stands for every value that rounds to it, so `calculate` works with
intervals: "0.50·2" is anything between 0.99 and 1.01.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _exp(a: float) -> float:
    """Return e^a, infinite where float64 overflows: an interval of large numbers may end there."""
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e−?\d+)?")
FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "σ": lambda a: 0.5 + 0.5 * math.tanh(0.5 * a),
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "step": lambda a: float(a > 0),
    "√": lambda a: math.sqrt(max(a, 0.0)),
    "e^": _exp,
}
"""Functions by their names in equations; all are monotonically non-decreasing."""
ROUNDING = {"σ": 2.0**-24}
"""Absolute errors of functions in float32: ½ + ½·tanh(a/2) is rounded as a number near ½ is."""
DIGITS = 4
"""Significant digits of a number on the screen."""


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: float
    high: float

    @classmethod
    def around(cls, value: float, margin: float = 0.0) -> Interval:
        """Return the interval from value − margin to value + margin."""
        return cls(value - margin, value + margin)

    @property
    def middle(self) -> float:
        """(low + high) / 2."""
        return (self.low + self.high) / 2

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    def __truediv__(self, other: Interval) -> Interval:
        if other.low <= 0 <= other.high:
            assert self.low < 0 < self.high or other.low < other.high, "a division by nothing"
            return Interval(-math.inf, math.inf)
        return self * Interval(1 / other.high, 1 / other.low)

    def squared(self) -> Interval:
        """Return the interval of the squares of all its numbers."""
        ends = (self.low**2, self.high**2)
        return Interval(0.0 if self.low <= 0 <= self.high else min(ends), max(ends))

    def through(self, function: Callable[[float], float]) -> Interval:
        """Return the interval of the values of a non-decreasing function."""
        return Interval(function(self.low), function(self.high))

    def widened(self, margin: float) -> Interval:
        """Return the interval extended by `margin` at both ends."""
        return Interval(self.low - margin, self.high + margin) if margin else self

    def meets(self, other: Interval) -> bool:
        """Return whether the intervals overlap, with some tolerance for rounding in float32."""
        slack = 2e-6 * max(abs(self.middle), abs(other.middle))
        return self.low <= other.high + slack and other.low <= self.high + slack


def shown(text: str) -> Interval:
    """Return all values that a printed number may stand for: ± half a unit of its last digit.

    A whole number with fewer than `DIGITS` digits is exact.
    """
    sign = -1.0 if text.startswith(("−", "(−")) else 1.0
    text = text.strip("()+−")
    mantissa, _, exponent = text.replace("−", "-").partition("e")
    value = sign * float(f"{mantissa}e{exponent or 0}")
    if "." not in mantissa and len(mantissa) < DIGITS:
        return Interval.around(value)
    decimals = len(mantissa.partition(".")[2])
    return Interval.around(value, 0.5 * 10.0 ** (int(exponent or 0) - decimals))


class Calculator:
    """A recursive-descent parser that computes the value of one expression.

        sum     := ["−"] product {("+" | "−") product}
        product := power {("·" | "⊙" | "/") power}
        power   := atom ["²"]
        atom    := number | name | [function] "(" sum ")"

    Attributes:
        names: the values of names.
        read: the names and numbers of the expression, in order, once `result` has returned.
        rest: kind and text of the tokens that are not yet parsed.
    """

    def __init__(self, text: str, names: Mapping[str, Interval]) -> None:
        self.names = names
        self.read: list[str] = []
        words = sorted((re.escape(name) for name in names), key=len, reverse=True)
        # tanh(c_t)² names a value of its own; tanh(c_t) is a function of one.
        name = "|".join(f"{w}(?=²)" if w.startswith("tanh") else w for w in words)
        pattern = f"({name})(?![A-Za-z0-9_<])" if name else "(?!)"
        token = (
            rf"(?P<name>{pattern})|(?P<number>{NUMBER.pattern})|(?P<sign>σ|tanh|relu|step|e\^|\S)"
        )
        self.rest = [(m.lastgroup, m[0]) for m in re.finditer(token, text)]

    def result(self) -> Interval:
        """Return the value of the whole expression; fail if it is not one."""
        value = self.sum()
        assert not self.rest, f"left over: {self.rest}"
        return value

    def next_is(self, *signs: str) -> bool:
        """Return whether the next token is one of `signs`."""
        return bool(self.rest) and self.rest[0][1] in signs

    def sum(self) -> Interval:
        """Parse a sum and return its value."""
        negative = self.next_is("−")
        if negative:
            self.rest.pop(0)
        value = -self.product() if negative else self.product()
        while self.next_is("+", "−"):
            sign = self.rest.pop(0)[1]
            term = self.product()
            value = value + term if sign == "+" else value - term
        return value

    def product(self) -> Interval:
        """Parse a product and return its value."""
        value = self.power()
        while self.next_is("·", "⊙", "/"):
            sign = self.rest.pop(0)[1]
            factor = self.power()
            value = value / factor if sign == "/" else value * factor
        return value

    def power(self) -> Interval:
        """Parse an atom with or without ² and return its value."""
        value = self.atom()
        if self.next_is("²"):
            self.rest.pop(0)
            value = value.squared()
        return value

    def atom(self) -> Interval:
        """Parse a number, a name, a function or a parenthesis and return its value."""
        assert self.rest, "something is missing at the end"
        kind, text = self.rest.pop(0)
        if kind == "name":
            self.read.append(text)
            return self.names[text]
        if kind == "number":
            self.read.append(text)
            return shown(text)
        function = FUNCTIONS.get(text)
        if function:
            assert self.rest.pop(0)[1] == "("
        else:
            assert text == "(", f"{text!r} where a number should be"
        value = self.sum()
        assert self.rest, "a parenthesis is never closed"
        assert self.rest.pop(0)[1] == ")"
        return value.through(function).widened(ROUNDING.get(text, 0.0)) if function else value


def calculate(text: str, names: Mapping[str, Interval] | None = None) -> Interval:
    """Return the value of an expression, given those of its names."""
    return Calculator(text, names or {}).result()
