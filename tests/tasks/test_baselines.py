"""Forecasts without a network, held to plain loops; seasons, found where there are some."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from shares import share

from rnn_tui.files.data_file import DataError
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import TestSeries
from rnn_tui.tasks.baselines import (
    Baseline,
    autocorrelation,
    comparison,
    find_season,
    naive_forecasts,
    skill,
    times,
)


def by_hand(values: np.ndarray, trained: int, scale: np.ndarray, season: int) -> list[float]:
    """Return the mean squared errors of last, season and drift, number by number."""
    sums, count = [0.0, 0.0, 0.0], 0
    for column, unit in zip(values.T.tolist(), scale.tolist(), strict=True):
        change = (column[trained - 1] - column[0]) / max(trained - 1, 1)
        for t in range(trained, len(column)):
            guesses = (column[t - 1], column[t - season], column[t - 1] + change)
            for k, guess in enumerate(guesses):
                sums[k] += ((guess - column[t]) / unit) ** 2
            count += 1
    return [each / count for each in sums]


@pytest.mark.parametrize(
    ("rows", "columns", "trained", "season"),
    [(50, 1, 40, 7), (50, 3, 40, 12), (9, 2, 7, 7), (5, 1, 1, 1), (300, 2, 30, 1)],
)
def test_errors_are_those_of_plain_loops(
    rows: int, columns: int, trained: int, season: int
) -> None:
    random = np.random.default_rng(3)
    values = random.standard_normal((rows, columns)).cumsum(axis=0) * 100 + 1000
    scale = random.uniform(0.1, 50, columns)
    naive = naive_forecasts(values, trained, scale, season)
    assert naive.season is not None
    assert [naive.last, naive.season, naive.drift] == pytest.approx(
        by_hand(values, trained, scale, season), rel=1e-9
    )
    low, high = values[:trained].min(axis=0), values[:trained].max(axis=0)
    beyond = [
        v < a or v > b
        for row in values[trained:].tolist()
        for v, a, b in zip(row, low, high, strict=True)
    ]
    assert (naive.outside, naive.tested) == (sum(beyond), len(beyond))


def test_autocorrelation_is_that_of_a_plain_loop() -> None:
    random = np.random.default_rng(3)
    values = random.standard_normal(40).cumsum() + 5
    rest = values - np.polyval(np.polyfit(np.arange(40), values, 1), np.arange(40))
    power = float(rest @ rest)
    for k, each in enumerate(autocorrelation(values[:, None], 20)):
        pairs = [float(rest[t] * rest[t + k]) for t in range(40 - k)]
        assert each == pytest.approx(sum(pairs) / len(pairs) / (power / 40), abs=1e-9)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e200])
@pytest.mark.parametrize("season", [4, 7, 12, 24, 41])
def test_a_season_is_found(season: int, size: float) -> None:
    t = np.arange(10 * season)
    random = np.random.default_rng(3)
    shape = random.standard_normal(season)
    values = shape[t % season] + 0.02 * t + 0.2 * random.standard_normal(len(t))
    assert find_season(size * values[:, None]) == season


def test_a_season_that_is_no_whole_number_is_rounded() -> None:
    assert find_season(np.sin(2 * math.pi * np.arange(400) / 41.89)[:, None]) == 42


@pytest.mark.parametrize("kind", ["walk", "noise", "line", "steps"])
def test_no_season_is_found_where_there_is_none(kind: str) -> None:
    random, found = np.random.default_rng(0), 0
    for rows in (3, 8, 40, 115, 500, 2000):
        for _ in range(10):
            noise = random.standard_normal((rows, 1))
            ramp = np.arange(rows, dtype=np.float64)[:, None]
            series = {
                "walk": noise.cumsum(axis=0),
                "noise": noise,
                "line": 3 * ramp + 2,
                "steps": np.floor(ramp / (rows // 2 + 1)),
            }
            found += find_season(series[kind]) > 0
    assert found <= 1  # a few in a thousand have one by chance


def test_the_one_step_stretch_is_that_of_the_network(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    values = random.standard_normal(100).cumsum()
    path = tmp_path / "walk.csv"
    path.write_text("value\n" + "\n".join(map(repr, values.tolist())))
    chosen = Settings(task="series", data=str(path), steps=5, season=3)
    for difference in (False, True):
        task = make_task(chosen.with_(difference=difference))
        test, naive = task.test(), task.naive_forecasts()
        assert isinstance(test, TestSeries)
        assert naive is not None
        scale = np.asarray(test.scale, dtype=np.float64)
        expected = by_hand(values[:, None], 80, scale, 3)
        assert [naive.last, naive.season, naive.drift] == pytest.approx(expected)
        # Repeating the last value, as predictions of the network would be measured
        first, unit = test.warm_up, float(scale[0])
        repeated = test.original[first - 1 : -1] / unit - test.original[first:] / unit
        assert naive.last == pytest.approx(float(np.mean(repeated**2)))
        assert [each.brief for each in task.baselines()] == [
            name for _, name in sorted(zip(expected, ("last", "season", "drift"), strict=True))
        ]


def test_a_season_longer_than_the_training_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("v\n" + "\n".join(str(k % 7) for k in range(50)))
    with pytest.raises(DataError, match="--season 41 is more than the 40 rows trained on"):
        make_task(Settings(task="series", data=str(path), steps=5, season=41))


def test_the_season_of_the_cosine_is_its_period() -> None:
    task = make_task(Settings())
    naive, test = task.naive_forecasts(), task.test()
    assert naive is not None
    assert isinstance(test, TestSeries)
    assert naive.length == 42  # 2π / 0.15 = 41.9 points
    truth = [math.cos(x) for x in test.coordinate[test.warm_up :].tolist()]
    before = [math.cos(x) for x in test.coordinate[test.warm_up - 1 : -1].tolist()]
    errors = [(a - b) ** 2 for a, b in zip(before, truth, strict=True)]
    assert naive.last == pytest.approx(sum(errors) / len(errors))
    ago = [math.cos(x - 42 * 0.15) for x in test.coordinate[test.warm_up :].tolist()]
    errors = [(a - b) ** 2 for a, b in zip(ago, truth, strict=True)]
    assert naive.season == pytest.approx(sum(errors) / len(errors))
    assert "the cosine's period" in naive.notes()[0]


BEST = (Baseline(0.01, "repeating the last value", "last"), Baseline(0.5, "drifting", "drift"))


@pytest.mark.parametrize(
    ("mse", "words"),
    [
        (0.032, "3.2× worse than repeating the last value"),
        (3.7, "370× worse than repeating the last value"),
        (0.0055, "1.8× better than repeating the last value"),
        (0.01002, "as good as repeating the last value"),
        (0.0102, "1.02× worse than repeating the last value"),
        (0.0, "better than repeating the last value"),
        (math.nan, ""),
        (None, ""),
    ],
)
def test_the_comparison_in_words(mse: float | None, words: str) -> None:
    assert comparison(mse, BEST) == words


def test_skill_is_one_minus_the_share_of_the_best_baseline() -> None:
    assert skill(0.002, BEST) == pytest.approx(0.8)
    assert skill(0.03, BEST) == pytest.approx(-2)
    assert skill(0.03, ()) is skill(None, BEST) is None
    assert skill(0.03, (Baseline(0.0, "nothing"),)) is None
    assert comparison(0.03, (Baseline(0.0, "nothing"),)) == "worse than nothing"


def test_ratios_are_short() -> None:
    ratios = (1.02, 1.09, 1.096, 3.24, 9.96, 37.4, 9_949, 999_400, 1.34e9)
    shown = ["1.02", "1.09", "1.1", "3.2", "10", "37", "9,900", "1,000,000", "1.3e9"]
    assert [times(each) for each in ratios] == shown


@pytest.mark.parametrize(
    ("start", "end"), share([(0.0, 60.0), (0.5, 1.0), (-2.0, 1.0), (1.0, 4.0), (100.0, 104.0)])
)
def test_the_range_of_the_cosine(start: float, end: float) -> None:
    chosen = Settings(x_min=start, x_max=end, num_points=2000, steps=5)
    task = make_task(chosen)
    naive, test = task.naive_forecasts(), task.test()
    assert naive is not None
    assert naive is task.naive_forecasts()  # measured once
    assert isinstance(test, TestSeries)
    curve = [math.cos(start + k * (end - start) / 2000) for k in range(2000)]
    tested = test.values[test.warm_up :, 0].tolist()
    outside = sum(v < min(curve) - 1e-5 or v > max(curve) + 1e-5 for v in tested)
    assert abs(naive.outside - outside) <= 0.01 * len(tested)
