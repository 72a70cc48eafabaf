"""Parity: is the number of ones so far even or odd?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask, write_at_end


class ParityTask(RandomWindowTask):
    """The parity of a sequence of fair bits (Hochreiter & Schmidhuber 1997, section 5).

    x_t is the symbol 0 or 1; the target at t is "odd" where x_1 + … + x_t is odd. With `parity`
    "per-step" the loss counts at every t (many→many); with "last-step" at t = T only (many→one),
    which is far harder to learn because a single forgotten bit reverses the answer. Even and odd
    are equally likely at every t, and from t = 2 on independent of x_t, so guessing costs ln 2.
    """

    name = "parity"
    title = "parity"
    features = 2
    outputs = 2
    loss = "cross-entropy"
    symbols = ("0", "1")
    labels = ("even", "odd")
    baseline = Baseline(math.log(2), "guessing among 2")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 8,
        "steps": 20,
        "batch": 32,
        "lr": 0.01,
    }
    updates = 2_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window."""
        super().__init__(settings)
        self._at_each = settings.parity == "per-step"
        topology = Topology.many_to_many if self._at_each else Topology.many_to_one
        self.topology = topology(settings.steps)

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask.draw`."""
        x[...] = random.integers(0, 2, x.shape)
        if self._at_each:
            np.bitwise_xor.accumulate(x, axis=0, out=target)
        else:
            write_at_end(target, np.bitwise_xor.reduce(x, axis=0))
