"""Which of two numbers is the larger: a single timestep, nothing recurrent about it."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Baseline, Topology, WindowArray
from rnn_tui.tasks.random_windows import RandomWindowTask


class NeuronTask(RandomWindowTask):
    """One neuron, before there is any time: T = 1, one→one.

    x_1 = (u, v), both U(−1, 1); the class is "first" where u > v and otherwise "second". The two
    are apart on either side of the line u = v, so one neuron is enough.
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

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; the settings have made sure that T = 1."""
        super().__init__(settings)

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [1, B, 2] and target [1, B]; see `RandomWindowTask`."""
        pairs = random.uniform(-1, 1, x.shape)  # [1, B, 2]
        x[...] = pairs
        np.less_equal(pairs[..., 0], pairs[..., 1], out=target, casting="unsafe")
