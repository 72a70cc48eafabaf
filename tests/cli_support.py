"""What the tests of the command line share: the program in a process and in this one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from rnn_tui.cli import run

PROGRAM = [sys.executable, "-m", "rnn_tui"]
SMALL = ["--hidden", "4", "--steps", "5"]


def start(*arguments: str, **rest: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **rest,
    )


def call(*arguments: str) -> tuple[int, str, str]:
    """Run the program as a process; return exit code, stdout and stderr."""
    with start(*arguments) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def figures(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """Train in this process and return the JSON object."""
    assert run(["train", *arguments, "--json"]) == code
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    return result
