"""Training without a screen: the same run in any chunks, and figures that are always valid."""

from __future__ import annotations

import io
import itertools
import json
import math
import re

import numpy as np
import pytest
from engine.toy import ToyTask
from shares import share

from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import Breakpoints
from rnn_tui.engine.training.history import RECENT
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings, compose
from rnn_tui.train import TrainProgress, summarise, train

EXPLODING = Settings(hidden=8, activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
SMALL = Settings(hidden=4, steps=5)
FIGURES = [
    "updates",
    "loss",
    "smoothed_loss",
    "test_one_step_mse",
    "test_free_run_mse",
    "test_free_run_3_mse",
    "test_loss",
    "test_accuracy",
    "updates_per_second",
    "parameters",
    "stopped_by",
    "test_rmse",
    "test_mae",
    "baselines",
    "season",
    "skill",
    "comparison",
    "perplexity",
    "test_values_outside",
    "task",
    "data",
    "target",
    "cell",
    "seed",
    "version",
    "seconds",
]


def test_chunks_change_nothing() -> None:
    plain, chunked = Trainer(SMALL), Trainer(SMALL)
    plain.run(500)
    reports: list[TrainProgress] = []
    progress = train(chunked, 500, report=reports.append)
    assert chunked.parameters.tobytes() == plain.parameters.tobytes()
    assert progress.done == progress.wanted == 500
    assert progress == reports[-1]
    done = [report.done for report in reports]
    assert done == sorted(set(done))
    assert progress.per_second > 0
    assert math.isclose(progress.smoothed, plain.history.smoothed)


def test_stopping_and_going_on_changes_nothing() -> None:
    plain, stopped = Trainer(SMALL), Trainer(SMALL)
    plain.run(300)
    first = train(stopped, 300, stopped=lambda: stopped.updates >= 3)
    assert 0 < first.done < 300
    train(stopped, 300 - first.done)
    assert stopped.updates == 300
    assert stopped.parameters.tobytes() == plain.parameters.tobytes()


@pytest.mark.parametrize("calls", range(1, 21))
def test_a_long_update_can_be_stopped_within(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.train.loop.LONG_UPDATE", 0.0)  # all are taken for long ones
    monkeypatch.setattr("rnn_tui.train.loop.CHUNK_SECONDS", 0.0)
    plain, stopped = Trainer(SMALL), Trainer(SMALL)
    plain.run(5)
    count = itertools.count(1)
    breakpoints = Breakpoints(parse("loss > 1e9"))
    first = train(stopped, 5, stopped=lambda: next(count) > calls, breakpoints=breakpoints)
    assert first.stop is None
    assert first.done == stopped.updates < 5
    assert stopped.index < plain.index
    train(stopped, 5 - first.done)
    assert stopped.parameters.tobytes() == plain.parameters.tobytes()
    assert stopped.history.recent(5)[0].tolist() == plain.history.recent(5)[0].tolist()


def test_every_update_is_in_the_metrics() -> None:
    updates = RECENT + 900  # more than the history keeps one by one
    trainer, file = Trainer(Settings(hidden=1, steps=1)), io.StringIO()
    trainer.run(10)
    train(trainer, updates, metrics=file)
    rows = [line.split(",") for line in file.getvalue().splitlines()]
    assert [int(row[0]) for row in rows] == list(range(11, 11 + updates))
    losses, norms = trainer.history.recent(50)
    assert [float(row[1]) for row in rows[-50:]] == losses.tolist()
    assert [float(row[2]) for row in rows[-50:]] == norms.tolist()


def test_divergence_ends_the_run_quietly() -> None:
    trainer, file = Trainer(EXPLODING), io.StringIO()
    progress = train(trainer, 1000, metrics=file)
    assert trainer.divergence is not None
    assert progress.done == trainer.updates < 1000
    assert len(file.getvalue().splitlines()) == trainer.updates
    assert np.isfinite(trainer.parameters).all()
    figures = json.loads(summarise(trainer, progress).to_json())
    assert list(figures) == FIGURES
    assert figures["stopped_by"] == f"{trainer.divergence} in update {trainer.updates + 1}"


@pytest.mark.parametrize("condition", ["loss<0.05", "smoothed<0.7", "pass=BACKWARD t=3"])
def test_a_breakpoint_ends_the_run_where_it_is_hit(condition: str) -> None:
    plain, trainer, file = Trainer(SMALL), Trainer(SMALL), io.StringIO()
    progress = train(trainer, 500, metrics=file, breakpoints=Breakpoints(parse(condition)))
    plain.advance_to(trainer.index)
    assert trainer.parameters.tobytes() == plain.parameters.tobytes()
    assert progress.done == trainer.updates < 500
    assert len(file.getvalue().splitlines()) == trainer.updates
    assert progress.stop is not None
    assert str(progress.stop.breakpoint) == condition
    rows = [float(row.split(",")[1]) for row in file.getvalue().splitlines()]
    if condition == "loss<0.05":
        assert [loss < 0.05 for loss in rows] == [*(False for _ in rows[1:]), True]
    assert summarise(trainer, progress).stopped_by == progress.stop.reason


def test_a_breakpoint_that_is_not_hit_changes_nothing() -> None:
    plain, trainer = Trainer(SMALL), Trainer(SMALL)
    plain.run(300)
    progress = train(trainer, 300, breakpoints=Breakpoints(parse("loss<0"), parse("update=301")))
    assert trainer.parameters.tobytes() == plain.parameters.tobytes()
    assert (progress.done, progress.stop) == (300, None)
    assert json.loads(summarise(trainer, progress).to_json())["stopped_by"] is None


def test_a_run_of_no_updates_has_figures() -> None:
    trainer = Trainer(SMALL)
    summary = summarise(trainer, train(trainer, 0))
    figures = json.loads(summary.to_json())
    assert list(figures) == FIGURES
    assert figures["updates"] == 0
    assert figures["loss"] is figures["smoothed_loss"] is figures["updates_per_second"] is None
    assert figures["test_one_step_mse"] > 0
    assert "–" in summary.to_text()


def test_figures_for_people_are_aligned() -> None:
    trainer = Trainer(SMALL)
    lines = summarise(trainer, train(trainer, 50)).to_text().splitlines()
    # No line says that nothing stopped it, or what only tasks with test windows have.
    figures, words = lines[:13], lines[13:]
    assert len({len(line) for line in figures}) == 1
    assert lines[0].split() == ["updates", "50"]
    assert re.fullmatch(
        r"one step ahead .*× worse than repeating the value 42 points ago", words[0]
    )
    assert words[1:] == ["a season of 42 points, the cosine's period"]


def test_numbers_that_are_not_finite_are_null() -> None:
    trainer = Trainer(SMALL)
    trainer.parameters[:] = 3e38
    figures = json.loads(summarise(trainer, train(trainer, 0)).to_json())
    assert figures["test_one_step_mse"] is None


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_test_windows_have_figures_of_their_own(loss: str) -> None:
    settings = Settings(steps=5, batch=3, hidden=4)
    trainer = Trainer(settings, task=ToyTask(settings, loss))
    summary = summarise(trainer, train(trainer, 20))
    figures = json.loads(summary.to_json())
    assert list(figures) == FIGURES
    assert figures["test_loss"] > 0
    assert figures["test_one_step_mse"] is figures["test_free_run_mse"] is None
    text = summary.to_text()
    assert "test loss" in text
    assert "one step" not in text
    if loss == "mse":
        assert figures["test_accuracy"] is None
        assert "accuracy" not in text
    else:
        assert 0 <= figures["test_accuracy"] <= 1
        assert "test accuracy" in text
    assert len({len(line) for line in text.splitlines()}) == 1


@pytest.mark.parametrize(
    "cell", share(name for name in DECLARATIONS["cell"].choices if name != "neuron")
)
def test_the_defaults_learn_the_smooth_cosine(cell: str) -> None:
    trainer = Trainer(Settings(cell=cell))
    summary = summarise(trainer, train(trainer, 2000))
    assert summary.test_one_step_mse is not None
    assert summary.test_one_step_mse < 1e-3


def plain_characters(
    P: dict[str, np.ndarray], inputs: np.ndarray, targets: np.ndarray, start: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Gradients of the *sum* of −log p over a window, and the last state; a loop over timesteps."""
    h, p = [start], []
    for code in inputs:
        h.append(np.tanh(P["W_x"][code] + h[-1] @ P["W_h"] + P["b"]))
        scores = np.exp(h[-1] @ P["W_y"] + P["b_y"])
        p.append(scores / scores.sum())
    gradient = {name: np.zeros_like(array) for name, array in P.items()}
    later = np.zeros_like(start)
    for t in reversed(range(len(inputs))):
        dy = p[t].copy()
        dy[targets[t]] -= 1
        gradient["W_y"] += np.outer(h[t + 1], dy)
        gradient["b_y"] += dy
        da = (P["W_y"] @ dy + later) * (1 - h[t + 1] ** 2)
        gradient["W_x"][inputs[t]] += da
        gradient["W_h"] += np.outer(h[t], da)
        gradient["b"] += da
        later = P["W_h"] @ da
    return gradient, h[-1]


def test_the_preset_min_char_rnn_is_karpathys_program() -> None:
    """It sums the loss, clips each entry at 5 and has 1e-8 inside the root; the mean is 1/25 of it.

    Source: the published program of 2015, whose formulas these are; Adagrad does not mind the
    scale, the clipping and the eps do.
    """
    settings = compose({"hidden": 8, "dtype": "float64"}, "min-char-rnn")
    trainer = Trainer(settings)
    P = {name: array.copy() for name, array in trainer.network.parameters.items()}
    memory = {name: np.zeros_like(array) for name, array in P.items()}
    state = np.zeros(8)
    for _ in range(40):
        trainer.step()
        inputs, targets = (a[:, 0] for a in (trainer.network.inputs, trainer.network.targets))
        gradient, state = plain_characters(P, inputs.copy(), targets.copy(), state)
        for name, array in P.items():
            clipped = np.clip(gradient[name], -5, 5)
            memory[name] += clipped**2
            array -= 0.1 * clipped / np.sqrt(memory[name] + 1e-8)
        trainer.finish_update()
    for name, array in P.items():
        np.testing.assert_allclose(trainer.network.parameters[name], array, rtol=1e-9, atol=1e-12)
