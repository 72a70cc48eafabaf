"""Helpers of the tests of the tasks: windows in arrays of the right shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.registry import TASKS
from rnn_tui.settings import Settings
from rnn_tui.tasks import Task, make_task
from rnn_tui.tasks.random_windows import RandomWindowTask

RANDOM_WINDOW_TASKS = tuple(
    name for name in TASKS.names if issubclass(TASKS.load(name), RandomWindowTask)
)
"""The tasks whose windows are drawn at random, each on its own."""
WINDOW_TASKS = tuple(name for name in TASKS.names if name not in ("cos", "series", "case"))
"""The tasks that are tested on windows; the others are tested on a series."""


@dataclass(frozen=True)
class Window:
    """One window of a task.

    Attributes:
        x, target: [T, B, features] and [T, B, outputs]; of symbols and classes, codes [T, B].
        restarts: whether the task says that the state must not be carried into this window.
    """

    x: npt.NDArray[Any]
    target: npt.NDArray[Any]
    restarts: bool

    @property
    def bits(self) -> bytes:
        """The whole window as bytes: windows are equal bit for bit if these are."""
        return bytes([self.restarts]) + self.x.tobytes() + self.target.tobytes()


def window(task: Task, settings: Settings, dtype: str = "float64", rubbish: int = 77) -> Window:
    """Return the next window of a task, written to arrays that are full of `rubbish` before."""
    shape = (settings.steps, settings.batch)
    x = _filled(shape, task.features, dtype, rubbish, codes=task.symbols is not None)
    target = _filled(shape, task.outputs, dtype, rubbish, codes=task.labels is not None)
    return Window(x, target, task.next_window(x, target))


def _filled(
    shape: tuple[int, int], width: int, dtype: str, rubbish: int, *, codes: bool
) -> npt.NDArray[Any]:
    """Return an array of `rubbish`: codes [T, B], or vectors of `width` numbers [T, B, width]."""
    if codes:
        return np.full(shape, rubbish, dtype=np.int64)
    return np.full((*shape, width), rubbish, dtype=dtype)


def windows(settings: Settings, count: int = 1) -> list[Window]:
    """Return the first `count` windows of a new task."""
    task = make_task(settings)
    return [window(task, settings) for _ in range(count)]


def side_by_side(settings: Settings, samples: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return inputs and targets of the first windows, joined to at least `samples` samples.

    Returns:
        Two arrays [T, N, …], N ≥ `samples`.
    """
    drawn = windows(settings, -(-samples // settings.batch))
    return (
        np.concatenate([each.x for each in drawn], axis=1),
        np.concatenate([each.target for each in drawn], axis=1),
    )
