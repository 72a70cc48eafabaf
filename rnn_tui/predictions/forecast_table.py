"""A forecast as a table for people and programs: CSV and JSON, in the units of the series."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.predictions.series_forecast import INTERVAL, SeriesForecast

COLUMNS = ("truth", "one_step", "forecast", "lower", "upper")
"""What there is of each target; where there are several, its name stands before: "sales truth"."""
_DIGITS = 9  # significant ones of a prediction; more than the network's precision has


@dataclass(frozen=True, slots=True, eq=False)
class ForecastTable:
    """Predictions with what they are of.

    Attributes:
        heading: "time" or "row": what the first column is.
        shown: how many of the N rows, the last ones, are rows of the table.
        labels: of these, and of those beyond the last: texts of times, or numbers of rows.
        rows: of the series; more than N, where only the last ones are at hand.
        targets: names of the targets, [O].
        truth: [N, O].
        forecast: the predictions.
        tested_from: the first row of the test part, from 0.
    """

    heading: str
    shown: int
    labels: Sequence[str] | Sequence[int]
    rows: int
    targets: tuple[str, ...]
    truth: Array
    forecast: SeriesForecast
    tested_from: int

    def to_csv(self) -> str:
        """Return the table, a row for each of the series and of the forecast."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        several = len(self.targets) > 1
        names = [f"{name} {each}" if several else each for name in self.targets for each in COLUMNS]
        writer.writerow([self.heading, *names])
        forecast, hidden = self.forecast, len(self.truth) - self.shown
        for k in range(hidden, len(self.truth)):
            cells = [str(self.labels[k - hidden])]
            for o in range(len(self.targets)):
                one_step = _number(forecast.one_step[k, o])
                cells += [_exact(self.truth[k, o]), one_step, "", "", ""]
            writer.writerow(cells)
        for k in range(len(forecast.future)):
            cells = [str(self.labels[self.shown + k])]
            for o in range(len(self.targets)):
                ends = (forecast.future, forecast.lower, forecast.upper)
                cells += ["", "", *(_number(values[k, o]) for values in ends)]
            writer.writerow(cells)
        return text.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return the forecast and how good it is; what is not finite is null."""
        forecast = self.forecast
        coverage = forecast.coverage
        entries = [
            {
                self.heading: self.labels[self.shown + k],
                "target": name,
                "forecast": _finite(forecast.future[k, o]),
                "lower": _finite(forecast.lower[k, o]),
                "upper": _finite(forecast.upper[k, o]),
            }
            for k in range(len(forecast.future))
            for o, name in enumerate(self.targets)
        ]
        errors = self.errors()
        return {
            "targets": list(self.targets),
            "rows": self.rows,
            "tested": self.tested,
            "horizon": len(forecast.future),
            "interval": INTERVAL,
            "coverage": None if coverage is None else coverage.share,
            "coverage_of": 0 if coverage is None else coverage.of,
            "origins": forecast.origins,
            "one_step_rmse": [_finite(rmse) for rmse, _ in errors],
            "one_step_mae": [_finite(mae) for _, mae in errors],
            "forecast": entries,
        }

    @property
    def tested(self) -> int:
        """The rows of the test part that are at hand."""
        return max(len(self.truth) - self.tested_from, 0)

    @property
    def finite(self) -> bool:
        """Whether the forecast is: a network that has diverged makes none."""
        return bool(np.isfinite(self.forecast.future).all())

    def errors(self) -> list[tuple[float, float]]:
        """Return RMSE and MAE of the one-step predictions over the test part, of each target."""
        part = slice(self.tested_from, None)
        errors = self.forecast.one_step[part] - self.truth[part]
        result = []
        for column in errors.T:
            known = [float(each) for each in column if not math.isnan(each)]
            count = len(known) or math.nan
            square = math.fsum(each * each for each in known) / count
            result.append((math.sqrt(square), math.fsum(map(abs, known)) / count))
        return result


def _number(value: Any) -> str:
    """Return a prediction as text; nothing for one that there is not."""
    return "" if math.isnan(value) else f"{float(value):.{_DIGITS}g}"


def _exact(value: Any) -> str:
    """Return a number as the shortest text that stands for it; a whole one without a point."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _finite(value: Any) -> float | None:
    """Return a number for JSON, which has none that are not finite."""
    return float(value) if math.isfinite(value) else None
