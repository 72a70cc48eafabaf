"""What the terminal shows while a data file is read, and data that are piped in."""

import subprocess
import sys
from pathlib import Path

from terminal.driver import PROGRAM, Terminal
from terminal.program import program

TABLE = "day,load\n" + "".join(f"2024-01-{d:02},{d * d % 17}\n" for d in range(1, 31))
SMALL = ("--hidden", "4", "--steps", "5")


def test_reading_is_said_at_once_and_gone_when_the_screen_comes(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text(TABLE)
    with program("--data", "load.csv", *SMALL, cwd=tmp_path) as one:
        one.wait_for("load.csv: 30 rows, the last 6 tested · learns load · o: 1 note")
        assert "reading load.csv" not in one.terminal.text()
        one.key("n")
        one.wait_for("The next window")


def test_data_come_through_a_pipe_and_keys_from_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text(TABLE)
    words = " ".join([*PROGRAM, "--data", "-", *SMALL])
    with Terminal(["sh", "-c", f"cat load.csv | {words}"], cwd=tmp_path) as terminal:
        terminal.wait_for("standard input: load")
        terminal.key("n")
        terminal.wait_for("The next window")
        terminal.key("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored()


def test_standard_input_that_is_a_terminal_is_refused(tmp_path: Path) -> None:
    with Terminal([sys.executable, "-m", "rnn_tui", "inspect", "-"], cwd=tmp_path) as terminal:
        terminal.wait_for("standard input is a terminal")
        assert terminal.wait_exit() == 2
    ended = subprocess.run(
        [*PROGRAM, "inspect", "-"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert ended.returncode == 2
