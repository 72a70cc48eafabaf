"""How many timesteps a caller with little time computes at once, so that it can look up between."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_tui.engine.network.declaration import NetworkDeclaration

LONG = 0.02  # seconds
# What a timestep takes, about: so long for each layer, and so many multiplications in a second.
LAYER, PER_SECOND = 60e-6, 1e10


def stretch(declaration: NetworkDeclaration, seconds: float = LONG) -> int:
    """Return the timesteps of one pass that take about `seconds`, at least 1.

    The gates of a timestep are products [B, D + H]·[D + H, G·H], in each layer.
    """
    sizes, layers = declaration.architecture, len(declaration.layers)
    inputs = sizes.features + sizes.hidden * (2 * layers - 1)  # of all layers together
    products = declaration.batch * inputs * declaration.gate_units
    return max(int(seconds / (layers * LAYER + products / PER_SECOND)), 1)


def stretches(declaration: NetworkDeclaration, steps: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last timestep of each stretch of 1 … `steps`, in order."""
    length = stretch(declaration)
    for first in range(1, steps + 1, length):
        yield first, min(first + length - 1, steps)
