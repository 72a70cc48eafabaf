"""What holds for every task that hands over windows and is tested on windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks.invariants import check_precisions, check_restoring, check_test_windows, check_windows
from tasks.task_support import RANDOM_WINDOW_TASKS, WINDOW_TASKS

from rnn_tui.settings import Settings, Value, compose

SMALL: dict[str, dict[str, Value]] = {
    "recall": {"gap": 3, "steps": 14},
    "adding": {"steps": 7},
    "copy": {"blanks": 3, "copy_length": 2},
    "parity": {"steps": 6},
    "reber": {"steps": 21},
    "waveform": {"steps": 12},
    "oscillator": {"steps": 9},
    "text": {"steps": 8},
}
"""What makes windows of a task short, where its defaults do not."""


def settings_of(task: str, **rest: Value) -> Settings:
    return compose({"task": task, **SMALL.get(task, {}), **rest})


@given(
    task_name=st.sampled_from(WINDOW_TASKS),
    batch=st.integers(1, 5),
    seed=st.integers(0, 2**63 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
    before=st.integers(0, 4),
    between=st.integers(0, 4),
)
def test_a_restored_task_hands_out_the_same_bits(
    task_name: str, batch: int, seed: int, dtype: str, before: int, between: int
) -> None:
    check_restoring(settings_of(task_name, batch=batch, seed=seed), dtype, before, between)


@given(task_name=st.sampled_from(WINDOW_TASKS), batch=st.integers(1, 4), seed=st.integers(0, 99))
def test_windows_are_as_the_topology_says(task_name: str, batch: int, seed: int) -> None:
    check_windows(settings_of(task_name, batch=batch, seed=seed))


@pytest.mark.parametrize("task_name", WINDOW_TASKS)
def test_both_precisions_see_the_same_data(task_name: str) -> None:
    check_precisions(settings_of(task_name, batch=3))


@pytest.mark.parametrize("task_name", RANDOM_WINDOW_TASKS)
def test_test_windows_are_fixed_and_not_those_of_training(task_name: str) -> None:
    check_test_windows(settings_of(task_name))


def test_a_seed_has_streams_that_never_meet() -> None:
    """The numbers behind training, tests and starting weights, not only the windows, differ."""
    drawn = [
        np.random.Generator(np.random.PCG64(np.random.SeedSequence([7, stream]))).random(50_000)
        for stream in range(4)
    ]
    assert len(np.unique(np.concatenate(drawn))) == 200_000
