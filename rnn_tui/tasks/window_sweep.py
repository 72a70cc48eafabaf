"""Helpers for the tasks `cosine`, `series` and `text`: windows cut out of one long sequence."""

from __future__ import annotations

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState, FloatArray, data_generator


class WindowSweep:
    """The start points of windows of T steps in a sequence of N points, B windows at a time.

    A window takes T + 1 points: T inputs, and one more because the target is the next value. The
    setting `windows` decides where windows start:

    - sweep: the sequence is cut into B streams of L = N // B points, one for each sample of the
      batch. The w-th window takes the points wT … wT + T of every stream, so that it continues the
      window before; when fewer than T + 1 points remain, the sweep starts again at point 0.
    - random: each window starts at point u · (N − T), u uniform in [0, 1), drawn for every sample.
      This is a real number; a sequence with values only at whole points uses its integer part.

    Point k has the coordinate origin + k · spacing.

    Attributes:
        starts: [B] coordinates of the windows' first points; overwritten by `advance`.
        random: the generator that draws random starts; a task draws its noise from it as well.
    """

    def __init__(
        self, settings: Settings, points: int, *, origin: float = 0.0, spacing: float = 1.0
    ) -> None:
        """Start before the first window.

        Args:
            settings: the run's settings; `steps`, `batch`, `windows` and `seed` are used.
            points: N.
            origin: coordinate of point 0.
            spacing: distance between the coordinates of two points.

        Raises:
            ValueError: the sequence is shorter than a window.
        """
        self._steps = settings.steps
        self._sweeps = settings.windows == "sweep"
        self._length = points // streams(settings)
        if self._length <= settings.steps:
            raise ValueError(f"{points} points are fewer than a window of {settings.steps} takes")
        first_points = self._length * np.arange(settings.batch)
        self._origins = origin + spacing * (
            first_points if self._sweeps else np.zeros(settings.batch)
        )
        self._spacing = spacing
        self._random_range = np.array((self._length - settings.steps) * spacing)
        self._position = 0  # sweep: the point where the next window starts; random: windows drawn
        self.starts = np.empty(settings.batch)
        self.random = data_generator(settings.seed)

    def advance(self) -> bool:
        """Move to the next window.

        Returns:
            True if it does not continue the window before: it is the very first, or the first of a
            new sweep.
        """
        return self._advance_sweep() if self._sweeps else self._advance_random()

    def _advance_sweep(self) -> bool:
        if self._length - self._position < self._steps + 1:
            self._position = 0
        start = self._position
        np.add(self._origins, start * self._spacing, out=self.starts)
        self._position = start + self._steps
        return start == 0

    def _advance_random(self) -> bool:
        self.random.random(out=self.starts)
        np.multiply(self.starts, self._random_range, out=self.starts)
        np.add(self.starts, self._origins, out=self.starts)
        self._position += 1
        return self._position == 1

    def state(self) -> DataState:
        """Return the position of the next window and the generator's state."""
        return DataState(self._position, self.random.bit_generator.state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`.

        Raises:
            ValueError: no window of a sweep with these settings starts there.
        """
        position = state.position
        if self._sweeps and (position % self._steps or not 0 <= position < self._length):
            raise ValueError(f"data state: no window of this sweep starts at point {position}")
        self.random.bit_generator.state = state.random
        self._position = position


def streams(settings: Settings) -> int:
    """Return the number of streams that a sequence is cut into: B for a sweep, otherwise 1."""
    return settings.batch if settings.windows == "sweep" else 1


class WindowPoints:
    """Buffer for the T + 1 points of B windows: inputs, and targets one step later.

    Attributes:
        values: [T+1, B] float64, filled by the task before `split_into` is called.
    """

    def __init__(self, settings: Settings) -> None:
        """Allocate the buffer; its values are undefined."""
        self.values: FloatArray = np.empty((settings.steps + 1, settings.batch))

    def split_into(self, x: FloatArray, target: FloatArray) -> None:
        """Copy the inputs into `x` and the targets into `target`, [T, B, 1] of any precision."""
        # No view of `values` is kept: in a copy of the task it would still show the original's.
        x[...] = self.values[:-1, :, None]
        target[...] = self.values[1:, :, None]
