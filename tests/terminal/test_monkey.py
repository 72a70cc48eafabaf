"""Random input of every kind: no crash, the right exit codes, an answer to every ping."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal.monkey import Monkey

MEBIBYTES = 300  # of a program whose settings nobody changes
GROWTH = 40  # MiB: the history of the losses, charts and a timeline of 1 MiB


def test_a_share_of_the_monkey(tmp_path: Path) -> None:
    monkey = Monkey(1, tmp_path)
    figures = monkey.type(150)
    monkey.check_log()
    assert figures.keys >= 150
    assert figures.pings


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_the_monkey(seed: int, tmp_path: Path) -> None:
    monkey = Monkey(100 + seed, tmp_path)
    figures = monkey.type(2_000)
    monkey.check_log()
    print(figures.text())


@pytest.mark.long
def test_memory_does_not_grow(tmp_path: Path) -> None:
    monkey = Monkey(7, tmp_path, settings=False)
    figures = monkey.type(6_000)
    monkey.check_log()
    print(figures.text())
    for each in figures.memory:
        if len(each) > 20:
            assert max(each) < MEBIBYTES
            assert each[-1] - each[len(each) // 4] < GROWTH
