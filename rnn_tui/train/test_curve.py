"""The loss on test data along a training without a screen, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tasks.base import TestSeries
from rnn_tui.train.progress import EarlyStop
from rnn_tui.train.tested import Tested, tested


@dataclass(frozen=True, slots=True)
class Best:
    """The network whose test loss was the lowest of those measured.

    Attributes:
        update: after which it was the run's network.
        loss: its test loss.
        kept: whether it is the network that --out is to have.
        test: all of its figures on test data.
    """

    update: int
    loss: float
    kept: bool
    test: Tested

    def to_json(self) -> dict[str, object]:
        """Return the figures for JSON."""
        own = {"update": self.update, "loss": self.loss, "kept": self.kept}
        return own | self.test.errors() | self.test.judged()

    def sentences(self, last: int) -> list[str]:
        """Return what the network of this update has reached, if it is not the last one."""
        if self.update == last or not self.test.comparison:
            return []
        return [f"the network of update {self.update:,}: {self.test.comparison}"]


class TestCurve:
    """Measures the test loss of a run, each time so many updates are done.

    Measuring changes nothing of the training: it is done with a copy of the parameters, by a
    network of its own. The whole test data are measured; the run's history also takes the loss of
    the first of them, which is what the loss chart has (see `TestLosses`).

    Attributes:
        every: updates from one measurement to the next.
        count: measurements so far.
        newest: the newest test loss; NaN before the first.
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    def __init__(
        self,
        trainer: Trainer,
        every: int,
        *,
        patience: int | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        """Prepare to measure.

        Args:
            trainer: the run; it is only read, but its history takes what is measured.
            every: updates from one measurement to the next.
            patience: measurements without an improvement that end the run; None: none do.
            keep: called at each improvement, to keep the run as it is then; None: nothing is kept.
        """
        self.every = every
        self.count = 0
        self.newest = math.nan
        self._trainer = trainer
        self._patience = patience
        self._keep = keep
        self._measured_at = -1
        self._without_improvement = 0
        self._best_update = 0
        self._best_loss = math.inf
        self._best_parameters: Array | None = None
        self._copy = trainer.parameters.copy()
        self._test = trainer.task.test()
        trainer.history.tested.latest = None  # breakpoints compare what is measured here
        self._evaluator: SeriesEvaluator | WindowsEvaluator | None = None

    def due_in(self, updates: int) -> int:
        """Return after how many updates from now, `updates` being done, one is to be measured."""
        return self.every - updates % self.every

    @property
    def is_new(self) -> bool:
        """Whether the newest test loss is that of the network as it is."""
        return self._trainer.updates == self._measured_at

    def after_updates(self, *, last: bool) -> EarlyStop | None:
        """Measure if it is time, or the run ends here; return why it ends now, if it does."""
        trainer = self._trainer
        if trainer.divergence is not None or not trainer.updates or self.is_new:
            return None
        return self._measure() if last or not trainer.updates % self.every else None

    def _measure(self) -> EarlyStop | None:
        """Measure the network as it is; return why the run ends now, if it does."""
        trainer = self._trainer
        loss, first = self._losses()
        self.newest, self.count, self._measured_at = loss, self.count + 1, trainer.updates
        if math.isfinite(first):
            trainer.history.tested.add(trainer.updates, first)
        trainer.history.tested.latest = trainer.updates, loss
        if loss < self._best_loss:
            self._best_loss, self._best_update = loss, trainer.updates
            self._best_parameters = trainer.parameters.copy()
            self._without_improvement = 0
            if self._keep is not None:
                self._keep()
            return None
        self._without_improvement += 1
        if self._patience is None or self._without_improvement < self._patience:
            return None
        return EarlyStop(self._patience, self._best_update, self._best_loss, self._keep is not None)

    def loss_at(self, update: int) -> float | None:
        """Return the newest test loss if it is that of `update`; else None."""
        return self.newest if update == self._measured_at else None

    @property
    def best(self) -> Best | None:
        """The best network so far, with all of its figures; None before the first finite loss."""
        if self._best_parameters is None:
            return None
        figures, _ = tested(self._trainer, self._best_parameters)
        kept = self._keep is not None
        return Best(self._best_update, self._best_loss, kept, figures)

    def _losses(self) -> tuple[float, float]:
        """Return the losses on the whole test data and on the first of them."""
        trainer = self._trainer
        np.copyto(self._copy, trainer.parameters)
        if self._evaluator is None:
            self._evaluator = (
                SeriesEvaluator(trainer.architecture, self._copy, self._test)
                if isinstance(self._test, TestSeries)
                else WindowsEvaluator(trainer.architecture, self._copy, self._test)
            )
        if isinstance(self._evaluator, SeriesEvaluator):
            self._evaluator.hold(trainer.network.pins)
            return self._evaluator.one_step_losses()
        self._evaluator.hold(trainer.network.pins, trainer.settings.steps)
        windows = self._evaluator.evaluate()
        return windows.loss, windows.first_loss
