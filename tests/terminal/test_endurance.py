"""Explosive settings on the screen, and a long run: nothing ends the program, nothing grows."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest
from terminal.program import Program, assert_ended, program

RATES = ["100", "30", "3"]  # 100 is the largest that is allowed
CELLS = ["rnn", "lstm", "gru"]
OPTIMIZERS = ["sgd", "adagrad", "adam", "rmsprop"]
OTHERS = [
    ("--clip-by", "none"),
    ("--clip-by", "none", "--dtype", "float32"),
    ("--clip-by", "none", "--init", "orthogonal", "--windows", "random"),
    ("--clip-by", "norm", "--clip", "1e9"),
    ("--clip-by", "none", "--batch", "4", "--layers", "2"),
    ("--clip-by", "none", "--task", "copy"),
    ("--clip-by", "none", "--task", "text", "--hidden", "8"),
]
RELU = ("--activation", "relu", "--init", "identity")  # for the plain cell: it grows without limit
# Back, forth, a what-if, proofs, every panel and dialogs.
KEYS = ["U", "N", "F", "3g", "G", "n", "s", "u", "v", "V", "\t", "\t", "\t", "\t", "z", "z", "x",
        "ef = 1\r", "\x1b", "eh_1[1] = 1e30\r", "\r", "b", "\x1b", "o", "\x1b", "S", "u", "c",
        "\x1b", "r", "R", "u"]  # fmt: skip


def settings(count: int) -> list[tuple[str, ...]]:
    """Return so many different lines of options."""
    every = list(itertools.product(RATES, CELLS, OPTIMIZERS, OTHERS))
    chosen = random.Random(0).sample(every, count)
    return [
        ("--cell", cell, "--optimizer", optimizer, "--lr", rate, *others)
        + (RELU if cell == "rnn" and "orthogonal" not in others else ())
        for rate, cell, optimizer, others in chosen
    ]


def is_alive(one: Program) -> None:
    """Assert that the program answers: help opens and closes."""
    one.send("\x1b")
    time.sleep(0.3)
    one.send("?")
    one.wait_for("esc closes", 20)
    one.send("\x1b")
    one.until(lambda header: True, 20)


@pytest.mark.long
@pytest.mark.parametrize("options", settings(50), ids=" ".join)
def test_explosive_settings_end_nothing(options: tuple[str, ...], tmp_path: Path) -> None:
    with program(*options, cwd=tmp_path) as one:
        one.send(" ")
        time.sleep(1.5)
        if one.header.state == "running":
            one.send(" ")
        one.until(lambda header: header.state in ("paused", "diverged"), 20)
        for keys in KEYS:
            one.send(keys)
            time.sleep(0.15)
        is_alive(one)
        assert "Error" not in one.text()
        assert "unexpected" not in one.text()
        one.send("qq")
        assert_ended(one)


def memory(one: Program) -> int:
    """Return the program's memory in MiB."""
    lines = Path(f"/proc/{one.terminal.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


@pytest.mark.long
def test_two_million_updates(tmp_path: Path) -> None:
    """Run on the screen; print updates, seconds and memory on the way (`-s` shows them)."""
    wanted, figures = 2_000_000, list[tuple[int, float, int]]()
    with program("--hidden", "4", "--steps", "4", "--timeline", "8", cwd=tmp_path) as one:
        one.send(" ")
        start = time.monotonic()
        while not figures or figures[-1][0] < wanted:
            time.sleep(10)
            header = one.header
            assert header.state == "running"
            figures.append((header.update, time.monotonic() - start, memory(one)))
            print(*figures[-1], flush=True)
        one.send(" ")
        one.until(lambda header: header.state == "paused", 20)
        one.send("qq")
        assert_ended(one)
    quarter = next(k for k, figure in enumerate(figures) if figure[0] > wanted / 4)
    assert figures[-1][2] - figures[quarter][2] < 10  # MiB
