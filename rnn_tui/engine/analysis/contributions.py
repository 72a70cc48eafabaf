"""What each timestep contributes to the gradient of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What timestep t adds to the weight gradients, beside their sum so far. Flat vectors [P].

    share_t = left_tᵀ·right_t, or Σ_b left_t⊙right_t, for each parameter (see ParameterSpec); so_far
    sums it over T … t, the order of the backward pass.
    """

    t: int
    share: Array
    so_far: Array


def shares(network: Network, t: int) -> Contributions:
    """The shares at timestep `t`; meaningful once its backward pass is done."""
    network.kernel.finish_deltas()
    share = np.zeros_like(network.flat)
    so_far = np.zeros_like(network.flat)
    share_views, so_far_views = views(network.specs, share), views(network.specs, so_far)
    tape = network.tape
    start, stop = (t - 1) * tape.batch, t * tape.batch
    for spec in network.specs:
        right = tape.flat(spec.right)
        for first, last, into in (
            (start, stop, share_views[spec.name]),
            (start, len(right), so_far_views[spec.name]),
        ):
            if spec.left is None:
                np.sum(right[first:last], axis=0, out=into)
            elif spec.elementwise:
                left = tape.flat(spec.left)[first:last]
                np.einsum("nh,nh->h", left, right[first:last], out=into)
            else:
                np.dot(tape.flat(spec.left)[first:last].T, right[first:last], out=into)
    return Contributions(t, share, so_far)


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """One parameter's gradient as a sum over timesteps, float64.

    share[t−1] = Σ_b left_t[b, i]·right_t[b, j] (see ParameterSpec), t = 1 … T; running[t−1] is its
    sum over T … t, the order of the backward pass; total = running[0] is the gradient's entry.
    """

    name: str
    place: tuple[int, ...]  # within the parameter: (i, j), or (j,) of a bias
    t: Array  # [T], 1 … T
    share: Array  # [T]
    running: Array  # [T]
    total: float


def locate(network: Network, index: int) -> tuple[str, tuple[int, ...]]:
    """The parameter that entry `index` of the flat vector belongs to, and its place therein.

    Raises:
        IndexError: there is no such entry.
    """
    offset = index
    for spec in network.specs:
        size = int(np.prod(spec.shape))
        if 0 <= offset < size:
            return spec.name, tuple(int(k) for k in np.unravel_index(offset, spec.shape))
        offset -= size
    raise IndexError(f"parameter {index} of {network.flat.size}")


def ledger(network: Network, index: int) -> Ledger:
    """The ledger of entry `index` of the flat vector; meaningful once its backward pass is done.

    Raises:
        IndexError: there is no such entry.
    """
    name, place = locate(network, index)
    spec = next(spec for spec in network.specs if spec.name == name)
    network.kernel.finish_deltas()
    tape = network.tape
    terms = _entries(network, spec.right, place[-1])  # [T, B]
    with np.errstate(all="ignore"):
        if spec.left is not None:
            terms = terms * _entries(network, spec.left, place[0])
        share = terms.sum(axis=1)
        running = np.cumsum(share[::-1])[::-1]
    return Ledger(name, place, np.arange(1, tape.steps + 1), share, running, float(running[0]))


def _entries(network: Network, name: str, column: int) -> Array:
    """One column of a sequence on the tape: [T, B] float64."""
    tape = network.tape
    return tape.flat(name)[:, column].reshape(tape.steps, tape.batch).astype(np.float64)
