"""Their numbers, as a guess asks them: are these the same, as a whole or at one timestep?"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import Comparison
from rnn_tui.tensor_files.content import Array

FLOOR = 1e-3  # of the largest entry: below it an error is relative to that
STATES = ("h", "c", "grad.h", "grad.c")


def same_numbers(theirs: Array, ours: Array, tolerance: float, largest: float) -> bool:
    """Return whether all entries agree within `tolerance`; `largest` is of the whole tensor."""
    if theirs.shape != ours.shape:
        return False
    scale = np.maximum(np.maximum(np.abs(theirs), np.abs(ours)), FLOOR * largest)
    return bool(np.all(np.abs(theirs - ours) <= tolerance * scale))  # NaN is never the same


class Theirs:
    """Their numbers by name, float64.

    Attributes:
        numbers: by name, as in the case.
        tolerance: the largest error up to which two numbers of one of their tensors agree.
        asked: how many timesteps were compared.
    """

    def __init__(self, case: Case, comparison: Comparison) -> None:
        self.numbers: Mapping[str, Array] = {
            name: np.asarray(array, np.float64) for name, array in case.theirs.items()
        }
        self.asked = 0
        self._tolerances = {each.name: each.tolerance for each in comparison.tensors}
        self.tolerance = max(self._tolerances.values())
        self._largest = {
            name: float(np.max(np.abs(array), initial=0.0)) for name, array in self.numbers.items()
        }
        self._layers = {
            name: _by_layer(self.numbers[name], case.layers)
            for name in STATES
            if name in self.numbers
        }

    def has(self, name: str) -> bool:
        """Return whether they gave `name`."""
        return name in self.numbers

    def few_samples(self, count: int) -> Theirs:
        """Return what they have of the first `count` samples: what has timesteps."""
        part = copy(self)
        part.numbers = {
            name: self.numbers[name][..., :count, :]
            for name in (*STATES, "output", "grad.output")
            if name in self.numbers
        }
        part._layers = {
            name: {layer: array[..., :count, :] for layer, array in layers.items()}
            for name, layers in self._layers.items()
        }
        return part

    @property
    def parameter_gradients(self) -> tuple[str, ...]:
        """The names of the gradients of weights that they gave, the smallest first."""
        others = ("grad.h", "grad.c", "grad.output")
        names = (n for n in self.numbers if n.startswith("grad.") and n not in others)
        return tuple(sorted(names, key=lambda name: self.numbers[name].size))

    def same(self, name: str, ours: Array) -> bool:
        """Return whether `ours` is theirs; True if they did not give `name`."""
        theirs = self.numbers.get(name)
        if theirs is None:
            return True
        if name in STATES and theirs.ndim < ours.ndim:
            ours = ours[-1]
        return same_numbers(theirs, ours, self._tolerance(name), self._largest[name])

    def _tolerance(self, name: str) -> float:
        return self._tolerances.get(name, self.tolerance)

    def same_at(self, name: str, layer: int, t: int, ours: Array) -> bool:
        """Return whether `ours` [B, n] is theirs at a timestep, from 0, of a state's tensor."""
        self.asked += 1
        layers = self._layers.get(name)
        if layers is None or layer not in layers:
            return True
        return same_numbers(layers[layer][t], ours, self._tolerance(name), self._largest[name])

    def differing_times(self, name: str, ours: Array) -> list[int]:
        """Return the timesteps, from 0, at which `ours` [L, T, B, n] or [T, B, n] is not theirs."""
        theirs = self.numbers.get(name)
        if theirs is None:
            return []
        ours = ours[-1] if theirs.ndim < ours.ndim else ours
        axis = theirs.ndim - 3
        pairs = zip(np.moveaxis(theirs, axis, 0), np.moveaxis(ours, axis, 0), strict=True)
        largest = self._largest[name]
        return [
            t
            for t, (a, b) in enumerate(pairs)
            if not same_numbers(a, b, self._tolerance(name), largest)
        ]

    def all_same(self, ours: Mapping[str, Array]) -> bool:
        """Return whether all that they gave is in `ours`, the same."""
        return all(name in ours and self.same(name, ours[name]) for name in self.numbers)


def _by_layer(array: Array, layers: int) -> dict[int, Array]:
    """Return the layers of a state's tensor: all, or the top one alone."""
    if array.ndim == 4:
        return dict(enumerate(array))
    return {layers - 1: array}
