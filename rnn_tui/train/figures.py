"""The figures of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tasks.base import TestSeries
from rnn_tui.train.progress import TrainProgress, smoothed_loss


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run; None where a number is not finite or not available.

    Attributes:
        updates: updates in all, those of earlier runs included.
        loss: the loss of the last window.
        smoothed_loss: the smoothed loss, see `History`.
        test_one_step_mse: error of each next value of the test series, predicted from true ones.
        test_free_run_mse: error when predictions are fed back (cos: one period; series: T steps).
        test_free_run_3_mse: the same error for three times as long.
        test_loss: loss on fixed test windows, for tasks that have these in place of a series.
        test_accuracy: accuracy of the classes judged there, 0 … 1; None without classes.
        updates_per_second: speed of training alone.
        parameters: the number of parameters.
        stopped_by: the breakpoint that ended the run, with its value.
        with_what_ifs: the what-ifs in force, in training and in the tests.
        without_what_ifs: those in force in training only: values held at one timestep, where that
            means nothing in the test data.
        data: what was read of the data file, as `rnn-tui inspect --json` prints it; None where
            there is none.
    """

    updates: int
    loss: float | None
    smoothed_loss: float | None
    test_one_step_mse: float | None
    test_free_run_mse: float | None
    test_free_run_3_mse: float | None
    test_loss: float | None
    test_accuracy: float | None
    updates_per_second: float | None
    parameters: int
    stopped_by: str | None
    with_what_ifs: tuple[str, ...] = ()
    without_what_ifs: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None

    def to_json(self) -> str:
        """Return one line of JSON, in which a number that is not finite is null.

        What-ifs are named only where there are some.
        """
        values = {name: value for name, value in asdict(self).items() if value != ()}
        return json.dumps(values, allow_nan=False)

    def to_text(self) -> str:
        """Return text for people, with one figure a line."""
        rows = {
            "updates": f"{self.updates:,}",
            "loss": _figure(self.loss),
            "smoothed loss": _figure(self.smoothed_loss),
            **self._tested(),
            "updates per second": _whole(self.updates_per_second),
            "parameters": f"{self.parameters:,}",
        }
        lines = [f"{name:<26}{value:>12}" for name, value in rows.items()]
        for name, what_ifs in (
            ("what-ifs in force", self.with_what_ifs),
            ("what-ifs in training only", self.without_what_ifs),
        ):
            lines += [f"{name:<26}{', '.join(what_ifs)}"] if what_ifs else []
        return "\n".join(lines)

    def _tested(self) -> dict[str, str]:
        """Return the figures of the test series, or of the test windows, by label."""
        if self.test_loss is not None or self.test_accuracy is not None:
            share = self.test_accuracy
            accuracy = {} if share is None else {"test accuracy": f"{share:.2%}".replace("%", " %")}
            return {"test loss": _figure(self.test_loss), **accuracy}
        return {
            "test MSE, one step ahead": _figure(self.test_one_step_mse),
            "test MSE, running free": _figure(self.test_free_run_mse),
            "  … three times as long": _figure(self.test_free_run_3_mse),
        }


TESTED = tuple(field.name for field in fields(Summary) if field.name.startswith("test_"))


def summarise(trainer: Trainer, progress: TrainProgress) -> Summary:
    """Return the figures of a run; takes up to a second for very long test series."""
    figures, held = _tested(trainer)
    return Summary(
        updates=trainer.updates,
        loss=_finite(trainer.loss),
        smoothed_loss=_finite(smoothed_loss(trainer)),
        **figures,
        updates_per_second=_finite(progress.per_second),
        parameters=trainer.parameters.size,
        stopped_by=progress.stop.reason if progress.stop else None,
        with_what_ifs=tuple(map(str, held.used)),
        without_what_ifs=tuple(map(str, held.left_out)),
        data=None,  # the command line has read it
    )


def _tested(trainer: Trainer) -> tuple[dict[str, float | None], HeldValues]:
    """Return the figures of the task's test data by their names in `Summary`, and their what-ifs.

    Values that a what-if holds are held there, too, where that means something.
    """
    figures = dict.fromkeys(TESTED)
    test, architecture, parameters = trainer.task.test(), trainer.architecture, trainer.parameters
    if isinstance(test, TestSeries):
        series_evaluator = SeriesEvaluator(architecture, parameters, test)
        series_evaluator.hold(trainer.network.pins)
        series, held = series_evaluator.evaluate(), series_evaluator.held
        figures["test_one_step_mse"] = _finite(series.one_step_mse)
        free_run = (*series.free_run_mse, None)  # a short series may have one horizon only
        figures["test_free_run_mse"] = _finite(free_run[0])
        figures["test_free_run_3_mse"] = _finite(free_run[1])
    else:
        evaluator = WindowsEvaluator(architecture, parameters, test)
        evaluator.hold(trainer.network.pins, trainer.settings.steps)
        windows, held = evaluator.evaluate(), evaluator.held
        figures["test_loss"] = _finite(windows.loss)
        figures["test_accuracy"] = windows.accuracy
    return figures, held


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
