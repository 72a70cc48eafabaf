"""Killed at random moments while a checkpoint is written: the old or the new file, nothing else.

A share of the kills is made always; all 200 of each kind with `-m long`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal.program import program

from rnn_tui.autosave.writer import AutosaveWriter
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import capture, save
from rnn_tui.cli import run
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.autosave_folder import KEPT, RunNote, autosaved_runs, autosaves_path
from rnn_tui.settings import Settings

ROOT = Path(__file__).parents[1]
LARGE = Settings(hidden=200, steps=2, cell="lstm")  # 1.3 MB: much of the time is spent in writing
SHARE, ALL = 10, pytest.param(200, marks=pytest.mark.long)
PROGRAMS = 200  # of the real program, which takes a second to start

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def kill(work: Callable[[], None], seconds: float) -> None:
    """Repeat `work` in a process of its own, and kill that after so long."""
    child = os.fork()
    if not child:
        try:
            while True:
                work()
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def temporary_files(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.name.endswith("tmp")]


def next_start(path: str) -> int:
    """Open a checkpoint as the next start of the program does; return its updates."""
    assert run(["train", path, "--updates", "0", "--quiet", "--no-autosave"]) == 0
    return load(path).updates


def two_states() -> tuple[Trainer, Trainer]:
    trainers = Trainer(LARGE), Trainer(LARGE)
    for updates, trainer in enumerate(trainers, start=1):
        trainer.run(updates)
    return trainers


@pytest.mark.parametrize("kills", [SHARE, ALL])
def test_in_saving(kills: int, home: Path) -> None:
    chance, interrupted, states = random.Random(1), 0, two_states()
    save("run", states[0])

    def work() -> None:
        for trainer in states:
            save("run", trainer)

    for _ in range(kills):
        kill(work, chance.uniform(0.0, 0.06))
        interrupted += bool(temporary_files(home))
        assert load("run").updates in (1, 2)
        assert next_start("run") in (1, 2)
        assert os.listdir(home) == ["run"]
    print(f"{kills} kills in saving, {interrupted} left a temporary file, 0 files lost")
    assert interrupted or kills < 20


@pytest.mark.parametrize("kills", [SHARE, ALL])
def test_in_autosaving(kills: int) -> None:
    chance, interrupted, states = random.Random(2), 0, two_states()
    captured = [capture(each) for each in states]

    def work() -> None:
        writer = AutosaveWriter(RunNote())
        mine = writer.next_run()
        while True:
            for each in captured:
                writer.write(mine, each, captured[0])
                writer.wait(60)

    found = 0
    for _ in range(kills):
        kill(work, chance.uniform(0.05, 0.5))
        interrupted += bool(temporary_files(autosaves_path()))
        for each in autosaved_runs()[:1]:
            found += 1
            assert each.owner is None
            assert len(each.autosaves) <= KEPT + 1  # the oldest is removed after the newest
            assert load(each.autosaves[0].path).updates in (1, 2)
        assert run(["--resume", "list"]) == 0
        assert temporary_files(autosaves_path()) == []
    print(f"{kills} kills in autosaving, {interrupted} left a temporary file, 0 autosaves lost")
    assert found


@pytest.mark.parametrize("kills", [2, ALL])
def test_in_train(kills: int, home: Path) -> None:
    chance, interrupted, known = random.Random(3), 0, 0
    sizes = ["--cell", "lstm", "--hidden", "300", "--steps", "2"]
    line = [sys.executable, "-m", "rnn_tui", "train"]
    every = ["--updates", "100000", "--save-every", "1", "--out", "run", "--quiet"]
    for _ in range(kills):
        start = ["run"] if Path("run").exists() else sizes
        with subprocess.Popen([*line, *start, *every]) as process:
            deadline = time.monotonic() + 60
            before = Path("run").stat().st_mtime_ns if start == ["run"] else 0
            while not Path("run").exists() or Path("run").stat().st_mtime_ns == before:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.1))
            process.kill()
        interrupted += bool(temporary_files(home))
        updates = load("run").updates
        assert updates > known
        assert next_start("run") == updates
        assert os.listdir(home) == ["run"]
        known = updates
    print(f"{kills} kills in train --save-every, {interrupted} left a temporary file, 0 files lost")


@pytest.mark.long
def test_in_the_real_program(home: Path) -> None:
    chance, interrupted = random.Random(4), 0
    save("run", two_states()[0])
    for _ in range(PROGRAMS):
        update = load("run").updates
        with program("run", cwd=home) as one:
            one.reach("u", "UPDATE", update=update + 1)
            one.key("w")
            time.sleep(chance.uniform(0.0, 0.1))
            one.terminal.signal(signal.SIGKILL)
            one.terminal.process.wait(10)
        interrupted += bool(temporary_files(home))
        assert load("run").updates in (update, update + 1)
        assert next_start("run") in (update, update + 1)
        assert os.listdir(home) == ["run"]
    print(f"{PROGRAMS} kills at w, {interrupted} left a temporary file, 0 files lost")
