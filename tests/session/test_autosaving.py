"""When the run of a session is autosaved, and that resuming it changes no bit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnn_tui.autosave import NEWEST
from rnn_tui.autosave.resume import ResumedRun, lost_runs, resume
from rnn_tui.autosave.writer import AutosaveWriter
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import capture
from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.autosave_folder import AutosavedRun, RunNote, autosaved_runs
from rnn_tui.second_network import Versus
from rnn_tui.session import autosaving
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    Command,
    Intervene,
    Restart,
    RunOrPause,
    SetSecondNetwork,
    Step,
    Swap,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, cell="lstm")


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(autosaving, "IDLE", 0.02)
    monkeypatch.setattr(autosaving, "SPACING", 0.03)
    return tmp_path


@pytest.fixture
def sessions() -> Iterator[list[Session]]:
    """Return a list of sessions that are stopped at the end of the test."""
    started: list[Session] = []
    yield started
    for each in started:
        each.stop(10)


def start(
    sessions: list[Session],
    trainer: Trainer | None = None,
    versus: Versus | None = None,
    resumed: ResumedRun | None = None,
) -> Session:
    """Return a running session that is autosaved."""
    if resumed is not None:
        session = Session(
            resumed.saved.trainer,
            versus=resumed.versus,
            second=resumed.second,
            view=resumed.saved.view,
            autosaves=lambda: AutosaveWriter(resumed.note, resumed.folder),
        )
    else:
        session = Session(
            trainer or Trainer(SMALL), versus=versus, autosaves=lambda: AutosaveWriter(RunNote())
        )
    session.start()
    sessions.append(session)
    return session


def wait_for_autosaves(count: int) -> AutosavedRun:
    """Return the newest run once it has so many autosaves, and its newest is complete."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        runs = autosaved_runs()
        if runs and runs[0].autosaves[0].number >= count:
            return runs[0]
        time.sleep(0.005)
    raise AssertionError(f"no autosave number {count}")


def end(session: Session, *, left: bool = False) -> None:
    session.stop(20, left=left)


def until(session: Session, condition: Callable[[Snapshot], bool]) -> None:
    """Wait for a snapshot for which `condition` holds."""
    deadline = time.monotonic() + 20
    while not condition(session.latest):
        assert time.monotonic() < deadline
        session.refresh()
        time.sleep(0.002)


def reached(session: Session, update: int) -> None:
    until(session, lambda s: s.cursor.update >= update)


# ---------------------------------------------------------------- when


