"""What one timestep contributes to the gradients of all parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What timestep t adds to the gradients of all parameters, and their sum so far.

    Attributes:
        t: the timestep.
        contribution: [P], left_tᵀ·right_t or Σ_b left_t⊙right_t of each parameter; see
            `ParameterSpec`.
        running_sum: [P], the contributions of timesteps T … t, the order of the backward pass.
    """

    t: int
    contribution: Array
    running_sum: Array


def timestep_contributions(network: Network, t: int) -> Contributions:
    """Compute the contributions of timestep `t`, whose backward pass is done."""
    network.kernel.finish_deltas()
    contribution = np.zeros_like(network.flat)
    running_sum = np.zeros_like(network.flat)
    added_views = views(network.specs, contribution)
    sum_views = views(network.specs, running_sum)
    tape = network.tape
    start, stop = (t - 1) * tape.batch, t * tape.batch
    for spec in network.specs:
        right = tape.flat(spec.right)
        for first, last, out in (
            (start, stop, added_views[spec.name]),
            (start, len(right), sum_views[spec.name]),
        ):
            if spec.left is None:
                np.sum(right[first:last], axis=0, out=out)
            elif spec.elementwise:
                left = tape.flat(spec.left)[first:last]
                np.einsum("nh,nh->h", left, right[first:last], out=out)
            else:
                np.dot(tape.flat(spec.left)[first:last].T, right[first:last], out=out)
    return Contributions(t, contribution, running_sum)


AT_ONCE = 20_000_000  # multiplications that a snapshot waits for: 5 to 10 ms
PART = 2_000_000  # multiplications in one part of the work: about a millisecond


def take_long(network: Network) -> bool:
    """Return whether the contributions take longer than a snapshot should wait for."""
    tape = network.tape
    return tape.steps * tape.batch * network.flat.size > AT_ONCE


def contributions_work(network: Network, t: int) -> Work[Contributions]:
    """Do the work of `timestep_contributions` in small parts; the network must stand still."""
    contribution, running_sum = np.zeros((2, network.flat.size), network.flat.dtype)
    added_views = views(network.specs, contribution)
    sum_views = views(network.specs, running_sum)
    for spec in network.specs:
        added, summed = yield from tensor_contributions(network, spec.name, t)
        added_views[spec.name][...], sum_views[spec.name][...] = added, summed
    return Contributions(t, contribution, running_sum)


def tensor_contributions(network: Network, name: str, t: int) -> Work[tuple[Array, Array]]:
    """Compute what timestep `t` contributes to the gradient of one parameter, in small parts.

    The backward pass of `t` is done.

    Args:
        network: the network.
        name: the parameter.
        t: the timestep, from 1.

    Returns:
        The contribution and the sum of those of T … t, both of the parameter's shape; to rounding
        the same numbers as those of `timestep_contributions`.
    """
    spec = next(spec for spec in network.specs if spec.name == name)
    network.kernel.finish_deltas()
    tape = network.tape
    start, samples = (t - 1) * tape.batch, tape.batch
    right = tape.flat(spec.right)[start:]
    added, summed = np.zeros((2, *spec.shape), network.flat.dtype)
    if spec.left is None:
        np.sum(right[:samples], axis=0, out=added)
        np.sum(right, axis=0, out=summed)
        return added, summed
    left = tape.flat(spec.left)[start:]
    if spec.elementwise:
        np.einsum("nh,nh->h", left[:samples], right[:samples], out=added)
        np.einsum("nh,nh->h", left, right, out=summed)
        return added, summed
    rows = max(PART // right.size, 1)
    for first in range(0, spec.shape[0], rows):
        part = slice(first, first + rows)
        added[part] = left[:samples, part].T @ right[:samples]
        summed[part] = left[:, part].T @ right
        yield Progress(min(first + rows, spec.shape[0]), spec.shape[0])
    return added, summed
