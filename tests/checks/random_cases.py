"""Random cases, without numbers of their author."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.cases.names import is_bias, states_of, weight_shapes
from rnn_tui.registry import CELLS
from rnn_tui.tensor_files.content import Array


def random_case(random: np.random.Generator, cell: str | None = None, largest: int = 3) -> Case:
    """Return a case of random sizes, with or without biases, start, mask, symbols.

    Args:
        random: what decides.
        cell: the cell; None for any.
        largest: most layers, units, inputs, outputs and samples; the window has two more.
    """

    def size(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    def likely(share: float) -> bool:
        return bool(random.random() < share)

    cell = cell or str(random.choice([*CELLS.names]))
    layers, hidden, outputs, features, batch = (size(1, largest) for _ in range(5))
    steps = size(1, largest + 2)
    shapes = weight_shapes(cell, layers, features, hidden, outputs)
    scale = random.choice([0.3, 1.0])
    weights: dict[str, Array] = {n: scale * random.normal(size=s) for n, s in shapes.items()}
    without = [n for n in weights if is_bias(n) and likely(0.2)]
    weights |= {name: np.zeros(shapes[name]) for name in without}
    loss = "mse" if likely(0.5) else "cross-entropy"
    mask = random.random((steps, batch)) < (0.6 if likely(0.5) else 1.0)
    mask[size(0, steps - 1), size(0, batch - 1)] = True
    target = (
        random.normal(size=(steps, batch, outputs))
        if loss == "mse"
        else np.where(mask, random.integers(outputs, size=(steps, batch)), -1)
    )
    return Case(
        cell=cell,
        activation="relu" if "activation" in CELLS[cell].settings and likely(0.4) else "tanh",
        loss=loss,
        reduction="mean" if likely(0.5) else "sum",
        layers=layers,
        hidden=hidden,
        dtype=np.dtype(np.float64),
        weights=weights,
        given_weights=tuple(name for name in weights if name not in without),
        x=random.integers(features, size=(steps, batch))
        if likely(0.3)
        else random.normal(size=(steps, batch, features)),
        target=target,
        mask=mask,
        features=features,
        outputs=outputs,
        start={
            state: random.normal(size=(layers, batch, hidden))
            for state in states_of(cell)
            if likely(0.4)
        },
        batch_first=likely(0.5),
    )


def with_numbers(
    random: np.random.Generator, case: Case, numbers: Mapping[str, Array], share: float = 1.0
) -> Case:
    """Return the case with numbers of its author, some of the states of the top layer alone.

    Args:
        random: what decides.
        case: the case.
        numbers: all of them.
        share: how many of them are given.
    """
    theirs = {
        name: array[-1] if array.ndim == 4 and random.random() < 0.3 else array
        for name, array in numbers.items()
        if random.random() < share or name == "loss"
    }
    return replace(case, theirs=theirs)
