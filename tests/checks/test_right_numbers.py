"""Right numbers agree: those of a network written by hand, for every cell and all that may vary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks.plain_network import all_numbers
from checks.random_cases import random_case, with_numbers

from rnn_tui.cases.case import Case
from rnn_tui.checks import compute as computing
from rnn_tui.checks.comparison import PRECISIONS, compare
from rnn_tui.checks.compute import compute
from rnn_tui.registry import CELLS
from rnn_tui.tensor_files.content import Array

ROUNDING = 1e-10  # relative to what an error is measured by


def right_case(seed: int, cell: str | None = None, largest: int = 3) -> Case:
    random = np.random.default_rng(seed)
    case = random_case(random, cell, largest)
    return with_numbers(random, case, all_numbers(case))


@pytest.mark.parametrize("cell", CELLS.names)
def test_right_numbers_agree(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(2):
        case = right_case(seed, cell, 2)
        assert compare(case, compute(case), ROUNDING).agrees
        with monkeypatch.context() as patch:  # one sample after the other
            patch.setattr(computing, "WINDOW_MEMORY", 1)
            assert compare(case, compute(case), ROUNDING).agrees


@pytest.mark.long
def test_many_right_numbers_agree() -> None:
    worst = 0.0
    for seed in range(1000):
        case = right_case(seed)
        comparison = compare(case, compute(case))
        assert comparison.agrees, (seed, comparison.first)
        worst = max(worst, *(each.max_relative_error for each in comparison.tensors))
    print(f"1000 cases, largest error {worst:.1e}")


def test_only_what_is_wanted_is_kept() -> None:
    case = right_case(0, "lstm", 2)
    assert [*compute(case, {"h", "grad.c", "grad.readout.bias"}.__contains__)] == [
        "loss", "h", "grad.c", "grad.readout.bias",
    ]  # fmt: skip


def test_numbers_in_less_precision_agree_as_well_as_they_can() -> None:
    case = right_case(5, "rnn")
    ours = compute(case)
    kinds: tuple[type[np.floating[Any]], ...] = (np.float32, np.float16)
    for kind in kinds:
        rounded: dict[str, Array] = {n: array.astype(kind) for n, array in case.theirs.items()}
        comparison = compare(replace(case, theirs=rounded), ours)
        assert comparison.agrees
        tolerance = PRECISIONS[np.dtype(kind).name].tolerance
        assert {each.tolerance for each in comparison.tensors} == {tolerance}
    cut = {name: array.astype(np.float32) for name, array in case.theirs.items()}
    cut = {
        name: (np.atleast_1d(array).view(np.uint32) & 0xFFFF0000)
        .view(np.float32)
        .reshape(array.shape)
        for name, array in cut.items()
    }
    narrow = replace(case, theirs=cut, narrow=frozenset(cut))
    assert compare(narrow, ours).agrees
    assert not compare(replace(narrow, narrow=frozenset()), ours).agrees
    one = replace(narrow, theirs={**case.theirs, "h": cut["h"]}, narrow=frozenset({"h"}))
    assert {each.tolerance for each in compare(one, ours).tensors} == {1e-7, 0.2}
    doubled = {name: 2 * array for name, array in cut.items()}
    wrong = compare(replace(narrow, theirs=doubled), ours)
    assert not any(each.agrees for each in wrong.tensors if np.any(ours[each.name]))


def test_each_array_is_held_to_its_own_precision() -> None:
    case = right_case(5, "rnn")
    ours, theirs = compute(case), dict(case.theirs)
    theirs["loss"] = theirs["loss"] * (1 + 1e-5)  # such as loss.item() in a file of float32
    assert not compare(replace(case, theirs=theirs), ours).agrees
    assert compare(replace(case, theirs=theirs, dtype=np.dtype(np.float32)), ours).agrees
    theirs["h"] = theirs["h"].astype(np.float32)
    comparison = compare(replace(case, theirs=theirs), ours)
    assert comparison.agrees
    assert comparison.by_tolerance()[1e-3] == ["h", "loss"]
    name = "grad.readout.weight"
    wrong = {**theirs, name: theirs[name] * (1 + 9e-4)}  # one float64 gradient
    found = compare(replace(case, theirs=wrong), ours).first
    assert found
    assert found.name == name
    # Where what it was computed of is float32, all of it is.
    assert compare(replace(case, theirs=wrong, single=frozenset({"x"})), ours).agrees
    theirs["h"] = case.theirs["h"]
    theirs["loss"] = theirs["loss"].astype(np.float32)
    comparison = compare(replace(case, theirs=theirs), ours)
    assert comparison.agrees
    assert comparison.tolerance == 1e-7  # of all but the loss
