"""The copy task: a few symbols, a long silence, then all of them again in order."""

from __future__ import annotations

import math
import string

import numpy as np

from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Baseline, BoolArray, Topology, WindowArray
from rnn_tui.tasks.random_windows import RandomWindowTask

ALPHABET = 8
"""How many different symbols are copied; their codes are 0 … 7."""
BLANK = ALPHABET
MARKER = ALPHABET + 1


class CopyTask(RandomWindowTask):
    """The copy task (Hochreiter & Schmidhuber 1997; the form of Arjovsky et al. 2016).

    With K = `copy_length` and T = K + `blanks` + K, inputs and targets are

        x       K symbols of 8 | `blanks` − 1 blanks, the marker | K blanks
        target  K + `blanks` blanks                              | the K symbols

    The blanks are known beforehand and the symbols cannot be guessed, so that remembering nothing
    costs K · ln 8 / T. Judged are the K symbols of the copy: the blanks say nothing.
    """

    name = "copy"
    title = "copy task"
    features = ALPHABET + 2
    outputs = ALPHABET + 1
    loss = "cross-entropy"
    symbols = (*string.ascii_lowercase[:ALPHABET], "_", ">")
    labels = symbols[: ALPHABET + 1]

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; the settings have made sure that T fits."""
        super().__init__(settings)
        self._length = settings.copy_length
        self.topology = Topology.many_to_many(settings.steps)
        loss = self._length * math.log(ALPHABET) / settings.steps
        self.baseline = Baseline(loss, "remembering nothing")

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask`."""
        length = self._length
        copied = random.integers(0, ALPHABET, (length, x.shape[1]))  # [K, B]
        x[:length] = copied
        x[length:] = BLANK
        x[-length - 1] = MARKER
        target[:-length] = BLANK
        target[-length:] = copied

    def judged(self, target: WindowArray) -> BoolArray:
        """Return where the copy is, [T, N]."""
        places = np.zeros(target.shape, dtype=np.bool_)
        places[-self._length :] = True
        return places
