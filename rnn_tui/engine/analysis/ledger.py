"""One entry of the gradient, itemised: what each timestep contributes to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """One entry of the gradient as a sum over timesteps, in float64.

    Attributes:
        name: the parameter.
        place: the entry within it: (i, j), or (j,) of a bias; from 0.
        t: [T], 1 … T.
        contribution: [T], Σ_b left_t[b, i]·right_t[b, j] of each timestep; see `ParameterSpec`.
        running_sum: [T], the contributions of T … t, the order of the backward pass.
        total: the entry of the gradient, running_sum[0].
    """

    name: str
    place: tuple[int, ...]
    t: Array
    contribution: Array
    running_sum: Array
    total: float


def locate_parameter(network: Network, index: int) -> tuple[str, tuple[int, ...]]:
    """Return the parameter that entry `index` of the flat vector belongs to, and its place in it.

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


def parameter_ledger(network: Network, index: int) -> Ledger:
    """Compute the ledger of entry `index` of the flat vector; the backward pass is done.

    Raises:
        IndexError: there is no such entry.
    """
    name, place = locate_parameter(network, index)
    spec = next(spec for spec in network.specs if spec.name == name)
    network.kernel.finish_deltas()
    tape = network.tape
    terms = _entries(network, spec.right, place[-1])  # [T, B]
    with np.errstate(all="ignore"):
        if spec.left is not None:
            terms = terms * _entries(network, spec.left, place[0])
        contribution = terms.sum(axis=1)
        running_sum = np.cumsum(contribution[::-1])[::-1]
    t, total = np.arange(1, tape.steps + 1), float(running_sum[0])
    return Ledger(name, place, t, contribution, running_sum, total)


def _entries(network: Network, name: str, column: int) -> Array:
    """Return one column of an array of the tape, [T, B] float64."""
    tape = network.tape
    return tape.flat(name)[:, column].reshape(tape.steps, tape.batch).astype(np.float64)
