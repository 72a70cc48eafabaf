"""A sweep through a sequence can be restored, and goes on with the same bits."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.settings import Settings
from rnn_tui.tasks import DataState, Task, make_task
from rnn_tui.tasks.window_sweep import WindowSweep


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "squares.csv"
    path.write_text("y\n" + "".join(f"{n * n % 17}\n" for n in range(90)))
    return path


def windows_of(task: Task, settings: Settings, count: int) -> list[bytes]:
    shape = (settings.steps, settings.batch, 1)
    taken = []
    for _ in range(count):
        x, target = np.empty(shape, np.float32), np.empty(shape, np.float32)
        restarts = task.next_window(x, target)
        taken.append(bytes([restarts]) + x.tobytes() + target.tobytes())
    return taken


@given(
    task_name=st.sampled_from(["cos", "series"]),
    windows=st.sampled_from(["sweep", "random"]),
    steps=st.integers(1, 7),
    batch=st.integers(1, 4),
    before=st.integers(0, 30),
    between=st.integers(0, 30),
)
def test_a_restored_sweep_replays_the_same_bits(
    table: Path, task_name: str, windows: str, steps: int, batch: int, before: int, between: int
) -> None:
    settings = Settings(
        task=task_name, data=str(table), windows=windows, steps=steps, batch=batch, num_points=50
    )
    task = make_task(settings)
    windows_of(task, settings, before)
    state = task.state()
    expected = windows_of(task, settings, 20)
    windows_of(task, settings, between)
    task.restore(state)
    assert task.state() == state
    assert windows_of(task, settings, 20) == expected

    elsewhere = make_task(settings)
    elsewhere.restore(DataState.from_json(json.loads(json.dumps(state.to_json()))))
    assert windows_of(elsewhere, settings, 20) == expected


def test_making_the_test_does_not_move_the_sweep() -> None:
    task = make_task(Settings())
    state = task.state()
    task.test()
    assert task.state() == state


def test_a_state_of_another_sweep_is_refused() -> None:
    sweep = WindowSweep(Settings(steps=20), 400)
    for position in (7, 400, -20):
        state = DataState(position, sweep.state().random)
        with pytest.raises(ValueError, match=f"^data state: .* at point {position}$"):
            sweep.restore(state)


def test_a_sequence_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^20 points are fewer than a window of 20 takes$"):
        WindowSweep(Settings(steps=20), 20)


@pytest.mark.parametrize(
    "change",
    [
        {"position": -1},
        {"position": 1.0},
        {"position": True},
        {"bit_generator": "MT19937"},
        {"state": 12},
        {"state": "-1"},
        {"state": "²"},
        {"state": str(2**128)},
        {"inc": "4"},
        {"has_uint32": "2"},
        {"uinteger": str(2**32)},
        {"uinteger": None},
        {"more": "1"},
    ],
    ids=str,
)
def test_a_damaged_state_is_refused_in_one_line(change: dict[str, object]) -> None:
    values = {**make_task(Settings()).state().to_json(), **change}
    with pytest.raises(ValueError, match=r"^data state: .*$"):
        DataState.from_json(values)
