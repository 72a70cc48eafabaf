"""Guesses: of students' networks with a mistake, what the mistake is; never a wrong one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.lessons import MISTAKES, UNKNOWN, case_of, lesson
from checks.student_gru import MISTAKES as GRU_MISTAKES
from checks.student_gru import gru_case
from checks.students import run

from rnn_tui.checks.checked_case import check_case

PAIRS = [(cell, mistake) for cell, mistakes in MISTAKES.items() for mistake in mistakes]


def first_place(right: dict[str, Any], wrong: dict[str, Any]) -> tuple[str, int | None] | None:
    """Return the first tensor that differs, and its timestep from 1, in the order of computing."""

    def differs(name: str, t: int | None = None) -> bool:
        if name not in right:
            return False
        a, b = right[name], wrong[name]
        largest = 1e-3 * np.abs(a).max()
        if t is not None:
            a, b = a[t], b[t]
        scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), largest)
        return bool(np.any(np.abs(a - b) > 1e-7 * scale))

    steps = range(len(right["h"]))
    places: list[tuple[str, int | None]] = []
    places += [(name, t) for t in steps for name in ("c", "h", "output")]
    places += [("loss", None)]
    backward = ("grad.output", "grad.h", "grad.c")
    places += [(name, t) for t in reversed(steps) for name in backward]
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        places.append((f"grad.rnn.{kind}_l0", None))
    places += [("grad.readout.weight", None), ("grad.readout.bias", None)]
    name, t = next((place for place in places if differs(*place)), ("", None))
    return (name, None if t is None else t + 1) if name else None


def checked(cell: str, mistake: str, seed: int) -> tuple[str, str]:
    """Return what was not found of a student's mistake: its place, and what it is; "" if it was."""
    made = lesson(cell, mistake, seed)
    right, wrong = dict(run(made)), dict(run(made, mistake))
    comparison, guessed = check_case(case_of(made, wrong))
    found, place = comparison.first, first_place(right, wrong)
    where = f"{cell}, {mistake}, seed {seed}"
    misplaced = "" if found and (found.name, found.t) == place else f"{where}: {place}, {found}"
    words = [word.format(k=made.k + 1).lower() for word in MISTAKES[cell][mistake]]
    named = all(word in (guessed or "").lower() for word in words)
    return misplaced, "" if named else f"{where}: {guessed}"


@pytest.mark.parametrize(("cell", "mistake"), PAIRS[::6])
def test_a_students_mistake_is_found_and_named(cell: str, mistake: str) -> None:
    assert checked(cell, mistake, 1) == ("", "")


@pytest.mark.long
def test_every_mistake_of_the_students_is_found_and_named() -> None:
    results = [checked(cell, mistake, seed) for seed in range(10) for cell, mistake in PAIRS]
    misplaced = [where for where, _ in results if where]
    unnamed = [what for _, what in results if what]
    print(f"{len(results)}: {len(misplaced)} misplaced, {len(unnamed)} not named")
    assert not misplaced, "\n".join(misplaced)
    assert len(unnamed) <= len(results) // 100, "\n".join(unnamed)


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.long)])
def test_right_numbers_of_students_pass(count: int) -> None:
    for seed in range(count):
        made = lesson("lstm" if seed % 2 else "rnn", "", seed)
        comparison, guessed = check_case(case_of(made, run(made)))
        assert (comparison.first, guessed) == (None, None)


@pytest.mark.parametrize("cell", ["rnn", pytest.param("lstm", marks=pytest.mark.long)])
@pytest.mark.parametrize("mistake", UNKNOWN)
def test_there_is_no_guess_where_none_fits(cell: str, mistake: str) -> None:
    for seed in range(1 if cell == "rnn" else 5):
        made = lesson(cell, mistake, seed)
        comparison, guessed = check_case(case_of(made, run(made, mistake)))
        assert comparison.first
        assert guessed is None


@pytest.mark.parametrize("mistake", ["", *GRU_MISTAKES])
def test_a_mistake_in_a_gru_is_named(mistake: str) -> None:
    comparison, guessed = check_case(gru_case(mistake))
    assert comparison.agrees == (not mistake)
    assert all(words in (guessed or "").lower() for words in GRU_MISTAKES.get(mistake, ())), guessed
