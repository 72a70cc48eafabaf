"""The gradient of one timestep's loss alone, on its way back through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.loss_gradient import LossGradient, loss_gradient_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest

NAME = "loss-gradient"  # its registered name


@dataclass(frozen=True, slots=True)
class LossGradientProof(Proof):
    """‖∂L_t/∂s_k‖ of the timestep's loss that is looked at, for every state and k ≤ t.

    Attributes:
        loss: its timestep.
    """

    words: ClassVar[str] = "following one loss back"
    loss: int

    @classmethod
    def at(cls, selected: Selected) -> LossGradientProof:
        return cls(selected.loss)

    def work(self, window: WindowUnderTest) -> Work[LossGradient]:
        network = yield from window.network()
        return (yield from loss_gradient_work(network, self.loss))
