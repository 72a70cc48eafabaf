"""The adding problem: add the two marked numbers of a long sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask, write_at_end


class AddingTask(RandomWindowTask):
    """The adding problem (Hochreiter & Schmidhuber 1997, experiment 4; the form of Le et al. 2015).

    x_t = (value, mark): values are drawn from U(0, 1), marks are 0 except for two ones, the first
    at a random timestep of the window's first half (t ≤ ⌊T/2⌋), the second at one of its second
    half. The target, at t = T only, is the sum of the two marked values. Its variance is 2 · 1/12,
    so always answering its mean, 1, costs 1/6.
    """

    name = "adding"
    title = "adding problem"
    features = 2
    outputs = 1
    parts = ("value", "mark")
    loss = "mse"
    baseline = Baseline(1 / 6, "always 1")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 32,
        "steps": 100,
        "batch": 32,
        "lr": 0.005,
    }
    updates = 3_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; `check_settings` has checked that T is at least 2."""
        super().__init__(settings)
        self.topology = Topology.many_to_one(settings.steps)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse windows that do not have two halves."""
        if settings.steps < 2:
            raise SettingError("steps", settings.steps, "at least 2 with --task adding")

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [T, B, 2] and target [T, B, 1]; see `RandomWindowTask.draw`."""
        steps, batch = x.shape[:2]
        half, samples = steps // 2, np.arange(batch)
        values = random.random((steps, batch))
        first = random.integers(0, half, batch)
        second = random.integers(half, steps, batch)
        x[..., 0] = values
        x[..., 1] = 0
        x[first, samples, 1] = 1
        x[second, samples, 1] = 1
        write_at_end(target, (values[first, samples] + values[second, samples])[:, None])
