"""A restart replaces all parts of a session or none; errors are logged; custom tasks are kept."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.toy import ToyTask

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.second_network import SecondNetwork, Versus
from rnn_tui.session.commands import Continue, Restart, SetSecondNetwork, Step, Swap
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, num_points=60, noise=0.1)
OTHER = SMALL.with_(hidden=6)


def fails(*_: Any, **__: Any) -> None:
    raise MemoryError("no room\nfor it")


def logged(notice: str) -> str:
    """Return the log that a notice names."""
    return Path(notice.rpartition(" ")[2]).read_text("utf-8")


# ---------------------------------------------------------------- all parts or none


@pytest.mark.parametrize(
    ("cls", "method"),
    [
        (Trainer, "__init__"),
        (SecondNetwork, "__init__"),
        (Timeline, "__init__"),
        (Predictor, "__init__"),
    ],
    ids=["trainer", "second network", "timeline", "predictor"],
)
def test_a_restart_that_fails_anywhere_leaves_everything_as_it_was(
    cls: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Trainer(SMALL), versus=Versus("lstm"))
    before = session.perform(Step(Stride.UPDATE, 7), Step(Stride.TIMESTEP, 3))
    trainer, second = session.trainer, session.second_network
    with monkeypatch.context() as patch:
        patch.setattr(cls, method, fails)
        after = session.perform(Restart(OTHER))
    assert after.notice is not None
    assert after.notice.error
    assert after.notice.text.startswith("not restarted: there is not enough memory; details in ")
    assert "in fails" in logged(after.notice.text)
    assert session.trainer is trainer
    assert session.second_network is second
    assert (after.settings, after.cursor, after.loss) == (
        before.settings,
        before.cursor,
        before.loss,
    )
    assert after.timeline == before.timeline
    assert after.predictions is before.predictions
    assert after.unsaved
    later = session.perform(Step(Stride.UPDATE, 2))
    assert later.cursor.update == 9
    assert later.second_network is not None
    assert later.second_network.behind == 0
    assert session.perform(Restart(OTHER)).settings == OTHER


def test_a_restart_that_fails_does_not_end_the_run_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(Trainer(SMALL))
    session.start()
    try:
        session.send(Continue())
        monkeypatch.setattr(Timeline, "__init__", fails)
        session.send(Restart(OTHER))
        deadline = time.monotonic() + 10
        while session.latest.notice is None and time.monotonic() < deadline:
            session.refresh()
            time.sleep(0.002)
        assert session.latest.notice is not None
        assert session.latest.running
    finally:
        session.stop()


def test_a_second_network_that_does_not_fit_leaves_the_old_run() -> None:
    session = Session(Trainer(SMALL), versus=Versus("lstm"))
    before = session.perform(Step(Stride.UPDATE, 3))
    after = session.perform(SetSecondNetwork(Versus("nonsense")))
    assert after.notice is not None
    assert "nonsense" in after.notice.text
    assert before.second_network is not None
    assert after.second_network is not None
    assert after.second_network.settings == before.second_network.settings


# ---------------------------------------------------------------- errors are logged


def test_an_error_in_the_thread_is_logged_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(Trainer(SMALL))
    session.start()
    try:
        monkeypatch.setattr(Trainer, "finish_update", fails)
        session.send(Step(Stride.UPDATE))
        deadline = time.monotonic() + 10
        while session.latest.notice is None and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        session.stop()
    assert session.latest.notice is not None
    text = session.latest.notice.text
    assert text.startswith("training stopped (r restarts, w saves): there is not enough memory;")
    assert "in fails" in logged(text)


def test_refusals_are_not_logged() -> None:
    session = Session(Trainer(SMALL))
    absent = SMALL.with_(task="series", data="/nowhere/absent.csv")
    snapshot = session.perform(Restart(absent))
    assert snapshot.notice is not None
    assert snapshot.notice.error
    assert "details in" not in snapshot.notice.text


# ---------------------------------------------------------------- custom tasks


def custom(settings: Settings = SMALL) -> Trainer:
    return Trainer(settings, task=ToyTask(settings))


def test_a_restart_begins_again_with_the_custom_task() -> None:
    session = Session(custom())
    session.perform(Step(Stride.UPDATE, 5))
    snapshot = session.perform(Restart(SMALL.with_(hidden=7)))
    assert (snapshot.task.title, snapshot.cursor.update) == ("toy", 0)
    session.perform(Step(Stride.UPDATE, 4))
    alone = custom(SMALL.with_(hidden=7))
    alone.run(4)
    assert session.trainer.parameters.tobytes() == alone.parameters.tobytes()
    session.perform(Restart(), Step(Stride.UPDATE, 4))  # and so does the next one
    assert session.trainer.parameters.tobytes() == alone.parameters.tobytes()


@pytest.mark.parametrize("changes", [{"steps": 6}, {"batch": 2}, {"task": "adding"}, {"seed": 3}])
def test_a_restart_that_would_lose_the_custom_task_is_refused_in_one_line(
    changes: dict[str, Any],
) -> None:
    session = Session(custom())
    before = session.perform(Step(Stride.UPDATE, 5))
    after = session.perform(Restart(SMALL.with_(**changes)))
    assert after.notice is not None
    assert after.notice.error
    assert "\n" not in after.notice.text
    assert next(iter(changes)) in after.notice.text
    assert (after.settings, after.cursor) == (before.settings, before.cursor)
    assert session.perform(Step(Stride.UPDATE, 1)).cursor.update == 6


def test_a_second_network_is_trained_on_the_custom_task_from_its_start() -> None:
    session = Session(custom())
    session.perform(Step(Stride.UPDATE, 6), SetSecondNetwork(Versus("gru")))
    session.perform(Step(Stride.UPDATE, 2))
    alone = custom(SMALL.with_(cell="gru"))
    alone.run(8)
    assert session.second_network is not None
    second = session.second_network.trainer
    assert second.task.title == "toy"
    assert np.array_equal(second.parameters, alone.parameters)
    session.perform(Swap(), Restart(), Step(Stride.UPDATE, 8))
    assert np.array_equal(session.trainer.parameters, alone.parameters)


# ---------------------------------------------------------------- weights of a file


def test_a_restart_begins_with_the_weights_of_the_file_again() -> None:
    weights = np.random.default_rng(3).normal(size=Trainer(SMALL).parameters.size)
    trainer = Trainer(SMALL, weights)
    trainer.given = trainer.architecture, weights
    session = Session(trainer)
    session.perform(Step(Stride.UPDATE, 5))
    for settings, words in (
        (SMALL.with_(lr=0.5, num_points=70, activation="relu"), "weights of the file"),
        (OTHER, "weights at random"),
        (SMALL, "weights of the file"),
    ):
        after = session.perform(Restart(settings))
        assert after.notice is not None
        assert f"({words}); R brings the old run back" in after.notice.text
        given = weights.astype(np.float32).tobytes() == session.trainer.parameters.tobytes()
        assert given == (words == "weights of the file")
        assert after.task.not_drawn == (("init", "forget_bias") if given else ())
