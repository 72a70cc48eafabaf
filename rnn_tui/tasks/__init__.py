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
from .cosine import CosineTask
from .series import SeriesTask

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

_TASKS: Mapping[str, Callable[[Settings], Task]] = {"cos": CosineTask, "series": SeriesTask}


def make_task(settings: Settings) -> Task:
    """Return the task that the settings name, reading its data.

    Raises:
        DataError: when the data cannot be read or do not fit the settings.
    """
    return _TASKS[settings.task](settings)
