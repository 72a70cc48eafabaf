"""The session: commands in, frozen snapshots out, and nothing in between that could hang."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from session.session_support import Condition, Driver

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.predictor import EVALUATE_EVERY
from rnn_tui.predictions.results import TextRequest
from rnn_tui.predictions.text_job import CONTINUATION
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
from rnn_tui.settings import DECLARATIONS, Settings, compose

SMALL = Settings(hidden=4, steps=5, num_points=100, noise=0.0)
DIVERGING = SMALL.with_(activation="relu", optimizer="sgd", lr=100.0, clip_by="none")


@pytest.fixture
def make() -> Iterator[Callable[..., Driver]]:
    """Sessions that are over when the test is."""
    drivers: list[Driver] = []

    def start(settings: Settings | Trainer = SMALL) -> Driver:
        trainer = settings if isinstance(settings, Trainer) else Trainer(settings)
        drivers.append(Driver(trainer))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.session.stop()


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
    driver = make()
    driver.send(Continue())
    first = driver.until(lambda s: s.running and s.cursor.update > 2)
    driver.until(lambda s: s.number > first.number)
    driver.until(lambda s: s.running, ask=False)
    time.sleep(0.02)  # what was asked for last has come by now
    silent, heard = driver.latest, driver.heard
    time.sleep(0.1)
    assert driver.latest is silent
    assert driver.heard == heard
    newer = driver.until(lambda s: s.number > silent.number)
    assert newer.number == silent.number + 1
    assert newer.cursor.update > silent.cursor.update + 1


# ---------------------------------------------------------------- stopping


LARGE = Settings(cell="lstm", hidden=400, steps=300, batch=16, num_points=10_000)


@pytest.mark.parametrize("settings", [SMALL, LARGE], ids=["small", "large"])
def test_stop_ends_within_a_second_in_the_middle_of_a_run(
    make: Callable[..., Driver], settings: Settings
) -> None:
    trainer = Trainer(settings)
    driver = make(trainer)
    driver.send(ViewRequest(predictions=False), Continue())
    driver.until(lambda _: trainer.position > 0)
    start = time.monotonic()
    driver.session.stop()
    assert time.monotonic() - start < 1.2


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


# ---------------------------------------------------------------- snapshots are frozen


def arrays_in(thing: Any, path: str = "", seen: set[int] | None = None) -> dict[str, np.ndarray]:
    """Return every array that can be reached from a snapshot, by path."""
    seen = set() if seen is None else seen
    if isinstance(thing, np.ndarray):
        return {path: thing}
    if isinstance(thing, str | int | float | type | Network | None):
        return {}
    if id(thing) in seen:
        return {}
    seen.add(id(thing))
    if isinstance(thing, dict | MappingProxyType):
        parts = {str(name): part for name, part in thing.items()}
    elif isinstance(thing, list | tuple):
        parts = {str(index): part for index, part in enumerate(thing)}
    elif is_dataclass(thing):
        parts = {field.name: getattr(thing, field.name) for field in fields(thing)}
    else:
        # An optimizer's scratch is nothing that is shown.
        parts = {n: p for n, p in getattr(thing, "__dict__", {}).items() if n != "_scratch"}
    arrays: dict[str, np.ndarray] = {}
    for name, part in parts.items():
        arrays |= arrays_in(part, f"{path}.{name}", seen)
    return arrays


def memory_of(trainer: Trainer) -> list[np.ndarray]:
    """Return all arrays that the trainer writes to."""
    network, optimizer = trainer.network, trainer.optimizer
    vectors = [trainer.parameters, trainer.clipped, network.gradient]
    vectors += [optimizer.delta, optimizer.parameters_before]
    vectors += [*optimizer.memory.values(), *optimizer.memory_before.values()]
    return [*vectors, *network.tape.arrays.values(), *arrays_in(trainer.history).values()]


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rmsprop", "adam"])
def test_no_snapshot_shares_the_trainers_memory(
    make: Callable[..., Driver], cell: str, optimizer: str
) -> None:
    driver = make(SMALL.with_(cell=cell, optimizer=optimizer, batch=2))
    taken = [driver.after(Step(Stride.TIMESTEP, 8)), driver.after(Step(Stride.UPDATE, 2))]
    driver.session.stop()
    memory = memory_of(driver.session.trainer)
    for snapshot in taken:
        arrays = arrays_in(snapshot)
        assert len(arrays) > 20
        for path, array in arrays.items():
            assert not any(np.shares_memory(array, one) for one in memory), path


def test_an_old_snapshot_does_not_change_while_the_trainer_goes_on(
    make: Callable[..., Driver],
) -> None:
    driver = make(SMALL.with_(cell="lstm", optimizer="adam"))
    old = [driver.after(Step(Stride.TIMESTEP, 9)), driver.after(Step(Stride.UPDATE))]
    before = [{p: a.copy() for p, a in arrays_in(one).items()} for one in old]
    scalars = [(s.cursor, s.loss, s.optimizer.updates_made, s.optimizer.eps) for s in old]
    driver.after(Configure(old[0].settings.with_(lr=0.5)), Step(Stride.UPDATE, 50), Restart())
    for one, copies in zip(old, before, strict=True):
        for path, array in arrays_in(one).items():
            assert array.tobytes() == copies[path].tobytes(), path
    assert scalars == [(s.cursor, s.loss, s.optimizer.updates_made, s.optimizer.eps) for s in old]


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


# ---------------------------------------------------------------- what is derived


@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_contributions_are_left_times_right_of_the_timestep_shown(
    make: Callable[..., Driver], cell: str
) -> None:
    driver = make(SMALL.with_(cell=cell, batch=1, dtype="float64"))
    snapshot = driver.after(Step(Stride.TIMESTEP, 10), ViewRequest(t=4))  # BACKWARD t=3
    assert (snapshot.cursor.stage, snapshot.cursor.t) == (Pass.BACKWARD, 3)
    assert snapshot.contributions is not None
    assert snapshot.contributions.t == 4
    declaration, values = snapshot.window.declaration, snapshot.window.values(4)
    blocks = declaration.specs[0].blocks
    deltas = [values[f"da_{block}" if block else "da_t"] for block in blocks]
    expected = values["x_t"].T @ np.hstack(deltas)
    size = expected.size
    assert snapshot.contributions.contribution[:size].reshape(expected.shape) == pytest.approx(
        expected
    )


def test_contributions_add_up_to_the_gradient(make: Callable[..., Driver]) -> None:
    driver = make(SMALL.with_(cell="lstm", batch=3, dtype="float64"))
    driver.after(Step(Stride.TIMESTEP, 12))  # BACKWARD t=1
    shares = [driver.after(ViewRequest(t=t)).contributions for t in range(1, 6)]
    total = sum(one.contribution for one in shares if one is not None)
    gradient = driver.after(Step(Stride.TIMESTEP)).gradient
    assert gradient is not None
    assert shares[0] is not None
    assert shares[0].running_sum == pytest.approx(gradient.raw)
    assert total == pytest.approx(gradient.raw)


def test_there_are_no_contributions_where_the_backward_pass_has_not_been(
    make: Callable[..., Driver],
) -> None:
    driver = make()
    assert driver.after(Step(Stride.TIMESTEP, 5)).contributions is None
    driver.after(Step(Stride.TIMESTEP, 5))  # BACKWARD t=3
    assert driver.after(ViewRequest(t=2)).contributions is None
    assert driver.after(ViewRequest(t=3)).contributions is not None


def test_the_gradient_is_known_from_clip_on(make: Callable[..., Driver]) -> None:
    driver = make(SMALL.with_(clip_by="norm", clip=1e-3, dtype="float64"))
    assert driver.after(Step(Stride.TIMESTEP, 12)).gradient is None
    gradient = driver.after(Step(Stride.TIMESTEP)).gradient
    assert gradient is not None
    assert gradient.norm_before == pytest.approx(np.linalg.norm(gradient.raw))
    assert gradient.norm_after == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
@pytest.mark.parametrize("cell", DECLARATIONS["cell"].choices)
def test_after_the_update_a_timestep_still_shows_the_weights_it_was_computed_with(
    make: Callable[..., Driver], cell: str, optimizer: str
) -> None:
    settings = SMALL.with_(cell=cell, lr=1.0, dtype="float64")
    changed = [Configure(settings.with_(optimizer=optimizer))]  # adagrad it was already
    driver = make(settings)
    snapshot = driver.after(Step(Stride.UPDATE, 3), *changed)
    values, declaration = snapshot.window.values(2), snapshot.window.declaration
    for operation in declaration.forward_operations + declaration.backward_operations:
        result = operation.expression.evaluate(values)
        assert result == pytest.approx(values[operation.symbol]), operation.equation()


# ---------------------------------------------------------------- predictions


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the times at which the network is evaluated."""
    times: list[float] = []
    evaluate = SeriesEvaluator.evaluation_work

    def counted(self: SeriesEvaluator) -> Any:
        times.append(time.perf_counter())
        return evaluate(self)

    monkeypatch.setattr(SeriesEvaluator, "evaluation_work", counted)
    return times


