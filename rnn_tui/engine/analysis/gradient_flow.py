"""How large the gradient is at each timestep, and in words what becomes of it on its way back."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.network import Network

VANISHED = 0.01  # below this fraction of its first size a gradient counts as vanished
HOLDS = (0.3, 3.0)  # between these multiples of its first size, as holding
EXPLODED = 10.0  # above this multiple, as exploding


def gradient_norms(network: Network, layer: int = 1) -> Array:
    """Return ‖∂L/∂h_t‖ of one layer over batch and units, for t = 1 … T: [T] float64."""
    return _norms_over_time(network, name_in_layer("dh", layer))


def memory_gradient_norms(network: Network, layer: int = 1) -> dict[str, Array]:
    """Return the same of the states that the layer's cell has besides h, by their names there.

    ‖∂L/∂c_t‖ of an LSTM is called ``c``, in the second layer ``c2``; other cells have none.
    """
    names = network.layers[layer - 1].states[1:]
    return {name: _norms_over_time(network, f"d{name}") for name in names}


def _norms_over_time(network: Network, array: str) -> Array:
    """Return the norm of a gradient [T, B, H] on the tape at each timestep, [T] float64."""
    gradient = network.tape[array].astype(np.float64)
    norms: Array = np.sqrt(np.einsum("tbh,tbh->t", gradient, gradient))
    return norms


def describe_gradient_flow(sizes: Array, last: int) -> str:
    """Describe in words how the size of a gradient changes on its way back through time.

    The size where it begins is the first that is not 0; compared with that, the gradient

    ==============  ====================================================================
    vanishes        below 1 % (`VANISHED`) from some k on to the end
    explodes        more than 10 times (`EXPLODED`) at the end
    holds           always between 0.3 and 3 times (`HOLDS`)
    fades, grows    at the end below 0.3, or above 3 times, but neither of the first two
    swings          otherwise: back near its size at the end, but not on the way
    ==============  ====================================================================

    Args:
        sizes: [K+1], its norm at timesteps `last`, `last`−1, … `last`−K: the last row of
            `GradientMap.norms`, or `gradient_norms` reversed.
        last: the timestep of the first entry.
    """
    sizes = np.asarray(sizes, np.float64)
    nonfinite = np.flatnonzero(~np.isfinite(sizes))
    if nonfinite.size:
        return f"not finite from t={last - int(nonfinite[0])} back ({sizes[nonfinite[0]]})"
    present = np.flatnonzero(sizes)
    if not present.size:
        return "no gradient: its size is 0 throughout"
    start = int(present[0])
    with np.errstate(all="ignore"):
        relative = sizes[start:] / sizes[start]  # [K+1 − start]
    return _in_words(relative, last - start)


def _in_words(relative: Array, origin: int) -> str:
    """Describe the sizes `relative` [K+1] to that at timestep `origin`; the first is 1."""
    lags, end = len(relative) - 1, float(relative[-1])
    if not lags:
        return "one timestep: no way to go back"
    here = f"its size at t={origin}"
    over = f"over {lags} step{'s' if lags > 1 else ''}"
    if end < VANISHED:
        gone = int(np.flatnonzero(relative >= VANISHED)[-1]) + 1
        if not relative[gone:].any():
            return f"ends at t−{gone}: exactly 0 from there back"
        return f"vanishes by t−{gone} (below {VANISHED:.0%} of {here})".replace("%", " %")
    if end > EXPLODED:
        return f"explodes: ×{end:.3g} {over}"
    low, high = float(relative.min()), float(relative.max())
    if low >= HOLDS[0] and high <= HOLDS[1]:
        return f"holds (between {low:.2g} and {high:.2g} times {here})"
    if end < HOLDS[0]:
        return f"fades to {100 * end:.2g} % {over}"
    if end > HOLDS[1]:
        return f"grows: ×{end:.2g} {over}"
    return f"swings between {low:.2g} and {high:.2g} times {here}"
