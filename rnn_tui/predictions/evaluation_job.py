"""Evaluates a network on its task's test series or test windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import architecture_of
from rnn_tui.engine.network.pins import Pins, forward_pins
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.job import PredictionJob
from rnn_tui.predictions.results import Predictions, SeriesPredictions, WindowsPredictions
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import TestSeries, TestWindows

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.held_values import HeldValues
    from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluation, WindowsEvaluator

GAP_WINDOWS = 100  # test windows at each gap other than that of the settings
LONGEST_GAP_WINDOW = 300  # timesteps
LONGEST_HISTORY = 400  # evaluations that are kept; then every second one is dropped


class EvaluationJob(PredictionJob):
    """Evaluates the newest parameters on the test data.

    Attributes:
        predictions: the newest result; None before the first.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.predictions: Predictions | None = None
        self._settings = trainer.settings
        self._task = trainer.task
        self._architecture = trainer.architecture
        self._evaluator: SeriesEvaluator | WindowsEvaluator | None = None
        self._gaps: Mapping[int, WindowsEvaluator | None] = {}  # by gap, made when needed
        self._history: list[tuple[int, float]] = []

    def request(self, trainer: Trainer, requested: bool) -> None:
        """Evaluate the parameters of `trainer` unless that is done; if not `requested`, cancel."""
        if not requested:
            self.cancel()
            return
        update, pins = trainer.updates, forward_pins(trainer.network.pins, timed=True)
        self.begin((update, pins), trainer.parameters, lambda: self._evaluate(update, pins))

    def prepare(self, parameters: Array) -> None:
        """Make the evaluator for the task's test data."""
        test = self._task.test()
        if isinstance(test, TestSeries):
            self._evaluator = SeriesEvaluator(self._architecture, parameters, test)
            return
        from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator

        self._evaluator = WindowsEvaluator(self._architecture, parameters, test)
        if self._task.name == "recall":
            self._gaps = dict.fromkeys(_gaps(self._settings))

    def _evaluate(self, update: int, pins: Pins) -> Work[object]:
        """Evaluate with `pins` in force, as far as they have a meaning in the test data."""
        evaluator = self._evaluator
        assert evaluator is not None
        if isinstance(evaluator, SeriesEvaluator):
            evaluator.hold(pins)
            series = yield from evaluator.evaluation_work()
            self.predictions = SeriesPredictions(update, evaluator.test, series, evaluator.held)
            return None
        evaluator.hold(pins, self._settings.steps)
        held = evaluator.held
        evaluation = yield from evaluator.evaluation_work()
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
