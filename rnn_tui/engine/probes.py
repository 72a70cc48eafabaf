"""What can be derived from a tape, on demand: nothing here is kept up while training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.clipping import norm
from rnn_tui.engine.expressions import Array
from rnn_tui.engine.layers import numbered
from rnn_tui.engine.network import Network, views
from rnn_tui.engine.tape import Tape


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What timestep t adds to the weight gradients, beside their sum so far. Flat vectors [P].

    share_t = left_tᵀ·right_t, or Σ_b left_t⊙right_t, for each parameter (see ParameterSpec); so_far
    sums it over T … t, the order of the backward pass.
    """

    t: int
    share: Array
    so_far: Array


def shares(network: Network, t: int) -> Shares:
    """The shares at timestep `t`; meaningful once its backward pass is done."""
    network.kernel.gather()
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
    return Shares(t, share, so_far)


def gradient_norms(network: Network, layer: int = 1) -> Array:
    """‖∂L/∂h_t‖ of a layer's h for t = 1 … T over batch and units, [T] float64."""
    gradient = network.tape[numbered("dh", layer)].astype(np.float64)
    norms: Array = np.sqrt(np.einsum("tbh,tbh->t", gradient, gradient))
    return norms


def relative_change(before: Array, delta: Array) -> float | None:
    """log10(‖Δp‖/‖p‖), the health of an update (near −3 is good); None when either is 0."""
    change, size = norm(delta.astype(np.float64)), norm(before.astype(np.float64))
    return float(np.log10(change / size)) if change > 0 and size > 0 else None


def loss_parts(network: Network, tape: Tape) -> Array:
    """What each timestep of each sample on `tape` adds to the loss, [T, B] float64.

    ``mse``: Σ_o (y − target)²/N; ``cross-entropy``: −log p[class]/N, as log Σ e^(y − max) + max − y
    of the class, which stays finite where p itself becomes 0. N is the whole batch's, of which
    `tape` may be a part; where the loss does not count the part is 0.
    """
    y = tape["y"].astype(np.float64)  # [T, B, O]
    with np.errstate(all="ignore"):  # after a divergence; whoever asks looks
        if network.measure.classes:
            largest = y.max(axis=-1, keepdims=True)  # [T, B, 1]
            wanted = np.maximum(tape["classes"], 0)[..., None]
            picked = np.take_along_axis(y, wanted, axis=-1)
            parts = np.log(np.exp(y - largest).sum(axis=-1)) + (largest - picked)[..., 0]
        else:
            error = y - tape["target"]
            parts = (error * error).sum(axis=-1)
    parts[~np.array(network.problem.mask(tape.steps))] = 0
    result: Array = parts / network.counted
    return result


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
    network.kernel.gather()
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
