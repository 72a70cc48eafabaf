"""What the window's edge cuts off, what is carried across it, and what a longer window would add.

With truncated backpropagation the state goes from window to window, the gradient does not: at the
edge ∂L/∂h_0 is known and dropped (Williams and Peng 1990).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.contributions import shares
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch import WindowData, copy_window, scratch_network


@dataclass(frozen=True, slots=True)
class WindowEdge:
    """The window's beginning; norms over batch and units, by state (``h``, for the LSTM ``c``)."""

    gradient: Mapping[str, float]  # ‖∂L/∂h_0‖, which leaves the window and is dropped
    carried: Mapping[str, float]  # ‖h_0‖, which comes in; 0 where the window starts afresh


@dataclass(frozen=True, slots=True)
class Truncation:
    """The window at hand, of T timesteps, beside one of 2T that ends at the same place.

    Both with today's parameters and the loss of the last T timesteps only:
    added = ∇L(2T timesteps) − ∇L(the last T of them) = Σ shares of the first T.

    `drift` = ‖s_0 − s′_0‖/‖s′_0‖: how far the state s_0 the window at hand really began with, made
    by parameters of before the update, is from the s′_0 today's parameters make; None when that is
    0. The gradients `added` and `truncated` belong to s′_0.
    """

    edge: WindowEdge
    norm_edge: float  # ‖∂L/∂s_0‖ over all states together, of the window at hand
    truncated_norm: float  # ‖∇L‖ of the last T timesteps
    added_norm: float
    relative: float | None  # added_norm/truncated_norm; None when that is 0
    drift: float | None
    added: Array  # [P]


def edge(network: Network) -> WindowEdge:
    """The edge of a window whose backward pass is done."""
    tape, names = network.tape, network.states
    return WindowEdge(
        {name: norm(tape[f"d{name}_next"][0].reshape(-1)) for name in names},
        {name: norm(tape[name][0].reshape(-1)) for name in names},
    )


def truncation(network: Network, previous: WindowData) -> Truncation:
    """What `previous`, the window before, would add to the gradient of the one on the tape.

    `previous` has the same batch, side by side, and any number of timesteps. The window's own
    forward and backward pass are done. What is held or cut in it is so in both.
    """
    with np.errstate(all="ignore"):
        # Nothing of it counts, whatever its topology: only what flows through it is wanted.
        architecture = network.architecture.unmasked()
        before = scratch_network(architecture, network.flat, previous, pins=network.pins)
        before.forward(1, before.tape.steps)
        now = _again(network, before.state(before.tape.steps))
        added = _carry_on(before, now)
        truncated_norm, added_norm = norm(now.gradient), norm(added)
        at_edge = edge(network)
        return Truncation(
            edge=at_edge,
            norm_edge=float(np.hypot.reduce(list(at_edge.gradient.values()))),
            truncated_norm=truncated_norm,
            added_norm=added_norm,
            relative=added_norm / truncated_norm if truncated_norm else None,
            drift=_drift(network, now),
            added=added,
        )


def _again(network: Network, states: Mapping[str, Array]) -> Network:
    """The same window from other start states, both passes done."""
    given = copy_window(network)
    again = WindowData(given.x, given.target, states)
    now = scratch_network(network.architecture, network.flat, again, pins=network.pins)
    now.forward(1, now.tape.steps)
    now.loss()
    now.backward(1, now.tape.steps)
    return now


def _carry_on(before: Network, now: Network) -> Array:
    """Weight gradients [P] of the window `before` when what leaves `now` goes on into it."""
    tape = before.tape
    tape["dy"].fill(0)
    tape["dh_y"].fill(0)
    before.kernel.begin_backward()
    for name in before.states:
        tape[f"d{name}_next"][-1] = now.tape[f"d{name}_next"][0]
    before.kernel.backward(1, tape.steps)
    return shares(before, 1).so_far


def _drift(network: Network, now: Network) -> float | None:
    names = network.states
    real = np.concatenate([network.tape[name][0].reshape(-1) for name in names])
    made = np.concatenate([now.tape[name][0].reshape(-1) for name in names])
    size = norm(made)
    return norm(real - made) / size if size else None
