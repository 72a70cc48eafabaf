"""`rnn-tui train` and its surroundings: readers, encodings, signals."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_support import PROGRAM, SMALL, start

from rnn_tui.checkpoint.loading import load

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_reader_that_has_gone_is_no_reason_to_complain() -> None:
    process = start("train", *SMALL, "--updates", "20", "--out", "run")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    code, updates = process.wait(60), load("run").updates
    if code == 128 + signal.SIGHUP:  # seen while it trained
        line = f"a reader of its output has gone: stopped after update {updates}; saved run"
        assert said == f"rnn-tui: {line}\n"
    else:
        assert (code, said, updates) == (128 + signal.SIGPIPE, "", 20)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_reason_to_fail(closed: str) -> None:
    line = f"{shlex.join(PROGRAM)} train --hidden 2 --steps 3 --updates 9 --out run {closed}"
    done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert load("run").updates == 9


IN_C = {"LC_ALL": "C"}
IN_C_ALONE = {**IN_C, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"PYTHONIOENCODING": "latin-1"}, "±1/sqrthidden"),
        ({"PYTHONIOENCODING": "ascii"}, "+-1/sqrthidden"),
        (IN_C, "+-1/sqrthidden"),  # where Python would write UTF-8
        (IN_C_ALONE, "+-1/sqrthidden"),
        ({"LC_ALL": "en_US.ISO-8859-1"}, "+-1/sqrthidden"),
        ({"LC_ALL": "C.UTF-8"}, "±1/√hidden"),
    ],
)
def test_what_cannot_be_written_is_written_in_ascii(variables: dict[str, str], shown: str) -> None:
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    env = {**os.environ, "LANG": "", "LC_CTYPE": "", "LC_ALL": "", **variables}
    done = subprocess.run([*PROGRAM, "--help"], env=env, capture_output=True, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout
    meant = ("; ? shows", "gradients right?", "sentence begin?")
    assert done.stdout.count("?") == len(meant)
    assert all(words in done.stdout for words in meant)


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, IN_C, IN_C_ALONE])
def test_training_and_its_errors_are_written_in_ascii(
    variables: dict[str, str], tmp_path: Path
) -> None:
    env = {**os.environ, **variables}
    out = tmp_path / "größe.safetensors"
    train = [*PROGRAM, "train", "--updates", "3", "--out", str(out)]
    done = subprocess.run(train, env=env, capture_output=True, encoding="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr<U+00F6><U+00DF>e.safetensors" in done.stdout
    assert "?" not in done.stdout
    again = subprocess.run(train, env=env, capture_output=True, encoding="ascii")
    assert again.returncode == 2
    if variables is not IN_C_ALONE:  # there Python has no characters for the name
        assert "gr<U+00F6><U+00DF>e.safetensors" in again.stderr
    assert "?" not in again.stderr


@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")],
)
def test_signals_save_what_there_is(number: signal.Signals, name: str) -> None:
    line = ["--updates", "1000000", "--out", "run", "--metrics", "m.csv", "--json"]
    with start("train", *SMALL, *line) as process:
        wait_until_it_trains("m.csv")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    match = re.fullmatch(rf"rnn-tui: stopped by {name} after update ([\d,]+); saved run\n", err)
    assert match
    updates = int(match[1].replace(",", ""))
    assert load("run").updates == updates > 0
    assert json.loads(out)["updates"] == updates
    assert len(Path("m.csv").read_text().splitlines()) == updates + 1


def wait_until_it_trains(metrics: str) -> None:
    """Wait until the first rows have come through the file's buffer."""
    deadline = time.monotonic() + 30
    while not os.path.exists(metrics) or os.path.getsize(metrics) < 100:
        assert time.monotonic() < deadline, "it never trained"
        time.sleep(0.01)


def test_ignored_signals_stay_ignored() -> None:
    program = (
        "import os, signal, sys; signal.signal(1, signal.SIG_IGN); os.execv(*eval(sys.argv[1]))"
    )
    line = [*PROGRAM, "train", *SMALL, "--updates", "3000", "--metrics", "m.csv", "--json"]
    command = [sys.executable, "-c", program, repr((sys.executable, line))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        wait_until_it_trains("m.csv")
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["updates"] == 3000
