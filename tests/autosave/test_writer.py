"""Writing autosaves beside the run: what fails is said once and tried again."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from rnn_tui.autosave.writer import AutosaveWriter
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import capture
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files import atomic_file
from rnn_tui.files.autosave_folder import RunNote, autosaved_runs, autosaves_path
from rnn_tui.settings import Settings


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def trainer() -> Trainer:
    trainer = Trainer(Settings(hidden=3, steps=4))
    trainer.run(1)
    return trainer


def test_a_run_is_written_and_released(trainer: Trainer) -> None:
    writer = AutosaveWriter(RunNote("here"))
    run = writer.next_run()
    writer.write(run, capture(trainer), note=RunNote("here", "/somewhere/run"))
    assert writer.wait(10)
    (found,) = autosaved_runs()
    assert load(found.autosaves[0].path).updates == 1
    assert found.owner == os.getpid()
    assert found.note == RunNote("here", "/somewhere/run")
    writer.release(run, left=True)
    assert writer.wait(10)
    (found,) = autosaved_runs()
    assert (found.owner, found.note.left) == (None, True)
    writer.write(run, capture(trainer))  # the user has come back to it
    assert writer.wait(10)
    (found,) = autosaved_runs()
    assert (found.owner, found.note.left, len(found.autosaves)) == (os.getpid(), False, 2)


def test_of_those_that_wait_the_newest_is_written(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk does not let copies of the run pile up."""
    busy, go_on = threading.Event(), threading.Event()
    sync = os.fsync

    def slow(file: int) -> None:
        busy.set()
        assert go_on.wait(10)
        sync(file)

    monkeypatch.setattr(os, "fsync", slow)
    writer = AutosaveWriter(RunNote())
    run, other = writer.next_run(), writer.next_run()
    writer.write(run, capture(trainer))
    assert busy.wait(10)
    writer.write(other, capture(trainer))
    for _ in range(5):
        trainer.run(1)
        writer.write(run, capture(trainer))
    assert not writer.wait(0.01)
    go_on.set()
    assert writer.wait(10)
    updates = [[load(a.path).updates for a in each.autosaves] for each in autosaved_runs()]
    assert sorted(updates) == [[1], [6, 1]]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing(
    number: int, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, bool]] = []
    writer = AutosaveWriter(RunNote())
    writer.report = lambda text, error: said.append((text, error))
    run = writer.next_run()

    def fail(file: int, content: bytes) -> None:
        os.write(file, content[:10])
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(atomic_file, "_write_all", fail)
        for _ in range(3):
            writer.write(run, capture(trainer))
            assert not writer.wait(10)
            assert writer.failed
        reason = os.strerror(number).lower()
        assert said == [(f"not autosaved, the run goes on: {reason}", True)]
        assert os.listdir(autosaves_path()) == []
    writer.write(run, capture(trainer))
    assert writer.wait(10)
    assert said[1:] == [("autosaved again", False)]
    assert len(autosaved_runs()) == 1


def test_an_unexpected_error_is_logged(
    trainer: Trainer, state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    writer = AutosaveWriter(RunNote())
    writer.report = lambda text, error: said.append(text)
    captured = capture(trainer)
    monkeypatch.setattr(type(captured), "to_bytes", lambda self: 1 / 0)
    writer.write(writer.next_run(), captured)
    assert not writer.wait(10)
    log = state_home / "rnn-tui" / "log" / "rnn-tui.log"
    assert said == [f"not autosaved, the run goes on: an unexpected error; details in {log}"]
    assert "ZeroDivisionError" in log.read_text()


def test_a_file_where_the_folder_should_be(trainer: Trainer, state_home: Path) -> None:
    said: list[str] = []
    (state_home / "rnn-tui").write_text("mine")
    writer = AutosaveWriter(RunNote())
    writer.report = lambda text, error: said.append(text)
    writer.write(writer.next_run(), capture(trainer))
    assert not writer.wait(10)
    assert said == ["not autosaved, the run goes on: file exists"]
    assert (state_home / "rnn-tui").read_text() == "mine"
