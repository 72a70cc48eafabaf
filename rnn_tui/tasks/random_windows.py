"""Helper for tasks whose windows are drawn at random: their base class `RandomWindowTask`.

Used by `adding`, `copy`, `neuron`, `oscillator`, `parity`, `reber`, `recall` and `waveform`: all
tasks whose windows are independent of each other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.base import (
    BoolArray,
    DataState,
    FloatArray,
    Task,
    TestWindows,
    WindowArray,
    data_generator,
)

TEST_WINDOWS = 500
"""N, the number of windows that a task is tested on."""

_TEST_STREAM = 2  # number of the seed's stream; 0 draws the weights, 1 the training windows


class RandomWindowTask(Task):
    """A task whose windows are drawn from a random generator, one after the other.

    A subclass sets the attributes of `Task` and writes `draw`. From the same generator state,
    `draw` must always make the same samples, so that windows can be drawn again.

    Windows do not continue each other, so only the first one asks for a hidden state of zeros; the
    setting `carry` decides about the others.
    """

    defaults: ClassVar[Mapping[str, Value]] = {
        "carry": False,  # windows do not continue each other
        "optimizer": "adam",
        "clip_by": "norm",
        "clip": 1.0,
    }

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        self._steps = settings.steps
        self._seed = settings.seed
        self._random = data_generator(settings.seed)
        self._position = 0  # windows drawn

    @abstractmethod
    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target with samples drawn from `random`.

        Args:
            random: the only source of random numbers.
            x: inputs, numbers [T, B, D] or codes [T, B] as `Task.next_window` describes them.
            target: targets, numbers [T, B, O] or codes [T, B]. B is not always the settings'
                batch: the test windows are drawn all at once.
        """

    def judged(self, target: WindowArray) -> BoolArray:
        """Return the mask [T, N] of `TestWindows.judged`: here, where the loss counts.

        Override it to measure accuracy at fewer timesteps, for instance only at those that need
        memory.

        Args:
            target: the targets of N test windows.
        """
        counted = np.array(self.topology.counted)[:, None]  # [T, 1]
        return np.repeat(counted, target.shape[1], axis=1)

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill the next window, x and target, in place; see `Task.next_window`."""
        self.draw(self._random, x, target)
        self._position += 1
        return self._position == 1

    def state(self) -> DataState:
        """Return the number of windows drawn and the generator's state."""
        return DataState(self._position, self._random.bit_generator.state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._random.bit_generator.state = state.random
        self._position = state.position

    def test(self) -> TestWindows:
        """Return `TEST_WINDOWS` windows from a stream of the seed that is not used in training."""
        x = self._empty(self.features if self.symbols is None else None)
        target = self._empty(self.outputs if self.labels is None else None)
        seeds = np.random.SeedSequence([self._seed, _TEST_STREAM])
        self.draw(np.random.Generator(np.random.PCG64(seeds)), x, target)
        return TestWindows(x, target, self.judged(target))

    def _empty(self, width: int | None) -> WindowArray:
        """Return an array for numbers [T, N, width] or, if `width` is None, for codes [T, N]."""
        if width is None:
            return np.empty((self._steps, TEST_WINDOWS), dtype=np.int64)
        return np.empty((self._steps, TEST_WINDOWS, width))


def write_at_end(target: WindowArray, answer: FloatArray | WindowArray) -> None:
    """Write the targets of many→one windows: `answer` at the last timestep, "none" before it.

    Args:
        target: numbers [T, B, O] or codes [T, B], overwritten.
        answer: numbers [B, O] or codes [B].
    """
    target[:-1] = -1 if target.ndim == 2 else 0
    target[-1] = answer
