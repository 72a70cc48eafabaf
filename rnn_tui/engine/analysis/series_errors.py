"""The errors of one-step predictions in the units of the series itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluation
from rnn_tui.tasks.base import TestSeries


@dataclass(frozen=True, slots=True)
class TargetErrors:
    """The errors of one target, over all one-step predictions of the test series.

    Attributes:
        name: of the target.
        rmse: root of the mean squared error, in the target's units; None where it is not finite.
        mae: mean absolute error, likewise.
    """

    name: str
    rmse: float | None
    mae: float | None


def target_errors(test: TestSeries, evaluation: SeriesEvaluation) -> tuple[TargetErrors, ...]:
    """Return the errors of each target."""
    with np.errstate(all="ignore"):
        errors = test.one_step_errors(evaluation.first, evaluation.one_step) * test.scale  # [n, O]
        largest = np.maximum(np.abs(errors).max(axis=0), np.finfo(np.float64).tiny)
        # Shares of the largest one, whose squares do not overflow
        rmse = largest * np.sqrt(np.mean((errors / largest) ** 2, axis=0))
        mae = np.abs(errors).mean(axis=0)
    return tuple(
        TargetErrors(name, _finite(float(a)), _finite(float(b)))
        for name, a, b in zip(test.target_names, rmse, mae, strict=True)
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
