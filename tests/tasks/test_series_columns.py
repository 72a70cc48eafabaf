"""Several inputs and targets: which numbers are read and wanted, in which units, and the losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.data_file import DataError
from rnn_tui.settings import Settings
from rnn_tui.tasks.series import SeriesTask

ROWS = 120
NAMES = ("a", "b", "c", "d")
COLUMNS = [
    ((1,), (1, 2)),
    ((1,), (2, 3)),
    ((1, 3), (0,)),
    ((0, 1, 2), (0, 1, 2)),
    ((2,), (3, 1, 2)),
]


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    random = np.random.default_rng(3)
    walk = np.cumsum(random.normal(size=(ROWS, 4)), axis=0)
    return walk * [1, 40, 0.01, 3] + [0, 1000, 5, -2]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray) -> Path:
    file = tmp_path_factory.mktemp("columns") / "table.csv"
    rows = [",".join(repr(float(each)) for each in row) for row in values]
    file.write_text("\n".join([",".join(NAMES), *rows]) + "\n", encoding="utf-8")
    return file


def settings_of(
    path: Path, targets: tuple[int, ...], inputs: tuple[int, ...], **more: Any
) -> Settings:
    target, read = (",".join(NAMES[k] for k in each) for each in (targets, inputs))
    chosen = Settings(task="series", data=str(path), target=target, inputs=read, steps=5)
    return chosen.with_(**more)


def in_units(values: np.ndarray, trained: int, settings: Settings) -> np.ndarray:
    """Return all columns as the network should see them, written down again."""
    if settings.difference:
        values, trained = values[1:] - values[:-1], trained - 1
    if settings.scale == "none":
        return values
    training = values[:trained]
    offset, scale = training.mean(0), training.std(0)
    if settings.scale == "minmax":
        offset, scale = training.min(0), training.max(0) - training.min(0)
    scaled: np.ndarray = (values - offset) / scale
    return scaled


@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
@pytest.mark.parametrize(("targets", "inputs"), COLUMNS)
def test_a_window_has_the_inputs_and_one_row_later_the_targets(
    path: Path,
    values: np.ndarray,
    targets: tuple[int, ...],
    inputs: tuple[int, ...],
    scale: str,
    difference: bool,
) -> None:
    settings = settings_of(path, targets, inputs, scale=scale, difference=difference, batch=2)
    settings = settings.with_(test_share=0.3)
    task = SeriesTask(settings)
    trained = ROWS - 36
    expected = in_units(values, trained, settings)
    length = (trained - difference) // 2
    x, target = np.empty((5, 2, len(inputs))), np.empty((5, 2, len(targets)))
    for window in range(3):
        task.next_window(x, target)
        for stream in range(2):
            first = stream * length + 5 * window
            read = expected[first : first + 5][:, list(inputs)]
            wanted = expected[first + 1 : first + 6][:, list(targets)]
            np.testing.assert_allclose(x[:, stream], read, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(target[:, stream], wanted, rtol=1e-12, atol=1e-12)
    test = task.test()
    np.testing.assert_array_equal(
        test.original, values[ROWS - len(test.values) :][:, list(targets)]
    )
    assert (test.warm_up, len(test.values)) == (10, 46)
    assert test.target_names == tuple(NAMES[k] for k in targets)
    assert test.fed_back == tuple(targets.index(k) if k in targets else None for k in inputs)


@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize(("targets", "inputs"), COLUMNS)
def test_predictions_are_measured_as_values(
    path: Path,
    values: np.ndarray,
    targets: tuple[int, ...],
    inputs: tuple[int, ...],
    difference: bool,
) -> None:
    trainer = Trainer(settings_of(path, targets, inputs, difference=difference, dtype="float64"))
    test = SeriesTask(trainer.settings).test()
    found = SeriesEvaluator(trainer.architecture, trainer.parameters, test).evaluate()
    network = Network(trainer.architecture.unmasked(), trainer.parameters, 1, 1)

    def read(x: np.ndarray) -> np.ndarray:
        """Return the output for the next input, in original units, or a change in them."""
        network.tape["x"][0, 0] = x
        network.forward(1, 1)
        network.readout()
        network.carry_state()
        y: np.ndarray = network.tape["y"][0, 0] * test.scale + test.offset
        return y

    first, truth = found.first, test.original
    errors, y = [], np.empty(0)
    for k in range(first):
        y = read(test.inputs[k])
    start = network.state(1)
    for k in range(first, len(truth)):
        errors.append(y + truth[k - 1] * difference - truth[k])
        y = read(test.inputs[k])
    np.testing.assert_allclose(
        test.one_step_original(first, found.one_step) - truth[first:], errors, atol=1e-9
    )
    squares = (np.array(errors) / test.scale) ** 2
    assert found.one_step_mse == pytest.approx(squares.mean(), rel=1e-9)
    assert found.target_one_step_mse == pytest.approx(squares.mean(axis=0), rel=1e-9)

    network.set_state(None)
    for k in range(first):
        y = read(test.inputs[k])
    assert worst_of(network.state(1), start) == 0
    level, free = truth[first - 1], []
    for k in range(first, first + test.horizons[-1]):
        level = y + level * difference
        free.append(level)
        x = test.inputs[k].copy()
        for d, target in enumerate(test.fed_back):
            if target is not None:
                x[d] = (y[target] - test.offset[target]) / test.scale[target]
        y = read(x)
    np.testing.assert_allclose(test.free_run_original(first, found.free_run), free, rtol=1e-9)
    for horizon, mse in zip(test.horizons, found.free_run_mse, strict=True):
        off = (np.array(free[:horizon]) - truth[first : first + horizon]) / test.scale
        assert mse == pytest.approx(np.mean(off**2), rel=1e-8)


def worst_of(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


@pytest.mark.parametrize(("targets", "inputs"), [((1,), (1, 2)), ((0, 3), (3, 1))])
def test_losses_equal_those_of_a_network_written_down_again(
    path: Path, values: np.ndarray, targets: tuple[int, ...], inputs: tuple[int, ...]
) -> None:
    settings = settings_of(
        path, targets, inputs, dtype="float64", hidden=6, optimizer="sgd", lr=0.05, clip_by="none"
    ).with_(momentum=0.0, carry=True, windows="sweep")
    trainer = Trainer(settings)
    scaled = in_units(values, ROWS * 4 // 5, settings)[: ROWS * 4 // 5]
    parameters = {
        name: array.copy()
        for name, array in views(trainer.architecture.parameters(), trainer.parameters).items()
    }
    expected = losses(parameters, scaled[:, list(inputs)], scaled[:, list(targets)], 200)
    assert trainer.run(200) == 200
    found = trainer.history.recent(200)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def losses(
    p: dict[str, np.ndarray], inputs: np.ndarray, targets: np.ndarray, updates: int
) -> list[float]:
    """Return the losses of a plain recurrent network with tanh, trained with gradient descent."""
    steps, found, start = 5, [], 0
    state = np.zeros(p["W_h"].shape[0])
    for _ in range(updates):
        if len(inputs) - start < steps + 1:
            start, state = 0, np.zeros_like(state)
        x, target = inputs[start : start + steps], targets[start + 1 : start + steps + 1]
        start += steps
        h = [state]
        for row in x:
            h.append(np.tanh(row @ p["W_x"] + h[-1] @ p["W_h"] + p["b"].ravel()))
        hidden = np.array(h)
        error = hidden[1:] @ p["W_y"] + p["b_y"].ravel() - target
        found.append(float(np.mean(error**2)))
        dy = 2 * error / error.size
        slopes = {name: np.zeros_like(array) for name, array in p.items()}
        slopes["W_y"] += hidden[1:].T @ dy
        slopes["b_y"] += dy.sum(axis=0).reshape(p["b_y"].shape)
        later = np.zeros_like(state)
        for t in reversed(range(steps)):
            da = (dy[t] @ p["W_y"].T + later) * (1 - hidden[t + 1] ** 2)
            slopes["W_x"] += np.outer(x[t], da)
            slopes["W_h"] += np.outer(hidden[t], da)
            slopes["b"] += da.reshape(p["b"].shape)
            later = da @ p["W_h"].T
        for name, slope in slopes.items():
            p[name] -= 0.05 * slope
        state = hidden[-1]
    return found


def test_test_values_outside_of_the_training_range_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rising.csv"
    path.write_text("y\n" + "\n".join(f"{k + (k % 7) / 10}" for k in range(100)))
    (note,) = SeriesTask(Settings(task="series", data=str(path))).notes
    assert note.startswith(
        "y: 20 of 20 test values are outside the range of the training part, 0 to"
    )
    assert note.endswith(": up to 99.1")


def test_an_input_that_never_varies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("y,flat\n" + "\n".join(f"{k % 5},1" for k in range(100)))
    settings = Settings(task="series", data=str(path), target="y", inputs="y,flat")
    with pytest.raises(DataError, match=r"the input 'flat' does not vary .* leave it out"):
        SeriesTask(settings)


def test_the_names_are_those_of_the_columns(path: Path, tmp_path: Path) -> None:
    task = SeriesTask(settings_of(path, (1,), (1, 2)))
    assert (task.parts, task.output_names) == (("b", "c"), ("b",))
    assert task.title == "table.csv: b, c → b"
    alone = SeriesTask(settings_of(path, (1,), ()))
    assert (alone.parts, alone.output_names) == (None, None)
    marked = tmp_path / "marked.csv"
    marked.write_text("mark,y\n" + "\n".join(f"{k % 2},{k % 5}" for k in range(100)))
    settings = Settings(task="series", data=str(marked), target="y", inputs="mark,y")
    assert SeriesTask(settings).parts == ("'mark'", "y")
