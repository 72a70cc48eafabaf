"""The larger of two numbers: a single timestep, so nothing is recurrent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask


class NeuronTask(RandomWindowTask):
    """A classification that a single neuron can learn: T = 1, one→one.

    x_1 = (u, v), both from U(−1, 1); the class is "first" where u > v and otherwise "second". The
    line u = v separates the two, so one neuron is enough.
    """

    name = "neuron"
    title = "larger of two"
    features = 2
    outputs = 2
    parts = ("u", "v")
    loss = "cross-entropy"
    labels = ("first", "second")
    topology = Topology.one_to_one()
    baseline = Baseline(math.log(2), "guessing among 2")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "neuron",
        "hidden": 1,
        "steps": 1,
        "batch": 16,
        "lr": 0.05,
    }
    updates = 2_000

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse windows of more than one timestep."""
        if settings.steps != 1:
            raise SettingError("steps", settings.steps, "1 with --task neuron")

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [1, B, 2] and target [1, B]; see `RandomWindowTask.draw`."""
        pairs = random.uniform(-1, 1, x.shape)  # [1, B, 2]
        x[...] = pairs
        np.less_equal(pairs[..., 0], pairs[..., 1], out=target, casting="unsafe")
