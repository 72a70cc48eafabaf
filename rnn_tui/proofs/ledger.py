"""The ledger: one entry of the gradient as a sum of the contributions of all timesteps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rnn_tui.engine.analysis.ledger import Ledger, parameter_ledger
from rnn_tui.engine.core.background_work import Work
from rnn_tui.proofs.base import Proof, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class LedgerProof(Proof):
    """The contributions of all timesteps to the gradient of `parameter`."""

    words: ClassVar[str] = "adding up"
    parameter: int

    @classmethod
    def at(cls, selected: Selected) -> LedgerProof:
        return cls(selected.parameter)

    def work(self, window: WindowUnderTest) -> Work[Ledger]:
        return parameter_ledger((yield from window.network()), self.parameter)
