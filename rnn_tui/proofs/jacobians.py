"""The Jacobians between states: the most that one timestep can scale a gradient by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.jacobians import JacobianNorms, jacobian_norms_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest

MOST_STATES = 512  # entries of the state, of all layers, up to which the Jacobians are measured


@dataclass(frozen=True, slots=True)
class JacobiansProof(Proof):
    """Spectral norms of the Jacobians between states, back from the timestep of a loss."""

    words: ClassVar[str] = "measuring the Jacobians"
    sample: int
    loss: int

    @classmethod
    def at(cls, selected: Selected) -> JacobiansProof:
        return cls(selected.sample, selected.loss)

    def work(self, window: WindowUnderTest) -> Work[JacobianNorms | Refusal]:
        network = yield from window.network()
        states = network.architecture.hidden * len(network.states)
        if states > MOST_STATES:
            return Refusal(f"measured up to {MOST_STATES} state entries, these are {states}")
        return (yield from jacobian_norms_work(network, self.sample, self.loss))