def test_predictions_are_made_only_when_asked_for(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(ViewRequest(predictions=False))
    driver.until(lambda s: not s.request.predictions)
    evaluations.clear()
    driver.send(Step(Stride.UPDATE, 3))
    assert driver.until(lambda s: s.cursor.update == 3).predictions is None
    assert not evaluations
    driver.send(ViewRequest(predictions=True))
    predictions = driver.until(lambda s: s.request.predictions).predictions
    assert predictions is not None
    assert predictions.update == 3


def paused_at(update: int) -> Condition:
    return lambda snapshot: snapshot.cursor.update == update and not snapshot.running


def test_paused_predictions_are_those_of_this_update(make: Callable[..., Driver]) -> None:
    driver = make()
    for update in (1, 2, 3):
        driver.send(Step(Stride.UPDATE))
        snapshot = driver.until(paused_at(update))
        assert snapshot.predictions is not None
        assert snapshot.predictions.update == update


def test_predictions_are_throttled_while_running(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(Continue())
    start = driver.until(lambda s: s.running).number
    driver.until(lambda s: s.number > start + 100 and len(evaluations) > 2)
    driver.session.stop()
    gaps = np.diff(evaluations[1:])
    assert gaps.min() >= EVALUATE_EVERY - 0.01


def test_predictions_of_a_paused_network_are_not_made_twice(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(Step(Stride.UPDATE))
    driver.until(lambda s: s.cursor.update == 1)
    evaluations.clear()
    driver.send(Step(Stride.TIMESTEP, 3), ViewRequest(t=1), ViewRequest(t=2))
    driver.until(lambda s: s.request.t == 2 and not s.running)
    assert not evaluations


def answering(prompt: tuple[int, ...]) -> Condition:
    return lambda snapshot: snapshot.answer is not None and snapshot.answer.read == prompt


def test_a_prompt_is_answered_paused_and_running_and_forgotten(make: Callable[..., Driver]) -> None:
    driver = make(compose({"task": "text", "hidden": 8}))
    assert driver.latest.vocabulary is not None
    assert driver.latest.answer is None
    for command in (ViewRequest(), Continue()):
        driver.send(command)
        for prompt in ((5, 6), (5, 6, 7)):
            driver.send(ViewRequest(text=TextRequest(prompt=prompt)))
            snapshot = driver.until(answering(prompt))
            assert snapshot.answer is not None
            assert snapshot.answer.next
            assert len(snapshot.answer.text) == CONTINUATION
    driver.send(ViewRequest())
    driver.until(lambda s: s.answer is None)


def test_a_paused_session_rests_when_all_is_made(make: Callable[..., Driver]) -> None:
    driver = make(compose({"task": "text", "hidden": 8}))
    driver.send(Step(Stride.UPDATE, 2), ViewRequest(text=TextRequest(characters=300)))
    driver.until(lambda s: s.text_sample is not None and s.text_sample.update == 2)
    driver.until(lambda s: s.predictions is not None and s.predictions.update == 2)
    time.sleep(0.1)
    number = driver.latest.number
    time.sleep(0.3)
    assert driver.latest.number == number


@pytest.mark.parametrize("task", ["text", "recall", "oscillator"])
def test_what_is_shown_changes_no_bit_of_a_run(make: Callable[..., Driver], task: str) -> None:
    settings = compose({"task": task, "hidden": 8, "batch": 2})
    requests = (
        ViewRequest(predictions=False),
        ViewRequest(text=TextRequest(characters=400, prompt=(1, 2), temperature=0.5)),
    )
    parameters = []
    for request in requests:
        driver = make(settings)
        driver.send(request)
        for _ in range(4):
            driver.send(Step(Stride.UPDATE, 10), Step(Stride.TIMESTEP, 7))
        driver.until(lambda s: s.cursor.update == 40 and not s.running and s.cursor.t == 6)
        driver.session.stop()
        parameters.append(driver.session.trainer.parameters.copy())
    one, other = parameters
    assert np.array_equal(one, other)
