"""The gradient check as a proof: a gradient compared with numeric derivatives of the loss.

The other proofs are computed while their panel is visible, this one when a command asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnn_tui.engine.analysis.gradient_check import (
    GradientCheck,
    gradient_check_work,
    tensor_indices,
)
from rnn_tui.engine.analysis.ledger import locate_parameter
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pins
from rnn_tui.engine.network.scratch_network import GradientRecord, scratch_network
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class GradientCheckProof(Proof):
    """Check one entry of the gradient numerically, or all of the tensor it belongs to.

    Attributes:
        parameter: the entry, as an index into the flat vector.
        whole: whether the whole tensor is checked.
    """

    words: ClassVar[str] = "checking"
    parameter: int
    whole: bool = False

    @classmethod
    def at(cls, selected: Selected) -> GradientCheckProof:
        return cls(selected.parameter)

    def work(self, window: WindowUnderTest) -> Work[GradientCheckReport]:
        network = yield from window.network()
        gradient = network.gradient if window.gradient is None else window.gradient
        cuts = tuple(pin for pin in window.pins if isinstance(pin, Cut))
        pins = tuple(pin for pin in window.pins if not isinstance(pin, Cut))
        record = GradientRecord(
            window.architecture, window.parameters, window.window, gradient, window.pins
        )
        indices: Array = np.array([self.parameter])
        if self.whole:
            indices = tensor_indices(record, locate_parameter(network, self.parameter)[0])
        check = yield from gradient_check_work(record, indices)
        whole = None
        if cuts:
            without = yield from _without_cuts(window, pins)
            whole = without.gradient[indices].astype(np.float64)
        return GradientCheckReport(
            self, check, window.gradient is None, tuple(map(str, cuts)), whole
        )


def _without_cuts(window: WindowUnderTest, pins: Pins) -> Work[Network]:
    """Compute both passes of the window with these pins, a timestep at a time."""
    network = scratch_network(window.architecture, window.parameters, window.window, pins=pins)
    steps = range(1, network.tape.steps + 1)
    for t in steps:
        network.forward(t, t)
        yield Progress(0, 1)
    network.loss()
    for t in reversed(steps):
        network.backward(t, t)
        yield Progress(0, 1)
    return network


@dataclass(frozen=True, slots=True)
class GradientCheckReport:
    """The result of a gradient check.

    Attributes:
        request: what was checked.
        check: both gradients and the verdict.
        on_copy: true if the gradient was computed on a copy, as the trainer had not finished it.
        cuts: the paths of the gradient that are cut, as they were typed.
        without_cuts: the gradient of the loss, which no path is cut of, for the entries checked:
            [N] float64; None where nothing is cut.
    """

    request: GradientCheckProof
    check: GradientCheck
    on_copy: bool
    cuts: tuple[str, ...] = ()
    without_cuts: Array | None = None
