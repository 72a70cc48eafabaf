"""From a network as it was saved, and the data if they are there, to a forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.pins import Pins
from rnn_tui.files.data_file import DataError
from rnn_tui.predictions.forecast_table import ForecastTable
from rnn_tui.predictions.series_forecast import SeriesForecast, Units, forecast_work
from rnn_tui.settings import Settings
from rnn_tui.tables.future_times import future_times, time_texts
from rnn_tui.tasks.base import TestSeries
from rnn_tui.tasks.series import table_for
from rnn_tui.tasks.source import DataSource, Times, table_digest

_SEEN = 20  # rows in which the end of what a run knows is seen


@dataclass(frozen=True, slots=True, eq=False)
class SeriesData:
    """The rows that a forecast goes on from.

    Attributes:
        targets: names of the targets.
        values: [N, C] in the series' units, targets first.
        shown: how many of them, the last ones, are rows of the result.
        units: how they become what the network reads.
        tested_from: the first row of the test part, from 0.
        first_row: number of the first row, as people count.
        times: of the last rows, at least one; None where rows have no time.
        heading: what the times are, where they are: "time", or the x of a curve.
        trained: the last rows that the run was trained on and tested with, of other data than
            these; None where these are its own.
        notes: what a user should know, a sentence each.
    """

    targets: tuple[str, ...]
    values: Array
    shown: int
    units: Units
    tested_from: int
    first_row: int = 1
    times: Times | None = None
    heading: str = "time"
    trained: SeriesData | None = None
    notes: tuple[str, ...] = ()

    @property
    def tested(self) -> int:
        """How many rows there are of the test part."""
        return max(len(self.values) - self.tested_from, 0)


def units_of(source: DataSource) -> Units:
    """Return how the columns of a run become what its network reads."""
    columns = source.columns
    return Units(
        offset=np.array(source.offset),
        scale=np.array(source.scale),
        difference=source.difference,
        inputs=tuple(columns.index(name) for name in source.inputs),
        outputs=len(source.targets),
    )


def kept_data(source: DataSource) -> SeriesData:
    """Return the last rows, as the checkpoint has them."""
    assert source.tail is not None
    rows = len(source.tail)
    before = source.rows - rows
    note = (
        f"no data file was read (--data FILE names one): the forecast goes on from the last "
        f"{rows:,} rows, which the checkpoint keeps"
    )
    return SeriesData(
        targets=source.targets,
        values=source.tail.astype(np.float64),
        shown=0,
        units=units_of(source),
        tested_from=max(source.trained - before, 0),
        first_row=before + 1,
        times=source.times,
        notes=(note,),
    )


def table_data(settings: Settings, source: DataSource, changed: Callable[[str], str]) -> SeriesData:
    """Read a table, with the columns and the scale of the run.

    Args:
        settings: of the run, with the file to read.
        source: what the run was trained on.
        changed: is told where the file is not what the run was trained on, how it differs; returns
            what to say about it, or raises an error.

    Raises:
        DataError: it is not usable.
    """
    table = table_for(settings, source)
    values = np.column_stack([table.values[name] for name in source.columns])
    rows, notes, tested_from = len(values), list(table.notes), source.trained
    if rows <= int(source.difference):
        raise DataError("--data", settings.data, "changes need two rows, and it has one")
    own = None
    if rows < source.rows or table_digest(values[: source.rows]) != source.content:
        end = _end_of(source, values)
        if end is None:
            own = kept_data(source)
            lines = "1 row" if rows == 1 else f"{rows:,} rows"
            how = lines if rows != source.rows else "other values"
            notes.append(changed(f"{how}, where the run was trained on {source.rows:,} rows"))
            tested_from = 0
        else:
            tested_from = max(end - (source.rows - source.trained), 0)
            notes += _other_rows(source, values, end)
            notes += [_new_rows(rows - end)] if rows > end else []
    elif rows > source.rows:
        notes.append(_new_rows(rows - source.rows))
    return SeriesData(
        targets=source.targets,
        values=values,
        shown=rows,
        units=units_of(source),
        tested_from=tested_from,
        times=table.times,
        trained=own,
        notes=tuple(notes),
    )


def _new_rows(new: int) -> str:
    """Return a sentence about rows after those that the run knows."""
    are = "row, which is" if new == 1 else "rows, which are"
    return f"the file has {new:,} new {are} tested on"


def _other_rows(source: DataSource, values: Array, end: int) -> list[str]:
    """Return sentences about the rows before `end` that are not those of the run."""
    assert source.tail is not None
    notes = ["the file begins at another row than before"] if end != source.rows else []
    count = min(end, len(source.tail))
    other = (values[end - count : end] != source.tail[len(source.tail) - count :]).any(axis=1)
    if changed := int(np.count_nonzero(other)):
        first = end - count + int(other.argmax()) + 1
        rows = "1 row is" if changed == 1 else f"{changed:,} rows are"
        which = f"row {first:,}" if changed == 1 else f"the first is row {first:,}"
        notes.append(f"{rows} not as the run was trained on: {which}")
    elif not notes:
        notes.append(f"its first {source.rows:,} rows are not those that the run was trained on")
    return notes


def _end_of(source: DataSource, values: Array) -> int | None:
    """Return where the rows that the run knows end in a file that begins with others.

    So a table is known from which old rows are dropped as new ones come.

    Args:
        source: what the run was trained on.
        values: [N, C] the file's rows.

    Returns:
        the index after its last row; None where its last `_SEEN` rows are not in the file.
    """
    assert source.tail is not None
    seen = source.tail[-_SEEN:]
    if len(seen) < _SEEN:
        return None
    for last in np.flatnonzero((values == seen[-1]).all(axis=1))[::-1].tolist():
        if last + 1 >= _SEEN and (values[last + 1 - _SEEN : last + 1] == seen).all():
            return int(last) + 1
    return None


def cosine_data(test: TestSeries) -> SeriesData:
    """Return the test series of a task that makes its own, for which nothing is scaled."""
    units = Units(np.zeros(1), np.ones(1), False, (0,), 1)
    return SeriesData(
        targets=test.target_names,
        values=np.asarray(test.original, dtype=np.float64),
        shown=len(test.original),
        units=units,
        tested_from=test.warm_up,
        times=np.asarray(test.coordinate, dtype=np.float64),
        heading="x",
    )


def forecast(
    architecture: Architecture, parameters: Array, pins: Pins, data: SeriesData, horizon: int
) -> tuple[ForecastTable, tuple[str, ...]]:
    """Return the predictions as a table, and what a user should know, a sentence each."""
    notes = [*data.notes]

    def predicted(rows: SeriesData) -> SeriesForecast:
        """Return the predictions of these rows, and beyond them."""
        return complete(
            forecast_work(
                architecture,
                parameters,
                pins,
                rows.units,
                rows.values,
                rows.tested_from,
                horizon,
            )
        )

    result, own = predicted(data), data.trained
    if horizon and own is not None and own.tested > data.tested:
        known = predicted(own)
        reach = known.upper - known.future
        result = replace(
            result,
            lower=result.future - reach,
            upper=result.future + reach,
            coverage=known.coverage,
            origins=known.origins,
        )
        notes.append("the file is short, so the interval comes from the run's own test part")
    labels, clock = _labels(data, horizon)
    table = ForecastTable(
        heading="row" if data.times is None else data.heading,
        shown=data.shown,
        labels=labels,
        rows=data.first_row - 1 + len(data.values),
        targets=data.targets,
        truth=data.values[:, : data.units.outputs],
        forecast=result,
        tested_from=data.tested_from,
    )
    if clock and len(result.future):
        notes.append(clock)
    missing = int(np.isnan(result.lower[:, 0]).sum()) if len(result.lower) else 0
    if missing == horizon and horizon:
        notes.append("there is no interval: too few rows were kept from training")
    elif missing:
        notes.append(
            f"the interval ends after {horizon - missing:,} of {horizon:,} rows: the test part is "
            "too short to know the errors further on"
        )
    return table, tuple(notes)


def _labels(data: SeriesData, horizon: int) -> tuple[list[str] | list[int], str]:
    """Return what stands in the first column, and how the clock goes on."""
    if data.times is None:
        last = data.first_row + len(data.values)
        return [*range(last - data.shown, last + horizon)], ""
    following, rhythm = future_times(data.times[-64:], horizon)
    shown: Any = data.times[len(data.times) - data.shown :]
    together = np.concatenate([shown, following]) if data.shown else following
    return time_texts(together), f"the clock goes on {rhythm}"
