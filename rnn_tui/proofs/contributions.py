"""The contributions of one timestep to all gradients, of networks for which they take long."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from rnn_tui.engine.analysis.contributions import Contributions, contributions_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class ContributionsProof(Proof):
    """What timestep `t` adds to the gradients, and their sum so far; of large networks only.

    Of others a snapshot has them at once. They are read off the trainer's own tape, which stands
    still while they are computed.
    """

    words: ClassVar[str] = "adding up"
    t: int
    index: int = -1
    trainer: Trainer | None = field(default=None, compare=False, repr=False)

    @classmethod
    def at(cls, selected: Selected) -> ContributionsProof:
        return cls(selected.t)

    def at_place(self, trainer: Trainer) -> ContributionsProof:
        return replace(self, index=trainer.index, trainer=trainer)

    def work(self, window: WindowUnderTest) -> Work[Contributions | Refusal]:
        trainer = self.trainer
        assert trainer is not None
        cursor = trainer.cursor
        if cursor.stage is not Pass.BACKWARD or self.t < cursor.t:
            return Refusal("the backward pass has not come here")
        return (yield from contributions_work(trainer.network, self.t))
