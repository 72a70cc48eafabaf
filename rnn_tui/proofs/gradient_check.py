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
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.scratch_network import GradientRecord
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
        record = GradientRecord(
            window.architecture, window.parameters, window.window, gradient, window.pins
        )
        indices: Array = np.array([self.parameter])
        if self.whole:
            indices = tensor_indices(record, locate_parameter(network, self.parameter)[0])
        check = yield from gradient_check_work(record, indices)
        return GradientCheckReport(self, check, on_copy=window.gradient is None)


@dataclass(frozen=True, slots=True)
class GradientCheckReport:
    """The result of a gradient check.

    Attributes:
        request: what was checked.
        check: both gradients and the verdict.
        on_copy: true if the gradient was computed on a copy, as the trainer had not finished it.
    """

    request: GradientCheckProof
    check: GradientCheck
    on_copy: bool
