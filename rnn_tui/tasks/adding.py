"""The adding problem: the sum of the two numbers that are marked, somewhere in a long sequence."""

from __future__ import annotations

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Baseline, Topology, WindowArray
from rnn_tui.tasks.random_windows import RandomWindowTask, at_the_end


class AddingTask(RandomWindowTask):
    """The adding problem (Hochreiter & Schmidhuber 1997, experiment 4; the form of Le et al. 2015).

    x_t = (value, mark): values U(0, 1), marks 0 but for two ones, the first at a random timestep of
    the window's first half (t ≤ ⌊T/2⌋), the second at one of its second half. The target, at t = T
    only, is the sum of the two marked values. Its variance is 2 · 1/12: always answering its mean,
    1, costs 1/6.
    """

    name = "adding"
    title = "adding problem"
    features = 2
    outputs = 1
    parts = ("value", "mark")
    loss = "mse"
    baseline = Baseline(1 / 6, "always 1")

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; the settings have made sure that both halves exist."""
        super().__init__(settings)
        self.topology = Topology.many_to_one(settings.steps)

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [T, B, 2] and target [T, B, 1]; see `RandomWindowTask`."""
        steps, batch = x.shape[:2]
        half, samples = steps // 2, np.arange(batch)
        values = random.random((steps, batch))
        first = random.integers(0, half, batch)
        second = random.integers(half, steps, batch)
        x[..., 0] = values
        x[..., 1] = 0
        x[first, samples, 1] = 1
        x[second, samples, 1] = 1
        at_the_end(target, (values[first, samples] + values[second, samples])[:, None])