def test_a_step_is_autosaved_soon(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(Step(Stride.UPDATE, 2))
    run = wait_for_autosaves(1)
    session.send(Step(Stride.OPERATION, 1))
    assert wait_for_autosaves(2).path == run.path


def test_running_is_autosaved_every_interval(
    sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaving, "INTERVAL", 0.05)
    session = start(sessions)
    session.send(RunOrPause())
    run = wait_for_autosaves(5)
    assert len(run.autosaves) <= 4  # a fourth is there while the oldest is being removed
    assert session.latest.settings == SMALL


def test_a_pause_is_autosaved(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(RunOrPause())
    reached(session, 5)
    assert autosaved_runs() == []
    session.send(RunOrPause())
    wait_for_autosaves(1)
    end(session)
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.updates == session.trainer.updates
    assert resumed.folder is not None
    resumed.folder.release()


def test_nothing_to_keep_is_not_autosaved(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(AddBreakpoint(parse("update=3")))
    session.send(ViewRequest(t=2))
    time.sleep(0.1)
    assert session.autosave_now(10)
    end(session)
    assert autosaved_runs() == []


def test_a_loaded_run_is_autosaved_once_it_is_changed(sessions: list[Session]) -> None:
    trainer = Trainer(SMALL)
    trainer.run(3)
    session = start(sessions, trainer)
    session.send(ViewRequest(t=2))
    assert session.autosave_now(10)
    assert autosaved_runs() == []
    session.send(AddBreakpoint(parse("update=9")))
    wait_for_autosaves(1)


def test_the_end_is_autosaved_and_only_a_lost_run_is_announced(sessions: list[Session]) -> None:
    for left in (True, False):
        session = start(sessions)
        session.send(Step(Stride.UPDATE, 3))
        reached(session, 3)
        end(session, left=left)
        assert len(lost_runs()) == (not left)
    assert len(autosaved_runs()) == 2


def test_what_is_asked_for_is_saved_at_once(
    sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaving, "IDLE", 1e9)
    session = start(sessions)
    session.send(Step(Stride.TIMESTEP, 4))
    until(session, lambda s: s.cursor.t == 3 and not s.running)
    assert session.autosave_now(20)
    assert len(autosaved_runs()[0].autosaves) == 1
    assert session.autosave_now(20)
    assert len(autosaved_runs()[0].autosaves) == 1


def test_one_that_is_slow_does_not_hold_up_the_end(
    sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(AutosaveWriter, "_write", lambda self, job: go_on.wait(30))
    session = start(sessions)
    session.send(Step(Stride.UPDATE, 1))
    deadline = time.monotonic() + 20
    while session.latest.cursor.update < 1 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not session.autosave_now(0.05)
    session.stop(0.05)
    go_on.set()


# ---------------------------------------------------------------- which run


def test_a_restart_is_another_run(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(Step(Stride.UPDATE, 3))
    first = wait_for_autosaves(1)
    session.send(Restart())
    session.send(Step(Stride.UPDATE, 1))
    deadline = time.monotonic() + 20
    while len(autosaved_runs()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    end(session)
    new, old = autosaved_runs()
    assert old.path == first.path
    assert old.note.left
    assert not new.note.left


def test_a_resumed_run_goes_on_in_its_folder(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(Step(Stride.UPDATE, 3))
    run = wait_for_autosaves(1)
    end(session)
    for number in (2, 3):
        session = start(sessions, resumed=resume(NEWEST))
        session.send(Step(Stride.UPDATE, 1))
        assert wait_for_autosaves(number).path == run.path
        end(session)
    assert len(autosaved_runs()) == 1


# ---------------------------------------------------------------- the same bits

WAYS: dict[str, list[Command]] = {
    "after updates": [Step(Stride.UPDATE, 7)],
    "within a timestep": [Step(Stride.UPDATE, 2), Step(Stride.OPERATION, 12)],
    "in the backward pass": [Step(Stride.UPDATE, 1), Step(Stride.TIMESTEP, 9)],
    "with a value held": [Step(Stride.UPDATE, 2), Intervene(Pin("o", 0.0)), Step(Stride.UPDATE, 2)],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("versus", [None, Versus("gru", match=True)], ids=["one", "two"])
def test_a_resumed_run_goes_on_with_the_same_bits(
    way: str, versus: Versus | None, sessions: list[Session]
) -> None:
    session = start(sessions, versus=versus)
    for command in (*WAYS[way], AddBreakpoint(parse("update=500"))):
        session.send(command)
    until(session, lambda s: len(s.breakpoints) == 2 and not s.running)
    assert session.autosave_now(20)
    end(session)
    resumed = resume(NEWEST)
    assert resumed.versus == versus
    again = start(sessions, resumed=resumed)
    end(again)
    assert again.latest.cursor == session.latest.cursor
    assert [str(each.breakpoint) for each in again.latest.breakpoints] == ["nan", "update=500"]
    for one, other in zip(trainers(session), trainers(again), strict=True):
        for trainer in (one, other):
            trainer.run(20)
        assert contents(one) == contents(other)


def test_what_is_still_tried_is_kept_and_said(sessions: list[Session]) -> None:
    session = start(sessions)
    declaration = session.latest.window.declaration
    texts = ("f = 1", "W_h *= 2")
    what_ifs = [Intervene(parse_what_if(text, declaration)) for text in texts]
    session.send(Step(Stride.UPDATE, 3))
    for what_if in what_ifs:
        session.send(what_if)
    until(session, lambda s: s.what_if is not None and len(s.what_if.texts) == 2)
    until(session, lambda s: 3 in s.test_losses.update)  # measured aside, at any time
    assert session.autosave_now(20)
    end(session)
    resumed = resume(NEWEST)
    assert resumed.message.endswith("at update 3 with the what-ifs kept: 'f = 1, W_h *= 2'")
    again = start(sessions, resumed=resumed)
    until(again, lambda s: 3 in s.test_losses.update)  # again, where it came after the autosave
    end(again)
    assert again.latest.pins == ("f = 1",)
    assert contents(session.trainer) == contents(again.trainer)


def contents(trainer: Trainer) -> dict[str, object]:
    """Return all that a checkpoint keeps of a run, in a form that can be compared."""
    run = capture(trainer)
    keyframe = run.keyframe
    arrays = {**keyframe.memory, **keyframe.states, **run.curve, "parameters": keyframe.parameters}
    return {**{name: array.tobytes() for name, array in arrays.items()}, **run.texts}


def trainers(session: Session) -> list[Trainer]:
    """Return the trainers of a session that has ended."""
    second = session.second_network
    return [session.trainer, *([] if second is None else [second.trainer])]


def test_networks_that_changed_places_stay_one_run(sessions: list[Session]) -> None:
    session = start(sessions)
    session.send(SetSecondNetwork(Versus("gru")))
    session.send(Step(Stride.UPDATE, 2))
    run = wait_for_autosaves(1)
    session.send(Swap())
    assert session.autosave_now(20)
    end(session)
    (found,) = autosaved_runs()
    assert found.path == run.path
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.settings.cell == "gru"
    assert resumed.versus == Versus("lstm")
    assert resumed.folder is not None
    resumed.folder.release()


def test_looking_around_in_the_past_pushes_no_training_out(sessions: list[Session]) -> None:
    session = start(sessions, versus=Versus("gru"))
    session.send(Step(Stride.UPDATE, 40))
    wait_for_autosaves(1)
    for count in range(5):
        session.send(Back(Stride.UPDATE, 6))
        run = wait_for_autosaves(count + 2)
    end(session)
    names = sorted(path.name for path in run.path.glob("*.safetensors"))
    assert names == [
        "1-second.safetensors", "1.safetensors", "6-second.safetensors", "6.safetensors"
    ]  # fmt: skip
    updates = [load(each.path).updates for each in autosaved_runs()[0].autosaves]
    assert updates == [10, 40]
    assert resume("2").saved.trainer.updates == 40
