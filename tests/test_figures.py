"""The figures of the pages: each sentence stands on its page, and what it says is computed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load() -> ModuleType:
    """Return docs/figures.py as a module."""
    spec = importlib.util.spec_from_file_location("figures", ROOT / "docs/figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["figures"] = module  # which its dataclasses are looked up in
    spec.loader.exec_module(module)
    return module


FIGURES = tuple(load().figures())
SHORT = [figure for figure in FIGURES if not figure.long]
LONG = [figure for figure in FIGURES if figure.long]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.words[:40])
def test_each_sentence_stands_on_its_page(figure: object) -> None:
    page = (ROOT / figure.page).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert " ".join(figure.words.split()) in " ".join(page.split())  # type: ignore[attr-defined]


def test_what_takes_no_training_is_true() -> None:
    assert [figure.words for figure in SHORT if not figure.holds()] == []
    assert len(SHORT) > 15


@pytest.mark.long
@pytest.mark.parametrize("figure", LONG, ids=lambda figure: figure.words[:40])
def test_what_training_reaches_is_true(figure: object) -> None:
    assert figure.holds()  # type: ignore[attr-defined]


def test_the_table_has_the_rows_of_the_benchmark_with_their_goals_and_baselines() -> None:
    from rnn_tui.settings import compose, train_updates
    from rnn_tui.tasks import make_task

    page = (ROOT / "docs/tasks.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.count(" | ") == 8]
    for claim in load().claims():
        baseline = make_task(compose({**claim.chosen})).baseline
        assert baseline is not None
        updates = claim.updates or train_updates(str(claim.chosen["task"]))
        goal = f"{updates:,} | {baseline.loss:.4f} | {claim.goal} |"
        [row] = [line for line in rows if line.startswith(f"| {claim.name} | {claim.words} |")]
        assert goal in row
        low, high = (float(end) for end in row.split(" | ")[6].split(" … "))
        middle = [float(each) for each in row.split(" | ")[5].split(" … ")]
        assert low <= min(middle) <= max(middle) <= high
        assert all(map(claim.holds, middle))
