"""Small random networks for pencil and paper: few units, few timesteps, numbers of one digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.engine.core.expressions import Array, Zeros
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.layouts.torch_layout import tensors_of
from rnn_tui.settings import Settings, Value
from rnn_tui.tasks.case import case_settings

MOST_UNITS = 3
STEPS = (2, 3)
LEARNING_RATE = 0.2  # with 0.1 a step would have the digits of its gradient
SATURATED = 0.95  # a gate beyond this share of its range can no longer be told from its bound
SMALLEST, LARGEST = 0.001, 50.0  # magnitudes that are asked for
_ATTEMPTS = 500
_WEIGHTS = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
_SMALL = np.array([0.2, 0.3, 0.4, 0.5, 0.6])  # 0.1 would only move the point

Values = dict[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class SmallNetwork:
    """A network with numbers of one digit, and what one or two updates of it compute.

    Attributes:
        case: the network, its window and its targets.
        settings: those of its run.
        values: by timestep, from 1: every value of the declared operations in the first window.
        gradient: [P], of the first window.
        steps: for each of the first two updates, and each index of a parameter: the numbers of the
            optimizer's step.
    """

    case: Case
    settings: Settings
    values: dict[int, Values]
    gradient: Array
    steps: tuple[tuple[dict[str, float], ...], ...]

    def trainer(self) -> Trainer:
        """Return a run of it that has not begun."""
        return new_trainer(self.settings, self.case)

    def number(self, symbol: str, t: int, unit: int) -> float:
        """Return one entry of a value: unit `unit`, from 1, at timestep `t`."""
        return float(self.values[t][symbol][0, unit - 1])

    def is_good(self, number: float) -> bool:
        """Return whether a number can be asked for: neither 0 nor very small or large."""
        return SMALLEST <= abs(number) <= LARGEST


def draw_network(
    cell: str,
    optimizer: str,
    random: np.random.Generator,
    *,
    most_units: int = MOST_UNITS,
    steps: Sequence[int] = STEPS,
) -> SmallNetwork:
    """Draw a network of which no gate and no state is saturated, and no number is 0.

    Args:
        cell: the name of its cell.
        optimizer: what makes its updates.
        random: where the numbers come from.
        most_units: the number of its hidden units at most.
        steps: one of these is the number of its timesteps.
    """
    best, most = None, -1.0
    for _ in range(_ATTEMPTS):
        network = _measured(_draw_case(cell, random, most_units, steps), optimizer)
        share = _share_of_good_numbers(network)
        if share == 1:
            return network
        if share > most:
            best, most = network, share
    assert best is not None
    return best


def _draw_case(
    cell: str, random: np.random.Generator, most_units: int, lengths: Sequence[int]
) -> Case:
    """Draw weights, inputs, targets and first states."""
    hidden = int(random.integers(1, most_units + 1))
    steps = int(random.choice(lengths))
    architecture = Architecture(cell, "tanh", 1, hidden, 1)
    flat = _signed(random, _WEIGHTS, architecture.parameter_count())
    start = {
        state: _signed(random, _SMALL, hidden).reshape(1, 1, hidden)
        for state in architecture.make_cell().states
    }
    dtype = np.dtype(np.float64)
    weights = {name: np.array(array) for name, array in tensors_of(architecture, flat).items()}
    return Case(
        cell=cell,
        activation="tanh",
        loss="mse",
        reduction="mean",
        layers=1,
        hidden=hidden,
        dtype=dtype,
        weights=weights,
        given_weights=tuple(weights),
        x=_signed(random, _WEIGHTS, steps).reshape(steps, 1, 1),
        target=_signed(random, _WEIGHTS, steps).reshape(steps, 1, 1),
        mask=np.ones((steps, 1), np.bool_),
        features=1,
        outputs=1,
        start=start,
        name="drill",
    )


def _signed(random: np.random.Generator, sizes: Array, count: int) -> Array:
    """Draw numbers of these magnitudes, with signs."""
    drawn: Array = random.choice(sizes, count) * random.choice([-1.0, 1.0], count)
    return drawn


def _measured(case: Case, optimizer: str) -> SmallNetwork:
    """Compute two updates of a case."""
    chosen: dict[str, Value] = {"optimizer": optimizer, "lr": LEARNING_RATE, "clip_by": "none"}
    settings = case_settings(case, chosen)
    trainer = new_trainer(settings, case)
    trainer.advance_to(trainer.schedule.clip)
    window = trainer.network
    values = {
        t: {symbol: np.array(array) for symbol, array in window.values(t).items()}
        for t in range(1, case.steps + 1)
    }
    gradient = np.array(window.gradient)
    steps = []
    for _ in range(2):
        trainer.finish_update()
        count = trainer.parameters.size
        numbers = (trainer.optimizer.values(trainer.clipped, index) for index in range(count))
        steps.append(tuple({name: float(each[name]) for name in each} for each in numbers))
    return SmallNetwork(case, settings, values, gradient, tuple(steps))


def _share_of_good_numbers(network: SmallNetwork) -> float:
    """Return which share of the values of all declared operations is neither 0 nor saturated."""
    trainer = network.trainer()
    spans = {row.symbol: row.span for row in trainer.network.declaration.rows}
    good = [
        _is_good(value, spans.get(operation.symbol))
        for t, values in network.values.items()
        for operation in all_operations(trainer, t)
        if not isinstance(operation.expression, Zeros)
        for value in values[operation.symbol].ravel()
    ]
    return sum(good) / len(good)


def all_operations(trainer: Trainer, t: int) -> tuple[Operation, ...]:
    """Return the operations of both passes at a timestep, in order."""
    declaration = trainer.network.declaration
    return (*declaration.forward_operations, *declaration.backward_operations_at(t))


def _is_good(value: float, span: tuple[float, float] | None) -> bool:
    """Return whether a number is neither 0 nor saturated, as far as it has bounds."""
    if span is not None:
        low, high = span
        share = (value - low) / (high - low)
        if not 1 - SATURATED <= share <= SATURATED:
            return False
    return SMALLEST <= abs(value) <= LARGEST
