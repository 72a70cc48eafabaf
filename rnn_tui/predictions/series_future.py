"""The future of a series on the screen: what the network makes of the rows after the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.pins import Pins
from rnn_tui.predictions.series_forecast import ReadSeries, Units, continued
from rnn_tui.tasks.base import TestSeries

_READ = 1000  # rows, the last ones, that it is made of
_LONGEST = 500  # rows
_ORIGINS = 100  # forecasts that the interval comes from; fewer of a large network
_LARGE = 2_000_000  # origins times the square of the hidden size, at most


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFuture:
    """A forecast beyond the last row, in the series' units.

    Attributes:
        coordinate: [F] of its rows, as `TestSeries.coordinate`.
        values: [F, O].
        lower: [F, O] lower end of the interval of 80 %; NaN where it is not known.
        upper: [F, O] its upper end.
    """

    coordinate: Array
    values: Array
    lower: Array
    upper: Array


def future_work(
    architecture: Architecture, parameters: Array, pins: Pins, test: TestSeries, steps: int
) -> Work[SeriesFuture | None]:
    """Forecast the rows after the last of a test series; None where an input is no target.

    Args:
        architecture: the network's sizes.
        parameters: its parameters, [P].
        pins: values held at a constant.
        test: the test series.
        steps: timesteps in a window: the forecast is one to three of them long.
    """
    fed_back = [each for each in test.fed_back if each is not None]
    if len(fed_back) < len(test.fed_back):
        return None
    rows = len(test.values)
    horizon = min(_LONGEST, max(steps, min(3 * steps, (rows - test.warm_up) // 5)))
    start = max(rows - _READ, 0)
    units = Units(test.offset, test.scale, test.difference, tuple(fed_back), len(test.target_names))
    series = ReadSeries(
        units,
        test.inputs[start:],
        np.asarray(test.original, dtype=np.float64)[start:],
        skipped=0,
        tested_from=max(test.warm_up - start, 1),
    )
    most = min(_ORIGINS, _LARGE // architecture.hidden**2)
    found = yield from continued(architecture, parameters, pins, series, horizon, most)
    return SeriesFuture(_coordinates(test, horizon), found.future, found.lower, found.upper)


def _coordinates(test: TestSeries, count: int) -> Array:
    """Return the coordinates that follow; of dates as the clock goes on."""
    last = np.asarray(test.coordinate[-64:], dtype=np.float64)
    if test.dates:
        from rnn_tui.tables.future_times import future_times

        times = np.round(last * 1e6).astype("datetime64[us]")
        following, _ = future_times(times, count)
        seconds: Array = following.astype("datetime64[us]").astype(np.int64) / 1e6
        return seconds
    step = float(np.median(np.diff(last))) if len(last) > 1 else 1.0
    coordinates: Array = last[-1] + step * np.arange(1, count + 1)
    return coordinates
