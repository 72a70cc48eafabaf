"""The points of a curve that are drawn, and the dots they fall on.

A chart has far fewer dots than a long run has updates, and plotext's time grows with the number of
points. So the points are thinned out here without a visible change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.charts.curves import BoolArray, Curve, Values

IntArray = NDArray[np.intp]

CLOUD_DENSITY = 3  # points of a cloud in a column, besides its highest and lowest


@dataclass(frozen=True)
class Series:
    """The drawable points of a curve.

    Attributes:
        curve: the curve itself.
        x, y: coordinates, [N].
        part: the number of undrawable points before each, [N]. Neighbours that differ have a gap
            between them.
    """

    curve: Curve
    x: Values
    y: Values
    part: IntArray

    @classmethod
    def of(cls, curve: Curve, log_y: bool) -> Series:
        """Return the drawable points of `curve`."""
        x, y, drawable = curve.points(log_y)
        part = np.cumsum(~drawable, dtype=np.intp)[drawable]
        return cls(curve, x[drawable], y[drawable], part)


@dataclass(frozen=True)
class Polyline:
    """Dots to draw, counted from the lower left corner.

    Attributes:
        x, y: column and row of each dot, [M].
        linked: whether a line connects each dot with the one before, [M].
    """

    x: IntArray
    y: IntArray
    linked: BoolArray

    def scattered(self, columns: int, rows: int) -> BoolArray:
        """Return the dots without lines between them as a matrix, its first row on top."""
        result = np.zeros((rows, columns), dtype=np.bool_)
        seen = (self.x >= 0) & (self.x < columns) & (self.y >= 0) & (self.y < rows)
        result[rows - 1 - self.y[seen], self.x[seen]] = True
        return result

    def corners(self) -> Polyline:
        """Return the dots that a polyline needs: no repeated ones, none on the way to the next."""
        dx, dy = np.diff(self.x), np.diff(self.y)
        needed: BoolArray = np.r_[True, (dx != 0) | (dy != 0) | ~self.linked[1:]]
        kept = np.flatnonzero(needed)
        dx, dy, linked = np.diff(self.x[kept]), np.diff(self.y[kept]), self.linked[kept]
        straight = (dx[:-1] * dy[1:] == dx[1:] * dy[:-1]) & (
            dx[:-1] * dx[1:] + dy[:-1] * dy[1:] > 0
        )
        needed[kept[1:-1][straight & linked[1:-1] & linked[2:]]] = False
        return Polyline(self.x[needed], self.y[needed], self.linked[needed])


def polyline(
    series: Series, x: Values, y: Values, size: tuple[int, int], dots: tuple[int, int]
) -> Polyline:
    """Return the dots that show a series, and which of them are connected.

    Args:
        series: at least one drawable point.
        x, y: its points as fractions of the axes, [N]: 0 is the low end, 1 the high end.
        size: columns and rows of the canvas, in cells.
        dots: columns and rows of dots in one cell.
    """
    columns, rows = size
    cells = _dots(x, columns)
    kept = _extremes(cells, y)
    as_cloud = series.curve.kind == "cloud"
    if as_cloud and 2 * kept.size < series.x.size:
        kept = _with_evenly_spaced(cells, kept)
    limit = 2 * (CLOUD_DENSITY + 2) * columns
    if kept.size > limit:  # only an x that runs back and forth gives so many
        kept = kept[:: -(-kept.size // limit)]
    dot_x, dot_y = _dots(x[kept], columns * dots[0]), _dots(y[kept], rows * dots[1])
    linked = np.r_[False, np.diff(series.part[kept]) == 0]
    if as_cloud:
        linked[:] = False
    else:
        linked &= ~_overlapping(cells[kept], dot_y)
    return Polyline(dot_x, dot_y, linked)


def _extremes(column: IntArray, height: Values) -> IntArray:
    """Return indices of the lowest and highest point of each run of points in one column, in order.

    All that a column of characters can show of a line is how far it reaches up and down, so
    spikes survive however many points there are.
    """
    if column.size == 0:
        return np.empty(0, dtype=np.intp)
    starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    if starts.size == column.size:
        return np.arange(column.size)
    run = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, column.size]))
    order = np.lexsort((height, run))
    ends = np.r_[starts[1:], column.size] - 1
    return np.unique(np.r_[order[starts], order[ends]])


def _with_evenly_spaced(column: IntArray, extremes: IntArray) -> IntArray:
    """Return indices of `extremes` and of about CLOUD_DENSITY more points in each column."""
    step = max(column.size // (CLOUD_DENSITY * (int(column.max()) - int(column.min()) + 1)), 1)
    return np.union1d(extremes, np.arange(0, column.size, step))


def _overlapping(column: IntArray, height: IntArray) -> BoolArray:
    """Return which points open a column whose range overlaps that of the column before, [M].

    There the line is seen to go on without a connection. In noise, where this is the rule,
    connections would only double the strokes (and take plotext twice as long).
    """
    opens = np.r_[True, np.diff(column) != 0]
    starts = np.flatnonzero(opens)
    low, high = np.minimum.reduceat(height, starts), np.maximum.reduceat(height, starts)
    overlap = np.minimum(high[1:], high[:-1]) - np.maximum(low[1:], low[:-1]) > 1
    result = np.zeros(height.size, dtype=np.bool_)
    result[starts[1:][overlap]] = True
    return result


def _dots(fraction: Values, count: int) -> IntArray:
    """Return the dot, 0 … count − 1, at each fraction of an axis; −1 or `count` beyond it."""
    dots = np.floor(np.clip(fraction, -1.0, 2.0) * count)
    dots[(fraction >= 1.0) & (fraction <= 1.0 + 1e-9)] = count - 1
    return np.clip(dots, -1, count).astype(np.intp)
