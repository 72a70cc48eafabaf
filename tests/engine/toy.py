"""A small task for tests: any loss, any topology, symbols or vectors as inputs."""

from __future__ import annotations

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState, Task, TestWindows, Topology, WindowArray, data_generator

SYMBOLS = ("a", "b", "c", "d")


class ToyTask(Task):
    """Repeat the first input at every timestep that counts in the loss.

    The state is reset at every third window.
    """

    name = "toy"
    title = "toy"
    features = len(SYMBOLS)

    def __init__(
        self,
        settings: Settings,
        loss: str = "cross-entropy",
        topology: Topology | None = None,
        symbols: bool = True,
    ) -> None:
        """Start before the first window; the topology is many→one if none is passed."""
        self.loss = loss
        self.symbols = SYMBOLS if symbols else None
        self.outputs = len(SYMBOLS) if loss == "cross-entropy" else 2
        self.labels = SYMBOLS if loss == "cross-entropy" else None
        self.topology = topology or Topology.many_to_one(settings.steps)
        self._steps = settings.steps
        self._random = data_generator(settings.seed)
        self._windows = 0

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Write random symbols, as codes or one-hot rows, and their targets."""
        self._fill(self._random, x, target)
        self._windows += 1
        return self._windows % 3 == 1

    def _fill(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Draw symbols and write inputs and targets.

        Args:
            random: the generator to draw from.
            x: [T, B] codes or [T, B, 4] one-hot rows; −1 and zeros where there is no input.
            target: the first input's code [T, B], or a third of it [T, B, 2]; −1 and zeros where
                the output does not count.
        """
        codes = random.integers(len(SYMBOLS), size=x.shape[:2])
        codes[~np.array(self.topology.inputs)] = -1
        rows = (codes[..., None] == np.arange(len(SYMBOLS))).astype(float)
        x[...] = rows if self.symbols is None else codes
        asked = np.broadcast_to(codes[self.topology.inputs.index(True)], codes.shape)
        counted = np.array(self.topology.counted)[:, None]
        if self.labels is not None:
            target[...] = np.where(counted, asked, -1)
        else:
            target[...] = np.where(counted, asked, 0)[..., None] / 3

    def state(self) -> DataState:
        """Return the number of windows and the generator's state."""
        return DataState(self._windows, self._random.bit_generator.state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`."""
        self._windows = state.position
        self._random.bit_generator.state = state.random

    def test(self, count: int = 70, carried: bool = False) -> TestWindows:
        """Return `count` test windows, drawn with a fixed seed; the last timestep is judged."""
        shape = (self._steps, count)
        x = np.empty(shape, np.int64) if self.symbols else np.empty((*shape, len(SYMBOLS)))
        target = np.empty(shape, np.int64) if self.labels else np.empty((*shape, self.outputs))
        self._fill(np.random.default_rng(5), x, target)
        judged = np.zeros(shape, bool)
        judged[-1] = True
        return TestWindows(x, target, judged, carried)
