"""The numbers that breakpoints compare."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.breakpoint_conditions import NEAR, Breakpoint, Kind, saturable
from rnn_tui.engine.training.trainer import Trainer

Gauge = Callable[[Trainer], float]  # what tells the number that a condition compares


# What is measured

_ATTRIBUTES = {
    Kind.LOSS: "loss",
    Kind.SMOOTHED: "history.smoothed",
    Kind.GRAD: "grad_norm",
    Kind.UPDATE: "updates",
}


def _gauge(what: Breakpoint, trainer: Trainer) -> Gauge | None:
    """What tells the number that `what` compares; None where there is none in this run."""
    match what.kind:
        case Kind.CLIPPED:
            return _clipped_gauge(trainer)
        case Kind.SATURATED:
            return _saturation_gauge(trainer.network, what.gate)
        case kind:
            attribute = _ATTRIBUTES.get(kind)
            return operator.attrgetter(attribute) if attribute else None


def _clipped_gauge(trainer: Trainer) -> Gauge:
    """How many entries clipping changed."""
    changed = np.empty(trainer.clipped.shape, bool)

    def gauge(trainer: Trainer) -> int:
        limit = trainer.clipping.limit
        # No entry exceeds the norm, so a norm well below the limit tells without looking at them.
        if trainer.grad_norm < 0.9 * limit and limit > 1e-5:
            return 0
        np.not_equal(trainer.network.gradient, trainer.clipped, out=changed)
        return int(np.count_nonzero(changed))

    return gauge


def _gate(network: Network, gate: str) -> Array:
    """A gate over the whole window, a view [T, B, H]."""
    array = network.tape[gate]
    return array if gate in network.cell.blocks else array[1:]  # the simple cell's h


def _saturation_gauge(network: Network, gate: str) -> Gauge | None:
    """The share of a gate's entries within NEAR of its bounds: |a − centre| ≥ radius."""
    bounds = saturable(network.cell).get(gate)
    if bounds is None:
        return None
    low, high = bounds
    values = _gate(network, gate)  # [T, B, H]
    distance, near = np.empty(values.shape, values.dtype), np.empty(values.shape, bool)
    centre = np.asarray((low + high) / 2, values.dtype)
    radius = np.asarray((high - low) / 2 - NEAR, values.dtype)
    shift, size = bool(centre), values.size
    subtract, absolute, at_least, count = np.subtract, np.abs, np.greater_equal, np.count_nonzero

    def gauge(_: Trainer) -> float:
        if shift:
            subtract(values, centre, out=distance)
            absolute(distance, out=distance)
        else:
            absolute(values, out=distance)
        at_least(distance, radius, out=near)
        return int(count(near)) / size

    return gauge
