"""Entries, samples and timesteps that are chosen of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.names import Found
from rnn_tui.claims.run_state import Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import Name, Node, Position


def chosen(name: Name, found: Found, scope: Scope) -> Values:
    """Return what is chosen of a named value by its brackets and its sample."""
    values, axes = found.values, found.axes
    place = name.place
    own = [axis for axis in axes if axis in ("entry", "unit")]
    if place is not None and len(place) != len(own):
        if not own:
            raise ClaimError(f"{name.text}: {name.name} is a single number")
        forms = {1: f"{name.name}[3]", 2: f"{name.name}[3,1]"}
        raise ClaimError(f"{name.text}: an entry is written {forms[len(own)]}")
    if place is not None:
        for row, each in enumerate(place):
            axis = values.ndim - len(own) + row
            values = _part(values, axis, each, name, found.kind, scope)
        singles = [len(axes) - len(own) + k for k, each in enumerate(place) if each.single]
        values = np.squeeze(values, tuple(singles))
    if "sample" not in axes:
        if name.sample is not None:
            raise ClaimError(f"{name.text}: {name.name} is that of the whole batch")
        return values
    if not own and name.sample in (None, "all"):  # what a timestep adds to the loss
        return np.asarray(values.sum())
    single_unit = place is not None and all(each.single for each in place)
    return _of_sample(values, axes.index("sample"), name, scope, single_unit)


def _of_sample(values: Values, axis: int, name: Name, scope: Scope, single: bool) -> Values:
    """Return the values of the sample that is meant, or of all."""
    batch = values.shape[axis]
    if name.sample == "all" or (name.sample is None and not single):
        return np.squeeze(values, axis) if batch == 1 else values
    sample = scope.of(name.of_second).state.sample
    if name.sample is not None:
        sample = whole_number(name.sample, scope, "samples", 1, batch)
    return np.asarray(np.take(values, min(sample, batch) - 1, axis))


def _part(
    values: Values, axis: int, place: Position, name: Name, kind: str, scope: Scope
) -> Values:
    """Return a range of an axis, which keeps its axis."""
    most = values.shape[axis]
    first = 1 if place.first is None else whole_number(place.first, scope, kind, 1, most, name.text)
    last = most if place.last is None else whole_number(place.last, scope, kind, 1, most, name.text)
    if first > last:
        raise ClaimError(f"{name.text}: a range is written first:last, {last}:{first}")
    return np.asarray(np.take(values, range(first - 1, last), axis))


def whole_number(node: Node, scope: Scope, kind: str, low: int, high: int, text: str = "") -> int:
    """Return a whole number in a range.

    Args:
        node: the expression.
        scope: what it is about.
        kind: what is counted.
        low: the smallest.
        high: the largest.
        text: what messages begin with.
    """
    value = number_of(node, scope)
    if value != np.floor(value) or not low <= value <= high:
        before = f"{text}: " if text else ""
        raise ClaimError(f"{before}{kind} go from {low} to {high}, not {_plain(value)}")
    return int(value)


def number_of(node: Node, scope: Scope) -> float:
    """Return the value of an expression that must be a single number."""
    value = scope.evaluate(node)
    if value.size != 1:
        raise ClaimError(f"{node.text} is {shape_words(value)}; a single number is expected")
    return float(value.reshape(()))


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def shape_words(values: Values) -> str:
    """Return the shape of a value in words."""
    return f"[{', '.join(map(str, values.shape))}]" if values.ndim else "a number"


def timesteps(first: Node | None, last: Node | None, scope: Scope) -> range:
    """Return the timesteps of a range; without one all of the window."""
    steps = scope.state.steps
    low = 1 if first is None else whole_number(first, scope, "timesteps", 0, steps + 1)
    high = steps if last is None else whole_number(last, scope, "timesteps", 0, steps + 1)
    return range(low, high + 1)


def reduced(function: str, values: Values, axis: int | None = None) -> Values:
    """Return the sum, product, mean, largest or smallest of entries."""
    ways: dict[str, Callable[..., Any]] = {
        "sum": np.sum,
        "prod": np.prod,
        "mean": np.mean,
        "max": np.max,
        "min": np.min,
    }
    with np.errstate(all="ignore"):
        return np.asarray(ways[function](values, axis=axis), np.float64)
