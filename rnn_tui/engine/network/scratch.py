"""Copies of a network's window to compute with aside, and computations that can be given up.

Nothing here touches the network it is given. What takes long is a generator: it yields how far it
is and returns its result, so that a thread can work through it in slices, or stop. `complete` does
it all at once.
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
    """What a window is computed from: inputs [T, B, D], targets [T, B, O], start states [B, H].

    Symbols and classes are codes [T, B], as `Network.inputs` and `Network.targets` have them.
    """

    x: Array
    target: Array
    states: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class GradientRecord:
    """All that a loss and its gradient depend on, and the gradient [P] that was found for it."""

    architecture: Architecture
    parameters: Array  # [P]
    window: WindowData
    gradient: Array  # [P], before clipping
    pins: Pins = ()  # in force


def copy_window(network: Network) -> WindowData:
    """A copy of the window on the tape."""
    return WindowData(network.inputs.copy(), network.targets.copy(), network.state(0))


def gradient_record(network: Network) -> GradientRecord:
    """A copy of the window, the parameters and the gradient; nothing else writes to it."""
    parameters, gradient = network.flat.copy(), network.gradient.copy()
    return GradientRecord(
        network.architecture, parameters, copy_window(network), gradient, network.pins
    )


def scratch_network(
    architecture: Architecture,
    parameters: Array,
    given: WindowData,
    dtype: npt.DTypeLike | None = None,
    pins: Pins = (),
) -> Network:
    """A network of its own, nothing computed yet: parameters [P] copied, in precision `dtype`.

    `pins` are in force in it.
    """
    flat = parameters.astype(dtype or parameters.dtype)
    steps, batch = given.x.shape[:2]
    network = Network(architecture, flat, steps, batch)
    np.copyto(network.inputs, given.x)
    np.copyto(network.targets, given.target)
    network.set_state(given.states)
    network.pins = pins
    network.encode()
    return network
