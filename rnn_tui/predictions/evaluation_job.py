"""Evaluates a network on its task's test series or test windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.network.pins import Pins, forward_pins
from rnn_tui.engine.training.history import History
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.job import PredictionJob
from rnn_tui.predictions.results import (
    Predictions,
    SeriesPredictions,
    TestCoverage,
    WindowsPredictions,
)
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import TestSeries, TestWindows

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.held_values import HeldValues
    from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluation, WindowsEvaluator
    from rnn_tui.predictions.series_future import SeriesFuture

GAP_WINDOWS = 100  # test windows at each gap other than that of the settings
LONGEST_GAP_WINDOW = 300  # timesteps
LOSS = "loss"  # the first part of the key of a measurement of the loss alone
LONGEST_HISTORY = 400  # evaluations that are kept; then every second one is dropped


@dataclass(frozen=True, slots=True)
class _Note:
    """Where a test loss is noted: the history, as it was when the work began, and the update."""

    history: History
    forks: int
    update: int

    def take(self, loss: float) -> None:
        """Note the loss, unless the run has left that branch or a near one is known."""
        if self.history.forks == self.forks and self.history.tested.due(self.update):
            self.history.tested.add(self.update, loss)


class EvaluationJob(PredictionJob):
    """Evaluates the newest parameters on the test data, or measures the loss there alone.

    Both note the loss of the first test data in the trainer's history, and change nothing else.

    Attributes:
        predictions: the newest result; None before the first.
        evaluated: as `started`, of the newest evaluation.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.predictions: Predictions | None = None
        self.evaluated = -math.inf
        self._test: TestSeries | TestWindows | None = None  # made when needed
        self._without_test = False  # the task has no test data
        self._settings = trainer.settings
        self._task = trainer.task
        self._architecture = trainer.architecture
        self._evaluator: SeriesEvaluator | WindowsEvaluator | None = None
        self._gaps: Mapping[int, WindowsEvaluator | None] = {}  # by gap, made when needed
        self._history: list[tuple[int, float]] = []

    def request(self, trainer: Trainer, requested: bool) -> None:
        """Evaluate the parameters of `trainer` unless that is done; if not `requested`, cancel.

        A measurement of the loss goes on where nothing else is requested.
        """
        if not requested:
            if not self.measuring:
                self.cancel()
            return
        if not self._has_test():
            return
        update, pins = trainer.updates, forward_pins(trainer.network.pins, timed=True)
        note = _Note(trainer.history, trainer.history.forks, update)
        parameters = trainer.copies.optimizer(trainer).parameters
        self.begin((update, pins), parameters, lambda: self._evaluate(note, pins))
        self.evaluated = self.started

    def forget_looks(self) -> None:
        """Begin the history of evaluations anew: what was evaluated may be once more."""
        self._history, self._key = [], None

    def measure(self, trainer: Trainer) -> None:
        """Measure the loss on the first test data with the parameters of `trainer`, if it is due.

        Other work goes first.
        """
        update, history = trainer.updates, trainer.history
        if self.busy or trainer.divergence is not None or not history.tested.due(update):
            return
        if not self._has_test():
            return
        pins = forward_pins(trainer.network.pins, timed=True)
        note = _Note(history, history.forks, update)
        key = (LOSS, update, pins, history.forks)
        parameters = trainer.copies.optimizer(trainer).parameters
        self.begin(key, parameters, lambda: self._measure(note, pins))

    @property
    def measuring(self) -> bool:
        """Whether the work under way is a measurement of the loss alone."""
        return self.busy and self.key is not None and self.key[0] == LOSS

    @property
    def coverage(self) -> TestCoverage | None:
        """What the loss in the history is measured on; None before the first measurement."""
        evaluator = self._evaluator
        if evaluator is None:
            return None
        if isinstance(evaluator, SeriesEvaluator):
            whole = len(evaluator.test.values) - max(evaluator.test.warm_up, 1)
            return TestCoverage(evaluator.first_values, whole, "points")
        return TestCoverage(evaluator.first_windows, evaluator.test.judged.shape[1], "windows")

    def _has_test(self) -> bool:
        """Return whether the task has test data."""
        if not self._task.tested:
            return False
        if self._test is None and not self._without_test:
            self._test = self._task.test()
            match self._test:
                case TestSeries(values=values, warm_up=warm_up):
                    self._without_test = len(values) <= max(warm_up, 1)
                case TestWindows(judged=judged):
                    self._without_test = not judged.size
        return not self._without_test

    def prepare(self, parameters: Array) -> None:
        """Make the evaluator for the task's test data."""
        test = self._test
        assert test is not None
        if isinstance(test, TestSeries):
            self._evaluator = SeriesEvaluator(self._architecture, parameters, test)
            return
        from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator

        self._evaluator = WindowsEvaluator(self._architecture, parameters, test)
        if self._task.name == "recall":
            self._gaps = dict.fromkeys(_gaps(self._settings))

    def _hold(self, pins: Pins) -> SeriesEvaluator | WindowsEvaluator:
        """Return the evaluator with `pins` in force, as far as they have a meaning there."""
        evaluator = self._evaluator
        assert evaluator is not None
        if isinstance(evaluator, SeriesEvaluator):
            evaluator.hold(pins)
        else:
            evaluator.hold(pins, self._settings.steps)
        return evaluator

    def _measure(self, note: _Note, pins: Pins) -> Work[object]:
        """Measure the loss alone."""
        note.take((yield from self._hold(pins).loss_work()))
        return None

    def _evaluate(self, note: _Note, pins: Pins) -> Work[object]:
        """Evaluate with `pins` in force."""
        evaluator, update = self._hold(pins), note.update
        if isinstance(evaluator, SeriesEvaluator):
            series = yield from evaluator.evaluation_work()
            note.take(evaluator.first_loss(series.one_step))
            future = yield from self._future(evaluator)
            self.predictions = SeriesPredictions(
                update, evaluator.test, series, evaluator.held, future
            )
            return None
        held = evaluator.held
        evaluation = yield from evaluator.evaluation_work()
        note.take(evaluation.first_loss)
        gaps = yield from self._evaluate_gaps(evaluation, held)
        influence = yield from self._influence(evaluator.test, held.used)
        self.predictions = WindowsPredictions(
            update=update,
            test=evaluator.test,
            evaluation=evaluation,
            held=held,
            symbols=self._task.symbols,
            labels=self._task.labels,
            history=self._remember(update, evaluation),
            gaps=gaps,
            influence=influence,
        )
        return None

    def _future(self, evaluator: SeriesEvaluator) -> Work[SeriesFuture | None]:
        """Forecast beyond the last row of a table; a curve that is made up has none."""
        if self._settings.task != "series":
            return None
        from rnn_tui.predictions.series_future import future_work  # not for the first screen

        pins, steps = evaluator.held.used, self._settings.steps
        test = evaluator.test
        return (yield from future_work(self._architecture, self.parameters, pins, test, steps))

    def _evaluate_gaps(
        self, evaluation: WindowsEvaluation, held: HeldValues
    ) -> Work[tuple[tuple[int, float], ...]]:
        """Measure the accuracy at each gap; at that of the settings it is known already.

        A pin at one timestep has no meaning at another gap: then no other gap is measured.
        """
        accuracies: list[tuple[int, float]] = []
        for gap, evaluator in self._gaps.items():
            accuracy = evaluation.accuracy
            if gap != self._settings.gap:
                if held.at_one_timestep:
                    continue
                yield Progress(len(accuracies), len(self._gaps))
                if evaluator is None:
                    evaluator = self._gap_evaluator(gap)
                    self._gaps = {**self._gaps, gap: evaluator}
                evaluator.held = held
                accuracy = (yield from evaluator.evaluation_work()).accuracy
            if accuracy is not None:
                accuracies.append((gap, accuracy))
        return tuple(accuracies)

    def _gap_evaluator(self, gap: int) -> WindowsEvaluator:
        from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator

        settings = self._settings
        settings = settings.with_(gap=gap, steps=settings.steps - settings.gap + gap)
        task = make_task(settings)
        test, first = task.test(), slice(GAP_WINDOWS)
        assert isinstance(test, TestWindows)
        part = TestWindows(test.x[:, first], test.target[:, first], test.judged[:, first])
        return WindowsEvaluator(architecture_of(settings, task), self.parameters, part)

    def _influence(self, test: TestWindows, pins: Pins) -> Work[Array | None]:
        """Measure the influence of each input of the first window, where it has one answer."""
        topology = self._task.topology
        if sum(topology.counted) != 1 or len(topology.counted) == 1:
            return None
        from rnn_tui.engine.analysis.influence import influence_work  # not for the first screen

        x, target = test.x[:, :1], test.target[:, :1]
        return (yield from influence_work(self._architecture, self.parameters, x, target, pins))

    def _remember(
        self, update: int, evaluation: WindowsEvaluation
    ) -> tuple[tuple[int, float], ...]:
        """Return the history up to this evaluation; what lies after `update` is forgotten."""
        history = [entry for entry in self._history if entry[0] < update]
        value = evaluation.accuracy
        if value is None or self._task.name == "text":
            value = evaluation.loss
        if len(history) >= LONGEST_HISTORY:
            history = history[::2]
        self._history = [*history, (update, value)]
        return tuple(self._history)


def _gaps(settings: Settings) -> tuple[int, ...]:
    """Return the gap of the settings, and others whose windows are not too long, rising."""
    gap = settings.gap
    wanted = {0, gap // 4, gap // 2, gap, 2 * gap, 4 * gap}
    most = LONGEST_GAP_WINDOW - (settings.steps - gap)
    return tuple(sorted(each for each in wanted if each in (gap, 0) or each <= most))
