"""Copies of a network's window, and networks of their own to compute with them.

The network that trains is only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins


@dataclass(frozen=True, slots=True, eq=False)
class WindowData:
    """All that a window is computed from, besides the parameters.

    Attributes:
        x: inputs as in `Network.inputs`, [T, B, D] or codes [T, B].
        target: targets as in `Network.targets`, [T, B, O] or codes [T, B].
        states: the states that it begins with, [B, H] by name.
    """

    x: Array
    target: Array
    states: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class NextWindow:
    """A window by its data alone.

    Attributes:
        x: inputs as in `Network.inputs`.
        target: targets as in `Network.targets`.
        continues: whether it begins with the states that the one before ended with.
        start: else it begins with these, [B, H] by name; None: zeros.
    """

    x: Array
    target: Array
    continues: bool
    start: Mapping[str, Array] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GradientRecord:
    """A gradient and all that it depends on.

    Attributes:
        architecture: of the network.
        parameters: [P].
        window: the data of the window.
        gradient: [P], before clipping.
        pins: those that were in force.
    """

    architecture: Architecture
    parameters: Array
    window: WindowData
    gradient: Array
    pins: Pins = ()


def copy_window(network: Network) -> WindowData:
    """Return a copy of the window on the tape."""
    return WindowData(network.inputs.copy(), network.targets.copy(), network.state(0))


def gradient_record(network: Network) -> GradientRecord:
    """Return copies of the window, the parameters and the gradient."""
    parameters, gradient = network.flat.copy(), network.gradient.copy()
    return GradientRecord(
        network.architecture, parameters, copy_window(network), gradient, network.pins
    )


def scratch_network(
    architecture: Architecture,
    parameters: Array,
    window: WindowData,
    dtype: npt.DTypeLike | None = None,
    pins: Pins = (),
) -> Network:
    """Return a network of its own for a window; nothing is computed yet.

    Args:
        architecture: of the network.
        parameters: [P], copied.
        window: copied to the network's tape.
        dtype: precision of the copy; None: that of `parameters`.
        pins: put in force.
    """
    flat = parameters.astype(dtype or parameters.dtype)
    steps, batch = window.x.shape[:2]
    network = Network(architecture, flat, steps, batch)
    np.copyto(network.inputs, window.x)
    np.copyto(network.targets, window.target)
    network.set_state(window.states)
    network.pins = pins
    network.encode()
    return network
