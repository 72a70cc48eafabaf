"""What holds for every task whose windows do not continue a series, as checks of one settings."""

from __future__ import annotations

import copy
import json

import numpy as np
from tasks.task_support import window

from rnn_tui.settings import Settings
from rnn_tui.tasks import DataState, TestWindows, make_task
from rnn_tui.tasks.base import WindowArray
from rnn_tui.tasks.random_windows import TEST_WINDOWS


def check_restoring(settings: Settings, dtype: str, before: int, between: int) -> None:
    """Check that a restored task makes the same windows again, bit for bit."""
    task = make_task(settings)
    for _ in range(before):
        window(task, settings, dtype)
    state, twin = task.state(), copy.deepcopy(task)
    expected = [window(task, settings, dtype).bits for _ in range(4)]
    for _ in range(between):
        window(task, settings, dtype)
    task.restore(state)
    assert task.state() == state == twin.state()
    # What the arrays held before does not matter either.
    assert [window(task, settings, dtype, rubbish=-5).bits for _ in range(4)] == expected
    assert [window(twin, settings, dtype).bits for _ in range(4)] == expected

    elsewhere = make_task(settings)
    elsewhere.restore(DataState.from_json(json.loads(json.dumps(state.to_json()))))
    assert [window(elsewhere, settings, dtype).bits for _ in range(4)] == expected


def check_windows(settings: Settings) -> None:
    """Check that all windows agree with the task's topology, symbols and labels."""
    task = make_task(settings)
    assert task.name == settings.task
    assert task.loss == ("mse" if task.labels is None else "cross-entropy")
    for names, width in ((task.symbols, task.features), (task.labels, task.outputs)):
        assert names is None or len(names) == len(set(names)) == width
    tests = task.test()
    assert isinstance(tests, TestWindows)
    first, second = (window(task, settings) for _ in range(2))
    assert first.restarts
    assert second.restarts == (task.name == "text" and second.bits == first.bits)
    for x, target in (
        (first.x, first.target),
        (second.x, second.target),
        (tests.x, tests.target),
    ):
        check_values(x, task.topology.inputs, task.symbols)
        check_values(target, task.topology.counted, task.labels)


def check_values(array: WindowArray, mask: tuple[bool, ...], names: tuple[str, ...] | None) -> None:
    """Check for valid codes or finite numbers where `mask` is true, and −1 or 0 elsewhere."""
    present, absent = array[list(mask)], array[[not each for each in mask]]
    assert len(array) == len(mask)
    if names is None:
        assert array.ndim == 3
        assert np.isfinite(present).all()
        assert not absent.any()
    else:
        assert array.ndim == 2
        assert array.dtype == np.int64
        assert ((present >= 0) & (present < len(names))).all()
        assert (absent == -1).all()


def check_precisions(settings: Settings) -> None:
    """Check that float32 and float64 networks see the same data."""
    single, double = make_task(settings), make_task(settings)
    for _ in range(3):
        narrow, wide = window(single, settings, "float32"), window(double, settings, "float64")
        np.testing.assert_array_equal(narrow.x, wide.x.astype(narrow.x.dtype))
        np.testing.assert_array_equal(narrow.target, wide.target.astype(narrow.target.dtype))


def check_test_windows(settings: Settings) -> None:
    """Check that test windows are fixed, not trained on, and judged at timesteps that count."""
    settings = settings.with_(batch=TEST_WINDOWS)
    task = make_task(settings)
    state = task.state()
    tests, again = task.test(), task.test()
    assert isinstance(tests, TestWindows)
    assert isinstance(again, TestWindows)
    assert task.state() == state
    np.testing.assert_array_equal(tests.x, again.x)
    np.testing.assert_array_equal(tests.target, again.target)
    assert tests.x.shape[:2] == tests.judged.shape == (settings.steps, TEST_WINDOWS)
    assert not tests.carried
    # judged is a part of what counts, and not an empty one
    assert tests.judged.any()
    assert not tests.judged[[not each for each in task.topology.counted]].any()
    # another stream of the seed: at equal shapes, equal draws would give equal windows
    for _ in range(3):
        assert not np.array_equal(window(task, settings).x, tests.x)
    other = make_task(settings.with_(seed=settings.seed + 1)).test()
    assert isinstance(other, TestWindows)
    assert not np.array_equal(other.x, tests.x)
