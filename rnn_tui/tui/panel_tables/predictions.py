"""The numbers of the predictions: outputs and truth on test data, and texts with probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_tui.predictions.results import SeriesPredictions, TextSample, WindowsPredictions
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_tables.number_table import Cell, CellColumn, NumberTable, Tables, one, unused

FREE = "free run"


def predictions(context: DrawContext) -> Tables:
    """Return what the network makes of test data, and the truth."""
    snapshot = context.snapshot
    found = snapshot.predictions
    if found is None:
        return ()
    if isinstance(found, SeriesPredictions):
        return (*_series(found), *_series_errors(found))
    history = "accuracy" if found.evaluation.accuracy is not None else "loss"
    if found.evaluation.mse is not None:
        history = "mean squared error"
    sample = snapshot.text_sample if snapshot.settings.task == "text" else None
    measured = _history_words(snapshot, found, history)
    return (
        _windows(found) if sample is None else _text(sample),
        *_pairs(found.history, ("update", measured), "history"),
        *_pairs(found.gaps, ("gap (timesteps)", "accuracy (share)"), "gaps"),
    )


def _history_words(snapshot: Snapshot, found: WindowsPredictions, measured: str) -> str:
    """Return what the history is of; see `WindowsPredictions.history`."""
    if snapshot.settings.task == "text" or found.evaluation.accuracy is None:
        return "loss on test windows"
    return f"{measured} (share)"


def _pairs(pairs: tuple[tuple[int, float], ...], headings: tuple[str, str], name: str) -> Tables:
    """Return a table of two columns."""
    return one({headings[0]: [a for a, _ in pairs], headings[1]: [b for _, b in pairs]}, name)


def _series(found: SeriesPredictions) -> Tables:
    """Return a row for each row of the series, and for each that is forecast, in its own units."""
    test, evaluation, future = found.test, found.evaluation, found.future
    rows, first = len(test.values), evaluation.first
    ahead = 0 if future is None else len(future.values)
    places = test.coordinate
    if future is not None:
        places = np.concatenate([places, future.coordinate])
    columns: dict[str, CellColumn] = {test.axis: _places(places, dates=test.dates)}
    one_step = test.one_step_original(first, evaluation.one_step)
    free_run = test.free_run_original(first, evaluation.free_run)
    for k, name in enumerate(test.target_names):
        columns[unused(f"{name}, truth", columns)] = _at(0, test.original[:, k], rows + ahead)
        columns[unused(f"{name}, one step", columns)] = _at(first, one_step[:, k], rows + ahead)
        columns[unused(f"{name}, {FREE}", columns)] = _at(first, free_run[:, k], rows + ahead)
        if future is not None:
            for what, values in (
                ("forecast", future.values),
                ("lower end of 80 %", future.lower),
                ("upper end of 80 %", future.upper),
            ):
                cells = _at(rows, values[:, k], rows + ahead)
                columns[unused(f"{name}, {what}", columns)] = cells
    columns["trained on"] = [k < test.trained for k in range(rows)] + [False] * ahead
    return (NumberTable(columns),)


def _places(places: np.ndarray[Any, Any], *, dates: bool) -> CellColumn:
    """Return the coordinates; times as ISO 8601."""
    if not dates:
        return places
    times = np.round(np.asarray(places, dtype=np.float64) * 1e6).astype("datetime64[us]")
    texts: list[str] = np.datetime_as_string(times).tolist()
    return texts


def _at(first: int, values: np.ndarray[Any, Any], rows: int) -> list[Cell]:
    """Return a column of so many rows that has `values` from row `first` on."""
    cells: list[Cell] = [None] * rows
    cells[first : first + len(values)] = values
    return cells[:rows]


def _series_errors(found: SeriesPredictions) -> Tables:
    """Return the mean squared errors of each target, in the network's units."""
    evaluation = found.evaluation
    free = evaluation.target_free_run_mse
    return one(
        {
            "target": list(found.test.target_names),
            "one-step MSE": list(evaluation.target_one_step_mse),
            "free-run MSE": list(free) if free else [None] * len(found.test.target_names),
        },
        "errors",
    )


def _windows(found: WindowsPredictions) -> NumberTable:
    """Return a row for each timestep of the windows that are kept, one window after the other."""
    test, outputs = found.test, found.evaluation.outputs
    steps, windows, size = outputs.shape
    order = [(t, n) for n in range(windows) for t in range(steps)]
    columns: dict[str, CellColumn] = {
        "test window": [n + 1 for _, n in order],
        "t": [t + 1 for t, _ in order],
    }
    _read(columns, "input", test.x, order, found.symbols)
    _read(columns, "target", test.target, order, found.labels)
    columns["judged"] = [bool(test.judged[t, n]) for t, n in order]
    for k in range(size):
        heading = f"p of {found.labels[k]}" if found.labels else f"output {k + 1}"
        columns[unused(heading, columns)] = [outputs[t, n, k] for t, n in order]
    if found.influence is not None:
        of_first: list[Cell] = [*found.influence, *[None] * (len(order) - steps)]
        columns["influence of the input"] = of_first[: len(order)]
    return NumberTable(columns)


def _read(
    columns: dict[str, CellColumn],
    what: str,
    values: np.ndarray[Any, Any],
    order: list[tuple[int, int]],
    names: tuple[str, ...] | None,
) -> None:
    """Add columns of what windows have at each timestep: codes by their names, or numbers."""
    if values.ndim == 2:
        codes = [int(values[t, n]) for t, n in order]
        cells: list[Cell] = [_named(code, names) for code in codes]
        columns[what] = cells
        return
    for k in range(values.shape[2]):
        heading = what if values.shape[2] == 1 else f"{what} {k + 1}"
        columns[heading] = [values[t, n, k] for t, n in order]


def _named(code: int, names: tuple[str, ...] | None) -> Cell:
    """Return the name of a code, None where there is no symbol."""
    if code < 0:
        return None
    return names[code] if names is not None and code < len(names) else code


def _text(sample: TextSample) -> NumberTable:
    """Return what was read, what may come next, and what was written, with probabilities."""
    read: list[tuple[str, str, Cell]] = [("read", sample.symbols[c], None) for c in sample.read]
    for what, symbols in (("may come next", sample.next), ("written", sample.text)):
        read += [(what, sample.symbols[each.code], each.probability) for each in symbols]
    return NumberTable(
        {
            "what": [what for what, _, _ in read],
            "symbol": [symbol for _, symbol, _ in read],
            "probability": [probability for _, _, probability in read],
        }
    )
