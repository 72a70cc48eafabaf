"""The next value of a noisy cosine."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rnn_tui.settings import DECLARATIONS, SettingError, Settings
from rnn_tui.tasks.base import DataState, FloatArray, Task, TestSeries, Topology
from rnn_tui.tasks.baselines import NaiveForecasts
from rnn_tui.tasks.window_sweep import WindowPoints, WindowSweep, streams

LONGEST_FREE_RUN = 20_000
"""Upper limit of the steps of a free run: at a very fine resolution, three periods take seconds."""
_ROUNDING = 1e-12  # by which values of the same curve may differ
_NARROWEST_RANGE = 1e-6  # in a narrower range of x, points differ by rounding only


class CosineTask(Task):
    """Predict the next point of y = cos(x) + σ·N(0, 1).

    The range from `x_min` to `x_max` holds N = `num_points` points, `resolution` apart:
    x_k = x_min + k · resolution, resolution = (x_max − x_min) / N, k = 0 … N − 1.
    The noise is drawn afresh for every window, and only for training: tests are smooth.
    """

    name = "cos"
    title = "cos(x)"
    features = 1
    outputs = 1
    loss = "mse"
    updates = 20_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; `check_settings` has checked that a window fits."""
        self._settings = settings
        self.topology = Topology.many_to_many(settings.steps)
        self.resolution = (settings.x_max - settings.x_min) / settings.num_points
        self._naive: NaiveForecasts | None = None  # made when needed
        self._sweep = WindowSweep(
            settings, settings.num_points, origin=settings.x_min, spacing=self.resolution
        )
        self._offsets = self._spaced(settings.steps + 1)[:, None]  # [T+1, 1]
        self._points = WindowPoints(settings)
        self._noise = np.empty(self._points.values.shape)
        # An array, because NumPy takes longer to convert a Python number than to multiply
        self._sigma = np.array(settings.noise)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse a range that is too narrow or has fewer points than a window takes."""
        if settings.x_max - settings.x_min < _NARROWEST_RANGE:
            x_min = DECLARATIONS["x_min"].show(settings.x_min)
            allowed = f"at least {_NARROWEST_RANGE:g} above --x-min {x_min}"
            raise SettingError("x_max", settings.x_max, allowed)
        parts = streams(settings)
        if settings.num_points // parts <= settings.steps:
            needed = (settings.steps + 1) * parts
            each = f" for each of --batch {parts} streams" if parts > 1 else ""
            allowed = f"at least {needed}, --steps {settings.steps} and one more{each}"
            raise SettingError("num_points", settings.num_points, allowed)

    def next_window(self, x: FloatArray, target: FloatArray) -> bool:
        """Fill the next window, x and target [T, B, 1] each; see `Task.next_window`."""
        restarts = self._sweep.advance()
        points = self._points.values
        np.add(self._offsets, self._sweep.starts, out=points)
        self._sample(points, self._noise)
        self._points.split_into(x, target)
        return restarts

    def next_batch(
        self, steps: int, *, start: float | None = None, with_x: bool = False
    ) -> tuple[FloatArray, ...]:
        """Return one noisy window of the curve, independent of the sweep.

        Args:
            steps: T, the number of inputs.
            start: x of the first point; if None, it is drawn uniformly from
                [x_min, x_max − T·resolution).
            with_x: return the coordinates x as well.

        Returns:
            Inputs y_0 … y_{T−1} [T] and targets y_1 … y_T [T]; with `with_x` also x [T+1].

        Raises:
            SettingError: T + 1 points do not fit into the range.
        """
        points = self._settings.num_points
        if not 1 <= steps < points:
            allowed = f"a whole number from 1 to {points - 1}, one less than --num-points"
            raise SettingError("steps", steps, allowed)
        if start is None:
            starts = (points - steps) * self.resolution
            start = self._sweep.random.random() * starts + self._settings.x_min
        x = self._spaced(steps + 1) + start
        y = x.copy()
        self._sample(y, np.empty(y.shape))
        return (y[:-1], y[1:], x) if with_x else (y[:-1], y[1:])

    def state(self) -> DataState:
        """Return the position of the next window and the generator's state."""
        return self._sweep.state()

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._sweep.restore(state)

    def test(self) -> TestSeries:
        """Return the cosine without noise, from x_min: 2T values to warm up, then three periods.

        The free runs last one and three periods, each at least 1 and at most `LONGEST_FREE_RUN`
        steps.
        """
        period = 2 * math.pi / self.resolution
        lengths = (round(min(n * period, LONGEST_FREE_RUN)) for n in (1, 3))
        horizons = tuple(sorted({max(1, length) for length in lengths}))
        warm_up = 2 * self._settings.steps
        x = self._spaced(warm_up + horizons[-1] + 1) + self._settings.x_min
        return TestSeries.unscaled(x, np.cos(x), warm_up, horizons)

    def naive_forecasts(self) -> NaiveForecasts:
        """Return the errors of forecasts without a network, of the smooth curve; see `test`.

        A season is the cosine's period, in whole points. The training part is the curve's range.
        """
        if self._naive is None:
            self._naive = self._measured_naive()
        return self._naive

    def _measured_naive(self) -> NaiveForecasts:
        """Measure what `naive_forecasts` returns."""
        settings, test = self._settings, self.test()
        first = test.warm_up
        truth, last = test.values[first:, 0], test.values[first - 1 : -1, 0]
        length = settings.season or max(round(2 * math.pi / self.resolution), 1)
        before = np.cos(test.coordinate[first:] - length * self.resolution)
        start, end = settings.x_min, settings.x_max - self.resolution
        change = (math.cos(end) - math.cos(start)) / (settings.num_points - 1)
        low, high = _range_of_cosine(start, end)
        outside = (truth < low) | (truth > high)
        return NaiveForecasts(
            last=float(np.mean((last - truth) ** 2)),
            season=float(np.mean((before - truth) ** 2)),
            drift=float(np.mean((last + change - truth) ** 2)),
            length=length,
            origin="given" if settings.season else "known",
            outside=int(outside.sum()),
            tested=truth.size,
            unit="points",
        )

    def _spaced(self, count: int) -> FloatArray:
        """Return `count` coordinates from 0 on, `resolution` apart."""
        return np.arange(count) * self.resolution

    def _sample(self, points: FloatArray, noise: NDArray[np.float64]) -> None:
        """Replace every x in `points` by cos(x) plus noise; `noise` is scratch of its shape."""
        np.cos(points, out=points)
        if self._settings.noise:
            self._sweep.random.standard_normal(out=noise)
            np.multiply(noise, self._sigma, out=noise)
            np.add(points, noise, out=points)


def _range_of_cosine(start: float, end: float) -> tuple[float, float]:
    """Return the lowest and the highest value of the cosine from `start` to `end`."""
    first = math.ceil(start / math.pi)
    turns = range(first, min(math.floor(end / math.pi), first + 1) + 1)
    values = [math.cos(start), math.cos(end), *(1.0 if k % 2 == 0 else -1.0 for k in turns)]
    return min(values) - _ROUNDING, max(values) + _ROUNDING
