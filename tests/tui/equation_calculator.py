"""Equations as they stand on the screen, read and computed again by someone who knows no code.

A number on the screen stands for every value that rounds to it. `reckon` computes with such
intervals: "0.50·2" is anything between 0.99 and 1.01.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _exp(a: float) -> float:
    """e^a, infinite where float64 overflows: an interval of large numbers may end there."""
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
}  # none of them ever falls
ROUNDING = {"σ": 2.0**-24}  # ½ + ½·tanh(a/2) in float32 is rounded where it is near ½, not near 0
DIGITS = 4


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: float
    high: float

    @classmethod
    def around(cls, value: float, margin: float = 0.0) -> Interval:
        return cls(value - margin, value + margin)

    @property
    def middle(self) -> float:
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
        ends = (self.low**2, self.high**2)
        return Interval(0.0 if self.low <= 0 <= self.high else min(ends), max(ends))

    def through(self, function: Callable[[float], float]) -> Interval:
        """Under a function that never falls."""
        return Interval(function(self.low), function(self.high))

    def widened(self, margin: float) -> Interval:
        """The same and all that is within `margin` of it."""
        return Interval(self.low - margin, self.high + margin) if margin else self

    def meets(self, other: Interval) -> bool:
        """Whether some number is in both; float32 may have rounded on the way."""
        slack = 2e-6 * max(abs(self.middle), abs(other.middle))
        return self.low <= other.high + slack and other.low <= self.high + slack


def shown(text: str) -> Interval:
    """What a number on the screen may stand for: half a unit of its last digit either way.

    A whole number of fewer digits than are shown otherwise is exact.
    """
    sign = -1.0 if text.startswith(("−", "(−")) else 1.0
    text = text.strip("()+−")
    mantissa, _, exponent = text.replace("−", "-").partition("e")
    value = sign * float(f"{mantissa}e{exponent or 0}")
    if "." not in mantissa and len(mantissa) < DIGITS:
        return Interval.around(value)
    decimals = len(mantissa.partition(".")[2])
    return Interval.around(value, 0.5 * 10.0 ** (int(exponent or 0) - decimals))


class Reckoner:
    """sum := ["−"] product {("+"|"−") product};  product := power {("·"|"⊙"|"/") power};
    power := atom ["²"];  atom := number | name | [function] "(" sum ")"."""

    def __init__(self, text: str, names: Mapping[str, Interval]) -> None:
        self.names = names
        self.read: list[str] = []  # names and numbers, as they came
        words = sorted((re.escape(name) for name in names), key=len, reverse=True)
        # tanh(c_t)² names a value of its own; tanh(c_t) is a function of one.
        name = "|".join(f"{w}(?=²)" if w.startswith("tanh") else w for w in words)
        pattern = f"({name})(?![A-Za-z0-9_<])" if name else "(?!)"
        token = (
            rf"(?P<name>{pattern})|(?P<number>{NUMBER.pattern})|(?P<sign>σ|tanh|relu|step|e\^|\S)"
        )
        self.rest = [(m.lastgroup, m[0]) for m in re.finditer(token, text)]

    def result(self) -> Interval:
        value = self.sum()
        assert not self.rest, f"left over: {self.rest}"
        return value

    def next_is(self, *signs: str) -> bool:
        return bool(self.rest) and self.rest[0][1] in signs

    def sum(self) -> Interval:
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
        value = self.power()
        while self.next_is("·", "⊙", "/"):
            sign = self.rest.pop(0)[1]
            factor = self.power()
            value = value / factor if sign == "/" else value * factor
        return value

    def power(self) -> Interval:
        value = self.atom()
        if self.next_is("²"):
            self.rest.pop(0)
            value = value.squared()
        return value

    def atom(self) -> Interval:
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


def reckon(text: str, names: Mapping[str, Interval] | None = None) -> Interval:
    """What the text says, computed."""
    return Reckoner(text, names or {}).result()
