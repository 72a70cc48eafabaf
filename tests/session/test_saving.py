"""Saving from a session: each run has its own files; others are replaced after a yes only."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.ownership import RunFiles
from rnn_tui.files.shown_folder import shown_folder
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Back, GoTo, Intervene, Restart, Save, Step, Swap, UndoStep
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=2, steps=3, num_points=60, noise=0.0)
THEIRS = b"somebody's work"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def updates(count: int) -> Step:
    return Step(Stride.UPDATE, count)


def opened(path: str = "mine", versus: str = "") -> Session:
    """Return a session that was opened with a checkpoint at update 5."""
    trainer = Trainer(SMALL)
    trainer.run(5)
    save(path, trainer)
    files = RunFiles.of_checkpoint(path)
    return Session(load(path), versus=Versus(versus) if versus else None, files=files)


def question(snapshot: Snapshot, *, after: int = 0) -> SaveQuestion:
    """Return the question of a snapshot, after checking that it is a new one."""
    assert snapshot.question is not None
    assert snapshot.question.number > after
    return snapshot.question


# ---------------------------------------------------------------- whose file it is


def test_the_file_that_was_opened_is_written_without_a_question() -> None:
    session = opened()
    snapshot = session.perform(updates(3), Save())
    assert snapshot.question is None
    assert snapshot.notice is not None
    assert snapshot.notice.text == f"saved mine at update 8 in {shown_folder('mine')}"
    assert load("mine").updates == 8
    assert not snapshot.unsaved


def test_the_second_network_is_another_run_and_does_not_replace_the_firsts_file() -> None:
    session = opened(versus="gru")
    session.perform(updates(3), Save(), Swap(), Save())
    assert (load("mine").settings.cell, load("mine").updates) == ("rnn", 8)
    assert load("cos-gru2-8.safetensors").settings.cell == "gru"
    session.perform(updates(1), Save())
    assert load("cos-gru2-9.safetensors").updates == 9
    session.perform(Swap(), Save())
    assert (load("mine").settings.cell, load("mine").updates) == ("rnn", 9)


def test_each_network_has_its_own_unsaved_training() -> None:
    session = opened(versus="gru")
    assert session.perform(updates(3), Save()).unsaved  # the other one is in no file
    assert not session.perform(Swap(), Save()).unsaved


@pytest.mark.parametrize("back", [1, 3, 8])
def test_training_ahead_of_a_place_in_the_past_is_still_unsaved(back: int) -> None:
    session = opened()
    walked = session.perform(updates(8), Back(Stride.UPDATE, back))
    assert [(each.update, each.ahead) for each in walked.at_risk] == [(13, True)]
    saved = session.perform(Save())
    assert load("mine").updates == 13 - back
    assert [each.update for each in saved.at_risk] == [13]
    assert saved.at_risk[0].seconds > 0
    assert not session.perform(GoTo(None), Save()).at_risk
    assert not session.perform(Back(Stride.UPDATE, back)).at_risk


def test_another_future_up_to_the_saved_update_is_unsaved() -> None:
    session = opened()
    session.perform(updates(8), Save(), Back(Stride.UPDATE, 4), Intervene(Pin("h", 0.0)))
    assert not session.perform(updates(4)).at_risk  # a moment of training
    session._state.note_training(60.0)
    assert [each.update for each in session.perform(Step(Stride.TIMESTEP)).at_risk] == [13]
    assert not session.perform(Back(Stride.TIMESTEP), GoTo(None), Save()).at_risk


def test_a_restart_does_not_replace_the_file_of_the_run_before() -> None:
    session = opened()
    snapshot = session.perform(updates(2), Restart(), Save())
    assert load("mine").updates == 5
    assert load("cos-rnn2-0.safetensors").updates == 0
    assert snapshot.question is None


def test_the_old_run_has_its_file_again() -> None:
    session = opened()
    session.perform(updates(2), Restart(), updates(1), UndoStep(), Save())
    assert load("mine").updates == 7


def test_a_generated_name_that_is_taken_is_not_used() -> None:
    Path("cos-rnn2-3.safetensors").write_bytes(THEIRS)
    session = Session(Trainer(SMALL))
    session.perform(updates(3), Save())
    assert Path("cos-rnn2-3.safetensors").read_bytes() == THEIRS
    assert load("cos-rnn2-3-2.safetensors").updates == 3


@pytest.mark.parametrize("dangling", [False, True])
def test_a_generated_name_is_no_empty_file_of_others(dangling: bool) -> None:
    path = Path("cos-rnn2-3.safetensors")
    path.symlink_to("elsewhere") if dangling else path.touch()
    session = Session(Trainer(SMALL))
    session.perform(updates(3), Save())
    assert load("cos-rnn2-3-2.safetensors").updates == 3
    assert not (path.exists() and path.stat().st_size)


def test_the_same_update_is_written_to_the_same_file_again() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(3), Save(), Save())
    assert os.listdir() == ["cos-rnn2-3.safetensors"]


# ---------------------------------------------------------------- the question


def test_a_file_changed_behind_the_programs_back_is_asked_about() -> None:
    session = opened()
    other = Trainer(SMALL.with_(seed=4))
    save("mine", other)
    theirs = Path("mine").read_bytes()
    asked = question(session.perform(updates(1), Save()))
    assert (asked.path, asked.replaceable, asked.suggestion) == ("mine", True, "mine-2")
    assert asked.reason == "it was changed since this run read or wrote it"
    assert Path("mine").read_bytes() == theirs
    session.perform(Save("mine", asked))  # yes
    assert load("mine").updates == 6
    assert session.perform(updates(1), Save()).question is asked  # no further one
    assert load("mine").updates == 7


def test_another_name_becomes_that_of_the_run() -> None:
    session = opened()
    Path("mine").write_bytes(THEIRS)
    asked = question(session.perform(updates(1), Save()))
    session.perform(Save(asked.suggestion, asked))
    assert load("mine-2").updates == 6
    session.perform(updates(1), Save())
    assert load("mine-2").updates == 7
    assert Path("mine").read_bytes() == THEIRS


def test_a_yes_is_for_the_file_that_was_asked_about() -> None:
    session = opened()
    Path("mine").write_bytes(THEIRS)
    asked = question(session.perform(Save()))
    Path("mine").write_bytes(THEIRS * 2)
    again = question(session.perform(Save("mine", asked)), after=asked.number)
    assert Path("mine").read_bytes() == THEIRS * 2
    Path("another").write_bytes(THEIRS)
    question(session.perform(Save("another", again)), after=again.number)
    assert Path("another").read_bytes() == THEIRS


def test_a_yes_is_for_the_run_that_was_asked_about() -> None:
    session = opened(versus="gru")
    Path("mine").write_bytes(THEIRS)
    asked = question(session.perform(Save()))
    snapshot = session.perform(Swap(), Save("mine", asked))
    assert snapshot.notice is not None
    assert snapshot.notice.error
    assert "another network" in snapshot.notice.text
    assert Path("mine").read_bytes() == THEIRS


def test_what_is_never_replaced_is_asked_about_without_that_choice() -> None:
    Path("data.csv").write_text("y\n" + "\n".join(f"{k % 7}" for k in range(90)))
    session = Session(Trainer(SMALL.with_(task="series", data="data.csv")))
    before = Path("data.csv").read_bytes()
    asked = question(session.perform(Save("./data.csv")))
    assert (asked.replaceable, asked.reason) == (False, "it is the --data file")
    after = question(session.perform(Save("./data.csv", asked)), after=asked.number)
    os.mkfifo("pipe")
    after = question(session.perform(Save("pipe", after)), after=after.number)
    assert not after.replaceable
    assert "named pipe" in after.reason
    assert Path("data.csv").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_said_and_another_name_asked_for() -> None:
    session = Session(Trainer(SMALL))
    snapshot = session.perform(updates(1), Save("no/such/folder"))
    asked = question(snapshot)
    assert snapshot.notice is not None
    assert snapshot.notice.error
    assert not asked.replaceable
    session.perform(Save("here", replace(asked)))
    assert load("here").updates == 1


def test_a_deleted_folder_is_no_reason_to_lose_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, gone = tmp_path / "home", tmp_path / "gone"
    home.mkdir()
    gone.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(gone)
    gone.rmdir()
    session = Session(Trainer(SMALL))
    asked = question(session.perform(updates(2), Save()))
    session.perform(Save(asked.suggestion, asked))
    assert load(home / "cos-rnn2-2.safetensors").updates == 2
