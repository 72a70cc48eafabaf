"""Forecasts, against a loop in NumPy alone, against PyTorch, and against what came to pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.layouts.torch_layout import tensors_of
from rnn_tui.predictions.series_forecast import (
    SeriesForecast,
    Units,
    forecast_work,
    reach_of,
)

HIDDEN, ROWS, HORIZON = 5, 300, 6
RANDOM = np.random.default_rng(3)
VALUES = np.column_stack(
    [50 + 10 * np.sin(0.4 * np.arange(ROWS)), 3 + np.cos(0.4 * np.arange(ROWS))]
) + RANDOM.normal(0, 0.3, (ROWS, 2))
Array = np.ndarray[Any, Any]


def units(difference: bool, inputs: tuple[int, ...] = (1, 0)) -> Units:
    used = np.diff(VALUES, axis=0) if difference else VALUES
    return Units(used.mean(axis=0), used.std(axis=0), difference, inputs, 2)


def network(cell: str, layers: int = 1) -> tuple[Architecture, Array]:
    kind = Architecture(cell, "tanh", 2, HIDDEN, 2, layers=layers)
    return kind, initialise(kind, "uniform", 1.0, 3, np.dtype(np.float64))


def forecast(kind: Architecture, flat: Array, how: Units, horizon: int = HORIZON) -> SeriesForecast:
    return complete(forecast_work(kind, flat, (), how, VALUES, 240, horizon))


def plain_rnn(flat: Array, kind: Architecture, how: Units, rows: int, horizon: int) -> Array:
    """Read rows 0 … rows − 1 and go on, by nothing but products; in the series' units."""
    weights = views(kind.parameters(), flat)
    h = np.zeros(HIDDEN)

    def read(x: Array) -> Array:
        nonlocal h
        h = np.tanh(x @ weights["W_x"] + h @ weights["W_h"] + weights["b"])
        result: Array = h @ weights["W_y"] + weights["b_y"]
        return result

    used = VALUES[:rows]
    used = np.diff(used, axis=0) if how.difference else used
    scaled = (used - how.offset) / how.scale
    for row in scaled:
        y = read(row[list(how.inputs)])
    last, result = VALUES[rows - 1], []
    for _ in range(horizon):
        value = y * how.scale + how.offset
        last = last + value if how.difference else value
        result.append(last)
        y = read(y[list(how.inputs)])
    return np.array(result)


@pytest.mark.parametrize("difference", [False, True])
def test_a_forecast_is_that_of_a_plain_loop(difference: bool) -> None:
    kind, flat = network("rnn")
    how = units(difference)
    found = forecast(kind, flat, how)
    np.testing.assert_allclose(found.future, plain_rnn(flat, kind, how, ROWS, HORIZON), rtol=1e-10)
    for row in (3, 100, 257, ROWS - 1):  # also where a chunk ends
        one = plain_rnn(flat, kind, how, row, 1)[0]
        np.testing.assert_allclose(found.one_step[row], one, rtol=1e-10)
    assert np.isnan(found.one_step[: 1 + difference]).all()
    origins = np.arange(239, ROWS - 1)
    for k in (1, HORIZON):
        runs = np.array([plain_rnn(flat, kind, how, o + 1, k)[-1] for o in origins.tolist()])
        known = origins + k < ROWS
        errors = np.sort(np.abs(VALUES[origins[known] + k] - runs[known]), axis=0)
        reach = errors[int(np.ceil((known.sum() + 1) * 0.8 - 1e-9)) - 1]
        np.testing.assert_allclose(found.upper[k - 1] - found.future[k - 1], reach, rtol=1e-8)
        np.testing.assert_allclose(found.future[k - 1] - found.lower[k - 1], reach, rtol=1e-8)


def test_an_input_that_is_no_target_has_no_future() -> None:
    kind = Architecture("rnn", "tanh", 2, HIDDEN, 1)
    flat = initialise(kind, "uniform", 1.0, 3, np.dtype(np.float64))
    how = Units(VALUES.mean(axis=0), VALUES.std(axis=0), False, (0, 1), 1)
    found = complete(forecast_work(kind, flat, (), how, VALUES, 240, HORIZON))
    assert not len(found.future)
    assert np.isfinite(found.one_step[1:]).all()


def test_the_interval_ends_where_too_few_errors_are_known() -> None:
    kind, flat = network("rnn")
    found = complete(forecast_work(kind, flat, (), units(False), VALUES, ROWS - 6, HORIZON))
    assert np.isfinite(found.upper[:3]).all()
    assert np.isnan(found.upper[3:]).all()
    assert np.isfinite(found.future).all()


def test_the_reach_is_a_rank() -> None:
    errors = np.arange(1.0, 10)[None, :, None] * np.where(np.arange(9) % 2, 1, -1)[None, :, None]
    assert reach_of(errors)[0, 0] == 8  # ⌈10 · 0.8⌉ of 9
    assert np.isnan(reach_of(errors[:, :3])).all()


