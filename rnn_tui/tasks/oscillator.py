"""Oscillator: from one input vector, the network has to continue a sine by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask

_LOW, _HIGH = 0.5, 1.0  # of amplitudes and of frequencies


class OscillatorTask(RandomWindowTask):
    """Produce a sine from its amplitude, frequency and phase, one→many.

    x_1 = (a, f, φ): amplitude a ~ U(½, 1), frequency f ~ U(½, 1) in cycles per ten timesteps, phase
    φ ~ U(−1, 1) in half turns; later inputs are 0. The target is

        y_t = a · sin(2π · f · (t − 1)/10 + π·φ),    t = 1 … T.

    Every phase is equally likely, so the target's mean is 0 and its variance is E[a²]/2 = 7/24: the
    loss of always answering 0.
    """

    name = "oscillator"
    title = "oscillator"
    features = 3
    outputs = 1
    parts = ("amplitude", "frequency", "phase")
    loss = "mse"
    baseline = Baseline(7 / 24, "always 0")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 32,
        "steps": 40,
        "batch": 32,
        "lr": 0.002,
    }
    updates = 4_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        super().__init__(settings)
        self.topology = Topology.one_to_many(settings.steps)
        self._angles = 2 * math.pi / 10 * np.arange(settings.steps)[:, None]  # [T, 1], at f = 1

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [T, B, 3] and target [T, B, 1]; see `RandomWindowTask.draw`."""
        amplitude, frequency, phase = random.uniform(
            (_LOW, _LOW, -1), (_HIGH, _HIGH, 1), x.shape[1:]
        ).T  # [B] each
        x[0, :, 0], x[0, :, 1], x[0, :, 2] = amplitude, frequency, phase
        x[1:] = 0
        target[..., 0] = amplitude * np.sin(self._angles * frequency + math.pi * phase)
