"""Values held at a constant and paths of the gradient cut, and what they do at one timestep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation


@dataclass(frozen=True, slots=True)
class Pin:
    """The value `symbol` (``f_t``, ``h_t``, ``x_t``) is held at `value`, for every sample.

    `unit` and `t` count from 1; None: every one.
    """

    symbol: str
    value: float
    unit: int | None = None
    t: int | None = None

    def __str__(self) -> str:
        unit = "" if self.unit is None else f"_{self.unit}"
        at = "" if self.t is None else f" @{self.t}"
        return f"{_short(self.symbol)}{unit}{at} = {_number(self.value)}"

    @property
    def part(self) -> slice:
        """Its units, of the last axis."""
        return slice(None) if self.unit is None else slice(self.unit - 1, self.unit)

    def covers(self, other: Pin | Cut) -> bool:
        """Whether nothing of `other` is left once this one is put on top of it."""
        return (
            isinstance(other, Pin)
            and self.symbol == other.symbol
            and self.unit in (None, other.unit)
            and self.t in (None, other.t)
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """Timestep `t` sends no gradient to timestep t−1 (the state before t is detached)."""

    t: int

    def __str__(self) -> str:
        return f"detach @{self.t}"

    def covers(self, other: Pin | Cut) -> bool:
        """Whether it is the same."""
        return self == other


Pins = tuple[Pin | Cut, ...]


def _short(symbol: str) -> str:
    return symbol.removesuffix("_t")


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


# ---------------------------------------------------------------- the computation


@dataclass(frozen=True, slots=True)
class TimestepPins:
    """What pins and cuts do at one timestep.

    `held`: units and constant by symbol; `stopped`: units by the symbol of the gradient that does
    not flow through them; `cut`: nothing is sent to timestep t−1.
    """

    held: Mapping[str, tuple[tuple[slice, float], ...]] = field(default_factory=dict)
    stopped: Mapping[str, tuple[slice, ...]] = field(default_factory=dict)
    cut: bool = False

    def hold(self, symbol: str, array: Array) -> Array:
        """`array` [.., H], the value of `symbol`, with what is held put in place."""
        for part, value in self.held.get(symbol, ()):
            array[..., part] = value
        return array

    def through(self, symbol: str, gradient: Array) -> Array:
        """What later operations read of `gradient` [.., H]: zeros where a constant is behind it."""
        if symbol not in self.stopped:
            return gradient
        passed = gradient.copy()
        for part in self.stopped[symbol]:
            passed[..., part] = 0
        return passed

    def send(self, operations: Sequence[Operation], known: dict[str, Array]) -> dict[str, Array]:
        """Evaluate backward `operations` in order; `known` is given their results.

        Returns:
            The same as later operations read them; see `through`.
        """
        read = dict(known)
        for operation in operations:
            symbol = operation.symbol
            gradient = operation.expression.evaluate(read)
            if self.cut and sent_on(operation):
                gradient = np.zeros_like(gradient)
            known[symbol], read[symbol] = gradient, self.through(symbol, gradient)
        return read


NO_PINS = TimestepPins()


def sent_on(operation: Operation) -> bool:
    """Whether it makes a gradient that timestep t sends to timestep t−1."""
    return operation.symbol.endswith("_<t-1>")


def pins_at(pins: Pins, backward: Sequence[Operation], t: int) -> TimestepPins:
    """What `pins` do at timestep `t`, of whose backward pass `backward` are the operations.

    A later one goes over an earlier one.
    """
    if not pins:
        return NO_PINS
    gradients = {
        operation.row: operation.symbol for operation in backward if operation.column == "gradient"
    }
    held: dict[str, tuple[tuple[slice, float], ...]] = {}
    stopped: dict[str, tuple[slice, ...]] = {}
    for pin in pins:
        if isinstance(pin, Pin) and pin.t in (None, t):
            held[pin.symbol] = (*held.get(pin.symbol, ()), (pin.part, pin.value))
            if gradient := gradients.get(pin.symbol):
                stopped[gradient] = (*stopped.get(gradient, ()), pin.part)
    return TimestepPins(held, stopped, Cut(t) in pins)
