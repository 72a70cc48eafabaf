"""The numeric check: a gradient compared with differences of the loss, from forward passes alone.

Unlike the other proofs it is not computed because its panel is visible, but when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnn_tui.engine.analysis.ledger import locate_parameter
from rnn_tui.engine.analysis.verification import Verification, tensor_indices, verification_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.scratch import GradientRecord
from rnn_tui.proofs.base import Proof, WindowUnderTest


@dataclass(frozen=True, slots=True)
class VerificationProof(Proof):
    """Check one entry of the gradient numerically, or all of the tensor it belongs to.

    Attributes:
        parameter: the entry, as an index into the flat vector.
        whole: whether the whole tensor is checked.
    """

    words: ClassVar[str] = "checking"
    parameter: int
    whole: bool = False

    @classmethod
    def at(cls, parameter: int, sample: int) -> VerificationProof:
        return cls(parameter)

    def work(self, window: WindowUnderTest) -> Work[VerificationReport]:
        network = yield from window.network()
        gradient = network.gradient if window.gradient is None else window.gradient
        record = GradientRecord(
            window.architecture, window.parameters, window.window, gradient, window.pins
        )
        indices: Array = np.array([self.parameter])
        if self.whole:
            indices = tensor_indices(record, locate_parameter(network, self.parameter)[0])
        verification = yield from verification_work(record, indices)
        return VerificationReport(self, verification, on_copy=window.gradient is None)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The result of a numeric check.

    Attributes:
        request: what was checked.
        verification: both gradients and the verdict.
        on_copy: true if the gradient was computed on a copy, as the trainer had not finished it.
    """

    request: VerificationProof
    verification: Verification
    on_copy: bool
