"""The numbers that breakpoints compare, read from a trainer after each update."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_without_layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.breakpoint_conditions import (
    SATURATION_MARGIN,
    Breakpoint,
    Kind,
    saturation_bounds,
)
from rnn_tui.engine.training.trainer import Trainer

ValueReader = Callable[[Trainer], float]
"""A function that returns the number that a condition compares."""

_ATTRIBUTES = {
    Kind.LOSS: "loss",
    Kind.SMOOTHED: "history.smoothed",
    Kind.GRAD: "grad_norm",
    Kind.UPDATE: "updates",
}


def value_reader(breakpoint: Breakpoint, trainer: Trainer) -> ValueReader | None:
    """Return a fast reader of the number that `breakpoint` compares.

    None if there is no such number: for `nan`, for a pass or timestep, and for a gate that the
    trainer's network does not have.
    """
    match breakpoint.kind:
        case Kind.CLIPPED:
            return _clipped_reader(trainer)
        case Kind.TEST:
            return lambda trainer: trainer.history.tested.at(trainer.updates)
        case Kind.SATURATED:
            return _saturation_reader(trainer.network, breakpoint.gate)
        case kind:
            attribute = _ATTRIBUTES.get(kind)
            return operator.attrgetter(attribute) if attribute else None


def _clipped_reader(trainer: Trainer) -> ValueReader:
    """Return a reader of the number of entries that clipping changed."""
    changed = np.empty(trainer.clipped.shape, bool)

    def read(trainer: Trainer) -> int:
        limit = trainer.clipping.limit
        # No entry exceeds the norm, so a norm well below the limit means that none was changed.
        if trainer.grad_norm < 0.9 * limit and limit > 1e-5:
            return 0
        np.not_equal(trainer.network.gradient, trainer.clipped, out=changed)
        return int(np.count_nonzero(changed))

    return read


def gate_values(network: Network, gate: str) -> Array:
    """Return the values of a gate in the whole window, a view [T, B, H].

    Args:
        network: the network.
        gate: its name in its layer; "h" (or "h2", …) is the state of the simple cell, which has no
            gates.
    """
    array = network.tape[gate]
    return array if name_without_layer(gate) in network.cell.blocks else array[1:]


def _saturation_reader(network: Network, gate: str) -> ValueReader | None:
    """Return a reader of the share of a gate's entries that are saturated.

    An entry a is saturated if it is within the margin of one of the gate's bounds, which is the
    same as |a − centre| ≥ radius.
    """
    bounds = saturation_bounds(network.layers).get(gate)
    if bounds is None:
        return None
    low, high = bounds
    values = gate_values(network, gate)  # [T, B, H]
    distance, near = np.empty(values.shape, values.dtype), np.empty(values.shape, bool)
    centre = np.asarray((low + high) / 2, values.dtype)
    radius = np.asarray((high - low) / 2 - SATURATION_MARGIN, values.dtype)
    is_off_zero, size = bool(centre), values.size
    subtract, absolute, at_least, count = np.subtract, np.abs, np.greater_equal, np.count_nonzero

    def read(_: Trainer) -> float:
        if is_off_zero:
            subtract(values, centre, out=distance)
            absolute(distance, out=distance)
        else:
            absolute(values, out=distance)
        at_least(distance, radius, out=near)
        return int(count(near)) / size

    return read
