"""Pins and cuts: values held at a constant, paths of the gradient cut, and their effect.

A pinned value is a constant, v_t = k. Nothing flows back through it: whatever v_t is computed from
gets no gradient by way of it. Its own gradient ∂L/∂v_t exists, and can be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rnn_tui.engine.cells.base import sent_back
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.spans import (
    Span,
    span_contains,
    span_slice,
    span_text,
    spans_meet,
)


@dataclass(frozen=True, slots=True)
class Pin:
    """The value `symbol` (``f_t``, ``h_t``, ``x_t``) is the constant `value`, for every sample.

    Attributes:
        unit: counted from 1; the first and the last of several; None: every unit.
        t: the timestep, counted from 1; None: every timestep.
    """

    symbol: str
    value: float
    unit: Span = None
    t: int | None = None

    @property
    def name(self) -> str:
        """What is held, as it is typed: ``f_7[3]``."""
        entry = () if self.unit is None else (span_text(self.unit),)
        return value_name(self.symbol, self.t, *entry)

    def __str__(self) -> str:
        return f"{self.name} = {short_number(self.value)}"

    @property
    def units(self) -> slice:
        """The pinned units, as a slice of the last axis."""
        return span_slice(self.unit)

    def covers(self, other: Pin | Cut) -> bool:
        """Return True if `other` has no effect left once this pin is added after it."""
        return (
            isinstance(other, Pin)
            and self.symbol == other.symbol
            and span_contains(self.unit, other.unit)
            and self.t in (None, other.t)
        )

    def meets(self, other: Pin | Cut) -> bool:
        """Return whether some unit at some timestep is held by both."""
        return (
            isinstance(other, Pin)
            and self.symbol == other.symbol
            and spans_meet(self.unit, other.unit)
            and (self.t is None or other.t in (None, self.t))
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """Timestep `t` sends no gradient to timestep t−1: the state before t is detached."""

    t: int

    @property
    def name(self) -> str:
        """What is cut, as it is typed."""
        return f"detach @{self.t}"

    def __str__(self) -> str:
        return self.name

    def covers(self, other: Pin | Cut) -> bool:
        """Return True if `other` is the same cut."""
        return self == other

    def meets(self, other: Pin | Cut) -> bool:
        """Return whether `other` is the same cut."""
        return self == other


Pins = tuple[Pin | Cut, ...]


def forward_pins(pins: Pins, *, timed: bool) -> Pins:
    """Return those of `pins` that change outputs, in windows other than the one they were set in.

    Cuts change gradients only. A pin at one timestep has a meaning in windows that are as long as
    those of training, with the same beginning (`timed`); elsewhere, timestep 7 is another place.
    """
    values = (pin for pin in pins if isinstance(pin, Pin))
    return tuple(pin for pin in values if timed or pin.t is None)


def pins_of_timestep(pins: Pins, t: int) -> Pins:
    """Return the pins that hold at timestep `t` of a window, for a window of that timestep alone.

    Args:
        pins: those of the window.
        t: the timestep, from 1; beyond the window, only pins of every timestep hold.
    """
    held = (pin for pin in forward_pins(pins, timed=True) if isinstance(pin, Pin))
    return tuple(replace(pin, t=None) for pin in held if pin.t in (None, t))


def held_timesteps(pins: Pins, steps: int) -> frozenset[int]:
    """Return the timesteps of a window at which values other than inputs are held."""
    held = [pin.t for pin in pins if isinstance(pin, Pin) and pin.symbol != "x_t"]
    return frozenset(range(1, steps + 1) if None in held else (t for t in held if t is not None))


def short_number(value: float) -> str:
    """Return `value` with as many digits as it takes to read it back: ``1``, ``0.5``."""
    return repr(float(value)).removesuffix(".0")


# ---------------------------------------------------------------- the computation


@dataclass(frozen=True, slots=True)
class TimestepPins:
    """The effect of pins and cuts on one timestep.

    Attributes:
        constants: by symbol of a pinned value, its pinned units and their constant.
        blocked: by symbol of a gradient, the units through which it does not flow.
        cut: True if nothing is sent to timestep t−1.
    """

    constants: Mapping[str, tuple[tuple[slice, float], ...]] = field(default_factory=dict)
    blocked: Mapping[str, tuple[slice, ...]] = field(default_factory=dict)
    cut: bool = False

    def put_constants(self, symbol: str, array: Array) -> Array:
        """Overwrite the pinned units of `array` [.., H], the value of `symbol`, and return it."""
        for units, value in self.constants.get(symbol, ()):
            array[..., units] = value
        return array

    def block_gradient(self, symbol: str, gradient: Array) -> Array:
        """Return `gradient` [.., H] as later operations read it: 0 in the blocked units."""
        if symbol not in self.blocked:
            return gradient
        result = gradient.copy()
        for units in self.blocked[symbol]:
            result[..., units] = 0
        return result

    def evaluate_backward(
        self, operations: Sequence[Operation], values: dict[str, Array]
    ) -> dict[str, Array]:
        """Evaluate the backward `operations` in order and add their results to `values`.

        Returns:
            All of `values` as later operations read them; see `block_gradient`.
        """
        read = dict(values)
        for operation in operations:
            symbol = operation.symbol
            gradient = operation.expression.evaluate(read)
            if self.cut and sent_back(symbol):
                gradient = np.zeros_like(gradient)
            values[symbol], read[symbol] = gradient, self.block_gradient(symbol, gradient)
        return read


NO_PINS = TimestepPins()


def pins_at(pins: Pins, backward: Sequence[Operation], t: int) -> TimestepPins:
    """Return the effect of `pins` on timestep `t`; of two pins of one unit the later one holds.

    Args:
        backward: the operations of that timestep's backward pass.
    """
    if not pins:
        return NO_PINS
    gradients = {
        operation.row: operation.symbol for operation in backward if operation.column == "gradient"
    }
    constants: dict[str, tuple[tuple[slice, float], ...]] = {}
    blocked: dict[str, tuple[slice, ...]] = {}
    for pin in pins:
        if isinstance(pin, Pin) and pin.t in (None, t):
            constants[pin.symbol] = (*constants.get(pin.symbol, ()), (pin.units, pin.value))
            if gradient := gradients.get(pin.symbol):
                blocked[gradient] = (*blocked.get(gradient, ()), pin.units)
    return TimestepPins(constants, blocked, Cut(t) in pins)
