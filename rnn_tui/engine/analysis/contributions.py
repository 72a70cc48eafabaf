"""What one timestep contributes to the gradients of all parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
