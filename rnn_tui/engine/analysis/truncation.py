"""What truncated backpropagation cuts off: the gradient at the window's edge, and beyond it.

With truncated backpropagation the state goes from window to window, the gradient does not: at the
edge ∂L/∂h_0 is known and dropped (Williams and Peng 1990).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.contributions import timestep_contributions
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import WindowData, copy_window, scratch_network


@dataclass(frozen=True, slots=True)
class WindowEdge:
    """The beginning of a window; norms over batch and units, by state (``h``, for the LSTM ``c``).

    Attributes:
        gradient: ‖∂L/∂h_0‖, which is cut off.
        carried: ‖h_0‖, the state that the window began with; 0 where it starts from zeros.
    """

    gradient: Mapping[str, float]
    carried: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Truncation:
    """A window of T timesteps, compared with one of 2T timesteps that ends at the same place.

    Both are computed with the present parameters, from the state s′_0 that they make of the window
    before, and with the loss of the last T timesteps only.

    Attributes:
        edge: the beginning of the window as it was trained.
        norm_edge: ‖∂L/∂s_0‖ over all states together, of the window as it was trained.
        truncated_norm: ‖∇L‖ over the last T timesteps.
        added_norm: ‖added‖.
        relative: added_norm/truncated_norm; None when that is 0.
        drift: ‖s_0 − s′_0‖/‖s′_0‖: how far the state s_0 that the window began with, made by the
            parameters before the update, is from s′_0; None when s′_0 is 0.
        added: [P], ∇L over 2T timesteps − ∇L over the last T of them: the contributions of the
            first T.
    """

    edge: WindowEdge
    norm_edge: float
    truncated_norm: float
    added_norm: float
    relative: float | None
    drift: float | None
    added: Array


def window_edge(network: Network) -> WindowEdge:
    """Return the edge of a window whose backward pass is done."""
    tape, names = network.tape, network.states
    return WindowEdge(
        {name: norm(tape[f"d{name}_next"][0].reshape(-1)) for name in names},
        {name: norm(tape[name][0].reshape(-1)) for name in names},
    )


def measure_truncation(network: Network, previous: WindowData) -> Truncation:
    """Return the result of `truncation_work`, computed without a break."""
    return complete(truncation_work(network, previous))


def truncation_work(network: Network, previous: WindowData) -> Work[Truncation]:
    """Compute what a longer window would add to the gradient of the one on the tape.

    A part of the work is one timestep.

    Args:
        network: its forward and backward pass are done. Its pins are in force in both windows.
        previous: the window before, with the same samples in its batch and any number of timesteps.
    """
    # Without its topology: none of its own loss counts, only the gradient that flows through.
    architecture = network.architecture.unmasked()
    before = scratch_network(architecture, network.flat, previous, pins=network.pins)
    every = 3 * before.tape.steps + 2 * network.tape.steps
    done = 0
    for t in range(1, before.tape.steps + 1):
        with np.errstate(all="ignore"):
            before.forward(t, t)
        yield Progress(done := done + 1, every)
    window = copy_window(network)
    window = WindowData(window.x, window.target, before.state(before.tape.steps))
    now = scratch_network(network.architecture, network.flat, window, pins=network.pins)
    for _ in both_passes(now):
        yield Progress(done := done + 1, every)
    added = yield from added_gradient_work(before, now)
    with np.errstate(all="ignore"):
        truncated_norm, added_norm = norm(now.gradient), norm(added)
        edge = window_edge(network)
        return Truncation(
            edge=edge,
            norm_edge=float(np.hypot.reduce(list(edge.gradient.values()))),
            truncated_norm=truncated_norm,
            added_norm=added_norm,
            relative=added_norm / truncated_norm if truncated_norm else None,
            drift=_drift(network, now),
            added=added,
        )


def both_passes(network: Network) -> Iterator[None]:
    """Compute both passes of the window of `network`, yielding after each timestep."""
    steps = range(1, network.tape.steps + 1)
    for t in steps:
        with np.errstate(all="ignore"):
            network.forward(t, t)
        yield
    with np.errstate(all="ignore"):
        network.loss()
    for t in reversed(steps):
        with np.errstate(all="ignore"):
            network.backward(t, t)
        yield


def added_gradient_work(before: Network, now: Network) -> Work[Array]:
    """Compute the gradient [P] of the window `before` from what leaves the beginning of `now`."""
    tape = before.tape
    tape["dy"].fill(0)
    tape["dh_y"].fill(0)
    before.kernel.begin_backward()
    for name in before.states:
        tape[f"d{name}_next"][-1] = now.tape[f"d{name}_next"][0]
    for t in range(tape.steps, 0, -1):
        with np.errstate(all="ignore"):
            before.kernel.backward(t, t)
        yield Progress(2 * tape.steps - t, 2 * tape.steps)
    with np.errstate(all="ignore"):
        return timestep_contributions(before, 1).running_sum


def _drift(network: Network, now: Network) -> float | None:
    """Return ‖s_0 − s′_0‖/‖s′_0‖; None when s′_0 is 0."""
    names = network.states
    trained = np.concatenate([network.tape[name][0].reshape(-1) for name in names])
    present = np.concatenate([now.tape[name][0].reshape(-1) for name in names])
    size = norm(present)
    return norm(trained - present) / size if size else None
