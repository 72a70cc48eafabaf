"""The command line of autosaves: --resume, --no-autosave, --save-every, and `train` cut off."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnn_tui.autosave.resume import lost_runs
from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import checkpoint_bytes
from rnn_tui.cli import run
from rnn_tui.command_line.train.out_file import OutFile
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.autosave_folder import RunFolder, RunNote, autosaved_runs
from rnn_tui.settings import Settings

ROOT = Path(__file__).parents[1]
SMALL = ["--hidden", "4", "--steps", "5"]
TRAIN = [sys.executable, "-m", "rnn_tui", "train", *SMALL]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(updates: int) -> None:
    """Leave a run in the state folder."""
    trainer = Trainer(Settings(hidden=4, steps=5))
    trainer.run(updates)
    folder = RunFolder.create(RunNote())
    folder.write(checkpoint_bytes(trainer))
    folder.release()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--resume", "there is nothing to resume in '"),
        ("--resume 3", "there is nothing to resume in '"),
        ("--resume last", "--resume must be list or a number of that list, not 'last'"),
        ("--resume run", "--resume must be list or a number of that list, not 'run'"),
        ("run --resume", "--resume opens an autosave; leave it out, or leave out the file"),
        ("--resume --preset tutorial", "--preset starts a new run; leave it out, or leave out"),
        ("train --save-every 5", "--save-every needs a file to save to: --out FILE.safetensors"),
        (
            "train --save-every 0 --out run",
            "--save-every must be a whole number from 1 to 1000000000, not 0",
        ),
        ("train --save-every x --out run", "--save-every must be a whole number"),
        ("train --resume", "there is nothing to resume in '"),
    ],
)
def test_what_is_refused(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_the_list_needs_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--resume", "list"]) == 0
    assert capsys.readouterr().out.startswith("There are no autosaves.")
    make(4)
    assert run(["train", "--resume=list"]) == 0
    assert re.search(r"^1  .{19}  cos · rnn 4 +4 ", capsys.readouterr().out, re.MULTILINE)


def test_an_autosave_is_trained_on_without_a_screen() -> None:
    make(4)
    line = ["train", "--resume", "--updates", "3", "--lr", "0.5", "--out", "run", "--quiet"]
    assert run(line) == 0
    trainer = load("run")
    assert (trainer.updates, trainer.settings.lr) == (7, 0.5)
    (found,) = autosaved_runs()
    assert found.owner is None
    assert run(["train", "--resume", "--hidden", "9", "--quiet"]) == 2


# ---------------------------------------------------------------- --save-every


def test_it_saves_each_time_so_many_updates_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[int] = []
    save = OutFile.save

    def note(self: OutFile, trainer: Trainer) -> None:
        save(self, trainer)
        saved.append(load(self.path).updates)

    monkeypatch.setattr(OutFile, "save", note)
    line = ["train", *SMALL, "--quiet", "--out", "run"]
    assert run([*line, "--updates", "1000", "--save-every", "300"]) == 0
    assert saved == [300, 600, 900, 1000]
    saved.clear()
    assert run(["train", "run", "--quiet", "--out", "run", "--updates=20", "--save-every=10"]) == 0
    assert saved == [1010, 1020, 1020]


def test_a_failure_on_the_way_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save, attempts = OutFile.save, iter(range(9))

    def fail(self: OutFile, trainer: Trainer) -> None:
        if next(attempts) < 2:
            raise CheckpointError(self.path, "cannot be written: no space left on device")
        save(self, trainer)

    monkeypatch.setattr(OutFile, "save", fail)
    line = ["train", *SMALL, "--quiet", "--out", "run", "--updates", "40", "--save-every", "10"]
    assert run(line) == 0
    assert load("run").updates == 40
    assert capsys.readouterr().err == (
        "rnn-tui: 'run': cannot be written: no space left on device; "
        "not saved at update 10, going on\n"
    )


def test_what_cannot_be_saved_at_the_end_is_autosaved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(self: OutFile, trainer: Trainer) -> None:
        raise CheckpointError(self.path, "cannot be written: no space left on device")

    monkeypatch.setattr(OutFile, "save", fail)
    assert run(["train", *SMALL, "--quiet", "--out", "run", "--updates", "4"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("rnn-tui: 'run': cannot be written: no space left on device; autosaved")
    assert err.endswith("rnn-tui --resume opens it\n")
    (found,) = lost_runs()
    assert load(found.autosaves[0].path).updates == 4


def test_killed_it_loses_no_more_than_so_many_updates(home: Path) -> None:
    line = [*TRAIN, "--updates", "1000000", "--out", "run", "--save-every", "100"]
    with subprocess.Popen([*line, "--metrics", "rows", "--quiet"]) as process:
        deadline = time.monotonic() + 60
        while not Path("run").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        process.kill()
    updates = load("run").updates
    assert updates % 100 == 0
    # The table may lack rows that were in a buffer, but has none that the run never made.
    assert Path("rows").read_text().count("\n") - 1 <= updates + 100
    assert run(["train", "run", "--updates", "0", "--quiet"]) == 0
    assert sorted(os.listdir(home)) == ["rows", "run"]


# ---------------------------------------------------------------- cut off without --out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_without_a_file_is_autosaved(number: signal.Signals) -> None:
    line = [*TRAIN, "--updates", "1000000", "--metrics", "rows"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        deadline = time.monotonic() + 60
        while not (Path("rows").exists() and Path("rows").stat().st_size > 100):  # has an update
            assert time.monotonic() < deadline
            time.sleep(0.01)
        it.send_signal(number)
        _, err = it.communicate(timeout=60)
    assert it.returncode == 128 + number
    (found,) = autosaved_runs()
    updates = load(found.autosaves[0].path).updates
    assert f"after update {updates:,}; autosaved in {str(found.path)!r}: rnn-tui --resume" in err
    assert len(lost_runs()) == (number != signal.SIGINT)  # who pressed Ctrl-C knows it


def test_without_autosave_nothing_is_kept(home: Path) -> None:
    line = [*TRAIN, "--updates", "1000000", "--metrics", "rows", "--no-autosave"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        while not Path("rows").exists():
            time.sleep(0.01)
        time.sleep(0.2)
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert err.endswith("; nothing was saved, as there is no --out\n")
    assert not (home / "state").exists()
