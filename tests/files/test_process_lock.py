"""Locks that end with their process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.files import process_lock
from rnn_tui.files.process_lock import ProcessLock, process_lives

HOLD = """
import sys, time
from rnn_tui.files.process_lock import ProcessLock
lock = ProcessLock(sys.argv[1])
print(lock.acquire(), flush=True)
time.sleep(60)
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = ProcessLock(tmp_path / "lock"), ProcessLock(tmp_path / "lock")
    assert first.owner() is None
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert second.owner() == os.getpid()
    first.release()
    assert second.owner() is None
    assert second.acquire()


def test_it_ends_with_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        lock = ProcessLock(tmp_path / "lock")
        assert not lock.acquire()
        assert lock.owner() == process.pid
        process.send_signal(signal.SIGKILL)
    assert lock.owner() is None
    assert lock.acquire()


def test_a_deleted_lock_file_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deletes a folder between the opening of its lock file and the locking."""
    path = tmp_path / "lock"
    take = process_lock.try_lock

    def late(descriptor: int) -> bool:
        path.unlink()
        return take(descriptor)

    monkeypatch.setattr(process_lock, "try_lock", late)
    assert not ProcessLock(path).acquire()


def test_without_locks_the_number_in_the_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(descriptor: int) -> bool:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(process_lock, "try_lock", unsupported)
    path = tmp_path / "lock"
    path.write_text("1\n")  # a process that lives
    assert not ProcessLock(path).acquire()
    assert ProcessLock(path).owner() == 1
    path.write_text(f"{2**22 + 1}\n")  # more than any process has
    assert ProcessLock(path).owner() is None
    assert ProcessLock(path).acquire()


def test_living_processes() -> None:
    assert process_lives(os.getpid())
    assert process_lives(1)
    assert not process_lives(2**22 + 1)
