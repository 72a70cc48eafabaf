"""Mutated files are refused in one line or opened rightly: a share in CI, in full by hand.

In full, with the figures: ``python -m pytest -m long -s tests/fuzz`` (``-n 2`` on two processors,
then without the figures).
"""

from pathlib import Path

import pytest
from fuzz.runner import CaseTries, CheckpointTries, DataTries, fuzz

SHARE = 80  # tries of each kind in CI
PARTS = 10
CHECKPOINTS_OF_PART, CASES_OF_PART, DATA_OF_PART = 2500, 2000, 700
LONGEST_REFUSAL = 0.1  # seconds of the processor


def test_mutated_checkpoints(tmp_path: Path) -> None:
    figures = fuzz(range(SHARE), CheckpointTries(tmp_path).attempt)
    assert not figures.failures, str(figures)
    assert figures.outcomes["refused"] > SHARE // 3, str(figures)
    assert figures.outcomes["opened"] > SHARE // 20, str(figures)


def test_mutated_tables_and_texts(tmp_path: Path) -> None:
    figures = fuzz(range(SHARE), DataTries(tmp_path).attempt)
    assert not figures.failures, str(figures)
    assert figures.outcomes["refused"] > SHARE // 10, str(figures)
    assert figures.outcomes["opened"] > SHARE // 10, str(figures)


def test_mutated_case_files(tmp_path: Path) -> None:
    figures = fuzz(range(SHARE // 2), CaseTries(tmp_path).attempt)
    assert not figures.failures, str(figures)
    assert figures.outcomes["refused"] > SHARE // 8, str(figures)
    assert figures.outcomes["opened"] > SHARE // 20, str(figures)


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_many_mutated_case_files(part: int, tmp_path: Path) -> None:
    start = part * 10**6
    figures = fuzz(range(start, start + CASES_OF_PART), CaseTries(tmp_path).attempt)
    print(f"case files, part {part}: {figures}")
    assert not figures.failures, str(figures)
    assert figures.slowest["refused"] < LONGEST_REFUSAL, str(figures)


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_many_mutated_checkpoints(part: int, tmp_path: Path) -> None:
    start = part * 10**6
    tries = CheckpointTries(tmp_path)
    figures = fuzz(range(start, start + CHECKPOINTS_OF_PART), tries.attempt)
    print(f"checkpoints, part {part}: {figures}")
    assert not figures.failures, str(figures)
    assert figures.slowest["refused"] < LONGEST_REFUSAL, str(figures)


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_many_mutated_tables_and_texts(part: int, tmp_path: Path) -> None:
    start = part * 10**6
    figures = fuzz(range(start, start + DATA_OF_PART), DataTries(tmp_path).attempt)
    print(f"tables and texts, part {part}: {figures}")
    assert not figures.failures, str(figures)
    assert figures.slowest["refused"] < LONGEST_REFUSAL, str(figures)
