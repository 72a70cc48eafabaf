"""The copy task: remember a few symbols over many blanks, then repeat them in order."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from rnn_tui.settings import SettingError, Settings, Value
from rnn_tui.tasks.base import BoolArray, Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask

ALPHABET = 8
"""The number of different symbols to copy; their codes are 0 … 7."""
BLANK = ALPHABET
MARKER = ALPHABET + 1


def _window_length(blanks: int, copy_length: int) -> int:
    """Return T: the symbols, the blanks, and as many timesteps again for the copy."""
    return blanks + 2 * copy_length


class CopyTask(RandomWindowTask):
    """The copy task (Hochreiter & Schmidhuber 1997; the form of Arjovsky et al. 2016).

    With K = `copy_length` and T = K + `blanks` + K, inputs and targets are

        x       K symbols of 8 | `blanks` − 1 blanks, the marker | K blanks
        target  K + `blanks` blanks                              | the K symbols

    The blanks can be predicted without memory and the symbols cannot be guessed, so remembering
    nothing costs K · ln 8 / T. Accuracy is measured only at the K symbols of the copy.
    """

    name = "copy"
    title = "copy task"
    features = ALPHABET + 2
    outputs = ALPHABET + 1
    loss = "cross-entropy"
    symbols = (*string.ascii_lowercase[:ALPHABET], "_", ">")
    labels = symbols[: ALPHABET + 1]
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "cell": "lstm",
        "hidden": 64,
        "forget_bias": 3.0,
        "batch": 16,
        "lr": 0.01,
    }
    updates = 10_000

    def __init__(self, settings: Settings) -> None:
        """Start before the first window; `check_settings` has checked T."""
        super().__init__(settings)
        self._length = settings.copy_length
        self.topology = Topology.many_to_many(settings.steps)
        loss = self._length * math.log(ALPHABET) / settings.steps
        self.baseline = Baseline(loss, "remembering nothing")

    @classmethod
    def default_steps(cls, value_of: Callable[[str], Any]) -> int:
        """Return T = blanks + 2K, the only length that fits."""
        return _window_length(value_of("blanks"), value_of("copy_length"))

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse every other length of the window."""
        steps = _window_length(settings.blanks, settings.copy_length)
        if settings.steps != steps:
            parts = f"--blanks {settings.blanks} and twice --copy-length {settings.copy_length}"
            raise SettingError("steps", settings.steps, f"{steps}, {parts}")

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        """Fill x and target, [T, B] each; see `RandomWindowTask.draw`."""
        length = self._length
        copied = random.integers(0, ALPHABET, (length, x.shape[1]))  # [K, B]
        x[:length] = copied
        x[length:] = BLANK
        x[-length - 1] = MARKER
        target[:-length] = BLANK
        target[-length:] = copied

    def judged(self, target: WindowArray) -> BoolArray:
        """Return a mask [T, N] that is true at the copied symbols."""
        mask = np.zeros(target.shape, dtype=np.bool_)
        mask[-self._length :] = True
        return mask
