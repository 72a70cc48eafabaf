"""The list of autosaves, and opening one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnn_tui.autosave import NEWEST
from rnn_tui.autosave.resume import (
    ResumeError,
    announcement,
    list_text,
    lost_runs,
    mark_announced,
    resume,
)
from rnn_tui.checkpoint.saving import checkpoint_bytes
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.autosave_folder import RunFolder, RunNote, autosaved_runs
from rnn_tui.settings import Settings

SMALL = Settings(hidden=3, steps=4)


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def make(*updates: int, settings: Settings = SMALL, note: RunNote | None = None) -> RunFolder:
    """Return a run with autosaves after so many updates each."""
    run, trainer = RunFolder.create(note or RunNote()), Trainer(settings)
    for each in updates:
        trainer.run(each - trainer.updates)
        run.write(checkpoint_bytes(trainer))
    return run


def released(run: RunFolder) -> Path:
    run.release()
    return run.path


def test_the_newest_that_no_process_owns_is_opened() -> None:
    make(1).release()
    mine = released(make(2, 3))
    busy = make(9)
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.updates == 3
    assert resumed.folder is not None
    assert resumed.folder.path == mine
    assert re.fullmatch(r"resumed the run of .{19} at update 3", resumed.message)
    assert resume(NEWEST).saved.trainer.updates == 1
    with pytest.raises(ResumeError, match="all 3 autosaved runs belong to programs"):
        resume(NEWEST)
    busy.release()
    assert resume(NEWEST).saved.trainer.updates == 9


def test_there_is_nothing_to_resume() -> None:
    for choice in (NEWEST, "1"):
        with pytest.raises(ResumeError, match="there is nothing to resume in '/"):
            resume(choice)
    assert list_text().startswith("There are no autosaves. They lie in /")


def test_the_list_has_numbers_to_open() -> None:
    make(1, 20).release()
    make(4, settings=Settings(hidden=5, steps=4, cell="gru", task="parity")).release()
    busy = make(7)
    lines = list_text().split("\n")
    assert re.fullmatch(r" +when +run +updates +smoothed", lines[0])
    assert re.fullmatch(r"1  .{19}  cos · rnn 3 +7 +\S+  in use by process \d+", lines[1])
    assert re.fullmatch(r"2  .{19}  parity · gru 5 +4 +\S+  lost", lines[2])
    assert re.fullmatch(r"3  .{19}  cos · rnn 3 +20 +\S+  lost", lines[3])
    assert re.fullmatch(r"4  .{19}  cos · rnn 3 +1 +\S+  lost", lines[4])
    assert lines[5] == ""
    assert "at most 20 runs and 1 GiB" in lines[6]

    older = resume("4")
    assert (older.saved.trainer.updates, older.folder) == (1, None)
    assert older.message.startswith("opened a copy of the run of")
    copy = resume("1")  # of a run that another program has
    assert (copy.saved.trainer.updates, copy.folder) == (7, None)
    newest = resume("3")
    assert newest.saved.trainer.updates == 20
    assert newest.folder is not None
    assert len(autosaved_runs()) == 3
    busy.release()


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("2", "--resume must be 1, not 2; --resume list shows them"),
        ("0", "--resume must be 1, not 0; --resume list shows them"),
        ("9" * 5000, "--resume must be list or a number of that list, not"),
        ("-1", "--resume must be list or a number of that list, not '-1'"),
        ("run.safetensors", "--resume must be list or a number of that list, not 'run"),
        ("", "--resume must be list or a number of that list, not ''"),
    ],
)
def test_what_is_no_number_of_the_list(choice: str, message: str) -> None:
    make(1).release()
    with pytest.raises(ResumeError) as error:
        resume(choice)
    assert str(error.value).startswith(message)


def test_a_damaged_newest_one_is_passed_over() -> None:
    path = released(make(1, 2, 3))
    (path / "3.safetensors").write_bytes(b"damaged")
    assert "cannot be read" in list_text()
    with pytest.raises(ResumeError, match="not a safetensors file"):
        resume("1")
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.updates == 2
    assert resumed.message.endswith("at update 2: a newer one cannot be read")
    assert resumed.folder is not None
    resumed.folder.release()
    for number in (1, 2):
        (path / f"{number}.safetensors").write_bytes(b"")
    with pytest.raises(ResumeError, match=r"3\.safetensors"):
        resume(NEWEST)
    assert RunFolder.take(path) is not None  # it was given back


def test_a_relative_data_file_is_found_from_elsewhere(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = state_home / "here"
    here.mkdir()
    (here / "prices.csv").write_text("y\n" + "".join(f"{n % 7}\n" for n in range(200)))
    monkeypatch.chdir(here)
    settings = Settings(hidden=3, steps=4, task="series", data="prices.csv")
    path = released(make(2, settings=settings, note=RunNote(str(here))))
    monkeypatch.chdir(state_home)
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.settings.data == str(here / "prices.csv")
    assert resumed.folder is not None
    resumed.folder.release()
    monkeypatch.chdir(here)
    resumed = resume(NEWEST)
    assert resumed.saved.trainer.settings.data == "prices.csv"
    assert resumed.folder is not None
    resumed.folder.release()
    (here / "prices.csv").unlink()
    with pytest.raises(ValueError, match=r"prices\.csv"):
        resume(NEWEST)
    assert RunFolder.take(path) is not None


# ---------------------------------------------------------------- what the next start says


def test_lost_runs_are_announced_once() -> None:
    assert announcement(lost_runs()) == ""
    make(4).release()
    left = make(9)
    left.write_note(RunNote(left=True))
    left.release()
    busy = make(5)
    runs = lost_runs()
    assert announcement(runs) == "rnn-tui --resume reopens a lost run: cos · rnn 3 at update 4"
    make(6).release()
    runs = lost_runs()
    assert announcement(runs) == (
        "rnn-tui --resume reopens a lost run: cos · rnn 3 at update 6; 2 in all: --resume list"
    )
    mark_announced(runs)
    assert lost_runs() == []
    busy.release()
    assert len(lost_runs()) == 1
    resumed = resume("3")  # the second in time; it may be lost again
    assert resumed.folder is not None
    resumed.folder.release()
    assert len(lost_runs()) == 2
