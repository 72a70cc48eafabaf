"""A series of the user's own: what is trained on, what is tested on, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.settings import Settings
from rnn_tui.tasks import DataError, make_task
from rnn_tui.tasks.series import SeriesTask


def series_of(path: Path, text: str, **changes: object) -> SeriesTask:
    path.write_text(text)
    return SeriesTask(Settings(task="series", data=str(path)).with_(**changes))  # type: ignore[arg-type]


def column(values: object) -> str:
    return "y\n" + "".join(f"{v!r}\n" for v in values)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("series") / "prices.csv"


@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 30))
def test_a_sweep_takes_the_training_part_in_order(
    path: Path, steps: int, batch: int, extra: int
) -> None:
    rows = max(6, -(-5 * batch * (steps + 1) // 4)) + extra
    task = series_of(path, column(range(rows)), scale="none", steps=steps, batch=batch)
    length = (rows * 4 // 5) // batch
    windows_in_a_pass = (length - 1) // steps
    x, target = np.empty((steps, batch, 1)), np.empty((steps, batch, 1))
    for w in range(2 * windows_in_a_pass + 1):
        restarts = task.next_window(x, target)
        first = (w % windows_in_a_pass) * steps
        assert restarts == (first == 0)
        for stream in range(batch):
            expected = stream * length + first + np.arange(steps + 1)
            np.testing.assert_array_equal(x[:, stream, 0], expected[:-1])
            np.testing.assert_array_equal(target[:, stream, 0], expected[1:])


def test_random_windows_reach_every_start_and_stay_in_the_training_part(path: Path) -> None:
    task = series_of(path, column(range(20)), scale="none", steps=4, batch=2, windows="random")
    x, target = np.empty((4, 2, 1)), np.empty((4, 2, 1))
    starts = set()
    for w in range(500):
        assert task.next_window(x, target) == (w == 0)
        np.testing.assert_array_equal(np.diff(x, axis=0), 1)
        np.testing.assert_array_equal(target, x + 1)
        starts |= set(x[0].ravel())
    assert starts == set(range(12))  # 16 training rows, windows of 5


def test_scaling_looks_at_the_training_part_only(path: Path) -> None:
    values = np.random.default_rng(0).normal(50, 8, 100)
    values[80:] += 1000
    task = series_of(path, column(values.tolist()))
    mean, std = values[:80].mean(), values[:80].std()
    series = task.test()
    assert series.offset == pytest.approx(mean, rel=1e-15)
    assert series.scale == pytest.approx(std, rel=1e-15)
    np.testing.assert_allclose(series.values * series.scale + series.offset, values[40:, None])
    np.testing.assert_array_equal(series.original, values[40:, None])
    x, target = np.empty((20, 1, 1)), np.empty((20, 1, 1))
    task.next_window(x, target)
    np.testing.assert_allclose(x[:, 0, 0], (values[:20] - mean) / std)


def test_unscaled_numbers_are_left_as_they_are(path: Path) -> None:
    series = series_of(path, column(range(100)), scale="none").test()
    assert (series.offset[0], series.scale[0]) == (0, 1)
    np.testing.assert_array_equal(series.values[:, 0], np.arange(40, 100))


@pytest.mark.parametrize(
    ("rows", "steps", "warm_up", "horizons"),
    [
        (500, 20, 40, (20, 60)),
        (200, 20, 40, (20, 39)),  # 40 rows of test
        (60, 20, 40, (11,)),  # 12 rows of test
        (30, 20, 24, (5,)),  # all 24 training rows are fewer than 2T
        (6, 1, 2, (1,)),
    ],
)
def test_the_test_series(
    path: Path, rows: int, steps: int, warm_up: int, horizons: tuple[int, ...]
) -> None:
    series = series_of(path, column(range(1, rows + 1)), scale="none", steps=steps).test()
    assert (series.warm_up, series.horizons) == (warm_up, horizons)
    assert len(series.values) == warm_up + rows - rows * 4 // 5
    assert series.warm_up + series.horizons[-1] + 1 <= len(series.values)
    np.testing.assert_array_equal(series.coordinate, series.values[:, 0])  # row n holds n


def test_the_title_names_file_and_column(path: Path) -> None:
    path.write_text(column(range(40)))
    assert make_task(Settings(task="series", data=str(path))).title == "prices.csv: y"
    assert series_of(path, "1\n" * 20 + "3\n" * 20, steps=3).title == "prices.csv: column 0"
    assert series_of(path, '"a\n\x1b"\n' + "3\n4\n" * 20).title == r"prices.csv: 'a \x1b'"


@pytest.mark.parametrize(
    ("rows", "changes", "reason"),
    [
        (26, {}, "26 rows, but --steps 20 needs at least 27 (4 of 5 are trained on)"),
        (1, {"steps": 1}, "1 row, but --steps 1 needs at least 6 (4 of 5 are trained on)"),
        (5, {"steps": 1}, "5 rows, but --steps 1 needs at least 6 (4 of 5 are trained on)"),
        (
            104,
            {"batch": 4},
            "104 rows, but --steps 20 with --batch 4 needs at least 105 (4 of 5 are trained on)",
        ),
    ],
)
def test_too_few_rows(path: Path, rows: int, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(DataError) as caught:
        series_of(path, column(range(rows)), **changes)
    assert str(caught.value) == f"--data '{path}': {reason}"
    series_of(path, column(range(int(reason.split("at least ")[1].split()[0]))), **changes)


NEVER_VARIES = "'y' does not vary in the rows that are trained on; nothing can be learnt"


@pytest.mark.parametrize(
    ("values", "changes", "reason"),
    [
        ([5.0] * 100, {}, NEVER_VARIES),
        ([5.0] * 100, {"scale": "none"}, NEVER_VARIES),
        ([5.0] * 80 + [6.0] * 20, {}, NEVER_VARIES),
        ([1e-200, 2e-200] * 50, {}, NEVER_VARIES),
        (
            [1e200, -1e200] * 50,
            {},
            "'y' holds numbers up to 1e+200, too large for --dtype float32 with --scale standard",
        ),
        (
            [1.0, 1e30] * 50,
            {"scale": "none"},
            "'y' holds numbers up to 1e+30, too large for --dtype float32 with --scale none",
        ),
    ],
)
def test_numbers_that_cannot_be_learnt(
    path: Path, values: list[float], changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(DataError) as caught:
        series_of(path, column(values), **changes)
    assert str(caught.value) == f"--data '{path}': {reason}"


def test_large_numbers_fit_after_scaling_or_in_double_precision(path: Path) -> None:
    values = column([1.0, 1e30] * 50)
    series_of(path, values)
    series_of(path, values, scale="none", dtype="float64")
