"""The figures of a run: as JSON, and as text for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnn_tui import __version__
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.train.progress import TrainProgress, smoothed_loss
from rnn_tui.train.test_curve import Best, TestCurve
from rnn_tui.train.tested import Tested, tested

LABEL, VALUE = 26, 12  # columns


@dataclass(frozen=True, slots=True)
class RunNames:
    """What a run is.

    Attributes:
        task: the task.
        data: the file that is learned; None where none is read.
        target: the column that is predicted, a list of them where there are several; None where
            there are no columns.
        cell: the cell.
        seed: the seed.
        version: of the program.
    """

    task: str
    data: str | None
    target: str | list[str] | None
    cell: str
    seed: int
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run; None where a number is not finite or not available.

    Attributes:
        updates: updates in all, those of earlier runs included.
        loss: the loss of the last window.
        smoothed_loss: the smoothed loss, see `History`.
        test: the figures of the network on test data.
        updates_per_second: speed of training alone.
        parameters: the number of parameters.
        stopped_by: what ended the run early: a breakpoint with its value, or tests without an
            improvement.
        names: what the run is.
        seconds: time spent training, and nothing else.
        tests: measurements of the test loss on the way; 0 where there were none.
        every: updates from one of them to the next.
        best: the network whose test loss was the lowest of them; None where there were none.
        with_what_ifs: the what-ifs in force, in training and in the tests.
        without_what_ifs: those in force in training only: values held at one timestep, where that
            means nothing in the test data.
        data: what was read of the data file, as `rnn-tui inspect --json` prints it; None where
            there is none.
    """

    updates: int
    loss: float | None
    smoothed_loss: float | None
    test: Tested
    updates_per_second: float | None
    parameters: int
    stopped_by: str | None
    names: RunNames
    seconds: float
    tests: int = 0
    every: int = 0
    best: Best | None = None
    with_what_ifs: tuple[str, ...] = ()
    without_what_ifs: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None

    @property
    def test_loss(self) -> float | None:
        """The loss on test windows; None where the test data are a series."""
        return self.test.loss

    @property
    def test_accuracy(self) -> float | None:
        """The accuracy of the classes judged on test windows, 0 … 1; None without classes."""
        return self.test.accuracy

    @property
    def test_one_step_mse(self) -> float | None:
        """The error of each next value of the test series, predicted from true ones."""
        return self.test.one_step_mse

    def to_mapping(self) -> dict[str, object]:
        """Return all figures by name, for JSON; a number that is not finite is None.

        What-ifs, and what was measured on the way, are named only where there are some.
        """
        names = self.names
        values: dict[str, object] = {
            "updates": self.updates,
            "loss": self.loss,
            "smoothed_loss": self.smoothed_loss,
            **self.test.errors(),
            "updates_per_second": self.updates_per_second,
            "parameters": self.parameters,
            "stopped_by": self.stopped_by,
            **self.test.judged(),
            "task": names.task,
            "data": names.data if self.data is None else self.data,
            "target": names.target,
            "cell": names.cell,
            "seed": names.seed,
            "version": names.version,
            "seconds": self.seconds,
        }
        if self.best is not None:
            values |= {"tests": self.tests, "test_every": self.every, "best": self.best.to_json()}
        if self.with_what_ifs:
            values["with_what_ifs"] = self.with_what_ifs
        if self.without_what_ifs:
            values["without_what_ifs"] = self.without_what_ifs
        return values

    def to_json(self) -> str:
        """Return the figures as one line of JSON."""
        return json.dumps(self.to_mapping(), allow_nan=False)

    def to_text(self) -> str:
        """Return text for people, with one figure a line."""
        rows = {
            "updates": f"{self.updates:,}",
            "loss": figure(self.loss),
            "smoothed loss": figure(self.smoothed_loss),
            **self.test.rows(),
            **self._of_best(),
            "updates per second": _whole(self.updates_per_second),
            "parameters": f"{self.parameters:,}",
        }
        lines = [f"{name:<{LABEL}}{value:>{VALUE}}" for name, value in rows.items()]
        for name, what_ifs in (
            ("what-ifs in force", self.with_what_ifs),
            ("what-ifs in training only", self.without_what_ifs),
        ):
            lines += [f"{name:<{LABEL}}{', '.join(what_ifs)}"] if what_ifs else []
        lines += self.test.sentences()
        if self.best is not None:
            lines += self.best.sentences(self.updates)
        return "\n".join(lines)

    def _of_best(self) -> dict[str, str]:
        """Return what was measured on the way, by label."""
        if self.best is None:
            return {}
        return {
            f"tests, each {self.every:,} updates"[:LABEL]: f"{self.tests:,}",
            "best test loss": figure(self.best.loss),
            "  at update": f"{self.best.update:,}",
        }


def summarise(trainer: Trainer, progress: TrainProgress, tests: TestCurve | None = None) -> Summary:
    """Return the figures of a run; takes up to a second for very long test series.

    Args:
        trainer: at the end of the run.
        progress: how far it has come.
        tests: what was measured on the way; None for nothing.
    """
    figures, held = tested(trainer, trainer.parameters)
    names = figures.target_names
    settings = trainer.settings
    best = None if tests is None else tests.best
    return Summary(
        updates=trainer.updates,
        loss=_finite(trainer.loss),
        smoothed_loss=_finite(smoothed_loss(trainer)),
        test=figures,
        updates_per_second=_finite(progress.per_second),
        parameters=trainer.parameters.size,
        stopped_by=progress.end.reason if progress.end else None,
        names=RunNames(
            task=trainer.task.name,
            data=settings.data or None,
            target=None
            if not names or not settings.data
            else names[0]
            if len(names) == 1
            else list(names),
            cell=settings.cell,
            seed=settings.seed,
        ),
        seconds=progress.seconds,
        tests=0 if tests is None else tests.count,
        every=0 if tests is None else tests.every,
        best=best,
        with_what_ifs=tuple(map(str, held.used)),
        without_what_ifs=tuple(map(str, held.left_out)),
        data=None,  # the command line has read it
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def figure(value: float | None) -> str:
    """Return a number in three digits."""
    return "–" if value is None else f"{value:.3g}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
