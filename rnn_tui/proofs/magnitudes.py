"""The magnitudes of a whole window, also of what the cursor has not reached yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from rnn_tui.engine.analysis.gradient_flow import gradient_norms, memory_gradient_norms
from rnn_tui.engine.analysis.magnitudes import Magnitudes, magnitudes
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class MagnitudesProof(Proof):
    """The largest values and gradients in the window of one sample.

    They are known before the cursor has been everywhere, so that the scale of the bars does not
    change on the way.
    """

    words: ClassVar[str] = "measuring"
    sample: int

    @classmethod
    def at(cls, selected: Selected) -> MagnitudesProof:
        return cls(selected.sample)

    def work(self, window: WindowUnderTest) -> Work[Magnitudes]:
        network = yield from window.network()
        sample = min(self.sample, network.tape.batch - 1)
        steps = range(1, network.tape.steps + 1)
        found = yield from magnitudes(network.sample_window(sample), steps)
        norms: dict[str, Array] = {}
        for layer in network.layers:
            name = name_in_layer("h", layer.number)
            norms[name] = gradient_norms(network, layer.number)
            norms |= memory_gradient_norms(network, layer.number)
        return replace(found, norms=MappingProxyType(norms))
