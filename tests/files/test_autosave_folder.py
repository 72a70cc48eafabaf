"""The folder of autosaves: three of each run, limits, and runs that belong to a process."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.files import autosave_folder
from rnn_tui.files.autosave_folder import (
    KEPT,
    RunFolder,
    RunNote,
    autosaved_runs,
    autosaves_path,
    read_note,
    tidy,
)

LEFTOVER = ".4.safetensors.0123456789abcdef.rnn-tui-tmp"

HOLD = """
import sys
from rnn_tui.files.autosave_folder import RunFolder, RunNote
run = RunFolder.create(RunNote())
run.write(b"another's")
print(run.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def make(*contents: bytes, at: float = 0.0, note: RunNote | None = None) -> RunFolder:
    """Return a new run with these autosaves, written at a time if that matters."""
    run = RunFolder.create(note or RunNote())
    for content in contents:
        path = run.write(content)
        if at:
            os.utime(path, (at, at))
    return run


def test_the_last_three_of_a_run_are_kept() -> None:
    run = make(*(b"%d" % n for n in range(7)))
    (found,) = autosaved_runs()
    assert [each.path.read_bytes() for each in found.autosaves] == [b"6", b"5", b"4"]
    assert len(found.autosaves) == KEPT
    assert sorted(os.listdir(run.path)) == [
        "5.safetensors", "6.safetensors", "7.safetensors", "lock", "run.json",
    ]  # fmt: skip
    assert found.owner == os.getpid()
    run.release()
    assert autosaved_runs()[0].owner is None


def test_only_the_owner_may_enter() -> None:
    run = make(b"1")
    for folder in (autosaves_path(), run.path):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_network_goes_with_the_first() -> None:
    run = RunFolder.create(RunNote(match=True))
    for n in range(5):
        run.write(b"%d" % n, b"second %d" % n)
    run.write(b"alone")
    (found,) = autosaved_runs()
    second = [each.second and each.second.read_bytes() for each in found.autosaves]
    assert second == [None, b"second 4", b"second 3"]
    assert found.note.match
    assert len(os.listdir(run.path)) == 3 + 2 + 2


def test_a_second_network_without_the_first_is_not_there() -> None:
    """The process was killed between the two files."""
    run = make(b"1")
    (run.path / "2-second.safetensors").write_bytes(b"lost")
    (found,) = autosaved_runs()
    assert [each.second for each in found.autosaves] == [None]
    run.write(b"2")
    assert [each.second for each in autosaved_runs()[0].autosaves] == [None, None]


def test_a_run_is_taken_by_one_at_a_time() -> None:
    run = make(b"1")
    assert RunFolder.take(run.path) is None
    run.release()
    again = RunFolder.take(run.path)
    assert again is not None
    assert not run.take_again()
    assert again.write(b"2").name == "2.safetensors"
    assert RunFolder.take(run.path.parent / "none") is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"left": 3, "path": null, "new": 1}', "[" * 9])
def test_a_damaged_note_says_nothing(content: str) -> None:
    run = make(b"1", note=RunNote("somewhere", left=True))
    assert read_note(run.path) == RunNote("somewhere", left=True)
    (run.path / "run.json").write_text(content)
    assert read_note(run.path) == RunNote()


# ---------------------------------------------------------------- limits


def test_the_oldest_runs_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave_folder, "MOST_RUNS", 3)
    runs = []
    for n in range(5):
        runs.append(make(b"%d" % n, at=1000.0 + n))
        runs[-1].release()
    newest = make(b"newest")
    assert [run.path for run in autosaved_runs()] == [newest.path, runs[4].path, runs[3].path]
    assert len(os.listdir(autosaves_path())) == 3


def test_runs_of_processes_are_never_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave_folder, "MOST_RUNS", 1)
    command = [sys.executable, "-c", HOLD]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        other = Path(process.stdout.readline().strip())
        free = make(b"free", at=1e9)
        free.release()
        own = make(b"own")
        assert {run.path for run in autosaved_runs()} == {own.path, other}
        assert {run.owner for run in autosaved_runs()} == {os.getpid(), process.pid}
        process.kill()
    tidy()
    assert [run.path for run in autosaved_runs()] == [own.path]


def test_the_size_of_all_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave_folder, "MOST_BYTES", 1000)
    old = make(b"a" * 300, at=1000.0)
    old.release()
    run = make(b"b" * 300, b"c" * 300)
    assert len(autosaved_runs()) == 2
    run.write(b"d" * 300)
    (found,) = autosaved_runs()
    assert [each.size for each in found.autosaves] == [300, 300, 300]
    run.write(b"e" * 600)
    assert [each.size for each in autosaved_runs()[0].autosaves] == [600]
    run.write(b"f" * 2000)  # a run in progress keeps its newest, however large
    assert [each.size for each in autosaved_runs()[0].autosaves] == [2000]


def test_what_killed_processes_left_is_removed() -> None:
    killed = make(b"1")
    killed.release()
    (killed.path / LEFTOVER).write_bytes(b"half")
    empty = RunFolder.create(RunNote())
    empty.release()
    tidy()
    assert not empty.path.exists()
    assert sorted(os.listdir(killed.path)) == ["1.safetensors", "lock", "run.json"]


def test_files_of_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave_folder, "MOST_RUNS", 1)
    run = make(b"1", at=1000.0)
    run.release()
    (run.path / "mine.txt").write_text("mine")
    other = autosaves_path() / "mine"
    other.mkdir()
    make(b"2")
    assert (run.path / "mine.txt").read_text() == "mine"
    assert other.exists()
    assert len(autosaved_runs()) == 1


def test_a_full_disk_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(b"1")
    write = os.write

    def fail(file: int, content: bytes) -> int:
        if len(content) > 10:
            raise OSError(28, "No space left on device")
        return write(file, content)

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="No space"):
        run.write(b"larger than there is room for", b"second")
    assert sorted(os.listdir(run.path)) == ["1.safetensors", "lock", "run.json"]
    with pytest.raises(OSError, match="No space"):
        RunFolder.create(RunNote())
    assert len(os.listdir(autosaves_path())) == 1
