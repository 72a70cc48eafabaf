"""The next row of the user's own table, from one or several of its columns."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rnn_tui.files.data_file import DataError, shown_name
from rnn_tui.settings import SettingError, Settings
from rnn_tui.tables.option_checks import check_table
from rnn_tui.tables.reading import read_table, table_options, usable
from rnn_tui.tables.table import Table
from rnn_tui.tasks.base import DataState, FloatArray, Task, TestSeries, Topology
from rnn_tui.tasks.baselines import NaiveForecasts, naive_forecasts
from rnn_tui.tasks.data_report import DataReport, report_of_table
from rnn_tui.tasks.source import FEWEST_TESTED, LAST_TIMES, DataSource, table_digest, tail_rows
from rnn_tui.tasks.window_sweep import WindowSweep, streams

_MOST_LISTED = 3  # names in the title


class SeriesTask(Task):
    """Predict the next row of a table: x_t are its inputs at row t, the targets are of row t + 1.

    The last ⌈s·N⌉ of the N rows are for testing, s being `test_share`, the others for training.
    Each column is scaled on its own: with scale "standard" the network reads (value − mean) / std,
    with "minmax" (value − lowest) / (highest − lowest). All of these are computed from the training
    rows only, so that nothing of the test part is known in training; std divides by n, not n − 1.

    With `difference` the network reads and predicts changes: value − value of the row before. They
    are scaled in the same way. What has been predicted is shown and measured as values again.

    The loss is the mean over the targets of the squared error in these units.

    Attributes:
        table: what was read, without its columns.
        notes: what a user should know about the data besides the table's notes, a sentence each.
        trained: number of rows of `values` to train on.
        original: [R, C] the columns in their original units, targets first; with `difference`
            there is one row more than in `values`, the first.
        values: [N, C] the same in the network's units.
        target_names: [O] names of the targets, the first O columns.
        input_names: [D] names of the inputs.
        input_columns: [D] their places among the columns.
    """

    name = "series"
    loss = "mse"
    updates = 20_000

    def __init__(self, settings: Settings, kept: DataSource | None = None) -> None:
        """Read the file.

        Args:
            settings: the settings of the run.
            kept: what the run was trained on: its columns, scale and training part are kept.

        Raises:
            DataError: the file is not usable (see `read_table`), it has too few rows for a window
                and a test, or its numbers do not vary or are too large.
        """
        table = table_for(settings, kept)
        self._settings = settings
        self.target_names, self.input_names = table.targets, table.inputs
        names = tuple(dict.fromkeys((*table.targets, *table.inputs)))
        self.input_columns = tuple(names.index(name) for name in table.inputs)
        self.original: FloatArray = np.column_stack([table.values[name] for name in names])
        self.table: Table = replace(table, values={})
        self.features, self.outputs = len(table.inputs), len(table.targets)
        rows = len(self.original)
        self._first_row = int(settings.difference)  # of the table, in `values`
        trained = _training_rows(rows, settings)
        if kept is not None and rows >= kept.rows:
            trained = kept.trained
        self.trained = trained - self._first_row
        self._naive: NaiveForecasts | None = None  # made when needed
        if settings.season > self.trained:
            reason = f"--season {settings.season} is more than the {self.trained} rows trained on"
            raise DataError("--data", settings.data, reason)
        unscaled = np.diff(self.original, axis=0) if settings.difference else self.original
        if kept is None:
            for k, name in enumerate(names):
                self._check_varies(unscaled[: self.trained, k], name)
            self.offset, self.scale = self._units(unscaled[: self.trained], names)
        else:
            self.offset, self.scale = np.array(kept.offset), np.array(kept.scale)
        self._source = self._known(table, trained)
        self.values = self._in_units(unscaled, names)
        self.notes = self._outside(unscaled)
        self.title = f"{shown_name(settings.data)}: {_title(table)}"
        if table.inputs != table.targets or len(table.inputs) > 1:
            self.parts = tuple(map(_printable, table.inputs))
            self.output_names = tuple(map(_printable, table.targets))
        self._steps = settings.steps
        self.topology = Topology.many_to_many(settings.steps)
        self._sweep = WindowSweep(settings, self.trained)
        shape = (settings.steps + 1, settings.batch)
        self._offsets = np.arange(settings.steps + 1)[:, None]  # [T+1, 1]
        self._starts = np.empty(settings.batch, dtype=np.intp)
        self._indices = np.empty(shape, dtype=np.intp)
        self._points = np.empty((*shape, len(names)))
        first, last = self.input_columns[0], self.input_columns[-1] + 1
        self._read: slice | list[int] = list(self.input_columns)
        if self._read == list(range(first, last)):
            self._read = slice(first, last)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse settings that name no file, or say of the table what cannot be."""
        if not settings.data:
            allowed = "the path of a CSV file when --task is series"
            raise SettingError("data", settings.data, allowed)
        check_table(settings)

    def next_window(self, x: FloatArray, target: FloatArray) -> bool:
        """Fill the next window, x [T, B, D] and target [T, B, O]; see `Task.next_window`."""
        restarts = self._sweep.advance()
        np.copyto(self._starts, self._sweep.starts, casting="unsafe")  # keeps the integer part
        np.add(self._offsets, self._starts, out=self._indices)
        # mode="clip": the indices are in range, and with mode="raise" NumPy would copy the result
        np.take(self.values, self._indices, axis=0, out=self._points, mode="clip")
        x[...] = self._points[:-1, :, self._read]
        target[...] = self._points[1:, :, : self.outputs]
        return restarts

    def state(self) -> DataState:
        """Return the position of the next window and the generator's state."""
        return self._sweep.state()

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._sweep.restore(state)

    def source(self) -> DataSource:
        """Return what a checkpoint keeps of the table; see `Task.source`."""
        return self._source

    def begins_like(self, source: DataSource) -> bool:
        """Return whether the first rows are those that `source` tells of."""
        return table_digest(self.original[: source.rows]) == source.content

    def _known(self, table: Table, trained: int) -> DataSource:
        """Return what a checkpoint keeps of the table, of which so many rows are trained on."""
        rows = len(self.original)
        return DataSource(
            rows=rows,
            trained=trained,
            digest=table.digest,
            content=table_digest(self.original),
            targets=table.targets,
            inputs=table.inputs,
            time=table.time or "",
            offset=tuple(self.offset.tolist()),
            scale=tuple(self.scale.tolist()),
            difference=self._settings.difference,
            tail=self.original[rows - tail_rows(rows, self._settings.steps) :],
            times=None if table.times is None else table.times[-LAST_TIMES:],
        )

    def test(self) -> TestSeries:
        """Return the test part, preceded by the last 2T training rows (or all) to warm up.

        The free runs last T and 3T steps, or as many as the test part has.
        """
        warm_up = min(2 * self._steps, self.trained)
        first = self.trained - warm_up
        longest = len(self.values) - self.trained - 1
        horizons = tuple(sorted({min(n * self._steps, longest) for n in (1, 3)}))
        row = first + self._first_row  # in the table, counted from 0
        places = range(self.outputs)
        coordinate, dates = _coordinate(self.table, len(self.original))
        return TestSeries(
            coordinate=coordinate[row:],
            inputs=self.values[first:, self._read],
            values=self.values[first:, : self.outputs],
            original=self.original[row:, : self.outputs],
            warm_up=warm_up,
            horizons=horizons,
            offset=self.offset[: self.outputs],
            scale=self.scale[: self.outputs],
            input_names=self.input_names,
            target_names=self.target_names,
            fed_back=tuple(k if k in places else None for k in self.input_columns),
            difference=self._settings.difference,
            trained=warm_up,
            axis="row" if self.table.times is None else _printable(self.table.time or "time"),
            dates=dates,
        )

    def naive_forecasts(self) -> NaiveForecasts:
        """Return the errors of forecasts without a network over the test part."""
        if self._naive is None:
            self._naive = naive_forecasts(
                np.asarray(self.original[:, : self.outputs], dtype=np.float64),
                self._first_row + self.trained,
                np.asarray(self.scale[: self.outputs], dtype=np.float64),
                self._settings.season,
            )
        return self._naive

    def data_report(self) -> DataReport:
        """Return what was read of the table; see `Task.data_report`."""
        report = report_of_table(self.table)
        tested = len(self.values) - self.trained
        return replace(report, trained=self.trained, tested=tested, notes=report.notes + self.notes)

    def _units(self, training: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
        """Return offset and scale [C]: network value = (value − offset) / scale."""
        if self._settings.scale == "none":
            return np.zeros(len(names)), np.ones(len(names))
        with np.errstate(all="ignore"):
            if self._settings.scale == "minmax":
                offset = training.min(axis=0)
                scale = training.max(axis=0) - offset
            else:  # column by column, as NumPy adds the numbers of one in another order
                columns = [np.ascontiguousarray(column) for column in training.T]
                offset = np.array([column.mean() for column in columns])
                scale = np.array([column.std() for column in columns])
        for name, size in zip(names, scale, strict=True):
            if not size > 0:
                raise self._never_varies(name)
        return offset, scale

    def _in_units(self, unscaled: FloatArray, names: tuple[str, ...]) -> FloatArray:
        """Return all columns in the network's units.

        Raises:
            DataError: the square of a value overflows.
        """
        with np.errstate(all="ignore"):
            scaled: FloatArray = np.empty(unscaled.shape)
            for k in range(len(names)):  # column by column, which is faster than row by row
                scaled[:, k] = (unscaled[:, k] - self.offset[k]) / self.scale[k]
            largest = np.maximum(scaled.max(axis=0), -scaled.min(axis=0))
            limit = np.sqrt(float(np.finfo(self._settings.dtype).max))
            fits = np.isfinite(self.scale) & (largest < limit)
        if fits.all():
            return scaled
        k = int(np.argmin(fits))
        worst = float(np.abs(self.original[:, k]).max())
        reason = f"{names[k]!r} holds numbers up to {worst:g}, too large for --dtype "
        reason += f"{self._settings.dtype} with --scale {self._settings.scale}"
        raise DataError("--data", self._settings.data, reason)

    def _outside(self, unscaled: FloatArray) -> tuple[str, ...]:
        """Return a sentence for each target with test values outside of the training range."""
        notes = []
        training, tested = unscaled[: self.trained], unscaled[self.trained :]
        for k, name in enumerate(self.target_names):
            low, high = float(training[:, k].min()), float(training[:, k].max())
            outside = int(np.count_nonzero((tested[:, k] < low) | (tested[:, k] > high)))
            if not outside:
                continue
            least, most = float(tested[:, k].min()), float(tested[:, k].max())
            where = [f"up to {most:g}"] if most > high else []
            where += [f"down to {least:g}"] if least < low else []
            what = "changes" if self._settings.difference else "values"
            notes.append(
                f"{_printable(name)}: {outside:,} of {len(tested):,} test {what} are outside the "
                f"range of the training part, {low:g} to {high:g}: {' and '.join(where)}"
            )
        return tuple(notes)

    def _check_varies(self, training: FloatArray, name: str) -> None:
        """Refuse a column whose training rows are all equal."""
        if training.min() == training.max():
            raise self._never_varies(name)

    def _never_varies(self, name: str) -> DataError:
        """Return the error for a column whose training rows are all equal."""
        verb = "changes by the same amount" if self._settings.difference else "does not vary"
        reason = f"{name!r} {verb} in the rows that are trained on; nothing can be learnt"
        if name not in self.target_names:
            reason = f"the input {name!r} {verb} in the rows that are trained on; leave it out"
        return DataError("--data", self._settings.data, reason)


def table_for(settings: Settings, kept: DataSource | None) -> Table:
    """Return the table, with the columns of the run that goes on with it, if there is one.

    Raises:
        DataError: it is not usable.
    """
    options = table_options(settings)
    table = read_table(options)
    if kept is not None and (table.problems or table.targets != kept.targets):
        # The column was found by itself, and another file may have more of them.
        table = read_table(replace(options, target=kept.targets, inputs=kept.inputs))
    return usable(table)


def _coordinate(table: Table, rows: int) -> tuple[FloatArray, bool]:
    """Return the coordinate of each row, and whether that is a date in seconds."""
    times = table.times
    if times is None or len(times) != rows:
        return np.arange(1.0, rows + 1), False
    if times.dtype.kind != "M":
        return times.astype(np.float64), False
    return times.astype("datetime64[us]").astype(np.int64) / 1e6, True


def _training_rows(rows: int, settings: Settings) -> int:
    """Return the number of rows to train on.

    Raises:
        DataError: the series is too short.
    """
    parts = streams(settings)
    share = Fraction(repr(settings.test_share))  # 0.2 is meant to be exactly one fifth
    used = int(settings.difference)  # rows at the start that only changes are counted from

    def split(rows: int) -> int | None:
        """Return how many of `rows` are trained on; None if that or the rest is too short."""
        tested = -(-rows * share.numerator // share.denominator)
        fits = (rows - tested - used) // parts > settings.steps and tested >= FEWEST_TESTED
        return rows - tested if fits else None

    trained = split(rows)
    if trained is not None:
        return trained
    needed = int(max(parts * (settings.steps + 1) / (1 - share), 1 / share))
    while split(needed) is None:
        needed += 1
    plural = "row" if rows == 1 else "rows"
    batch = f" with --batch {parts}" if parts > 1 else ""
    change = " and --difference" if used else ""
    reason = f"{rows} {plural}, but --steps {settings.steps}{batch}{change} needs at least {needed}"
    how = "4 of 5 are trained on"
    if settings.test_share != 0.2:
        how = f"--test-share {settings.test_share:g} of them are kept for testing"
    raise DataError("--data", settings.data, f"{reason} ({how})")


def _title(table: Table) -> str:
    """Return what is predicted from what: "sales", "a, b", "price, volume → price"."""
    targets = _listed(table.targets, "targets")
    if table.inputs == table.targets:
        return targets
    return f"{_listed(table.inputs, 'inputs')} → {targets}"


def _listed(names: tuple[str, ...], what: str) -> str:
    """Return a few names one after the other, of more their number."""
    if len(names) > _MOST_LISTED:
        return f"{len(names)} {what}"
    return ", ".join(map(_printable, names))


def _printable(name: str) -> str:
    """Return a name as it can be shown; "mark" is the name of an input of another kind."""
    return name if name.isprintable() and name != "mark" else repr(name)
