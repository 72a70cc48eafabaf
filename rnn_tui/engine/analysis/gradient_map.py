"""The gradient on its way back through time: item by item, and in words.

One timestep of the backward pass is linear in the gradient that arrives. The cell's declaration of
it is therefore evaluated for many gradients at once, along one more axis in front: exact for every
cell, and nothing on the tape is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import NO_PINS, TimestepPins, pins_at

VANISHED = 0.01  # below this share of its size at the start a gradient counts as gone
HELD = (0.3, 3.0)  # within these multiples of it, as holding
EXPLODED = 10.0  # above this multiple, as exploding


def send_back(
    operations: Sequence[Operation],
    values: Mapping[str, Array],
    entering: Array,
    arriving: Mapping[str, Array],
    pins: TimestepPins = NO_PINS,
) -> dict[str, Array]:
    """One timestep backward for R gradients at once: all values named as the operations name them.

    Args:
        operations: those of the backward pass below the readout, `Network.state_backward`.
        values: the timestep's forward values [B, …] and the parameters.
        entering: ``dh_y``, what comes from y_t, [R, B, H] or what broadcasts to it.
        arriving: for each state ``s``, ``ds_next`` from timestep t+1, [R, B, H].
        pins: their effect on this timestep.

    Returns:
        `values` with ``dh_t``, … and for each state ``ds_<t-1>``, [R, B, H].
    """
    known = dict(values)
    known["dh_y"] = entering
    known |= {f"d{state}_next": array for state, array in arriving.items()}
    pins.evaluate_backward(operations, known)
    return known


@dataclass(frozen=True, slots=True)
class GradientMap:
    """How much of each timestep's loss reaches back how far.

    norms[t−1, k] = ‖∂L_t/∂h_{t−k}‖ over batch, units and layers, t = 1 … T, k = 0 … t; NaN where
    k > t. L_t is what timestep t adds to the mean loss. The entry k = t is the window's first state
    h_0, where the gradient is cut. The last row, norms[T−1], is one gradient's way through the
    window.
    """

    norms: Array  # [T, T+1] float64


def gradient_map(network: Network) -> GradientMap:
    """See `gradient_map_work`; all at once."""
    return complete(gradient_map_work(network))


def gradient_map_work(network: Network) -> Work[GradientMap]:
    """The gradient map of a window whose backward pass is done; a part is one timestep.

        ∂L_t/∂h_t       = dy_t·W_yᵀ
        ∂L_t/∂h_{s−1}   = the cell's backward step at s, of ∂L_t/∂h_s (and ∂L_t/∂c_s), s ≤ t

    All t go back together, those up to T that have set out. Their sum over t is dh.
    """
    tape, steps, backward = (
        network.tape,
        network.tape.steps,
        network.declaration.cell_backward_operations,
    )
    # With one sample the axis B is left out: one product instead of a pile of them.
    shape = tape["dh_y"].shape if tape.batch > 1 else (steps, tape["dh_y"].shape[-1])
    norms = np.full((steps, steps + 1), np.nan)
    sources = tape["dh_y"].reshape(shape)
    sent = {state: np.zeros(shape, tape.dtype) for state in network.states}  # [T, B, H], by source
    entering = np.zeros(shape, tape.dtype)
    for t in range(steps, 0, -1):
        entering[t - 1 :] = 0
        entering[t - 1] = sources[t - 1]
        with np.errstate(all="ignore"):
            arriving = {state: array[t - 1 :] for state, array in sent.items()}
            held = pins_at(network.pins, backward, t)
            done = send_back(backward, network.values(t), entering[t - 1 :], arriving, held)
            for state, array in sent.items():
                array[t - 1 :] = done[f"d{state}_<t-1>"]
            _enter(norms, t, _sizes([done[layer.name("dh_t")] for layer in network.layers]))
        yield Progress(steps - t + 1, steps)
    with np.errstate(all="ignore"):
        _enter(norms, 0, _sizes([sent[layer.name("h")] for layer in network.layers]), first=1)
    return GradientMap(norms)


def _sizes(gradients: Sequence[Array]) -> Array:
    """The norm of each of R gradients [R, …], over all layers together: [R] float64."""
    whole = [array.reshape(len(array), -1).astype(np.float64) for array in gradients]
    rows = whole[0] if len(whole) == 1 else np.concatenate(whole, axis=1)
    sizes: Array = np.sqrt(np.einsum("rk,rk->r", rows, rows))
    return sizes


def _enter(norms: Array, s: int, sizes: Array, first: int | None = None) -> None:
    """Put the norms at timestep s of the sources `first` (or s) … T where their lags are."""
    for source, size in enumerate(sizes, s if first is None else first):
        norms[source - 1, source - s] = size


def reading(sizes: Array, last: int) -> str:
    """What becomes of a gradient on its way back, in words.

    `sizes` [K+1]: its size at timesteps `last`, `last`−1, … (k = 0 … K): the last row of
    `GradientMap.norms`, or `gradient_norms` reversed. Measured against the first that is not 0:

    ==============  ====================================================================
    vanishes        below 1 % (`VANISHED`) from some k on to the end
    explodes        more than 10 times (`EXPLODED`) at the end
    holds           always between 0.3 and 3 times (`HELD`)
    fades, grows    at the end below 0.3, or above 3 times, but neither of the first two
    swings          otherwise: back near its size at the end, but not on the way
    ==============  ====================================================================
    """
    sizes = np.asarray(sizes, np.float64)
    bad = np.flatnonzero(~np.isfinite(sizes))
    if bad.size:
        return f"not finite from t={last - int(bad[0])} back ({sizes[bad[0]]})"
    present = np.flatnonzero(sizes)
    if not present.size:
        return "no gradient: its size is 0 throughout"
    start = int(present[0])
    with np.errstate(all="ignore"):
        shares = sizes[start:] / sizes[start]  # [K+1 − start]
    return _in_words(shares, last - start)


def _in_words(shares: Array, origin: int) -> str:
    """`shares` [K+1]: sizes relative to that at timestep `origin`; the first is 1."""
    lags, end = len(shares) - 1, float(shares[-1])
    if not lags:
        return "one timestep: no way to go back"
    here = f"its size at t={origin}"
    over = f"over {lags} step{'s' if lags > 1 else ''}"
    if end < VANISHED:
        gone = int(np.flatnonzero(shares >= VANISHED)[-1]) + 1
        if not shares[gone:].any():
            return f"ends at t−{gone}: exactly 0 from there back"
        return f"vanishes by t−{gone} (below {VANISHED:.0%} of {here})".replace("%", " %")
    if end > EXPLODED:
        return f"explodes: ×{end:.3g} {over}"
    low, high = float(shares.min()), float(shares.max())
    if low >= HELD[0] and high <= HELD[1]:
        return f"holds (between {low:.2g} and {high:.2g} times {here})"
    if end < HELD[0]:
        return f"fades to {100 * end:.2g} % {over}"
    if end > HELD[1]:
        return f"grows: ×{end:.2g} {over}"
    return f"swings between {low:.2g} and {high:.2g} times {here}"
