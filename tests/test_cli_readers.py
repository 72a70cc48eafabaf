"""Training without a screen whose readers go: a lost connection, or a pipe that is closed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.checkpoint.loading import load

ROOT = Path(__file__).parents[1]
LINE = [sys.executable, "-m", "rnn_tui", "train", "--hidden", "4", "--metrics", "m.csv"]
IGNORING = "import os, signal, sys; signal.signal(1, 1); os.execv(sys.argv[1], sys.argv[1:])"
Ends = tuple[int, Callable[[], None]]  # the program's end, and how to close the other one

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals, no poll")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pipe() -> Ends:
    reading, writing = os.pipe()
    return writing, lambda: os.close(reading)


def sockets() -> Ends:
    ours, theirs = socket.socketpair()
    return theirs.detach(), ours.close


def terminal() -> Ends:
    master, slave = os.openpty()  # not its controlling one: no SIGHUP
    return slave, lambda: os.close(master)


def file() -> Ends:
    return os.open("output", os.O_CREAT | os.O_WRONLY), lambda: None


def start(out: int, err: int, *options: str, ignoring: bool = False) -> subprocess.Popen[bytes]:
    """Start a long training, and wait until it trains."""
    argv = [*([sys.executable, "-c", IGNORING] if ignoring else []), *LINE, *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, start_new_session=True
    )
    os.close(out)
    os.close(err)
    deadline = time.monotonic() + 60
    while not (Path("m.csv").exists() and Path("m.csv").read_bytes().count(b"\n") > 1):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(
    ("out", "err"),
    [(pipe, pipe), (sockets, sockets), (pipe, file), (file, pipe), (terminal, terminal)],
    ids=["pipes", "sockets", "stdout", "stderr", "terminal"],
)
def test_a_reader_that_goes_counts_as_a_hang_up(
    out: Callable[[], Ends], err: Callable[[], Ends]
) -> None:
    (out_end, close_out), (err_end, close_err) = out(), err()
    process = start(out_end, err_end, "--updates", "100000000", "--out", "run")
    try:
        close_out()
        close_err()
        assert process.wait(20) == 128 + signal.SIGHUP
    finally:
        process.kill()
    assert load("run").updates == len(Path("m.csv").read_text().splitlines()) - 1 > 0


def test_without_out_it_is_autosaved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (out_end, close_out), (err_end, close_err) = pipe(), pipe()
    process = start(out_end, err_end, "--updates", "100000000")
    try:
        close_out()
        close_err()
        assert process.wait(20) == 128 + signal.SIGHUP
    finally:
        process.kill()
    assert list((tmp_path / "state").rglob("*.safetensors"))


def test_where_nobody_is_to_read_it_goes_on() -> None:
    (out_end, close), (err_end, _) = pipe(), file()
    updates = ["--updates", "1500", "--quiet", "--out", "run"]
    process = start(out_end, err_end, *updates, ignoring=True)
    close()
    assert process.wait(60) == 0
    assert load("run").updates == 1500
