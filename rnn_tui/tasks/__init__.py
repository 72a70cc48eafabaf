"""Where sequences come from: one file a task.

A task is made from the settings with `make_task` and then asked for window after window:

    >>> import numpy as np
    >>> from rnn_tui.settings import Settings
    >>> task = make_task(Settings(steps=20, batch=1))
    >>> x, target = np.empty((20, 1, 1)), np.empty((20, 1, 1))
    >>> task.next_window(x, target)  # True: the hidden state starts from zero here
    True
"""

from collections.abc import Callable, Mapping

from ..settings import Settings
from .adding import AddingTask
from .base import (
    Baseline,
    DataError,
    DataState,
    FloatArray,
    Task,
    TestSeries,
    TestWindows,
    Topology,
)
from .copy import CopyTask
from .cosine import CosineTask
from .neuron import NeuronTask
from .oscillator import OscillatorTask
from .parity import ParityTask
from .reber import ReberTask
from .recall import RecallTask
from .series import SeriesTask
from .text import TextTask
from .waveform import WaveformTask

__all__ = [
    "Baseline",
    "DataError",
    "DataState",
    "FloatArray",
    "Task",
    "TestSeries",
    "TestWindows",
    "Topology",
    "make_task",
]

_TASKS: Mapping[str, Callable[[Settings], Task]] = {
    "cos": CosineTask,
    "series": SeriesTask,
    "text": TextTask,
    "recall": RecallTask,
    "adding": AddingTask,
    "copy": CopyTask,
    "parity": ParityTask,
    "reber": ReberTask,
    "waveform": WaveformTask,
    "oscillator": OscillatorTask,
    "neuron": NeuronTask,
}


def make_task(settings: Settings) -> Task:
    """Return the task that the settings name, reading its data.

    Raises:
        DataError: when the data cannot be read or do not fit the settings.
    """
    return _TASKS[settings.task](settings)
