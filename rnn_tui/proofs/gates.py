"""The gates: how much gradient the recurrent weights and the gates alone pass on through time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

from rnn_tui.engine.analysis.direct_path import DirectPath, direct_path
from rnn_tui.engine.analysis.spectra import spectral_radius
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class GateReport:
    """Measures of what the recurrent weights and the gates let through time.

    Attributes:
        radii: the spectral radius max |λ| of each gate's block of W_h, by name.
        direct: of each layer the path along the cell state; empty for a cell that has none.
    """

    radii: Mapping[str, float]
    direct: tuple[DirectPath, ...]


@dataclass(frozen=True, slots=True)
class GatesProof(Proof):
    """Spectral radii, and the products of the gates of one sample, back from a timestep's loss."""

    words: ClassVar[str] = "measuring the gates"
    sample: int
    loss: int

    @classmethod
    def at(cls, selected: Selected) -> GatesProof:
        return cls(selected.sample, selected.loss)

    def work(self, window: WindowUnderTest) -> Work[GateReport]:
        network = yield from window.network()
        by_layer = (layer.recurrent_blocks(network.parameters).items() for layer in network.layers)
        blocks = tuple(chain.from_iterable(by_layer))
        radii = {}
        for done, (name, block) in enumerate(blocks, 1):  # eigenvalues take a while
            radii[name] = spectral_radius(block)
            yield Progress(done, len(blocks))
        paths = (
            direct_path(network, self.sample, layer.number, self.loss) for layer in network.layers
        )
        return GateReport(MappingProxyType(radii), tuple(path for path in paths if path))
