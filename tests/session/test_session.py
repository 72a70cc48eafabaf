"""The session: commands in, frozen snapshots out, and nothing in between that could hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session.session_support import SMALL, Driver

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session import pacing
from rnn_tui.session.commands import (
    Configure,
    Continue,
    Pause,
    Restart,
    RunOrPause,
    Save,
    Step,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

DIVERGING = SMALL.with_(activation="relu", optimizer="sgd", lr=100.0, clip_by="none")


def place(snapshot: Snapshot) -> tuple[int, Pass, int, int]:
    cursor = snapshot.cursor
    return cursor.update, cursor.stage, cursor.t, cursor.operation


# ---------------------------------------------------------------- steps


@pytest.mark.parametrize(
    ("stride", "count", "expected"),
    [
        (Stride.OPERATION, 1, (0, Pass.BATCH, 0, 1)),
        (Stride.OPERATION, 2, (0, Pass.FORWARD, 1, 1)),
        (Stride.OPERATION, 4, (0, Pass.FORWARD, 1, 3)),
        (Stride.OPERATION, 5, (0, Pass.FORWARD, 2, 1)),
        (Stride.TIMESTEP, 1, (0, Pass.BATCH, 0, 1)),
        (Stride.TIMESTEP, 6, (0, Pass.FORWARD, 5, 3)),
        (Stride.TIMESTEP, 7, (0, Pass.LOSS, 0, 1)),
        (Stride.TIMESTEP, 8, (0, Pass.BACKWARD, 5, 5)),
        (Stride.TIMESTEP, 13, (0, Pass.CLIP, 0, 1)),
        (Stride.TIMESTEP, 14, (1, Pass.UPDATE, 0, 1)),
        (Stride.TIMESTEP, 15, (1, Pass.BATCH, 0, 1)),
        (Stride.PASS, 1, (0, Pass.BATCH, 0, 1)),
        (Stride.PASS, 2, (0, Pass.FORWARD, 5, 3)),
        (Stride.PASS, 3, (0, Pass.LOSS, 0, 1)),
        (Stride.PASS, 4, (0, Pass.BACKWARD, 1, 5)),
        (Stride.PASS, 7, (1, Pass.BATCH, 0, 1)),
        (Stride.UPDATE, 1, (1, Pass.UPDATE, 0, 1)),
        (Stride.UPDATE, 30, (30, Pass.UPDATE, 0, 1)),
    ],
)
def test_a_step_goes_as_far_as_it_says(
    make: Callable[..., Driver], stride: Stride, count: int, expected: tuple[Any, ...]
) -> None:
    assert place(make().after(Step(stride, count))) == expected


def test_commands_sent_at_once_are_all_carried_out_in_order(make: Callable[..., Driver]) -> None:
    driver = make()
    steps = [Step(Stride.TIMESTEP)] * 6 + [Step(Stride.OPERATION, 2), Step(Stride.PASS)]
    # batch, forward 1 … 5, loss, the first operation at t=5, the end of the backward pass
    assert place(driver.after(*steps)) == (0, Pass.BACKWARD, 1, 5)


def test_a_step_pressed_just_before_run_is_not_lost(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Step(Stride.TIMESTEP, 2), RunOrPause())
    assert driver.until(lambda s: s.cursor.update > 3).running


def test_stepping_through_the_session_gives_the_bits_of_a_plain_run(
    make: Callable[..., Driver],
) -> None:
    driver = make()
    for stride in (Stride.TIMESTEP, Stride.OPERATION, Stride.PASS, Stride.UPDATE):
        driver.after(Step(stride, 3))
    snapshot = driver.after(Step(Stride.UPDATE))
    plain = Trainer(SMALL)
    plain.run(snapshot.cursor.update)
    assert snapshot.loss == plain.loss
    driver.session.stop()
    assert driver.session.trainer.parameters.tobytes() == plain.parameters.tobytes()


# ---------------------------------------------------------------- running and pausing


def test_run_goes_on_until_pause(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Continue())
    first = driver.until(lambda s: s.running and s.cursor.update > 2)
    driver.until(lambda s: s.cursor.update > first.cursor.update)
    paused = driver.after(Pause())
    assert (paused.state, paused.cursor.stage) == ("paused", Pass.UPDATE)


def test_nothing_moves_once_paused(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Continue())
    driver.until(lambda s: s.cursor.update > 2)
    paused, heard = driver.after(Pause()), driver.heard
    driver.session.refresh()
    time.sleep(0.1)  # nothing can be waited for: the claim is that nothing comes
    assert driver.latest is paused
    assert driver.heard == heard


def test_toggle_runs_and_pauses(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(RunOrPause())
    assert driver.until(lambda s: s.cursor.update > 2).state == "running"
    assert driver.after(RunOrPause()).state == "paused"


def test_toggle_stops_a_counted_move(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Step(Stride.UPDATE, 10**9))
    driver.until(lambda s: s.cursor.update > 2)
    assert driver.after(RunOrPause()).state == "paused"


def test_a_step_during_a_run_pauses_after_it(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Continue())
    driver.until(lambda s: s.cursor.update > 2)
    assert place(driver.after(Step(Stride.TIMESTEP)))[1:3] == (Pass.BATCH, 0)


def test_while_running_a_snapshot_is_made_only_when_asked_for(make: Callable[..., Driver]) -> None:
    trainer = Trainer(SMALL)
    driver = make(trainer)

    def train(updates: int) -> None:
        until = trainer.updates + updates
        while trainer.updates < until:
            time.sleep(0.001)

    driver.send(Continue())
    first = driver.until(lambda s: s.running and s.cursor.update > 2)
    driver.until(lambda s: s.number > first.number)
    while driver.session._snapshot_wanted:  # what was asked for last is on its way
        time.sleep(0.001)
    train(3)  # it has come: there is no training while one is made
    silent, heard = driver.latest, driver.heard
    train(200)
    assert driver.latest is silent
    assert driver.heard == heard
    newer = driver.until(lambda s: s.number > silent.number)
    assert newer.number == silent.number + 1
    assert newer.cursor.update > silent.cursor.update + 1


def test_a_move_that_takes_long_is_told_of_without_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", -1.0)
    monkeypatch.setattr(pacing, "SLICE", 0.0)
    session = Session(Trainer(SMALL))
    before = session.latest
    session._handler.carry_out(Step(Stride.UPDATE, 100))
    assert session._pacer.work(None)
    session._news = True
    session._publish()
    assert session.latest.running
    assert session.latest.number > before.number
    assert session.latest.window is before.window
    after = session.perform()
    assert not after.running
    assert after.cursor.update == 100


# ---------------------------------------------------------------- stopping


LARGE = Settings(cell="lstm", hidden=400, steps=300, batch=16, num_points=10_000)


@pytest.mark.parametrize("settings", [SMALL, LARGE], ids=["small", "large"])
def test_stop_ends_in_the_middle_of_a_run(make: Callable[..., Driver], settings: Settings) -> None:
    trainer = Trainer(settings)
    driver = make(trainer)
    driver.send(ViewRequest(predictions=False), Continue())
    driver.until(lambda _: trainer.position > 0)
    driver.session.stop()
    assert settings is SMALL or trainer.updates == 0  # one update of the large one takes seconds


def test_stop_is_harmless_before_the_start_and_twice() -> None:
    session = Session(Trainer(SMALL))
    session.stop()
    session.stop()
    assert session.trainer.updates == 0


def test_the_trainer_is_out_of_reach_while_the_thread_runs(make: Callable[..., Driver]) -> None:
    session = make().session
    for reach in (lambda: session.trainer, lambda: session.second_network, session.perform):
        with pytest.raises(RuntimeError):
            reach()


# ---------------------------------------------------------------- restart and configure


def test_restart_gives_the_bits_of_a_fresh_trainer(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE, 7))
    fresh = driver.after(Restart())
    assert place(fresh) == (0, Pass.BATCH, 0, 0)
    assert (fresh.speed, fresh.unsaved, np.isnan(fresh.loss)) == (0.0, False, True)
    again = driver.after(Step(Stride.UPDATE, 7))
    plain = Trainer(SMALL)
    plain.run(7)
    assert again.optimizer.parameters.tobytes() == plain.parameters.tobytes()
    assert again.loss == plain.loss


def test_restart_takes_other_settings(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE, 2))
    other = SMALL.with_(cell="gru", hidden=7, steps=3)
    snapshot = driver.after(Restart(other))
    assert snapshot.settings == other
    assert snapshot.window.parameters["W_h"].shape == (7, 21)
    assert place(driver.after(Step(Stride.PASS, 2))) == (0, Pass.FORWARD, 3, 6)


def test_restart_with_data_that_cannot_be_read_leaves_the_run_intact(
    make: Callable[..., Driver], tmp_path: Path
) -> None:
    driver = make()
    before = driver.after(Step(Stride.UPDATE, 3))
    absent = SMALL.with_(task="series", data=str(tmp_path / "absent.csv"))
    after = driver.after(Restart(absent))
    assert after.notice is not None
    assert after.notice.error
    assert "absent.csv" in after.notice.text
    assert (after.settings, place(after)) == (before.settings, place(before))
    assert driver.after(Step(Stride.UPDATE)).cursor.update == 4


def test_restart_forgets_a_selection_that_no_longer_exists(make: Callable[..., Driver]) -> None:
    driver = make(SMALL.with_(batch=3))
    driver.after(ViewRequest(sample=2, t=5))
    driver.send(Restart(SMALL.with_(steps=2)))
    request = driver.until(lambda s: s.steps == 2).request
    assert (request.sample, request.t) == (0, None)


def test_a_request_for_a_sample_that_is_not_there_shows_the_last_one(
    make: Callable[..., Driver],
) -> None:
    driver = make(SMALL.with_(batch=3))
    driver.send(ViewRequest(sample=9))
    assert driver.until(lambda s: s.request.sample > 0).request.sample == 2


def test_live_settings_change_a_run_without_a_restart(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE, 3))
    changed = SMALL.with_(lr=0.5, clip=0.01, optimizer="adam")
    snapshot = driver.after(Configure(changed))
    assert (snapshot.settings, snapshot.cursor.update) == (changed, 3)
    assert driver.after(Step(Stride.UPDATE)).optimizer.name == "adam"


def test_live_settings_change_a_run_under_way(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Continue())
    driver.until(lambda s: s.cursor.update > 2)
    driver.send(Configure(SMALL.with_(lr=0.5)))
    changed = driver.until(lambda s: s.settings.lr == 0.5)
    assert changed.running
    driver.until(lambda s: s.cursor.update > changed.cursor.update)


def test_configure_refuses_what_needs_a_restart_with_a_notice(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE, 2))
    snapshot = driver.after(Configure(SMALL.with_(hidden=9)))
    assert snapshot.notice is not None
    assert "hidden" in snapshot.notice.text
    assert (snapshot.settings, snapshot.cursor.update) == (SMALL, 2)


# ---------------------------------------------------------------- saving


def test_save_writes_a_checkpoint_and_says_so(make: Callable[..., Driver], tmp_path: Path) -> None:
    from rnn_tui.checkpoint.loading import load

    driver = make()
    assert driver.after(Step(Stride.UPDATE, 4)).unsaved
    driver.after(Step(Stride.TIMESTEP, 3))
    snapshot = driver.after(Save(str(tmp_path / "run.safetensors")))
    assert snapshot.notice is not None
    assert not snapshot.notice.error
    assert "run.safetensors" in snapshot.notice.text
    assert (snapshot.unsaved, snapshot.trained) == (False, 0.0)
    assert load(tmp_path / "run.safetensors").cursor == snapshot.cursor


def test_saving_while_running_does_not_disturb_the_run(
    make: Callable[..., Driver], tmp_path: Path
) -> None:
    driver = make()
    driver.send(Continue())
    driver.until(lambda s: s.cursor.update > 2)
    driver.send(Save(str(tmp_path / "run.safetensors")))
    saved = driver.until(lambda s: s.notice is not None)
    assert saved.running
    driver.until(lambda s: s.cursor.update > saved.cursor.update)
    end = driver.after(Pause())
    plain = Trainer(SMALL)
    plain.run(end.cursor.update)
    assert end.loss == plain.loss


def test_a_path_that_cannot_be_written_is_a_notice(
    make: Callable[..., Driver], tmp_path: Path
) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE, 4))
    snapshot = driver.after(Save(str(tmp_path / "no" / "such" / "folder.safetensors")))
    assert snapshot.notice is not None
    assert snapshot.notice.error
    assert "folder.safetensors" in snapshot.notice.text
    assert "\n" not in snapshot.notice.text
    assert snapshot.unsaved


# ---------------------------------------------------------------- divergence


def test_divergence_pauses_and_names_the_tensor(make: Callable[..., Driver]) -> None:
    driver = make(DIVERGING)
    driver.send(Continue())
    snapshot = driver.until(lambda s: s.divergence is not None, ask=False)
    assert (snapshot.state, snapshot.running) == ("diverged", False)
    assert snapshot.divergence is not None
    assert snapshot.divergence.tensor
    assert snapshot.cursor.stage is snapshot.divergence.stage
    assert snapshot.cursor.t == snapshot.divergence.t
    assert np.isfinite([snapshot.loss, snapshot.grad_norm, snapshot.smoothed]).all()
    assert np.isfinite(snapshot.optimizer.parameters).all()
    assert np.isfinite(snapshot.curve.loss).all()


def test_after_divergence_steps_are_refused_with_a_notice(make: Callable[..., Driver]) -> None:
    driver = make(DIVERGING)
    driver.send(Continue())
    first = driver.until(lambda s: s.divergence is not None)
    numbers = []
    for command in (Step(Stride.TIMESTEP), RunOrPause(), Continue()):
        snapshot = driver.after(command)
        assert place(snapshot) == place(first)
        assert snapshot.notice is not None
        assert snapshot.notice.error
        numbers.append(snapshot.notice.number)
    assert sorted(set(numbers)) == numbers  # each refusal is news


def test_after_divergence_restart_works(make: Callable[..., Driver]) -> None:
    driver = make(DIVERGING)
    driver.send(Continue())
    driver.until(lambda s: s.divergence is not None)
    assert driver.after(Restart(SMALL)).state == "paused"
    assert driver.after(Step(Stride.UPDATE, 3)).cursor.update == 3


# ---------------------------------------------------------------- what goes wrong inside


def test_an_exception_in_the_worker_becomes_a_notice(
    make: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = make()
    driver.after(Step(Stride.UPDATE))

    def broken(self: Trainer) -> None:
        raise RuntimeError("a wire\nis loose")

    monkeypatch.setattr(Trainer, "finish_update", broken)
    snapshot = driver.after(Step(Stride.UPDATE))
    assert snapshot.notice is not None
    assert snapshot.notice.error
    assert snapshot.notice.text.startswith("training stopped (r restarts, w saves); details in ")
    log = Path(snapshot.notice.text.rpartition(" ")[2])
    assert "RuntimeError: a wire" in log.read_text("utf-8")
    monkeypatch.undo()
    assert driver.after(Step(Stride.UPDATE)).cursor.update == 2


def test_an_exception_while_a_snapshot_is_made_does_not_end_the_session(
    make: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = make()
    driver.after(ViewRequest(predictions=False))

    def broken(self: SeriesEvaluator) -> None:
        raise RuntimeError("no test today")

    monkeypatch.setattr(SeriesEvaluator, "evaluation_work", broken)
    driver.send(Step(Stride.UPDATE), ViewRequest(predictions=True))
    snapshot = driver.until(lambda s: s.notice is not None)
    assert snapshot.notice is not None
    assert "details in" in snapshot.notice.text
    monkeypatch.undo()
    driver.send(Step(Stride.UPDATE))
    assert driver.until(lambda s: s.cursor.update == 2).predictions is not None


# ---------------------------------------------------------------- speed


def test_speed_is_measured_only_while_working(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.send(Continue())
    driver.until(lambda s: s.trained > 0.2)
    first = driver.after(Pause())
    time.sleep(0.3)
    second = driver.after(Step(Stride.UPDATE, 5))
    assert first.speed > 0
    assert second.trained < first.trained + 0.1
    assert second.speed > first.speed / 4


def test_steps_inside_an_update_have_no_speed(make: Callable[..., Driver]) -> None:
    assert make().after(Step(Stride.TIMESTEP, 45)).speed == 0.0
