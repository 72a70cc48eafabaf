"""`rnn-tui train` in a terminal: one line of progress, which goes away at the end."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from terminal.driver import Terminal

from rnn_tui.checkpoint.loading import load
from rnn_tui.command_line.train.progress_line import progress_text
from rnn_tui.train import TrainProgress

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"\d+% \[#*-*\] [\d,]+/[\d,]+  loss \S+  [\d,]+/s  [\d:]+ left")


def train(tmp_path: Path, *arguments: str, columns: int = 80) -> Terminal:
    """Start `rnn-tui train` with a small network in a terminal."""
    return Terminal(
        [sys.executable, "-m", "rnn_tui", "train", "--hidden", "4", "--steps", "5", *arguments],
        columns=columns,
        rows=24,
        env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )


def test_progress_is_one_line_and_then_gone(tmp_path: Path) -> None:
    with train(tmp_path, "--updates", "15000") as terminal:
        terminal.wait_for(LINE)
        shown = [row for row in terminal.screen() if row.strip()]
        assert len(shown) == 1
        assert terminal.wait_exit(60) == 0
        text = terminal.text()
        assert text.startswith("updates                         15,000\n")
        assert "left" not in text
        assert terminal.restored()
        seconds = terminal.arrivals[-1][0] - terminal.arrivals[0][0]
        assert len(terminal.arrivals) < 10 * seconds + 10


def test_ctrl_c_saves_and_says_where(tmp_path: Path) -> None:
    with train(tmp_path, "--updates", "1000000", "--out", "run") as terminal:
        terminal.wait_for(LINE)
        terminal.key("ctrl+c")
        assert terminal.wait_exit() == 128 + signal.SIGINT
        text = terminal.text()
        assert re.match(r"rnn-tui: stopped by Ctrl-C after update [\d,]+; saved run\n", text)
        assert "\nsaved run" in text
        assert terminal.restored()
        assert not terminal.orphaned()
    assert load(tmp_path / "run").updates > 0


def test_closing_the_window_saves(tmp_path: Path) -> None:
    with train(tmp_path, "--updates", "1000000", "--out", "run") as terminal:
        terminal.wait_for(LINE)
        terminal.hang_up()
        assert terminal.process.wait(10) == 128 + signal.SIGHUP
    assert load(tmp_path / "run").updates > 0
    assert os.listdir(tmp_path) == ["run"]


def test_a_narrow_terminal_keeps_one_line(tmp_path: Path) -> None:
    with train(tmp_path, "--updates", "1000000", columns=30) as terminal:
        terminal.wait_for(re.compile(r"\d% \[#*-*\] [\d,]+"))
        terminal.wait_for("%")
        assert len([row for row in terminal.screen() if row.strip()]) == 1


def test_quiet_shows_nothing(tmp_path: Path) -> None:
    with train(tmp_path, "--updates", "2000", "--quiet") as terminal:
        assert terminal.wait_exit(60) == 0
        assert terminal.bytes_received == 0


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (TrainProgress(0, 10, 0.0, float("nan")), "  0% [--------------] 0/10  loss nan"),
        (
            TrainProgress(8400, 20000, 1.35, 0.00412),
            " 42% [#####---------] 8,400/20,000  loss 0.00412  6,222/s  0:02 left",
        ),
        (
            TrainProgress(5, 10, 3700.0, 1.0),
            " 50% [#######-------] 5/10  loss 1  0/s  1:01:40 left",
        ),
        (
            TrainProgress(999_999_999, 10**9, 1e6, 1.234e-05),
            "100% [#############-] 999,999,999/1,000,000,000  loss 1.23e-05  1,000/s  0:00 left",
        ),
    ],
)
def test_the_text_of_the_progress_line(progress: TrainProgress, expected: str) -> None:
    assert progress_text(progress) == expected
