"""The next value of a noisy cosine."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.settings import SettingError, Settings
from rnn_tui.tasks.base import DataState, FloatArray, TestSeries, Topology
from rnn_tui.tasks.window_sweep import WindowPoints, WindowSweep

LONGEST_FREE_RUN = 20_000
"""Free runs over very fine steps end here: longer ones would take seconds."""


class CosineTask:
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
    symbols = None
    parts = None
    labels = None
    baseline = None

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; the settings have made sure that one fits."""
        self._settings = settings
        self.topology = Topology.many_to_many(settings.steps)
        self.resolution = (settings.x_max - settings.x_min) / settings.num_points
        self._walk = WindowSweep(
            settings, settings.num_points, origin=settings.x_min, spacing=self.resolution
        )
        self._offsets = self._spaced(settings.steps + 1)[:, None]  # [T+1, 1]
        self._points = WindowPoints(settings)
        self._noise = np.empty_like(self._points.values)
        # an array, because turning a Python number into one takes longer than the product
        self._sigma = np.array(settings.noise)

    def next_window(self, x: FloatArray, target: FloatArray) -> bool:
        """Fill x and target, [T, B, 1] each, with the next window; see `Task`."""
        restarts = self._walk.advance()
        points = self._points.values
        np.add(self._offsets, self._walk.starts, out=points)
        self._sample(points, self._noise)
        self._points.split_into(x, target)
        return restarts

    def next_batch(
        self, steps: int, *, start: float | None = None, with_x: bool = False
    ) -> tuple[FloatArray, ...]:
        """Return one noisy piece of the curve, apart from the walk.

        Args:
            steps: T, the number of inputs.
            start: x of the first point; drawn uniformly from [x_min, x_max − T·resolution)
                when it is not given.
            with_x: whether to return the places as well.

        Returns:
            inputs y_0 … y_{T−1} [T] and targets y_1 … y_T [T]; with `with_x`, then x [T+1] too.

        Raises:
            SettingError: when T + 1 points do not fit into the range.
        """
        points = self._settings.num_points
        if not 1 <= steps < points:
            allowed = f"a whole number from 1 to {points - 1}, one less than --num-points"
            raise SettingError("steps", steps, allowed)
        if start is None:
            room = (points - steps) * self.resolution
            start = self._walk.random.random() * room + self._settings.x_min
        x = self._spaced(steps + 1) + start
        y = x.copy()
        self._sample(y, np.empty_like(y))
        return (y[:-1], y[1:], x) if with_x else (y[:-1], y[1:])

    def state(self) -> DataState:
        """Return where the walk stands."""
        return self._walk.state()

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task`."""
        self._walk.restore(state)

    def test(self) -> TestSeries:
        """Return the smooth cosine from x_min: 2T values to warm up, then three periods.

        The free runs last one and three periods, but at least 1 and at most `LONGEST_FREE_RUN`
        steps each.
        """
        period = 2 * math.pi / self.resolution
        lengths = (round(min(n * period, LONGEST_FREE_RUN)) for n in (1, 3))
        horizons = tuple(sorted({max(1, length) for length in lengths}))
        warm_up = 2 * self._settings.steps
        x = self._spaced(warm_up + horizons[-1] + 1) + self._settings.x_min
        return TestSeries(x, np.cos(x), warm_up, horizons, offset=0.0, scale=1.0)

    def _spaced(self, count: int) -> FloatArray:
        return np.arange(count) * self.resolution

    def _sample(self, points: FloatArray, noise: FloatArray) -> None:
        """Replace every x in `points` by cos(x) with noise; `noise` is room of the same shape."""
        np.cos(points, out=points)
        if self._settings.noise:
            self._walk.random.standard_normal(out=noise)
            np.multiply(noise, self._sigma, out=noise)
            np.add(points, noise, out=points)
