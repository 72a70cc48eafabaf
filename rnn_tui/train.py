"""Training without a screen: updates in short chunks, then the figures of the run."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Protocol

import numpy as np

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints, run_until
from rnn_tui.engine.training.history import RECENT
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.metrics_file import metrics_row
from rnn_tui.tasks.base import TestSeries

CHUNK_SECONDS = 0.05  # how long Ctrl-C waits at most, unless a single update takes longer
LONG_UPDATE = 0.5  # seconds; an update that may take longer is done in pieces
PIECE_SECONDS = 0.2  # how long Ctrl-C waits within one, unless a single timestep takes longer


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """The progress of a run.

    Attributes:
        done: updates completed by this run.
        wanted: updates it was asked for.
        seconds: time spent training, and nothing else.
        smoothed: the smoothed loss, NaN before the first update.
        stop: the breakpoint that ended it, divergence included; None while it may go on.
    """

    done: int
    wanted: int
    seconds: float
    smoothed: float
    stop: BreakpointHit | None = None

    @property
    def per_second(self) -> float:
        """Updates per second of training, NaN before the first."""
        return self.done / self.seconds if self.done and self.seconds > 0 else math.nan


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


class Rows(Protocol):
    """What takes the rows of the metrics."""

    def writelines(self, rows: Iterable[str], /) -> None:
        """Take rows."""


def train(
    trainer: Trainer,
    updates: int,
    *,
    stopped: Callable[[], bool] = lambda: False,
    report: Callable[[TrainProgress], None] = lambda progress: None,
    metrics: Rows | None = None,
    breakpoints: Breakpoints | None = None,
    every: int | None = None,
    at_every: Callable[[], None] = lambda: None,
) -> TrainProgress:
    """Make `updates` more updates, or fewer when `stopped` or a breakpoint ends the run.

    Args:
        trainer: what to train, in place.
        updates: the number of updates wanted.
        stopped: called between chunks of about `CHUNK_SECONDS`, and within updates that take long;
            true ends the run, at a timestep of such an update.
        report: called between chunks with the progress.
        metrics: gets a line ``update,loss,grad_norm`` for each completed update.
        breakpoints: the first that is hit ends the run; divergence always ends it.
        every: a number of updates; None for never.
        at_every: called each time so many updates are done.

    Returns:
        The progress at the end.
    """
    breakpoints = breakpoints or Breakpoints()
    progress = TrainProgress(0, updates, 0.0, _smoothed(trainer))
    chunk, seconds = 1, math.inf  # the first update may take long
    while progress.done < updates and progress.stop is None and not stopped():
        # The history remembers RECENT updates one by one: a chunk must not outrun it.
        size = min(chunk, updates - progress.done, RECENT)
        if every is not None:
            size = min(size, every - progress.done % every)
        before, started = trainer.updates, time.perf_counter()
        with np.errstate(all="ignore"):  # the trainer checks for values that are not finite
            # Breakpoints within an update are looked for by `run_until` alone.
            in_pieces = size == 1 and seconds > LONG_UPDATE and not breakpoints.has_positions
            if in_pieces and not _do_all_but_the_last_step(trainer, stopped):
                break
            stop = run_until(trainer, breakpoints, size)
        seconds, done = time.perf_counter() - started, trainer.updates - before
        if metrics is not None:
            _write_metrics(metrics, trainer, done)
        progress = TrainProgress(
            progress.done + done, updates, progress.seconds + seconds, _smoothed(trainer), stop
        )
        report(progress)
        if every is not None and done and progress.done % every == 0:
            at_every()
        # At most double: the first updates are slower than those to come, or faster.
        chunk = max(1, min(2 * size, int(size * CHUNK_SECONDS / max(seconds, 1e-9))))
    return progress


def _do_all_but_the_last_step(trainer: Trainer, stopped: Callable[[], bool]) -> bool:
    """Do the next update up to its last schedule step, in pieces; the bits are the same.

    Args:
        trainer: what to train, in place.
        stopped: called between pieces of about `PIECE_SECONDS` once the update takes long; true
            ends the work.

    Returns:
        False if `stopped` ended it.
    """
    last = trainer.index_of(trainer.schedule.end) - 1
    piece, began = 1, time.perf_counter()
    while trainer.index < last and trainer.divergence is None:
        started = time.perf_counter()
        trainer.advance_to(min(trainer.index + piece, last))
        seconds = time.perf_counter() - started
        piece = max(1, min(2 * piece, int(piece * PIECE_SECONDS / max(seconds, 1e-9))))
        if time.perf_counter() - began >= LONG_UPDATE and stopped():
            return False
    return True


def _write_metrics(metrics: Rows, trainer: Trainer, count: int) -> None:
    """Write one line for each of the newest `count` updates, with all digits."""
    losses, norms = trainer.history.recent(count)
    first = trainer.updates - count + 1
    rows = enumerate(zip(losses.tolist(), norms.tolist(), strict=True), start=first)
    metrics.writelines(metrics_row(update, loss, norm) for update, (loss, norm) in rows)


def newest_row(trainer: Trainer) -> str:
    """Return the line that the newest update has in the metrics; empty before the first."""
    if not trainer.history.count:
        return ""
    losses, norms = trainer.history.recent(1)
    return metrics_row(trainer.updates, float(losses[0]), float(norms[0]))


def summarise(trainer: Trainer, progress: TrainProgress) -> Summary:
    """Return the figures of a run; takes up to a second for very long test series."""
    figures, held = _tested(trainer)
    return Summary(
        updates=trainer.updates,
        loss=_finite(trainer.loss),
        smoothed_loss=_finite(_smoothed(trainer)),
        **figures,
        updates_per_second=_finite(progress.per_second),
        parameters=trainer.parameters.size,
        stopped_by=progress.stop.reason if progress.stop else None,
        with_what_ifs=tuple(map(str, held.used)),
        without_what_ifs=tuple(map(str, held.left_out)),
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


def _smoothed(trainer: Trainer) -> float:
    return trainer.history.smoothed if trainer.history.count else math.nan


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
