"""Waveform: classify a noisy sequence as sine, square, saw or triangle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.base import FloatArray, Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask, write_at_end

SHORTEST, LONGEST = 10, 25
"""The range of periods, in timesteps."""


class WaveformTask(RandomWindowTask):
    """Tell sine, square, saw and triangle apart, many→one.

    x_t = wave(φ + (t − 1)/P mod 1) + σ·N(0, 1) with a phase φ ~ U(0, 1), a period of P ~ U(10, 25)
    timesteps and σ = `noise`; with θ in [0, 1)

        sine sin(2πθ)    square 1 if θ < ½ else −1    saw 2θ − 1    triangle 1 − 4|θ − ½|

    The loss counts at t = T only; the four classes are equally likely.
    """

    name = "waveform"
    title = "waveform"
    features = 1
    outputs = 4
    loss = "cross-entropy"
    labels = ("sine", "square", "saw", "triangle")
    baseline = Baseline(math.log(4), "guessing among 4")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 16,
        "steps": 50,
        "batch": 32,
        "lr": 0.01,
    }
    updates = 2_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        super().__init__(settings)
        self.topology = Topology.many_to_one(settings.steps)
        self._noise = settings.noise
        self._times = np.arange(settings.steps)[:, None]  # [T, 1], t − 1

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x [T, B, 1] and target [T, B]; see `RandomWindowTask.draw`."""
        batch = x.shape[1]
        classes = random.integers(0, self.outputs, (batch,))
        phase = random.random(batch)
        turns = self._times / random.uniform(SHORTEST, LONGEST, batch) + phase  # [T, B]
        wave = _wave(classes, turns - np.floor(turns))
        if self._noise:
            wave += self._noise * random.standard_normal(wave.shape)
        x[..., 0] = wave
        write_at_end(target, classes)


def _wave(classes: npt.NDArray[np.int64], theta: FloatArray) -> FloatArray:
    """Return the waves [T, B] of the classes [B] at the fractions θ [T, B] of their periods."""
    wave = 2 * theta - 1  # saw
    sine, square, triangle = (np.flatnonzero(classes == k) for k in (0, 1, 3))
    wave[:, sine] = np.sin(2 * math.pi * theta[:, sine])
    wave[:, square] = np.where(theta[:, square] < 0.5, 1.0, -1.0)
    wave[:, triangle] = 1 - 4 * np.abs(theta[:, triangle] - 0.5)
    return wave
