"""The noisy cosine: what a window holds, and what is tested on."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.settings import SettingError, Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.cosine import LONGEST_FREE_RUN, CosineTask


def window(task: CosineTask, steps: int, batch: int = 1) -> tuple[bool, np.ndarray, np.ndarray]:
    x, target = np.full((steps, batch, 1), np.nan), np.full((steps, batch, 1), np.nan)
    return task.next_window(x, target), x, target


def test_the_mapping_makes_it() -> None:
    task = make_task(Settings())
    assert (task.name, task.title, task.features, task.outputs) == ("cos", "cos(x)", 1, 1)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 40), st.floats(-50, 50))
def test_a_sweep_takes_the_points_it_says(steps: int, batch: int, extra: int, x_min: float) -> None:
    points = max(4, batch * (steps + 1) + extra)
    settings = Settings(
        steps=steps, batch=batch, num_points=points, noise=0, x_min=x_min, x_max=x_min + 7
    )
    task = CosineTask(settings)
    length = points // batch
    windows_in_a_pass = (length - 1) // steps
    for w in range(2 * windows_in_a_pass + 1):
        restarts, x, target = window(task, steps, batch)
        first = (w % windows_in_a_pass) * steps
        assert restarts == (first == 0)
        for stream in range(batch):
            k = stream * length + first + np.arange(steps + 1)
            expected = np.cos(x_min + k * 7 / points)
            np.testing.assert_allclose(x[:, stream, 0], expected[:-1], atol=1e-12)
            np.testing.assert_allclose(target[:, stream, 0], expected[1:], atol=1e-12)


def test_a_random_window_starts_anywhere_but_fits() -> None:
    settings = Settings(windows="random", noise=0, x_min=0, x_max=3, num_points=100, batch=4)
    task = CosineTask(settings)
    starts = []
    for w in range(500):
        restarts, x, target = window(task, 20, 4)
        assert restarts == (w == 0)
        places = np.arccos(np.clip(x[:, :, 0], -1, 1))  # cos is one to one on [0, π]
        np.testing.assert_allclose(np.diff(places, axis=0), task.resolution, atol=1e-6)
        np.testing.assert_array_equal(x[1:], target[:-1])
        assert np.arccos(target[-1]).max() <= 3
        starts.extend(places[0])
    assert min(starts) < 0.02
    assert max(starts) > 3 - 20 * task.resolution - 0.02
    assert np.mean(starts) == pytest.approx(1.2, abs=0.05)


def test_noise_is_drawn_afresh_and_has_the_size_it_says() -> None:
    task = CosineTask(Settings(noise=0.5, num_points=21))
    smooth = CosineTask(Settings(noise=0, num_points=21))
    _, clean, _ = window(smooth, 20)
    noise = np.array([window(task, 20)[1] - clean for _ in range(500)])
    assert np.std(noise) == pytest.approx(0.5, rel=0.05)
    assert np.mean(noise) == pytest.approx(0, abs=0.02)
    assert len({draw.tobytes() for draw in noise}) == 500


@pytest.mark.parametrize("windows", ["sweep", "random"])
def test_the_same_settings_give_the_same_bits(windows: str) -> None:
    first, second = (CosineTask(Settings(windows=windows, seed=7)) for _ in range(2))
    other = CosineTask(Settings(windows=windows, seed=8))
    for _ in range(40):
        _, x, _ = window(first, 20)
        assert x.tobytes() == window(second, 20)[1].tobytes()
        assert x.tobytes() != window(other, 20)[1].tobytes()


def test_a_window_is_a_batch_from_the_same_place() -> None:
    settings = Settings(windows="random", seed=3, x_min=-2)
    _, x, target = window(CosineTask(settings), 20)
    inputs, targets = CosineTask(settings).next_batch(20)
    np.testing.assert_allclose(inputs, x[:, 0, 0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(targets, target[:, 0, 0], rtol=0, atol=1e-14)


def test_next_batch_with_and_without_its_places() -> None:
    task = CosineTask(Settings(noise=0, x_min=1, x_max=5, num_points=40))
    inputs, targets, x = task.next_batch(8, start=2.0, with_x=True)
    np.testing.assert_allclose(x, 2 + 0.1 * np.arange(9), rtol=1e-15)
    np.testing.assert_array_equal(inputs, np.cos(x)[:-1])
    np.testing.assert_array_equal(targets, np.cos(x)[1:])
    assert len(task.next_batch(8)) == 2
    for _ in range(200):
        *_, x = task.next_batch(39, with_x=True)
        assert x[0] >= 1
        assert x[-1] <= 5 + 1e-12
    for steps in (0, 40):
        with pytest.raises(SettingError) as caught:
            task.next_batch(steps)
        assert str(caught.value) == (
            f"--steps must be a whole number from 1 to 39, one less than --num-points, not {steps}"
        )


def test_the_test_series_is_smooth_and_as_long_as_it_says() -> None:
    settings = Settings(x_min=0.5, x_max=60.5)
    series = CosineTask(settings).test()
    x = series.coordinate
    np.testing.assert_allclose(x, 0.5 + 0.15 * np.arange(len(x)), rtol=1e-14)
    np.testing.assert_array_equal(series.values[:, 0], np.cos(x))
    assert series.warm_up == 40
    assert series.horizons == (42, 126)  # 2π/0.15 = 41.9
    assert len(series.values) == 40 + 126 + 1
    assert (series.offset[0], series.scale[0]) == (0, 1)
    assert series.values.dtype == np.float64


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 2e6), st.integers(21, 10_000_000))
def test_free_runs_end_at_any_resolution(x_min: float, width: float, points: int) -> None:
    try:
        settings = Settings(x_min=x_min, x_max=min(x_min + width, 1e6), num_points=points)
    except SettingError:
        return
    series = CosineTask(settings).test()
    assert 1 <= series.horizons[0] <= series.horizons[-1] <= LONGEST_FREE_RUN
    assert series.warm_up + series.horizons[-1] + 1 == len(series.values)
    resolution = (settings.x_max - settings.x_min) / points
    one = min(max(1, round(2 * math.pi / resolution)), LONGEST_FREE_RUN)
    assert series.horizons[0] == one


def test_a_copy_draws_the_windows_that_the_original_draws() -> None:
    """A copy is what the run without a what-if learns from."""
    settings = Settings(steps=5, num_points=60, noise=0.1, batch=2)
    task = CosineTask(settings)
    arrays = [np.zeros((5, 2, 1)) for _ in range(4)]
    task.next_window(arrays[0], arrays[1])
    twin = copy.deepcopy(task)
    for _ in range(30):
        assert task.next_window(arrays[0], arrays[1]) == twin.next_window(arrays[2], arrays[3])
        np.testing.assert_array_equal(arrays[0], arrays[2])
        np.testing.assert_array_equal(arrays[1], arrays[3])
