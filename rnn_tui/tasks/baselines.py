"""Losses that are reached without a network, which a network's are compared with.

The forecasts of a series are one step ahead, over the rows that a network is tested on, and their
errors are scaled as the network's. With v_t the value at row t, n training rows and s a season:

    last      v_t ≈ v_{t−1}
    season    v_t ≈ v_{t−s}
    drift     v_t ≈ v_{t−1} + (v_n − v_1) / (n − 1)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

NO_MEMORY = "no mem"
LAST, SEASON, DRIFT = "last", "season", "drift"
_MOST_ROWS = 2**15  # that a season is looked for in, the newest ones
_FEWEST_SEASONS = 4  # in the rows that are looked at
_LEAST = 0.3  # correlation with the season before; more where there are few rows:
_CHANCE = 3.0  # standard deviations of what chance does
_LEAST_RISE = 0.25  # of the correlation, from the lowest of shorter distances
_SHARE_OF_HIGHEST = 0.9  # of the highest peak, from which on a shorter season is taken
_HIGH = 0.5  # a correlation with the season before of which less need come again
_LEAST_AGAIN, _LEAST_OF_HIGH = 0.6, 0.5  # of the correlation at a season, at two of them
_MULTIPLES = 3  # of a season whose correlations are added, to find its rows


@dataclass(frozen=True, slots=True)
class Baseline:
    """A loss to compare with; the loss chart draws it as a line.

    It is reached without remembering anything or, for a series, without a network.

    Attributes:
        loss: in the units of the task's loss.
        words: the strategy that reaches it: "always the mean", "guessing among 8".
        brief: its name where there is little room.
    """

    loss: float
    words: str
    brief: str = NO_MEMORY


@dataclass(frozen=True, slots=True)
class NaiveForecasts:
    """Mean squared errors of forecasts without a network, and what they are about.

    Attributes:
        last: of repeating the last value.
        season: of repeating the value of a season ago; None where there is no season.
        drift: of the last value and the mean change of the training part.
        length: the season's rows; None where there is none.
        origin: where the season comes from: "given", "found", "known" or "none".
        outside: values of the test part outside of the range of the training part.
        tested: values of the test part.
        unit: what a season is counted in.
    """

    last: float
    season: float | None
    drift: float
    length: int | None
    origin: str
    outside: int
    tested: int
    unit: str = "rows"

    def errors(self) -> dict[str, float | None]:
        """Return the mean squared errors by the names of the forecasts."""
        return {LAST: self.last, SEASON: self.season, DRIFT: self.drift}

    def baselines(self) -> tuple[Baseline, ...]:
        """Return those there are, the best one first."""
        season = f"repeating the value {self.length:,} {self.unit} ago" if self.length else ""
        known = (
            Baseline(self.last, "repeating the last value", LAST),
            Baseline(self.drift, "going on by the mean change", DRIFT),
            *(() if self.season is None else (Baseline(self.season, season, SEASON),)),
        )
        finite = (each for each in known if math.isfinite(each.loss))
        return tuple(sorted(finite, key=lambda each: each.loss))

    def notes(self) -> tuple[str, ...]:
        """Return what was found and assumed, a sentence each."""
        length = f"a season of {self.length or 0:,} {self.unit}"
        season = {
            "given": f"{length}, as --season says",
            "found": f"{length}, found by autocorrelation of the training part; --season N names "
            "another",
            "known": f"{length}, the cosine's period",
            "none": "no season was found in the training part; --season N names one",
        }[self.origin]
        if not self.outside:
            return (season,)
        which = f"{self.outside:,} of {self.tested:,} test values"
        lie = "lies" if self.outside == 1 else "lie"
        return season, f"{which} {lie} outside of the range of the training part"


def skill(mse: float | None, baselines: tuple[Baseline, ...]) -> float | None:
    """Return 1 − mse / that of the best baseline; None where it is no number."""
    if mse is None or not baselines or not baselines[0].loss > 0 or not math.isfinite(mse):
        return None
    result = 1 - mse / baselines[0].loss
    return result if math.isfinite(result) else None


def comparison(mse: float | None, baselines: tuple[Baseline, ...]) -> str:
    """Return how an error compares with the best baseline: "3.2× worse than repeating …".

    Args:
        mse: mean squared error of the network.
        baselines: what it is compared with, the best one first.

    Returns:
        an empty text where it cannot be said.
    """
    if mse is None or not baselines or not math.isfinite(mse):
        return ""
    best = baselines[0]
    if mse == best.loss:
        return f"as good as {best.words}"
    if not min(mse, best.loss) > 0:
        return f"{'worse' if mse > best.loss else 'better'} than {best.words}"
    ratio = max(mse, best.loss) / min(mse, best.loss)
    if ratio < 1.005:
        return f"as good as {best.words}"
    return f"{times(ratio)}× {'worse' if mse > best.loss else 'better'} than {best.words}"


def times(ratio: float) -> str:
    """Return a ratio above 1 in two digits: "1.02", "3.2", "370", "1.3e9"."""
    if ratio < 1.095:
        return f"{ratio:.2f}"
    if ratio < 9.95:
        return f"{ratio:.1f}"
    if ratio < 999_500:
        return f"{float(f'{ratio:.2g}'):,.0f}"
    digits, power = f"{ratio:.1e}".split("e")
    return f"{digits}e{int(power)}"


def naive_forecasts(
    values: Float64, trained: int, scale: Float64, season: int = 0
) -> NaiveForecasts:
    """Measure the forecasts over the rows after the training part.

    Args:
        values: [N, O] the series in its own units.
        trained: rows of the training part, at least 1 and fewer than N.
        scale: [O] what a unit of the errors is in that of the series.
        season: its rows, at most `trained`; 0: it is looked for.
    """
    training, tested = values[:trained], values[trained:]
    length, origin = (season, "given") if season else (find_season(training), "found")
    last = values[trained - 1 : -1]
    change = (training[-1] - training[0]) / max(trained - 1, 1)
    outside = (tested < training.min(axis=0)) | (tested > training.max(axis=0))
    return NaiveForecasts(
        last=_mse(last - tested, scale),
        season=_mse(values[trained - length : len(values) - length] - tested, scale)
        if length
        else None,
        drift=_mse(last + change - tested, scale),
        length=length or None,
        origin=origin if length else "none",
        outside=int(outside.sum()),
        tested=tested.size,
    )


def _mse(errors: Float64, scale: Float64) -> float:
    """Return the mean of the squared errors [M, O] in units of `scale` [O]."""
    with np.errstate(all="ignore"):
        return float(np.mean((errors / scale) ** 2))


def find_season(values: Float64) -> int:
    """Return after how many rows the values [N, O] come again; 0 where they do not.

    That is the distance at which the autocorrelation of what a straight line leaves is highest
    again, after having been low, if it is high at twice the distance too; and of several that are
    about as high, the shortest.
    """
    values = values[-_MOST_ROWS:]
    longest = len(values) // _FEWEST_SEASONS
    if longest < 2:
        return 0
    correlation = autocorrelation(values, 3 * longest)
    least = max(_LEAST, _CHANCE / math.sqrt(len(values)))
    lowest = np.minimum.accumulate(correlation)
    near = correlation[1 : longest + 1]
    peaks = (
        (near >= correlation[:longest])
        & (near > correlation[2 : longest + 2])
        & (near >= least)
        & (near - lowest[:longest] >= _LEAST_RISE)
    )
    found = [
        distance
        for distance in (np.flatnonzero(peaks) + 1).tolist()
        if _comes_again(correlation, distance)
    ]
    if not found:
        return 0
    highest = max(correlation[found])
    shortest = next(d for d in found if correlation[d] >= _SHARE_OF_HIGHEST * highest)
    return _refined(correlation, shortest)


def _refined(correlation: Float64, distance: int) -> int:
    """Return the distance near `distance` where it and its multiples correlate best."""
    slack = distance // 8
    count = min((len(correlation) - 1) // (distance + slack), _MULTIPLES)
    near = np.arange(distance - slack, distance + slack + 1)
    together = sum(correlation[k * near] for k in range(1, count + 1))
    return int(near[np.argmax(together)])


def _comes_again(correlation: Float64, distance: int) -> bool:
    """Return whether the correlation is high at about twice the distance, and low between."""
    slack = max(distance // 20, 1)
    again = correlation[2 * distance - slack : 2 * distance + slack + 1]
    between = correlation[distance : 2 * distance]
    if not again.size:
        return False
    high, highest = correlation[distance], again.max()
    share = _LEAST_OF_HIGH if high >= _HIGH else _LEAST_AGAIN
    return bool(highest >= share * high and highest - between.min() >= _LEAST_RISE)


def autocorrelation(values: Float64, longest: int) -> Float64:
    """Return the correlation of values with themselves at distances 0 … `longest`.

    Of several columns it is the mean. A straight line through each is taken out before; a column
    that is one has none.

    Args:
        values: [N, O].
        longest: the longest distance, less than N.
    """
    count = len(values)
    size = 1 << (2 * count - 1).bit_length()
    total = np.zeros(longest + 1)
    columns = 0
    for column in values.T:
        rest = _without_line(column)
        power = float(np.dot(rest, rest))
        if not power > 1e-20 * count:  # a straight line, but for rounding
            continue
        spectrum = np.fft.rfft(rest / math.sqrt(power), size)
        products = np.fft.irfft(np.abs(spectrum) ** 2, size)[: longest + 1]
        total += products * count / (count - np.arange(longest + 1))
        columns += 1
    return total / max(columns, 1)


def _without_line(column: Float64) -> Float64:
    """Return what the best straight line leaves of the values, as shares of the largest one."""
    with np.errstate(all="ignore"):
        largest = float(np.abs(column).max()) or 1.0
        rest = column / largest
        rest = rest - rest.mean()
        places = np.arange(len(rest)) - (len(rest) - 1) / 2
        slope = float(np.dot(places, rest)) / max(float(np.dot(places, places)), 1.0)
        return np.asarray(rest - slope * places, dtype=np.float64)
