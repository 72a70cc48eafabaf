"""One tensor of parameters: how what is shown of it is distributed, and one timestep's share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from rnn_tui.engine.analysis.contributions import tensor_contributions
from rnn_tui.engine.analysis.distribution import distribution
from rnn_tui.engine.analysis.ledger import locate_parameter
from rnn_tui.engine.analysis.tensor_report import (
    CHANGE,
    GRADIENT,
    NO_CHANGE,
    NO_GRADIENT,
    SHARE,
    VALUE,
    TensorReport,
)
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest


@dataclass(frozen=True, slots=True)
class WeightsProof(Proof):
    """The tensor of the selected parameter, where the trainer stands.

    Attributes:
        quantity: what is measured of it, one of QUANTITIES.
        parameter: the selected entry; which it is of a tensor makes no difference.
        t: the selected timestep.
        place: the trainer's index and the tensor's name, on which the result depends.
        trainer: the trainer; it is only read, and stands still while this proof is requested.
    """

    words: ClassVar[str] = "measuring"
    needs_window: ClassVar[bool] = False
    quantity: str
    parameter: int = field(compare=False)
    t: int
    place: tuple[int, str] = (0, "")
    trainer: Trainer | None = field(default=None, compare=False, repr=False)

    @classmethod
    def at(cls, selected: Selected) -> WeightsProof:
        quantity = selected.variant("weights", VALUE)
        timed = quantity in (GRADIENT, SHARE)
        return cls(quantity, selected.parameter, selected.t if timed else 0)

    def at_place(self, trainer: Trainer) -> WeightsProof:
        tensor, _ = locate_parameter(trainer.network, self.parameter)
        return replace(self, place=(trainer.index, tensor), trainer=trainer)

    def work(self, window: WindowUnderTest) -> Work[TensorReport | Refusal]:
        trainer, (_, tensor) = self.trainer, self.place
        assert trainer is not None
        entries = yield from self._entries(trainer, tensor)
        if isinstance(entries, Refusal):
            return entries
        found = yield from distribution(entries)
        return TensorReport(tensor, self.quantity, self.t, entries, found)

    def _entries(self, trainer: Trainer, tensor: str) -> Work[Array | Refusal]:
        """Return a copy of what is measured."""
        network, optimizer = trainer.network, trainer.optimizer
        at_update = trainer.position == trainer.schedule.end
        if self.quantity == CHANGE and not (at_update and optimizer.updates_made):
            return Refusal(NO_CHANGE)
        if self.quantity in (VALUE, CHANGE):
            whole = trainer.parameters if self.quantity == VALUE else optimizer.delta
            return views(network.specs, whole)[tensor].copy()
        complete = trainer.position >= trainer.schedule.clip
        if self.quantity == GRADIENT and complete and trainer.divergence is None:
            return views(network.specs, network.gradient)[tensor].copy()
        cursor = trainer.cursor
        if not complete and not (cursor.stage is Pass.BACKWARD and self.t >= cursor.t):
            return Refusal(NO_GRADIENT)
        share, so_far = yield from tensor_contributions(network, tensor, self.t)
        return share if self.quantity == SHARE else so_far
