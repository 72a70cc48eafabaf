"""How large the values and the gradients of a window become: what their bars are measured by."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.sample_window import SampleWindow

_TIME = re.compile(r"_(?:t|<t-1>)$")


@dataclass(frozen=True, slots=True, eq=False)
class Magnitudes:
    """The largest finite magnitudes in one sample's window.

    Attributes:
        values: of each row of the timestep panel, by its symbol without the time: "c" is the
            largest |c_t| or |c_<t-1>|.
        gradients: of the gradients of a layer's states and gates the largest entry, by layer and
            timestep, [L, timesteps]; NaN where there are none.
        typical_gradients: the median of the same entries, [L, timesteps].
        output_gradient: the largest |dy_t|.
        norms: of the gradient of each state of each layer the norm over the whole batch at each
            timestep, [T], by the state's name: ``h``, ``c2``; empty where that is not known.
    """

    values: Mapping[str, float]
    gradients: Array
    typical_gradients: Array
    output_gradient: float
    norms: Mapping[str, Array] = field(default_factory=dict)

    def of_value(self, symbol: str) -> float:
        """Return the largest magnitude of a row such as ``c_t``."""
        return self.values.get(_without_time(symbol), 0.0)


def magnitudes(
    window: SampleWindow,
    timesteps: Sequence[int],
    known: Callable[[int], Collection[str]] | None = None,
) -> Work[Magnitudes]:
    """Compute the magnitudes of some timesteps, one by one.

    Args:
        window: the window.
        timesteps: those that are looked at, from 1.
        known: returns the symbols that count at a timestep; None: all do, both passes are done.
    """
    declaration = window.declaration
    values: dict[str, float] = {}
    hidden = _hidden_gradients(declaration)
    gradients, typical = np.full((2, len(hidden), len(timesteps)), np.nan)
    output = 0.0
    for place, t in enumerate(timesteps):
        counted = None if known is None else known(t)
        found = {} if counted is not None and not counted else window.values(t)
        if counted is not None:
            found = {symbol: found[symbol] for symbol in counted if symbol in found}
        for row in declaration.rows:
            if row.symbol in found:
                symbol = _without_time(row.symbol)
                values[symbol] = max(values.get(symbol, 0.0), largest(found[row.symbol]))
        for number, symbols in enumerate(hidden):
            there = [found[symbol].ravel() for symbol in symbols if symbol in found]
            sizes = np.sort(_finite_sizes(np.concatenate(there))) if there else np.zeros(0)
            if count := sizes.size:
                gradients[number, place] = sizes[-1]
                typical[number, place] = (sizes[(count - 1) // 2] + sizes[count // 2]) / 2
        if "dy_t" in found:
            output = max(output, largest(found["dy_t"]))
        yield Progress(place + 1, len(timesteps))
    return Magnitudes(MappingProxyType(values), gradients, typical, output)


def largest(array: Array) -> float:
    """Return the largest finite magnitude of `array`; 0 if it has none."""
    size = float(np.abs(array).max(initial=0.0))
    return size if math.isfinite(size) else float(_finite_sizes(array).max(initial=0.0))


def _finite_sizes(array: Array) -> Array:
    """Return the magnitudes of the finite entries of `array`, in one dimension."""
    sizes: Array = np.abs(array).ravel()
    finite = np.isfinite(sizes)
    return sizes if finite.all() else sizes[finite]


def _hidden_gradients(declaration: NetworkDeclaration) -> list[tuple[str, ...]]:
    """Return for each layer the symbols of the gradients of its states and gates."""
    return [
        tuple(each.symbol for each in layer.backward_operations if each.column == "gradient")
        for layer in declaration.layers
    ]


def _without_time(symbol: str) -> str:
    """Return the symbol of a row without its time: c for c_t and c_<t-1>."""
    return _TIME.sub("", symbol)
