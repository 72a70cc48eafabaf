"""Wrong numbers are found at the right tensor, timestep and entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from checks.random_cases import random_case

from rnn_tui.cases.case import LOSS, Case
from rnn_tui.checks.comparison import (
    check_theirs,
    compare,
    has_timesteps,
    names_in_order,
    relative_errors,
)
from rnn_tui.checks.compute import CheckError, compute
from rnn_tui.checks.rounding import largest_magnitude
from rnn_tui.tensor_files.content import Array


def changed(theirs: dict[str, Array], name: str, place: tuple[int, ...], value: float) -> None:
    theirs[name] = theirs[name].copy()
    theirs[name][place] = value


def checked_cases(seeds: range) -> Iterator[tuple[np.random.Generator, Case, dict[str, Array]]]:
    for seed in seeds:
        random = np.random.default_rng(seed)
        case = random_case(random)
        yield random, case, compute(case)


def in_file(case: Case, name: str, place: tuple[int, ...]) -> tuple[int, ...]:
    """Return an entry of a case as that of its file, written once more."""
    if case.batch_first and has_timesteps(name):
        return (*place[:-3], place[-2], place[-3], place[-1])
    return place


@pytest.mark.parametrize(
    "seeds", [range(12), pytest.param(range(12, 2012), marks=pytest.mark.long)]
)
def test_one_wrong_entry_is_found(seeds: range) -> None:
    for random, case, ours in checked_cases(seeds):
        if 0 < np.abs(ours["grad.output"]).max() < 1e-9:
            continue  # p is 1 but for rounding, and the gradients are little else
        name = str(random.choice(names_in_order(case)))
        place = tuple(int(random.integers(size)) for size in ours[name].shape)
        theirs = dict(ours)
        off = (1e-4 if random.random() < 0.5 else -1.0) * np.abs(ours[name]).max() or 1.0
        changed(theirs, name, place, float(ours[name][place]) + off)
        comparison = compare(replace(case, theirs=theirs), ours)
        first = comparison.first
        assert first is not None
        assert (first.name, first.entry) == (name, in_file(case, name, place))
        assert (first.theirs, first.ours) == (float(theirs[name][place]), float(ours[name][place]))
        assert [each.name for each in comparison.tensors if not each.agrees] == [name]
        worst = next(each for each in comparison.tensors if each.name == name)
        assert worst.entry == first.entry
        if has_timesteps(name):
            t, sample, unit = place[-3:]
            layer = None if name.endswith("output") else place[0] + 1
            assert (first.t, first.layer, first.sample, first.unit) == (t + 1, layer, sample, unit)
        else:
            assert (first.t, first.layer, first.sample, first.unit) == (None,) * 4


def test_the_first_of_several_is_the_one_that_is_computed_first() -> None:
    random = np.random.default_rng(1)
    case = random_case(random, "lstm")
    while case.layers < 2 or case.steps < 3:
        case = random_case(random, "lstm")
    ours, top, last = compute(case), case.layers - 1, case.steps - 1
    order = [
        ("c", (0, 1, 0, 0)), ("h", (0, 1, 0, 0)), ("h", (top, 1, 0, 0)), ("output", (1, 0, 0)),
        ("c", (0, last, 0, 0)), ("loss", ()), ("grad.output", (last, 0, 0)),
        ("grad.h", (top, last, 0, 0)), ("grad.c", (top, last, 0, 0)), ("grad.h", (0, last, 0, 0)),
        ("grad.output", (last - 1, 0, 0)), ("grad.h", (0, 0, 0, 0)),
        ("grad.rnn.weight_ih_l0", (0, 0)), ("grad.rnn.weight_hh_l0", (0, 0)),
        ("grad.rnn.bias_hh_l1", (0,)), ("grad.readout.weight", (0, 0)),
    ]  # fmt: skip
    theirs = dict(ours)
    for name, place in reversed(order):
        changed(theirs, name, place, 7.0)
        first = compare(replace(case, theirs=theirs), ours).first
        assert first is not None
        assert (first.name, first.entry) == (name, in_file(case, name, place))


def test_the_top_layer_alone_is_compared_with_the_top_layer() -> None:
    case = random_case(np.random.default_rng(1), "gru")
    ours = compute(case)
    theirs = {"h": ours["h"][-1].copy(), "grad.h": ours["grad.h"][-1].copy()}
    assert compare(replace(case, theirs=theirs), ours).agrees
    theirs["grad.h"][-1, 0, 0] += 1
    first = compare(replace(case, theirs=theirs), ours).first
    assert first is not None
    assert (first.name, first.t, first.layer) == ("grad.h", case.steps, case.layers)
    assert len(first.entry) == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_differs_at_its_first_place(value: float) -> None:
    case = random_case(np.random.default_rng(5), "rnn")
    ours = compute(case)
    theirs = dict(ours)
    changed(theirs, "h", (0, case.steps - 1, 0, 0), value)
    changed(theirs, LOSS, (), value)
    comparison = compare(replace(case, theirs=theirs), ours)
    assert comparison.first is not None
    assert (comparison.first.name, comparison.first.t) == ("h", case.steps)
    errors = {each.name: each.max_relative_error for each in comparison.tensors}
    assert errors[LOSS] == errors["h"] == np.inf
    theirs = {name: np.full_like(array, value) for name, array in ours.items()}
    assert compare(replace(case, theirs=theirs), theirs).agrees  # ours is not finite either


def test_zeros_agree_with_zeros_only() -> None:
    case = random_case(np.random.default_rng(5), "neuron")
    case = replace(
        case,
        loss="mse",
        weights={name: np.zeros_like(array) for name, array in case.weights.items()},
        target=np.zeros((case.steps, case.batch, case.outputs)),
    )
    ours = compute(case)
    assert not any(array.any() for array in ours.values())
    assert compare(replace(case, theirs=ours), ours).agrees
    theirs = {"grad.h": np.full_like(ours["grad.h"], 1e-30)}
    comparison = compare(replace(case, theirs=theirs), ours)
    assert [each.max_relative_error for each in comparison.tensors] == [1.0]


def test_errors_are_measured_by_the_entry_or_a_thousandth_of_the_largest() -> None:
    ours = np.array([2.0, 1.0, 1e-9, 0.0])
    theirs = ours + np.array([0.0, 1e-4, 1e-4, 1e-4])
    errors = relative_errors(theirs, ours, 1e-3 * largest_magnitude(ours))
    assert errors == pytest.approx([0.0, 1e-4 / (1 + 1e-4), 1e-4 / 2e-3, 1e-4 / 2e-3])


def test_what_cannot_be_compared_is_said() -> None:
    case = random_case(np.random.default_rng(5), "rnn")
    with pytest.raises(CheckError, match="no numbers of yours"):
        check_theirs(case)
    with pytest.raises(CheckError, match="'c' is none of"):
        check_theirs(replace(case, theirs={"c": np.zeros(3)}))
    batch_first = replace(case, theirs={"output": np.zeros((7, 8, 9))}, batch_first=True)
    sizes = [case.batch, case.steps, case.outputs]
    with pytest.raises(CheckError) as error:
        check_theirs(batch_first)
    assert "[8, 7, 9]" in str(error.value)
    assert str(sizes) in str(error.value)
    with pytest.raises(CheckError, match="no weights"):
        compute(replace(case, weights={}))
