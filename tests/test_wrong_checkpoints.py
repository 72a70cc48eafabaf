"""Checkpoints that are not right: each is refused in one line that names the fault."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    GONE,
    bits,
    raw,
    rewrite,
    tensor,
    text,
    trained,
)
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load, load_run
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tasks import DataError

WRONG: dict[str, tuple[Callable[[dict[str, Any], dict[str, str]], object], str]] = {
    "another program": (
        lambda tensors, texts: texts.clear(),
        "it was not saved by rnn-tui; if it holds weights, start from them with --init-from",
    ),
    "another version": (
        raw("version", "zwei"),
        "its format has version 'zwei'; this rnn-tui reads 1 to 5",
    ),
    "text missing": (lambda tensors, texts: texts.pop("data"), "its metadata lack data"),
    "no JSON": (raw("place", "{"), "its metadata 'place' are not JSON"),
    "deep JSON": (raw("place", "[" * 10_000), "its metadata 'place' are not JSON"),
    "no object": (raw("place", "[1]"), "its metadata 'place' are not a JSON object"),
    "setting unknown": (text("settings", colour="red"), "there is no setting 'colour'"),
    "setting missing": (text("settings", lr=GONE), "its settings: --lr is missing; it must be"),
    "setting wrong": (
        text("settings", hidden=-1),
        "its settings: --hidden must be a whole number from 1 to 4096, not -1",
    ),
    "cell": (raw("cell", "gru"), "its cell is 'gru', but its settings say 'rnn'"),
    "tensor missing": (
        lambda tensors, texts: tensors.pop("rnn.bias_hh_l0"),
        "tensor rnn.bias_hh_l0 is missing; expected rnn.weight_ih_l0, ",
    ),
    "memory missing": (
        lambda tensors, texts: tensors.pop("optimizer.s"),
        "tensor optimizer.s is missing; expected ",
    ),
    "tensor unknown": (tensor("extra", np.zeros(1)), "tensor 'extra' is unknown; expected "),
    "shape": (
        tensor("readout.weight", np.zeros((3, 1), np.float32)),
        "tensor readout.weight has shape (3, 1); expected (1, 3)",
    ),
    "size": (
        text("settings", hidden=4),
        "it has hidden size 3 and 1 gate block (rnn), not --cell rnn --hidden 4: "
        "tensor rnn.weight_ih_l0 has shape (3, 1); expected (4, 1)",
    ),
    "state": (
        tensor("state.h", np.zeros((2, 3), np.float32)),
        "tensor state.h has shape (2, 3); expected (1, 3)",
    ),
    "memory": (
        tensor("optimizer.s", np.zeros(3, np.float32)),
        "tensor optimizer.s has shape (3,); expected (19,)",
    ),
    "dtype": (
        tensor("state.h", np.zeros((1, 3))),
        "tensor state.h is float64; expected float32",
    ),
    "dtype of the history": (
        tensor("history.recent", np.zeros((5, 2), np.float32)),
        "tensor history.recent is float32; expected float64",
    ),
    "NaN": (
        tensor("readout.bias", np.full(1, np.nan, np.float32)),
        "tensor 'readout.bias' holds nan; every number must be finite",
    ),
    "infinite": (
        tensor("history.recent", np.full((5, 2), -np.inf)),
        "tensor 'history.recent' holds -inf; every number must be finite",
    ),
    "position": (
        text("place", position=12),
        "position must be a whole number from 0 to 11, not 12",
    ),
    "updates": (text("place", updates=-1), "updates must be a whole number from 0 to "),
    "revealed": (text("place", revealed=2), "2 operations cannot be revealed there"),
    "nothing revealed": (text("place", revealed=0), "0 operations cannot be revealed there"),
    "steps": (text("optimizer", steps=True), "steps must be a whole number from 0 to "),
    "optimizer": (
        text("optimizer", name="adam"),
        "its optimizer is 'adam', but its settings say 'adagrad'",
    ),
    "walk": (text("data", position=3), "no window of this sweep starts at point 3"),
    "walk's place": (text("data", position=-1), "position must be a whole number of at least 0"),
    "random state": (text("data", state="x"), "state must be a whole number, written as text"),
    "history": (text("history", count=4), "history: recent has shape (5, 2); expected (4, 2)"),
    "stride": (text("history", stride=3), "history: a stride of 3 does not fit 5 updates"),
    "average": (raw("history", '{"average": 1e999}'), "history: count and stride must be"),
    "no number": (
        text("history", average=float("nan")),
        "its metadata 'history' are not JSON (NaN is no number of JSON)",
    ),
    "twice": (
        raw("place", '{"updates": 5, "updates": 6}'),
        "its metadata 'place' are not JSON ('updates' is there twice)",
    ),
    "averages": (text("history", twice="x"), "history: average and twice must be numbers"),
    "averages beyond": (
        raw("history", '{"count": 5, "stride": 1, "average": 1e999, "twice": 1.0}'),
        "history: average and twice must be finite",
    ),
    "rows of the history": (
        tensor("history.buckets", np.full((5, 6), [[k] for k in (0.0, 1.0, 2.0, 3.0, 4.0)])),
        "history: its rows do not fit 5 updates, 1 each",
    ),
    "test losses": (tensor("history.tested", np.ones((2, 2))), "history: test losses must be"),
    "late test losses": (
        tensor("history.tested", np.array([[6.0, 1.0]])),
        "history: test losses must be of updates 1 to 5",
    ),
    "many test losses": (
        tensor("history.tested", np.ones((513, 2))),
        "tensor history.tested has shape (513, 2); expected (N, 2), N at most 512",
    ),
    "symbols where none are": (
        text("vocabulary", symbols=["a"]),
        "its symbols are 1, those of the data none",
    ),
    "vocabulary": (text("vocabulary", labels=GONE), "vocabulary: expected symbols and labels"),
    "count": (text("history", count="5"), "history: count and stride must be whole numbers"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_one_line(tmp_path: Path, case: str) -> None:
    change, expected = WRONG[case]
    path = tmp_path / "run.safetensors"
    save(path, trained())
    rewrite(path, change)
    with pytest.raises(CheckpointError) as caught:
        load(path)
    message = str(caught.value)
    assert expected in message
    assert "run.safetensors" in message
    assert "\n" not in message


def test_every_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    save(path, trained(hidden=1, steps=1))
    content = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="not a safetensors file, or not a whole one"):
            load(path)


@given(st.data())
def test_no_damage_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "run"
    save(path, trained(hidden=1, steps=2))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        load(path).run(1)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, expected in {
        tmp_path: "it is a folder",
        tmp_path / "none": "there is no such file",
        tmp_path / "pipe": "it is a named pipe, not a regular file",
    }.items():
        with pytest.raises(CheckpointError, match=expected):
            load(path)
    (tmp_path / "text").write_text("not a checkpoint at all, just words\n" * 10)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load(tmp_path / "text")


def test_data_that_is_gone(tmp_path: Path) -> None:
    data = tmp_path / "numbers.csv"
    data.write_text("".join(f"{each}\n" for each in ["x", *(k % 7 for k in range(60))]))
    save(tmp_path / "run", trained(task="series", data=str(data)))
    load(tmp_path / "run").run(2)
    data.unlink()
    with pytest.raises(DataError, match=r"--data .*numbers.csv.*no such file"):
        load(tmp_path / "run")


HELD: dict[str, tuple[object, str]] = {
    "no list": ({}, "held: expected a list of up to 1000 values"),
    "too many": ([{"cut": 1}] * 1001, "held: expected a list of up to 1000 values"),
    "neither": ([{"cut": 1, "t": 2}], "held: {'cut': 1, 't': 2} is neither a held value nor a cut"),
    "no number": ([{"cut": True}], "held: {'cut': True} is neither a held value nor a cut"),
    "range": (
        [{"hold": "h_t", "value": 0.0, "unit": [1, 4], "t": 1}],
        "held: 'h_1[1:4] = 0': units of h go from 1 to 3, not 4",
    ),
    "no range": (
        [{"hold": "h_t", "value": 0.0, "unit": [3, 1], "t": 1}],
        "is neither a held value nor a cut",
    ),
    "timestep": ([{"cut": 5}], "held: 'detach @5': timesteps go from 1 to 4, not 5"),
    "unit": (
        [{"hold": "h_t", "value": 0.0, "unit": 4, "t": 1}],
        "held: 'h_1[4] = 0': units of h go from 1 to 3, not 4",
    ),
    "name": (
        [{"hold": "f_t", "value": 0.0, "unit": None, "t": 1}],
        "held: 'f_1 = 0': there is no",
    ),
    "not finite": (
        [{"hold": "x_t", "value": math.inf, "unit": None, "t": 1}],
        "held: 'x_1 = inf': the value must be a finite number of float32",
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_what_cannot_be_held_is_refused(tmp_path: Path, case: str) -> None:
    values, expected = HELD[case]
    save(tmp_path / "run", trained())
    written = json.dumps(values).replace("Infinity", "1e999")
    rewrite(tmp_path / "run", raw("held", written))
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


WINDOW: dict[str, tuple[Callable[[dict[str, Any], dict[str, str]], object], str]] = {
    "position": (text("place", position=1, revealed=1), "window: the run is not right after an up"),
    "no window": (lambda tensors, texts: texts.pop("window"), "is unknown; expected "),
    "no tensors": (
        lambda tensors, texts: tensors.pop("window.parameters"),
        "tensor window.parameters is missing; expected ",
    ),
    "shape": (
        tensor("window.state.h", np.zeros((2, 3), np.float32)),
        "tensor window.state.h has shape (2, 3); expected (1, 3)",
    ),
    "steps": (text("window", steps=-1), "steps must be a whole number from 0 to "),
    "data": (text("window", data=[]), "window: data must be an object, not []"),
    "random": (text("window", data={"position": -1}), "window: data state: position must be a"),
    "walk": (text("window", settings={}), "window: settings [] are not the optimizer's"),
    "count": (
        text("window", history={"count": 5, "average": 0.0, "twice": 1.0}),
        "window: a count of 5 does not fit the history",
    ),
    "average": (
        text("window", history={"count": 4, "average": "x", "twice": 1.0}),
        "window: average must be a finite number, not 'x'",
    ),
    "averages": (
        text("window", history={"count": 4, "average": 0.0, "twice": "2"}),
        "window: twice must be a finite number, not '2'",
    ),
}


@pytest.mark.parametrize("case", WINDOW)
def test_a_wrong_window_is_refused(tmp_path: Path, case: str) -> None:
    change, expected = WINDOW[case]
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(5)
    save(tmp_path / "run", trainer)
    rewrite(tmp_path / "run", change)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["window.parameters", "window.state.h", "window.optimizer.s"])
def test_a_window_that_does_not_lead_here_is_not_shown(tmp_path: Path, name: str) -> None:
    """As on a machine that rounds otherwise: the run goes on from the very bits of the file."""
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(5)
    save(tmp_path / "run", trainer)
    before = trainer.keyframe()

    def change(tensors: dict[str, Any], texts: dict[str, str]) -> None:
        tensors[name] = tensors[name] + np.float32(1e-3)

    rewrite(tmp_path / "run", change)
    saved = load_run(tmp_path / "run")
    assert "the window of update 5 is not shown" in saved.remark
    assert (saved.trainer.updates, saved.trainer.position) == (5, 0)
    np.testing.assert_array_equal(saved.trainer.parameters, before.parameters)
    for each in (trainer, saved.trainer):
        each.run(3)
    assert bits(saved.trainer) == bits(trainer)
