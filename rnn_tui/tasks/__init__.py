"""The tasks: what a network can learn. One file each, registered in `rnn_tui.registry`.

`base` has the class `Task` and explains how to write a new one. A task is made from the settings
and then asked for one window after the other:

    >>> import numpy as np
    >>> from rnn_tui.settings import Settings
    >>> task = make_task(Settings(steps=20, batch=1))
    >>> x, target = np.empty((20, 1, 1)), np.empty((20, 1, 1))
    >>> task.next_window(x, target)  # True: this window begins with a hidden state of zeros
    True
"""

from collections.abc import Callable

from rnn_tui.files.data_file import DataError
from rnn_tui.registry import TASKS
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import (
    DataState,
    FloatArray,
    Kept,
    Task,
    TestSeries,
    TestWindows,
    Topology,
)
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.source import DataSource

__all__ = [
    "Baseline",
    "DataError",
    "DataSource",
    "DataState",
    "FloatArray",
    "Kept",
    "Task",
    "TestSeries",
    "TestWindows",
    "Topology",
    "make_task",
]


def make_task(settings: Settings, kept: Kept | None = None) -> Task:
    """Return a new task of the kind that the settings name; its data are read.

    Args:
        settings: the settings of the run.
        kept: what a run knows of the data that it was trained on: its scale, training part and
            vocabulary are kept. Of the task case, the case. None for a new run.

    Raises:
        DataError: the data cannot be read or do not fit the settings.
    """
    kind: Callable[..., Task] = TASKS.load(settings.task)
    return kind(settings) if kept is None else kind(settings, kept)
