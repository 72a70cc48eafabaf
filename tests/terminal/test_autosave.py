"""Autosaves of the real program: nothing is lost with a connection or a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminal.program import ROOT, Program, assert_ended, program

SMALL = ("--hidden", "4", "--steps", "5")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str | None]:
    """Return the environment of programs that share a state folder."""
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


def resume_list(home: dict[str, str | None]) -> list[str]:
    """Return the lines of `--resume list` that are autosaves."""
    command = [sys.executable, "-m", "rnn_tui", "--resume", "list"]
    changes = {name: value for name, value in home.items() if value is not None}
    env = {**os.environ, **changes, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    return [line for line in done.stdout.split("\n") if line[:3].strip().isdigit()]


def run_a_while(one: Program) -> int:
    """Train a little, pause, and return the update."""
    one.key("space")
    one.until(lambda h: h.state == "running" and h.update > 3)
    one.key("space")
    return one.until(lambda h: h.state == "paused").update


def wait_for_list(home: dict[str, str | None], count: int) -> list[str]:
    """Return the list once it has so many autosaves."""
    deadline = time.monotonic() + 20
    while len(lines := resume_list(home)) < count:
        assert time.monotonic() < deadline, lines
    return lines


def test_a_lost_connection_is_announced_once_and_resumed(home: dict[str, str | None]) -> None:
    with program(*SMALL, env=home) as one:
        update = run_a_while(one)
        one.key("n")
        one.reach("n", "FORWARD t=1/5")
        one.terminal.hang_up()
        assert one.terminal.process.wait(10) == 128 + signal.SIGHUP
    with program(*SMALL, env=home) as one:
        one.wait_for(f"rnn-tui --resume reopens a lost run: cos · rnn 4 at update {update:,}")
        one.key("tab")
        one.wait_for(lambda text: "lost run" not in text)
        one.key("q")
        assert_ended(one)
    with program("--resume", env=home) as one:
        header = one.until(lambda h: h.place == "FORWARD t=1/5")
        assert header.update == update
        one.wait_for("resumed the run of")
        one.key("q")
        assert_ended(one)
    assert " left" in resume_list(home)[0]


def test_killed_programs_are_resumed_one_by_one(home: dict[str, str | None]) -> None:
    with program(*SMALL, env=home) as one, program(*SMALL, env=home) as two:
        updates = {run_a_while(one), run_a_while(two)}
        one.settled()
        sent = one.terminal.bytes_received
        assert all("in use" in line for line in wait_for_list(home, 2))
        assert one.terminal.bytes_received == sent  # an autosave at a pause draws nothing
        one.terminal.signal(signal.SIGKILL)
        two.terminal.signal(signal.SIGKILL)
        one.terminal.process.wait(10)
        two.terminal.process.wait(10)
    with program("--resume", env=home) as one, program("--resume", env=home) as two:
        resumed = {each.until(lambda h: h.update > 0).update for each in (one, two)}
        assert resumed == updates


def test_without_autosave_nothing_is_written(tmp_path: Path, home: dict[str, str | None]) -> None:
    with program(*SMALL, "--no-autosave", env=home) as one:
        run_a_while(one)
        one.terminal.signal(signal.SIGTERM)
        assert one.terminal.process.wait(10) == 128 + signal.SIGTERM
    assert not (tmp_path / "state").exists()


def test_a_disk_that_takes_nothing_is_said_and_the_run_goes_on(
    tmp_path: Path, home: dict[str, str | None]
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with program(*SMALL, env=home) as one:
        update = run_a_while(one)
        one.wait_for("not autosaved, the run goes on: ")
        one.key("u")
        one.until(lambda h: h.update == update + 1)
        one.key("q")
        assert_ended(one)
