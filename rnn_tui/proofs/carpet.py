"""The carpet: one value of all units of a layer at all timesteps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.unit_values import UnitValues, unit_symbols, unit_values
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest

BY_NUMBER = " by number"
"""Ends the name of a variant in which the units stand by their numbers."""


def shown_value(variant: str) -> str:
    """Return the name of the value that a variant of the carpet shows."""
    return variant.removesuffix(BY_NUMBER)


@dataclass(frozen=True, slots=True)
class CarpetProof(Proof):
    """The values `name` of a layer, of one sample.

    They are of the whole window before the cursor has been everywhere, so that the order of the
    units does not change on the way.
    """

    words: ClassVar[str] = "collecting"
    name: str
    sample: int
    layer: int

    @classmethod
    def at(cls, selected: Selected) -> CarpetProof:
        return cls(shown_value(selected.variant("carpet", "h")), selected.sample, selected.layer)

    def work(self, window: WindowUnderTest) -> Work[UnitValues]:
        network = yield from window.network()
        sample = network.sample_window(min(self.sample, network.tape.batch - 1))
        names = tuple(unit_symbols(sample.declaration))
        name = self.name if self.name in names else names[0]  # another cell has no c
        return (yield from unit_values(sample, name, self.layer))
