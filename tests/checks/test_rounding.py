"""Where numbers cancel, rounding alone may change a large part of them: that is no difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from checks.random_cases import random_case

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import compare
from rnn_tui.checks.compute import compute
from rnn_tui.tensor_files.content import Array


def learned_cases(seeds: range) -> Iterator[tuple[Case, dict[str, Array], dict[str, Array]]]:
    """Yield cases whose targets are their outputs, all but, and both precisions' numbers."""
    for seed in seeds:
        random = np.random.default_rng(seed)
        case = random_case(random)
        weights = {name: array.astype(np.float32) for name, array in case.weights.items()}
        case = replace(case, weights=weights, dtype=np.dtype(np.float32))
        if case.loss == "mse":
            y = compute(case)["output"]
            case = replace(case, target=(y * (1 + 3e-6)).astype(np.float32))
        else:
            best = compute(case)["output"].argmax(axis=-1)
            weights["readout.weight"] = weights["readout.weight"] * np.float32(60)
            case = replace(case, target=np.where(case.mask, best, -1))
        # The samples the other way round: another order of operations.
        theirs = compute(mirrored(case), dtype=np.float32)
        yield case, compute(case), mirrored_numbers(theirs)


def mirrored(case: Case) -> Case:
    """Return the case with its samples in the opposite order."""
    start = {name: array[:, ::-1] for name, array in case.start.items()}
    return replace(
        case,
        x=case.x[:, ::-1],
        target=case.target[:, ::-1],
        mask=case.mask[:, ::-1],
        start=start,
    )


def mirrored_numbers(numbers: dict[str, Array]) -> dict[str, Array]:
    return {
        name: array[..., ::-1, :].astype(np.float32) if array.ndim > 2 else array.astype(np.float32)
        for name, array in numbers.items()
    }


@pytest.mark.parametrize(
    "seeds", [range(4), pytest.param(range(4, 604), marks=pytest.mark.long)], ids=["4", "600"]
)
def test_numbers_of_a_learned_batch_agree(seeds: range) -> None:
    found = 0
    for case, ours, theirs in learned_cases(seeds):
        comparison = compare(replace(case, theirs=theirs), ours)
        assert comparison.agrees, (case.cell, comparison.first)
        doubled = {name: 2 * array for name, array in theirs.items() if name != "loss"}
        found += not compare(replace(case, theirs=doubled), ours).agrees
    assert found >= 0.99 * len(seeds)  # of units that are all 0, twice as much is no difference


def test_what_comes_before_the_numbers_diverge_is_still_told_apart() -> None:
    random = np.random.default_rng(0)
    case = random_case(random, "rnn")
    H, T = 16, 120
    weights = {
        "rnn.weight_ih_l0": random.normal(size=(H, 1)),
        "rnn.weight_hh_l0": 4 * random.normal(size=(H, H)) / np.sqrt(H),
        "rnn.bias_ih_l0": np.zeros(H),
        "rnn.bias_hh_l0": np.zeros(H),
        "readout.weight": random.normal(size=(1, H)),
        "readout.bias": np.zeros(1),
    }
    case = replace(
        case,
        activation="tanh",
        loss="mse",
        layers=1,
        hidden=H,
        features=1,
        outputs=1,
        start={},
        dtype=np.dtype(np.float32),
        weights={name: array.astype(np.float32) for name, array in weights.items()},
        x=random.normal(size=(T, 1, 1)),
        target=random.normal(size=(T, 1, 1)),
        mask=np.ones((T, 1), bool),
    )
    ours, narrow = compute(case), compute(case, dtype=np.float32)
    assert np.abs(ours["h"] - narrow["h"]).max() > 0.1  # chaos: float32 leads elsewhere
    theirs = {"h": narrow["h"].astype(np.float32)}
    assert compare(replace(case, theirs=theirs), ours).agrees
    theirs["h"][0, 4, 0, 7] += 0.01
    first = compare(replace(case, theirs=theirs), ours).first
    assert first is not None
    assert (first.t, first.unit) == (5, 7)