@pytest.mark.torch
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_forecast_is_pytorchs(cell: str, layers: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
    kind, flat = network(cell, layers)
    how = units(True)
    found = forecast(kind, flat, how, 12)
    make = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    rnn = make(2, HIDDEN, layers, dtype=torch.float64)
    readout = torch.nn.Linear(HIDDEN, 2, dtype=torch.float64)
    for name, value in tensors_of(kind, flat).items():
        module = rnn if name.startswith("rnn.") else readout
        module.get_parameter(name.partition(".")[2]).data = torch.from_numpy(value.copy())
    scaled = (np.diff(VALUES, axis=0) - how.offset) / how.scale
    last, result = VALUES[-1], []
    with torch.no_grad():
        h, state = rnn(torch.from_numpy(scaled[:, list(how.inputs)])[:, None])
        ahead = readout(h)[:, 0].numpy() * how.scale + how.offset
        y = readout(h[-1:])
        for _ in range(12):
            last = last + y[0, 0].numpy() * how.scale + how.offset
            result.append(last)
            h, state = rnn(y[..., list(how.inputs)], state)
            y = readout(h)
    np.testing.assert_allclose(found.future, np.array(result), rtol=1e-9)
    np.testing.assert_allclose(found.one_step[2:], VALUES[1:-1] + ahead[:-1], rtol=1e-9)


# ---------------------------------------------------------------- what came to pass


def generated(kind: int, random: np.random.Generator, count: int) -> Array:
    """Return a series of one of seven kinds."""
    t, noise, x = np.arange(count), random.standard_normal(count), np.zeros(count)
    match kind:
        case 0 | 1 | 2:
            a, b = ((random.uniform(0.3, 0.95), 0.0), (1.5, -0.8), (0.7, 0.0))[kind]
            noise = random.exponential(1, count) if kind == 2 else noise
            for k in range(2, count):
                x[k] = a * x[k - 1] + b * x[k - 2] + noise[k]
            return 50 + 10 * x
        case 3:
            wave = np.sin(2 * np.pi * t / random.integers(7, 30))
            return 100 + 20 * wave + random.uniform(2, 8) * noise
        case 4:
            return 10 + np.sin(2 * np.pi * t / 12) + 0.3 * random.standard_t(3, count)
        case 5:
            return random.poisson(20 + 10 * np.sin(2 * np.pi * t / 12)).astype(float)
    return 500 + np.cumsum(noise)


@pytest.mark.long
@pytest.mark.parametrize(("rows", "horizon"), [(200, 12), (600, 30), (1500, 30)])
def test_the_interval_holds_what_comes(
    rows: int, horizon: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 series; each interval is counted on 400 rows that come after all that was read."""
    from rnn_tui.engine.analysis.continuation import SeriesReader, continue_work
    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.predictions.forecast_data import units_of
    from rnn_tui.settings import Value, compose

    monkeypatch.chdir(tmp_path)
    inside, stated = [], []
    for seed in range(20):
        later = 400
        values = generated(seed % 7, np.random.default_rng(seed), rows + later)
        (tmp_path / "a.csv").write_text("x\n" + "".join(f"{x:.6f}\n" for x in values[:rows]))
        difference = seed % 7 == 6
        chosen: dict[str, Value] = {"cell": "gru", "hidden": 8, "optimizer": "adam", "lr": 0.003}
        chosen |= {"task": "series", "data": "a.csv", "difference": difference, "seed": seed}
        trainer = Trainer(compose(chosen))
        trainer.run(1500)
        source = trainer.task.source()
        assert source is not None
        how, flat, kind = units_of(source), trainer.parameters, trainer.architecture
        column = values[:, None]
        found = complete(forecast_work(kind, flat, (), how, column[:rows], source.trained, horizon))
        reach = (found.upper - found.future)[:, None]
        origins = np.arange(rows - 1, rows + later - horizon)
        reader = SeriesReader(kind, flat)
        complete(reader.read_work(how.read(column), (origins - int(difference)).tolist()))
        first = reader.outputs[origins - int(difference)]
        y = how.shown(complete(continue_work(kind, flat, reader.states, first, (0,), horizon)))
        if difference:
            y = column[origins] + np.cumsum(y, axis=0)
        truth = column[origins[None, :] + np.arange(1, horizon + 1)[:, None]]
        known = ~np.isnan(reach) & ~np.isnan(truth)
        inside.append(float((np.abs(truth - y) <= reach)[known].mean()))
        assert found.coverage is not None
        stated.append(found.coverage.share)
    print(f"{rows} rows, horizon {horizon}: held {np.mean(inside):.3f}, said {np.mean(stated):.3f}")
    assert abs(np.mean(inside) - 0.8) < 0.05
    assert abs(np.mean(stated) - 0.8) < 0.05
