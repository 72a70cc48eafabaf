"""The forecast of a series: beyond its last row, with an interval from the errors of the past.

The network reads the rows from a state of zeros; then each output is its next input. The interval
reaches as far above the forecast as below: at each step as far as `INTERVAL` of the errors went
that such forecasts made from many rows of the test part. (Two quantiles of signed errors, one on
each side, would each rest on a tenth of the errors; on short test parts they held fewer.) How well
that works is measured: the reach found in the first half of the test part, counted in the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.continuation import SeriesReader, continue_work
from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.pins import Pins

INTERVAL = 0.8
MOST_ORIGINS = 1000  # rows of the test part that forecasts are tried from
_MOST_TRIED = 2_000_000  # steps of all of these forecasts together
_FEWEST_ERRORS = 4  # with fewer, none of them holds the share for a further error


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """How the values of a series become what the network reads.

    Attributes:
        offset: [C] network value = (value − offset) / scale.
        scale: [C], see `offset`.
        difference: whether it reads changes: value − value of the row before.
        inputs: [D] the columns that are inputs.
        outputs: O; the targets are the first columns.
    """

    offset: Array
    scale: Array
    difference: bool
    inputs: tuple[int, ...]
    outputs: int

    @property
    def fed_back(self) -> tuple[int, ...] | None:
        """For each input the output that it is; None if an input is no target."""
        return self.inputs if all(k < self.outputs for k in self.inputs) else None

    def read(self, values: Array) -> Array:
        """Return the network's inputs [N', D] for values [N, C]; N' is N, or N − 1 of changes."""
        used = np.diff(values, axis=0) if self.difference else values
        with np.errstate(all="ignore"):
            scaled: Array = (used - self.offset) / self.scale
        return scaled[:, self.inputs]

    def shown(self, outputs: Array) -> Array:
        """Return outputs [..., O] in the series' units: values, or changes."""
        result: Array = outputs * self.scale[: self.outputs] + self.offset[: self.outputs]
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How many held-back values lay within the interval.

    Attributes:
        inside: how many.
        of: how many there were.
    """

    inside: int
    of: int

    @property
    def share(self) -> float:
        """The share that lay within."""
        return self.inside / self.of


@dataclass(frozen=True, slots=True, eq=False)
class SeriesForecast:
    """Predictions in the units of the series.

    Attributes:
        one_step: [N, O] of each row from those before it; NaN of the first ones.
        future: [horizon, O] beyond the last row.
        lower: [horizon, O] lower end of the interval; NaN where there are too few errors.
        upper: [horizon, O] its upper end.
        coverage: on the second half of the test part; None where that is too short.
        origins: how many rows of the test part forecasts were tried from.
    """

    one_step: Array
    future: Array
    lower: Array
    upper: Array
    coverage: Coverage | None
    origins: int


def forecast_work(
    architecture: Architecture,
    parameters: Array,
    pins: Pins,
    units: Units,
    values: Array,
    tested_from: int,
    horizon: int,
) -> Work[SeriesForecast]:
    """Predict each row and, if all inputs are targets, `horizon` rows beyond the last.

    Args:
        architecture: the network's sizes.
        parameters: its parameters, [P].
        pins: values held at a constant.
        units: of the columns.
        values: [N, C] the columns in the series' units, targets first.
        tested_from: the first row of the test part, from 0.
        horizon: how many rows beyond the last; 0 for none.
    """
    series = ReadSeries(
        units, units.read(values), values[:, : units.outputs], int(units.difference), tested_from
    )
    return (yield from continued(architecture, parameters, pins, series, horizon))


@dataclass(frozen=True, slots=True, eq=False)
class ReadSeries:
    """A series as a network reads it.

    Attributes:
        units: of its columns.
        inputs: [N − skipped, D] what it reads of each row.
        truth: [N, O] the targets in the series' units.
        skipped: rows at the start that are only counted from.
        tested_from: the first row of the test part, from 0.
    """

    units: Units
    inputs: Array
    truth: Array
    skipped: int
    tested_from: int


def continued(
    architecture: Architecture,
    parameters: Array,
    pins: Pins,
    series: ReadSeries,
    horizon: int,
    most_origins: int = MOST_ORIGINS,
) -> Work[SeriesForecast]:
    """Predict each row and beyond the last; see `forecast_work`."""
    units, truth, skipped = series.units, series.truth, series.skipped
    rows, outputs = truth.shape
    origins = _origins(max(series.tested_from - 1, skipped), rows, horizon, most_origins)
    reader = SeriesReader(architecture, parameters, pins)
    kept = [*origins.tolist(), rows - 1]
    yield from reader.read_work(series.inputs, [row - skipped for row in kept])
    one_step = np.full((rows, outputs), math.nan)
    ahead = units.shown(reader.outputs)
    one_step[skipped + 1 :] = ahead[:-1] + (truth[skipped:-1] if units.difference else 0.0)
    nothing = np.empty((0, outputs))
    fed_back = units.fed_back
    if fed_back is None or not horizon:
        return SeriesForecast(one_step, nothing, nothing, nothing, None, 0)

    def runs(first: int, stop: int) -> Work[Array]:
        """Continue from these of the rows kept, in the series' units: [horizon, M, O]."""
        places = np.array(kept[first:stop])
        states = {name: array[first:stop] for name, array in reader.states.items()}
        starts = reader.outputs[places - skipped]
        y = yield from continue_work(
            architecture, parameters, states, starts, fed_back, horizon, pins
        )
        shown = units.shown(y)
        return truth[places] + np.cumsum(shown, axis=0) if units.difference else shown

    future = (yield from runs(len(origins), len(kept)))[:, 0]
    if not len(origins):
        empty = np.full(future.shape, math.nan)
        return SeriesForecast(one_step, future, empty, empty, None, 0)
    tried = yield from runs(0, len(origins))
    errors = _errors(tried, truth, origins)
    reach = reach_of(errors)
    coverage = _coverage(errors, origins, max(series.tested_from, skipped + 1), rows)
    return SeriesForecast(one_step, future, future - reach, future + reach, coverage, len(origins))


