"""What holds for every task that hands over windows and is tested on windows."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks.task_support import DRAWN, window

from rnn_tui.settings import DECLARATIONS, Settings, Value, compose
from rnn_tui.tasks import DataState, TestWindows, make_task
from rnn_tui.tasks.random_windows import TEST_WINDOWS

TASKS = (*DRAWN, "text")
SMALL = {
    "recall": {"gap": 3, "steps": 14},
    "adding": {"steps": 7},
    "copy": {"blanks": 3, "copy_length": 2},
    "parity": {"steps": 6},
    "reber": {"steps": 21},
    "waveform": {"steps": 12},
    "oscillator": {"steps": 9},
    "neuron": {},
    "text": {"steps": 8},
}


def settings_of(task: str, **rest: Value) -> Settings:
    return compose({"task": task, **SMALL[task], **rest})


def test_every_task_is_covered() -> None:
    assert set(DECLARATIONS["task"].choices) == {"cos", "series", *TASKS}


@given(
    task_name=st.sampled_from(TASKS),
    batch=st.integers(1, 5),
    seed=st.integers(0, 2**63 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
    before=st.integers(0, 4),
    between=st.integers(0, 4),
)
def test_a_restored_task_hands_out_the_same_bits(
    task_name: str, batch: int, seed: int, dtype: str, before: int, between: int
) -> None:
    settings = settings_of(task_name, batch=batch, seed=seed)
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


@given(task_name=st.sampled_from(TASKS), batch=st.integers(1, 4), seed=st.integers(0, 99))
def test_windows_are_as_the_topology_says(task_name: str, batch: int, seed: int) -> None:
    settings = settings_of(task_name, batch=batch, seed=seed)
    task = make_task(settings)
    assert task.loss == ("mse" if task.labels is None else "cross-entropy")
    for names, width in ((task.symbols, task.features), (task.labels, task.outputs)):
        assert names is None or len(names) == len(set(names)) == width
    tests = task.test()
    assert isinstance(tests, TestWindows)
    first, second = (window(task, settings) for _ in range(2))
    assert first.restarts
    assert second.restarts == (task_name == "text" and second.bits == first.bits)
    for x, target in (
        (first.x, first.target),
        (second.x, second.target),
        (tests.x, tests.target),
    ):
        check(x, task.topology.inputs, task.symbols)
        check(target, task.topology.counted, task.labels)


def check(array: np.ndarray, mask: tuple[bool, ...], names: tuple[str, ...] | None) -> None:
    """Codes in range or finite numbers where the mask is true; −1 or 0 where it is not."""
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


@pytest.mark.parametrize("task_name", TASKS)
def test_both_precisions_see_the_same_data(task_name: str) -> None:
    settings = settings_of(task_name, batch=3)
    single, double = make_task(settings), make_task(settings)
    for _ in range(3):
        narrow, wide = window(single, settings, "float32"), window(double, settings, "float64")
        np.testing.assert_array_equal(narrow.x, wide.x.astype(narrow.x.dtype))
        np.testing.assert_array_equal(narrow.target, wide.target.astype(narrow.target.dtype))


@pytest.mark.parametrize("task_name", DRAWN)
def test_test_windows_are_fixed_and_not_those_of_training(task_name: str) -> None:
    settings = settings_of(task_name, batch=TEST_WINDOWS)
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


def test_a_seed_has_streams_that_never_meet() -> None:
    """The numbers behind training, tests and starting weights, not only the windows, differ."""
    drawn = [
        np.random.Generator(np.random.PCG64(np.random.SeedSequence([7, stream]))).random(50_000)
        for stream in range(4)
    ]
    assert len(np.unique(np.concatenate(drawn))) == 200_000
