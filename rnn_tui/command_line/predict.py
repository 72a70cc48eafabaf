"""The command ``rnn-tui predict``: a forecast of a series, made by a saved network."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import DIVERGED, DONE, CommandError, print_error
from rnn_tui.command_line.saved_options import HORIZON, READING, predict_command, read_saved

if TYPE_CHECKING:
    from rnn_tui.checkpoint.stored_network import StoredNetwork
    from rnn_tui.files.ownership import WriteCheck
    from rnn_tui.predictions.forecast_data import SeriesData
    from rnn_tui.predictions.forecast_table import ForecastTable
    from rnn_tui.tasks.source import DataSource


def predict(arguments: list[str]) -> int:
    """Make a forecast, write it, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read, or does not fit.
        CheckpointError, DataError: the run or its data cannot be read.
    """
    options = read_saved(predict_command(), arguments)
    if options is None:
        return DONE
    from rnn_tui.checkpoint.stored_network import load_network
    from rnn_tui.command_line.reading import said_while_reading
    from rnn_tui.engine.analysis.held_values import HeldValues
    from rnn_tui.predictions.forecast_data import forecast

    checkpoint, horizon = options["checkpoint"], options.get("horizon", HORIZON)
    if "force" in options and "out" not in options:
        raise CommandError("--force has no effect without --out")
    stored = load_network(checkpoint)
    _check_task(stored, horizon)
    with said_while_reading({"data": options.get("data") or stored.settings.data}):
        data, read = _data(stored, options)
    out = _out(options, read or stored.settings.data)
    if not data.shown and not horizon:
        raise CommandError("--horizon 0 leaves nothing to predict without the data: --data FILE")
    pins = HeldValues.of(stored.pins, timed=False).used
    table, notes = forecast(stored.architecture, stored.parameters, pins, data, horizon)
    if pins:
        notes = (*notes, f"{', '.join(map(str, pins))} held, as it was saved")
    return _write(table, notes, {**options, "data": read or None}, out)


def _check_task(stored: StoredNetwork, horizon: int) -> None:
    """Refuse runs that have no future.

    Raises:
        CommandError: this is one.
    """
    task = stored.settings.task
    if task == "text":
        raise CommandError(f"a text has no forecast; {PROGRAM} sample writes what may come next")
    if task not in ("series", "cos"):
        raise CommandError(f"predict continues a series, and this run's task is {task}")
    if stored.source is not None and horizon:
        _check_inputs(stored.source)


def _check_inputs(source: DataSource) -> None:
    """Refuse a forecast beyond the last row that needs values nobody knows.

    Raises:
        CommandError: an input is no target.
    """
    pairs = zip(source.inputs, source.fed_back, strict=True)
    if others := [name for name, target in pairs if target is None]:
        names = ", ".join(map(repr, others))
        what = "an input that is no target" if len(others) == 1 else "inputs that are no targets"
        raise CommandError(
            f"beyond the last row nothing is known of {names}, {what}: --horizon 0 gives one-step "
            "predictions; for a forecast, train with all inputs among the targets (--target)"
        )


# ---------------------------------------------------------------- the data


def _data(stored: StoredNetwork, options: Mapping[str, Any]) -> tuple[SeriesData, str]:
    """Return the rows that the forecast goes on from, and the file that they come from.

    Raises:
        CommandError, CheckpointError, DataError: there are none.
    """
    from rnn_tui.checkpoint.data_file import UnaskedDataError, with_data_file
    from rnn_tui.predictions.forecast_data import cosine_data, kept_data, table_data
    from rnn_tui.settings import SettingError
    from rnn_tui.tasks import TestSeries, make_task

    named, source, settings = options.get("data"), stored.source, stored.settings
    reading = {name: options[name] for name in READING if name in options}
    if settings.task == "cos":
        if reading:
            option = f"--{next(iter(reading)).replace('_', '-')}"
            raise CommandError(f"{option} has no effect: the task cos reads no file")
        test = make_task(settings).test()
        assert isinstance(test, TestSeries)
        return cosine_data(test), ""
    found = settings
    try:
        found = with_data_file(options["checkpoint"], settings, named, trusted=False)
        there = named is not None or os.path.exists(os.path.expanduser(found.data))
    except UnaskedDataError:
        there = False
        if source is None:
            raise
    if not there and source is not None:
        if reading:
            option = f"--{next(iter(reading)).replace('_', '-')}"
            raise CommandError(f"{option} has no effect without a file: --data FILE")
        return kept_data(source), ""
    try:
        found = found.with_(**reading)
    except SettingError as error:
        raise CommandError(str(error)) from None
    notes: tuple[str, ...] = ()
    if source is None:
        source = make_task(found).source()
        assert source is not None
        _check_inputs(source)
        notes = (
            "the checkpoint is of an earlier version and knows nothing of its data: scale and test "
            "part are those of the file as it is now",
        )

    def changed(how: str) -> str:
        if named is None:
            raise CommandError(
                f"{found.data!r} has changed since the run was saved: {how}; --data {found.data} "
                "predicts from it all the same"
            )
        return (
            f"the file has {how}: it is another one, so all of its rows count as not trained on; "
            "the scale is the run's"
        )

    data = table_data(found, source, changed)
    return replace(data, notes=(*notes, *data.notes)), found.data


# ---------------------------------------------------------------- the output


def _out(options: Mapping[str, Any], read: str) -> WriteCheck | None:
    """Return the check of --out; None where there is none.

    Args:
        options: those of the command line.
        read: the data file, which is never replaced; "" for none.

    Raises:
        CommandError: it may not be written.
    """
    if "out" not in options:
        return None
    from rnn_tui.files.ownership import InputFile, RunFiles, Standing, data_file

    path = options["out"]
    files = RunFiles((InputFile("the checkpoint", options["checkpoint"]), *data_file(read)))
    try:
        check = files.check_forced(path) if options.get("force") else files.check(path)
    except OSError as error:
        raise CommandError(f"--out {path!r}: {_reason(error)}") from None
    if not check.allowed:
        forced = "; --force replaces it" if check.standing is Standing.FOREIGN else ""
        raise CommandError(f"--out {path!r}: {check.reason}{forced}")
    return check


def _write(
    table: ForecastTable,
    notes: tuple[str, ...],
    options: Mapping[str, Any],
    out: WriteCheck | None,
) -> int:
    """Write the table and what is to be said of it, and return the exit code."""
    from rnn_tui.files.atomic_file import write_atomically

    if out is not None:
        try:
            write_atomically(out.path, table.to_csv().encode(), out)
        except OSError as error:
            raise CommandError(f"--out {out.path!r}: {_reason(error)}") from None
    as_json = bool(options.get("json"))
    if as_json:
        about = {"checkpoint": options["checkpoint"], "data": options["data"], "out": None}
        if out is not None:
            about["out"] = out.path
        print(json.dumps({**about, **table.to_json(), "notes": list(notes)}, allow_nan=False))
    elif out is None:
        print(table.to_csv(), end="")
    sentences = [*notes, *_sentences(table)]
    if out is not None and not as_json:
        print("\n".join([_written(table, out.path), *sentences]))
    elif not as_json:
        for sentence in sentences:
            print_error(sentence)
    if table.finite:
        return DONE
    print_error("the network's outputs are not finite: it has diverged")
    return DIVERGED


def _written(table: ForecastTable, path: str) -> str:
    """Return what was written, in a line."""
    rows, horizon = table.shown, len(table.forecast.future)
    ends = "" if not horizon else f", {table.labels[rows]} to {table.labels[rows + horizon - 1]}"
    return f"{path}: {rows:,} rows, and {horizon:,} beyond the last{ends}"


def _sentences(table: ForecastTable) -> list[str]:
    """Return how good the predictions are over the test part."""
    from rnn_tui.predictions.series_forecast import INTERVAL

    lines = []
    forecast, tested = table.forecast, table.tested
    if tested:
        for name, (rmse, mae) in zip(table.targets, table.errors(), strict=True):
            if math.isnan(rmse):
                continue
            of = f"{name}: " if len(table.targets) > 1 else ""
            rows = f"{tested:,} test rows, with all rows before them read"
            lines.append(f"{of}one step over {rows}: RMSE {rmse:.4g}, MAE {mae:.4g}")
    coverage = forecast.coverage
    if coverage is not None:
        lines.append(
            f"the interval of {INTERVAL:.0%} comes from forecasts from {forecast.origins:,} test "
            f"rows; made from the first half of them it held {coverage.share:.1%} of "
            f"{coverage.of:,} values of the second"
        )
    elif forecast.origins:
        lines.append("the test part is too short to tell how many values the interval holds")
    return lines


def _reason(error: OSError) -> str:
    """Return why a file cannot be written."""
    from rnn_tui.command_line.train.out_file import reason_of

    return reason_of(error)
