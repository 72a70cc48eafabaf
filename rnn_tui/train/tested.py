"""The figures of one network on its task's test data, and what they are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.engine.analysis.series_errors import TargetErrors, target_errors
from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tasks.base import TestSeries
from rnn_tui.tasks.baselines import NO_MEMORY, Baseline, NaiveForecasts, comparison, skill

LABEL = 26  # columns of a label
WITHOUT_TEST = "there are no test data: a case is one batch, which is trained on"
_LARGEST_LOSS = 700.0  # whose exponential is a number


@dataclass(frozen=True, slots=True)
class Tested:
    """The figures of a network on test data; None where a number is not finite or not available.

    Attributes:
        one_step_mse: error of each next value of the test series, predicted from true ones.
        free_run_mse: error when predictions are fed back (cos: one period; series: T steps).
        free_run_3_mse: the same error for three times as long.
        loss: loss on fixed test windows, for tasks that have these in place of a series.
        accuracy: accuracy of the classes judged there, 0 … 1; None without classes.
        targets: the errors of each target of a series in its own units.
        baselines: what the error is compared with, the best one first.
        naive: the forecasts that these are of; None where there is no series.
        tokens: whether the classes are the tokens of a text.
        without: why there are no figures, in a sentence; "" where there are.
    """

    one_step_mse: float | None = None
    free_run_mse: float | None = None
    free_run_3_mse: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    targets: tuple[TargetErrors, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    naive: NaiveForecasts | None = None
    tokens: bool = False
    without: str = ""

    @property
    def compared(self) -> float | None:
        """The error that is compared with the baselines."""
        return self.one_step_mse if self.targets else self.loss

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the targets."""
        return tuple(each.name for each in self.targets)

    @property
    def perplexity(self) -> float | None:
        """Among how many tokens one would have to guess, e^loss; None where there are none."""
        if self.loss is None or not self.tokens or self.loss > _LARGEST_LOSS:
            return None
        return math.exp(self.loss)

    @property
    def skill(self) -> float | None:
        """1 − error / that of the best baseline."""
        return skill(self.compared, self.baselines)

    @property
    def comparison(self) -> str:
        """How the error compares with the best baseline, in words."""
        return comparison(self.compared, self.baselines)

    def errors(self) -> dict[str, object]:
        """Return the errors, for JSON."""
        return {
            "test_one_step_mse": self.one_step_mse,
            "test_free_run_mse": self.free_run_mse,
            "test_free_run_3_mse": self.free_run_3_mse,
            "test_loss": self.loss,
            "test_accuracy": self.accuracy,
        }

    def judged(self) -> dict[str, object]:
        """Return what they are compared with, for JSON; errors in units are by name of several."""
        naive = self.naive
        baselines = naive.errors() if naive else {_key(b): b.loss for b in self.baselines}
        return {
            "test_rmse": self._by_name([each.rmse for each in self.targets]),
            "test_mae": self._by_name([each.mae for each in self.targets]),
            "baselines": {name: _finite(loss) for name, loss in baselines.items()},
            "season": None if naive is None else naive.length,
            "skill": self.skill,
            "comparison": self.comparison or None,
            "perplexity": self.perplexity,
            "test_values_outside": None if naive is None else naive.outside,
        }

    def _by_name(self, values: list[float | None]) -> object:
        """Return the only value, or values by the targets' names; None if there is none."""
        if len(values) < 2:
            return values[0] if values else None
        return dict(zip(self.target_names, values, strict=True))

    def rows(self) -> dict[str, str]:
        """Return the figures by label."""
        if self.without:
            return {}
        if not self.targets:
            share = self.accuracy
            accuracy = {} if share is None else {"test accuracy": f"{share:.2%}".replace("%", " %")}
            of_text = {"test perplexity": _figure(self.perplexity)} if self.tokens else {}
            loss = {"test loss": _figure(self.loss), **of_text}
            return {**loss, **accuracy, **self._of_baselines()}
        rows = {"test MSE, one step ahead": _figure(self.one_step_mse), **self._of_baselines()}
        for each in self.targets:
            of = f", {each.name}" if len(self.targets) > 1 else ""
            rows |= {_label(f"test RMSE{of}"): _figure(each.rmse)}
            rows |= {_label(f"test MAE{of}"): _figure(each.mae)}
        rows["test MSE, running free"] = _figure(self.free_run_mse)
        rows["  … three times as long"] = _figure(self.free_run_3_mse)
        return rows

    def _of_baselines(self) -> dict[str, str]:
        """Return the errors of what the network is compared with, by label."""
        if self.naive is None:
            return {_label(f"  {_words(each)}"): _figure(each.loss) for each in self.baselines}
        season = (
            {}
            if self.naive.length is None
            else {f"  season of {self.naive.length:,}": _figure(self.naive.season)}
        )
        return {
            "  last value again": _figure(self.naive.last),
            **season,
            "  drift": _figure(self.naive.drift),
        }

    def sentences(self) -> list[str]:
        """Return how the error compares in words, and what was assumed."""
        if self.without:
            return [self.without]
        words = f"one step ahead {self.comparison}" if self.targets else self.comparison
        notes = () if self.naive is None else self.naive.notes()
        return [*([words] if self.comparison else []), *notes]


def _key(baseline: Baseline) -> str:
    """Return the name of a baseline in JSON."""
    return baseline.words if baseline.brief == NO_MEMORY else baseline.brief


def _words(baseline: Baseline) -> str:
    """Return what a baseline is, in words that have room in a label."""
    if len(baseline.words) < LABEL - 2:
        return baseline.words
    return "without memory" if baseline.brief == NO_MEMORY else baseline.brief


def _label(text: str) -> str:
    """Return a label that leaves a blank before the figure."""
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) < LABEL else f"{text[: LABEL - 2]}…"


def tested(trainer: Trainer, parameters: Array) -> tuple[Tested, HeldValues]:
    """Return the figures of a network on its task's test data, and the what-ifs that they have.

    Values that a what-if holds are held there, too, where that means something.

    Args:
        trainer: a run; nothing in it changes.
        parameters: of a network of this run, [P].
    """
    task, architecture, pins = trainer.task, trainer.architecture, trainer.network.pins
    if not task.tested:
        return Tested(without=WITHOUT_TEST), HeldValues.of(pins, timed=True)
    test, baselines = task.test(), task.baselines()
    if isinstance(test, TestSeries):
        series_evaluator = SeriesEvaluator(architecture, parameters, test)
        series_evaluator.hold(pins)
        series = series_evaluator.evaluate()
        free_run = (*series.free_run_mse, None)  # a short series may have one horizon only
        return Tested(
            one_step_mse=_finite(series.one_step_mse),
            free_run_mse=_finite(free_run[0]),
            free_run_3_mse=_finite(free_run[1]),
            targets=target_errors(test, series),
            baselines=baselines,
            naive=task.naive_forecasts(),
        ), series_evaluator.held
    evaluator = WindowsEvaluator(architecture, parameters, test)
    evaluator.hold(pins, trainer.settings.steps)
    windows = evaluator.evaluate()
    return Tested(
        loss=_finite(windows.loss),
        accuracy=windows.accuracy,
        baselines=baselines,
        tokens=task.name == "text",
    ), evaluator.held


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
