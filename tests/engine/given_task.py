"""A task for tests that is one batch: a mask of samples, a sum or a mean, states to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import BoolArray, DataState, Task, TestWindows, Topology, WindowArray


class GivenTask(Task):
    """The same batch in every window, all of it drawn from a seed."""

    name = "given"
    title = "given"

    def __init__(
        self,
        settings: Settings,
        *,
        loss: str = "mse",
        symbols: bool = False,
        reduction: Literal["mean", "sum"] = "mean",
        features: int = 3,
        outputs: int = 2,
        start: tuple[str, ...] = ("h",),
        mask: BoolArray | None = None,
        seed: int = 0,
    ) -> None:
        """Draw inputs, targets, a mask if none is passed, and the states named in `start`."""
        random = np.random.default_rng(seed)
        shape = steps, batch = settings.steps, settings.batch
        self.loss, self.reduction = loss, reduction
        self.features, self.outputs = features, outputs
        self.symbols = tuple("abcdefgh"[:features]) if symbols else None
        self.labels = tuple("abcdefgh"[:outputs]) if loss == "cross-entropy" else None
        if mask is None:
            mask = random.random(shape) < 0.6
            mask[random.integers(steps), random.integers(batch)] = True
        self.mask = mask
        counted = tuple(np.any(mask, axis=1).tolist())
        self.topology = Topology((True,) * steps, counted)
        self.x: WindowArray = random.normal(size=(*shape, features))
        if symbols:
            self.x = random.integers(features, size=shape)
        self.target: WindowArray = random.normal(size=(*shape, outputs))
        if loss == "cross-entropy":
            self.target = np.where(mask, random.integers(outputs, size=shape), -1)
        size = (batch, settings.hidden)
        states: Mapping[str, np.ndarray] = {name: 0.7 * random.normal(size=size) for name in start}
        self.start_states = states or None
        self._position = 0

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill in the batch."""
        x[...], target[...] = self.x, self.target
        self._position += 1
        return True

    def state(self) -> DataState:
        """Return the number of windows."""
        return DataState(self._position, np.random.PCG64(0).state)

    def restore(self, state: DataState) -> None:
        """Go back to `state`."""
        self._position = state.position

    def test(self) -> TestWindows:
        """Return no windows."""
        x, target = self.x[:, :0], self.target[:, :0]
        return TestWindows(x, target, np.ones(x.shape[:2], bool))
