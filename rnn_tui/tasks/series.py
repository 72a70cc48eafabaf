"""The next value of the user's own series: one column of a CSV file."""

from __future__ import annotations

import numpy as np

from rnn_tui.files.data_file import DataError, shown_name
from rnn_tui.settings import SettingError, Settings
from rnn_tui.tables.option_checks import check_table
from rnn_tui.tables.single_column import read_column
from rnn_tui.tasks.base import DataState, FloatArray, Task, TestSeries, Topology
from rnn_tui.tasks.window_sweep import WindowPoints, WindowSweep, streams

_FEWEST_TESTED = 2  # rows: one value to predict from and one to compare with


class SeriesTask(Task):
    """Predict the next value of a series.

    The first ⌊4N/5⌋ of the N rows are for training, the rest for testing. With scale "standard"
    the network reads (value − mean) / std. Both are computed from the n training rows only, so
    that nothing of the test part is known in training; std divides by n, not n − 1.
    """

    name = "series"
    features = 1
    outputs = 1
    loss = "mse"
    updates = 20_000

    def __init__(self, settings: Settings) -> None:
        """Read the file.

        Raises:
            DataError: the file is not usable (see `read_column`), it has too few rows for a window
                and a test, or its numbers do not vary or are too large.
        """
        column = read_column(settings.data, settings.target)
        rows = len(column.values)
        self._trained = _training_rows(rows, settings)
        training = column.values[: self._trained]
        if training.min() == training.max():
            raise _never_varies(settings, column.name)
        self._offset, self._scale = _units(training, settings, column.name)
        self._values = _in_units(column.values, self._offset, self._scale, settings, column.name)
        self.title = f"{shown_name(settings.data)}: {_printable(column.name)}"
        self._steps = settings.steps
        self.topology = Topology.many_to_many(settings.steps)
        self._sweep = WindowSweep(settings, self._trained)
        shape = (settings.steps + 1, settings.batch)
        self._offsets = np.arange(settings.steps + 1)[:, None]  # [T+1, 1]
        self._starts = np.empty(settings.batch, dtype=np.intp)
        self._indices = np.empty(shape, dtype=np.intp)
        self._points = WindowPoints(settings)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse settings that name no file, or say of the table what cannot be."""
        if not settings.data:
            allowed = "the path of a CSV file when --task is series"
            raise SettingError("data", settings.data, allowed)
        check_table(settings)

    def next_window(self, x: FloatArray, target: FloatArray) -> bool:
        """Fill the next window, x and target [T, B, 1] each; see `Task.next_window`."""
        restarts = self._sweep.advance()
        np.copyto(self._starts, self._sweep.starts, casting="unsafe")  # keeps the integer part
        np.add(self._offsets, self._starts, out=self._indices)
        # mode="clip": the indices are in range, and with mode="raise" NumPy would copy the result
        np.take(self._values, self._indices, out=self._points.values, mode="clip")
        self._points.split_into(x, target)
        return restarts

    def state(self) -> DataState:
        """Return the position of the next window and the generator's state."""
        return self._sweep.state()

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._sweep.restore(state)

    def test(self) -> TestSeries:
        """Return the test part, preceded by the last 2T training values (or all) to warm up.

        The free runs last T and 3T steps, or as many as the test part has.
        """
        warm_up = min(2 * self._steps, self._trained)
        first = self._trained - warm_up
        longest = len(self._values) - self._trained - 1
        horizons = tuple(sorted({min(n * self._steps, longest) for n in (1, 3)}))
        rows = np.arange(first + 1, len(self._values) + 1, dtype=np.float64)
        values = self._values[first:]
        return TestSeries(rows, values, warm_up, horizons, offset=self._offset, scale=self._scale)


def _training_rows(rows: int, settings: Settings) -> int:
    """Return the number of rows to train on.

    Raises:
        DataError: the series is too short.
    """
    parts = streams(settings)
    trained = rows * 4 // 5
    if trained // parts > settings.steps and rows - trained >= _FEWEST_TESTED:
        return trained
    needed = max(-(-5 * parts * (settings.steps + 1) // 4), 3 * _FEWEST_TESTED)
    plural = "row" if rows == 1 else "rows"
    batch = f" with --batch {parts}" if parts > 1 else ""
    reason = f"{rows} {plural}, but --steps {settings.steps}{batch} needs at least {needed}"
    raise DataError("--data", settings.data, f"{reason} (4 of 5 are trained on)")


def _units(training: FloatArray, settings: Settings, name: str) -> tuple[float, float]:
    """Return offset and scale: network value = (value − offset) / scale."""
    if settings.scale == "none":
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        offset, scale = float(training.mean()), float(training.std())
    if not scale > 0:
        raise _never_varies(settings, name)
    return offset, scale


def _in_units(
    values: FloatArray, offset: float, scale: float, settings: Settings, name: str
) -> FloatArray:
    """Return the values in the network's units.

    Raises:
        DataError: the square of a value overflows.
    """
    with np.errstate(all="ignore"):
        scaled = (values - offset) / scale
        largest = float(np.abs(scaled).max())
    if np.isfinite(scale) and largest < np.sqrt(float(np.finfo(settings.dtype).max)):
        return scaled
    worst = float(np.abs(values).max())
    reason = f"{name!r} holds numbers up to {worst:g}, too large for --dtype {settings.dtype}"
    raise DataError("--data", settings.data, f"{reason} with --scale {settings.scale}")


def _never_varies(settings: Settings, name: str) -> DataError:
    """Return the error for a column whose training rows are all equal."""
    reason = f"{name!r} does not vary in the rows that are trained on; nothing can be learnt"
    return DataError("--data", settings.data, reason)


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)
