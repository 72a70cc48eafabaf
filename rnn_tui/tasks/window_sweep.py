"""The walk through a sequence that its windows take, one after the other."""

from __future__ import annotations

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState, FloatArray, data_generator


class WindowSweep:
    """Chooses where each window of T steps starts in a sequence of N points.

    A window takes T + 1 points: T inputs, and one more because the target is the next value.

    - sweep: the sequence is cut into B streams of L = N // B points, walked side by side. Window w
      takes the points wT … wT + T of each; when fewer than T + 1 remain, it starts again at 0.
    - random: each window and stream starts at point u · (N − T), u uniform in [0, 1): a real
      number, of which a sequence that has values only at whole points takes the whole part.

    Point k lies at origin + k · spacing.

    Attributes:
        starts: [B] where the streams' windows start; overwritten by `advance`.
        random: the generator behind the walk, for whatever else a task draws.
    """

    def __init__(
        self, settings: Settings, points: int, *, origin: float = 0.0, spacing: float = 1.0
    ) -> None:
        """Start before the first window.

        Raises:
            ValueError: when the sequence is shorter than a window.
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
        self._room = np.array((self._length - settings.steps) * spacing)
        self._position = 0  # sweep: where in a stream the next window starts; random: its number
        self.starts = np.empty(settings.batch)
        self.random = data_generator(settings.seed)

    def advance(self) -> bool:
        """Move to the next window and return whether the walk (re)starts there."""
        return self._sweep() if self._sweeps else self._jump()

    def _sweep(self) -> bool:
        if self._length - self._position < self._steps + 1:
            self._position = 0
        start = self._position
        np.add(self._origins, start * self._spacing, out=self.starts)
        self._position = start + self._steps
        return start == 0

    def _jump(self) -> bool:
        self.random.random(out=self.starts)
        np.multiply(self.starts, self._room, out=self.starts)
        np.add(self.starts, self._origins, out=self.starts)
        self._position += 1
        return self._position == 1

    def state(self) -> DataState:
        """Return the place of the next window and the generator's state."""
        return DataState(self._position, self.random.bit_generator.state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`.

        Raises:
            ValueError: when a sweep with these settings never stands there.
        """
        position = state.position
        if self._sweeps and (position % self._steps or not 0 <= position < self._length):
            raise ValueError(f"data state: no window of this sweep starts at point {position}")
        self.random.bit_generator.state = state.random
        self._position = position


def streams(settings: Settings) -> int:
    """Return into how many parts a sequence is cut: B for a sweep, otherwise 1."""
    return settings.batch if settings.windows == "sweep" else 1


class WindowPoints:
    """Room for the T + 1 points of a window, seen as inputs and as targets one step later.

    Attributes:
        values: [T+1, B] float64, to be filled.
    """

    def __init__(self, settings: Settings) -> None:
        """Make the room; what it holds is undefined."""
        self.values: FloatArray = np.empty((settings.steps + 1, settings.batch))
        self._inputs = self.values[:-1, :, None]  # [T, B, 1]
        self._targets = self.values[1:, :, None]  # [T, B, 1]

    def split_into(self, x: FloatArray, target: FloatArray) -> None:
        """Write inputs and targets into arrays [T, B, 1] of any precision."""
        x[...] = self._inputs
        target[...] = self._targets