def _origins(first: int, rows: int, horizon: int, most: int) -> Array:
    """Return rows that forecasts are tried from: all from `first` on, or some equally far apart.

    The last row is none of them: nothing is known after it.
    """
    most = min(most, max(_FEWEST_ERRORS, _MOST_TRIED // max(horizon, 1)))
    every = np.arange(first, rows - 1)
    if len(every) <= most:
        return every
    return np.unique(np.linspace(first, rows - 2, most).round().astype(np.intp))


def _errors(tried: Array, truth: Array, origins: Array) -> Array:
    """Return truth − forecast of each try, [horizon, M, O]; NaN beyond the last row."""
    errors = np.full(tried.shape, math.nan)
    for k in range(len(tried)):
        targets = origins + k + 1
        known = targets < len(truth)
        with np.errstate(all="ignore"):
            errors[k, known] = truth[targets[known]] - tried[k, known]
    return errors


def reach_of(errors: Array) -> Array:
    """Return how far the interval reaches to each side, from errors [horizon, M, O]: [horizon, O].

    Of n errors it is the magnitude of rank ⌈(n + 1)·80 %⌉, so that a further error like them is no
    larger with a probability of 80 %. NaN where n is less than 4; also where a forecast was not
    finite.
    """
    horizon, _, outputs = errors.shape
    reach = np.full((horizon, outputs), math.nan)
    for k in range(horizon):
        known = errors[k][~np.isnan(errors[k]).all(axis=1)]
        if len(known) >= _FEWEST_ERRORS:
            rank = math.ceil((len(known) + 1) * INTERVAL - 1e-9)
            reach[k] = np.sort(np.abs(known), axis=0)[rank - 1]
    return reach


def _coverage(errors: Array, origins: Array, tested_from: int, rows: int) -> Coverage | None:
    """Return how the errors of the second half of the test part lie in the interval of the first.

    Args:
        errors: of all tries, [horizon, M, O].
        origins: [M] the rows they were tried from.
        tested_from: the first row of the test part.
        rows: of the series.
    """
    middle = tested_from + (rows - tested_from) // 2
    targets = origins + np.arange(1, len(errors) + 1)[:, None]  # [horizon, M]
    before = np.where((targets < middle)[..., None], errors, math.nan)
    reach = reach_of(before)[:, None]
    later = np.where((origins >= middle - 1)[:, None], errors, math.nan)
    judged = ~np.isnan(later) & ~np.isnan(reach)
    with np.errstate(invalid="ignore"):
        inside = judged & (np.abs(later) <= reach)
    count = int(judged.sum())
    return Coverage(int(inside.sum()), count) if count else None
