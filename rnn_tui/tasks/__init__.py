"""Where sequences come from: one file a task, named in `rnn_tui.registry`.

A task is made from the settings with `make_task` and then asked for window after window:

    >>> import numpy as np
    >>> from rnn_tui.settings import Settings
    >>> task = make_task(Settings(steps=20, batch=1))
    >>> x, target = np.empty((20, 1, 1)), np.empty((20, 1, 1))
    >>> task.next_window(x, target)  # True: the hidden state starts from zero here
    True
"""

from collections.abc import Callable

from rnn_tui.registry import TASKS
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import (
    Baseline,
    DataError,
    DataState,
    FloatArray,
    Task,
    TestSeries,
    TestWindows,
    Topology,
)

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


def make_task(settings: Settings) -> Task:
    """Return the task that the settings name, reading its data.

    Raises:
        DataError: when the data cannot be read or do not fit the settings.
    """
    kind: Callable[[Settings], Task] = TASKS.load(settings.task)
    return kind(settings)
