"""The gradient map: each timestep's loss on its way back through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.gradient_map import GradientMap, gradient_map_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest

MOST_LOSSES = 400  # that are followed at a time
FEWEST_LOSSES = 8
MOST_PRODUCTS = 2**27  # of numbers, in one timestep: some tens of milliseconds


@dataclass(frozen=True, slots=True)
class GradientMapProof(Proof):
    """‖∂L_t/∂s_<t-k>‖ of every state s for all timesteps t and lags k.

    Of long windows and large networks only some of the losses are followed.
    """

    words: ClassVar[str] = "following the gradient back"

    @classmethod
    def at(cls, selected: Selected) -> GradientMapProof:
        return cls()

    def work(self, window: WindowUnderTest) -> Work[GradientMap]:
        network = yield from window.network()
        of_one_loss = max(network.flat.size * network.tape.batch, 1)
        most = min(max(MOST_PRODUCTS // of_one_loss, FEWEST_LOSSES), MOST_LOSSES)
        return (yield from gradient_map_work(network, most))
