"""What the tasks have in common whose windows are drawn at random, each on its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import (
    Baseline,
    BoolArray,
    DataState,
    FloatArray,
    TestWindows,
    Topology,
    WindowArray,
    data_generator,
)

TEST_WINDOWS = 500
"""N, how many windows a task is tested on."""

_TEST_STREAM = 2  # of the seed; 0 draws the starting weights, 1 the windows that are trained on


class RandomWindowTask(ABC):
    """A task without a walk: every window is drawn afresh from the data's generator.

    Windows have nothing to do with each other, so only the first one asks for a zero state; whether
    later ones begin with zeros too is up to the setting `carry`.

    A subclass sets the attributes of `Task` and fills windows of any number of samples, always
    drawing the same numbers for the same number of samples.
    """

    name: str
    title: str
    features: int
    outputs: int
    loss: str
    symbols: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    topology: Topology
    baseline: Baseline | None

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        self._steps = settings.steps
        self._seed = settings.seed
        self._random = data_generator(settings.seed)
        self._position = 0  # windows drawn

    @abstractmethod
    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Overwrite x and target with samples drawn from `random`; shapes as in `next_window`."""

    def judged(self, target: WindowArray) -> BoolArray:
        """Return where predictions of these targets are judged, [T, N]: where the loss counts."""
        counted = np.array(self.topology.counted)[:, None]  # [T, 1]
        return np.repeat(counted, target.shape[1], axis=1)

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill the next window in place; see `Task`."""
        self.draw(self._random, x, target)
        self._position += 1
        return self._position == 1

    def state(self) -> DataState:
        """Return how many windows were drawn, and the generator's state."""
        return DataState(self._position, self._random.bit_generator.state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task`."""
        self._random.bit_generator.state = state.random
        self._position = state.position

    def test(self) -> TestWindows:
        """Return `TEST_WINDOWS` windows from a stream of the seed that is never trained on."""
        x = self._room(self.features if self.symbols is None else None)
        target = self._room(self.outputs if self.labels is None else None)
        seeds = np.random.SeedSequence([self._seed, _TEST_STREAM])
        self.draw(np.random.Generator(np.random.PCG64(seeds)), x, target)
        return TestWindows(x, target, self.judged(target))

    def _room(self, width: int | None) -> WindowArray:
        """Return an array for numbers [T, N, width], or for codes [T, N]."""
        if width is None:
            return np.empty((self._steps, TEST_WINDOWS), dtype=np.int64)
        return np.empty((self._steps, TEST_WINDOWS, width))


def at_the_end(target: WindowArray, answer: FloatArray | WindowArray) -> None:
    """Write `answer` where a many→one window is asked for it, and "nothing" everywhere before.

    Args:
        target: numbers [T, B, O] or codes [T, B], overwritten.
        answer: numbers [B, O] or codes [B].
    """
    target[:-1] = -1 if target.ndim == 2 else 0
    target[-1] = answer
