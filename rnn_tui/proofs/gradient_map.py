"""The gradient map: each timestep's loss on its way back through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.gradient_map import GradientMap, gradient_map_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest

MOST_STEPS = 400  # timesteps of a window up to which it is computed: it has T² numbers


@dataclass(frozen=True, slots=True)
class GradientMapProof(Proof):
    """‖∂L_t/∂h_t−k‖ for all timesteps t and lags k."""

    words: ClassVar[str] = "following the gradient back"

    @classmethod
    def at(cls, selected: Selected) -> GradientMapProof:
        return cls()

    def work(self, window: WindowUnderTest) -> Work[GradientMap | Refusal]:
        network = yield from window.network()
        if network.tape.steps > MOST_STEPS:
            return Refusal(f"The map is made of windows of up to {MOST_STEPS} timesteps.")
        return (yield from gradient_map_work(network))
