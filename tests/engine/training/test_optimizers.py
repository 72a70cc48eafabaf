"""Optimizers: PyTorch's formulas written down anew, the declared operations, and taking back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine.engine_support import same_bits
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.core.expressions import UnitReader
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters, Optimizer
from rnn_tui.registry import OPTIMIZERS

Reference = Callable[[float, list[float], Hyperparameters], float]


def sgd(p: float, gradients: list[float], given: Hyperparameters) -> float:
    buffer: float | None = None
    for g in gradients:
        buffer = g if buffer is None else given.momentum * buffer + g
        p -= given.lr * buffer
    return p


def adagrad(p: float, gradients: list[float], given: Hyperparameters) -> float:
    s = 0.0
    for g in gradients:
        s += g * g
        if given.eps_place == "inside":
            p -= given.lr * g / math.sqrt(s + (given.eps or 1e-8))
        else:
            p -= given.lr * g / (math.sqrt(s) + (given.eps or 1e-10))
    return p


def rmsprop(p: float, gradients: list[float], given: Hyperparameters) -> float:
    v = 0.0
    for g in gradients:
        v = given.alpha * v + (1 - given.alpha) * g * g
        p -= given.lr * g / (math.sqrt(v) + (given.eps or 1e-8))
    return p


def adam(p: float, gradients: list[float], given: Hyperparameters) -> float:
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = given.beta1 * m + (1 - given.beta1) * g
        v = given.beta2 * v + (1 - given.beta2) * g * g
        rate = given.lr / (1 - given.beta1**t)
        p -= rate * m / (math.sqrt(v) / math.sqrt(1 - given.beta2**t) + (given.eps or 1e-8))
    return p


REFERENCES: dict[str, Reference] = {
    "sgd": sgd,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
}
VARIANTS = {
    "sgd": ("sgd", Hyperparameters(lr=0.1)),
    "sgd momentum": ("sgd", Hyperparameters(lr=0.1, momentum=0.9)),
    "adagrad": ("adagrad", Hyperparameters(lr=0.1)),
    "adagrad eps": ("adagrad", Hyperparameters(lr=0.1, eps=0.01)),
    "adagrad inside": ("adagrad", Hyperparameters(lr=0.1, eps_place="inside")),
    "adagrad inside eps": ("adagrad", Hyperparameters(lr=0.1, eps_place="inside", eps=0.01)),
    "rmsprop": ("rmsprop", Hyperparameters(lr=0.1)),
    "rmsprop eps": ("rmsprop", Hyperparameters(lr=0.1, alpha=0.5, eps=0.01)),
    "rmsprop no memory": ("rmsprop", Hyperparameters(lr=0.1, alpha=0.0)),
    "adam": ("adam", Hyperparameters(lr=0.1)),
    "adam eps": ("adam", Hyperparameters(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01)),
    "adam no memory": ("adam", Hyperparameters(lr=0.1, beta1=0.0, beta2=0.0)),
}
each_variant = pytest.mark.parametrize(
    ("name", "given_ones"), VARIANTS.values(), ids=list(VARIANTS)
)
gradients = st.lists(
    st.lists(st.floats(-10, 10).filter(lambda g: abs(g) > 1e-3 or g == 0), min_size=3, max_size=3),
    min_size=1,
    max_size=8,
)


def stepped(name: str, given_ones: Hyperparameters, rows: np.ndarray) -> Optimizer:
    """Return an optimizer after one step for each row, starting at parameters 1, −2 and 0."""
    optimizer = make_optimizer(name, np.array([1.0, -2.0, 0.0], rows.dtype), given_ones)
    for row in rows:
        optimizer.step(row)
    return optimizer


@each_variant
@given(rows=gradients)
def test_steps_follow_the_formula(
    name: str, given_ones: Hyperparameters, rows: list[list[float]]
) -> None:
    optimizer = stepped(name, given_ones, np.array(rows))
    for index, start in enumerate((1.0, -2.0, 0.0)):
        expected = REFERENCES[name](start, [row[index] for row in rows], given_ones)
        assert optimizer.parameters[index] == pytest.approx(expected, rel=1e-13, abs=1e-14)
    assert optimizer.updates_made == len(rows)


@each_variant
@given(rows=gradients)
def test_declared_operations_compute_the_same_step(
    name: str, given_ones: Hyperparameters, rows: list[list[float]]
) -> None:
    optimizer = stepped(name, given_ones, np.array(rows))
    gradient = np.array(rows[-1])
    for index in range(3):
        values = optimizer.values(gradient, index)
        computed = dict(values)
        stored = {*optimizer.memory, "Δ", "p_new"}
        for operation in optimizer.operations():
            for read in operation.expression.symbols():
                assert read in values
            computed[operation.symbol] = operation.expression.evaluate(computed)
            if operation.symbol in stored:
                expected = float(values[operation.symbol])
                found = float(computed[operation.symbol])
                assert found == pytest.approx(expected, rel=2e-14, abs=1e-15), operation.equation()
        assert stored <= {operation.symbol for operation in optimizer.operations()}


@each_variant
def test_operations_name_what_is_there_and_nothing_twice(
    name: str, given_ones: Hyperparameters
) -> None:
    optimizer = stepped(name, given_ones, np.array([[0.5, -1.0, 0.0], [0.1, 0.2, 0.3]]))
    symbols = [operation.symbol for operation in optimizer.operations()]
    assert len(symbols) == len(set(symbols))
    assert symbols[-2:] == ["Δ", "p_new"]
    assert "rate" in symbols
    values = optimizer.values(np.array([0.1, 0.2, 0.3]), 1)
    for operation in optimizer.operations():
        assert operation.row == operation.symbol
        tokens = operation.expression.tokens(UnitReader(values, 0, 0))
        assert any(isinstance(token, float) for token in tokens)
    assert values["p_new"] - values["p"] == pytest.approx(float(values["Δ"]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_variant
def test_a_step_taken_back_leaves_no_trace(
    name: str, given_ones: Hyperparameters, dtype: type[np.floating[Any]]
) -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(5, 3)).astype(dtype)
    optimizer = stepped(name, given_ones, rows[:4])
    parameters = optimizer.parameters.copy()
    memory = {key: array.copy() for key, array in optimizer.memory.items()}
    optimizer.step(rows[4])
    after = optimizer.parameters.copy()
    assert not same_bits(after, parameters)
    optimizer.undo()
    assert same_bits(optimizer.parameters, parameters)
    assert optimizer.updates_made == 4
    for key, array in memory.items():
        assert same_bits(optimizer.memory[key], array)
    optimizer.step(rows[4])
    assert same_bits(optimizer.parameters, after)


@each_variant
def test_even_an_overflow_is_taken_back(name: str, given_ones: Hyperparameters) -> None:
    optimizer = stepped(name, given_ones, np.array([[0.5, -1.0, 0.0]]))
    parameters, memory = optimizer.parameters.copy(), optimizer.memory
    kept = {key: array.copy() for key, array in memory.items()}
    with np.errstate(all="ignore"):
        optimizer.step(np.array([np.inf, np.nan, 1e300]))
    optimizer.undo()
    assert same_bits(optimizer.parameters, parameters)
    assert all(same_bits(memory[key], kept[key]) for key in kept)


@each_variant
def test_float32_stays_float32_and_close(name: str, given_ones: Hyperparameters) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 3))
    narrow = stepped(name, given_ones, rows.astype(np.float32))
    wide = stepped(name, given_ones, rows)
    for array in (narrow.parameters, narrow.delta, *narrow.memory.values()):
        assert array.dtype == np.float32
    assert np.abs(narrow.parameters - wide.parameters).max() < 2e-5


@each_variant
def test_no_gradient_and_no_memory_is_no_change(name: str, given_ones: Hyperparameters) -> None:
    optimizer = stepped(name, given_ones, np.zeros((3, 3)))
    assert np.array_equal(optimizer.parameters, [1.0, -2.0, 0.0])


@pytest.mark.parametrize(
    ("name", "place", "eps"),
    [
        ("adagrad", "outside", 1e-10),
        ("adagrad", "inside", 1e-8),
        ("rmsprop", "outside", 1e-8),
        ("adam", "outside", 1e-8),
    ],
)
def test_each_has_its_own_eps(name: str, place: str, eps: float) -> None:
    optimizer = make_optimizer(name, np.zeros(1), Hyperparameters(lr=0.1, eps_place=place))
    assert optimizer.eps == eps
    optimizer.configure(Hyperparameters(lr=0.1, eps_place=place, eps=0.5))
    assert optimizer.eps == 0.5


def test_new_hyperparameters_keep_the_memory() -> None:
    optimizer = stepped("adam", Hyperparameters(lr=0.1), np.ones((3, 3)))
    memory = {key: array.copy() for key, array in optimizer.memory.items()}
    optimizer.configure(Hyperparameters(lr=0.2))
    assert all(same_bits(optimizer.memory[key], memory[key]) for key in memory)
    assert optimizer.updates_made == 3
    optimizer.step(np.ones(3))
    assert optimizer.delta == pytest.approx(-0.2, rel=1e-6)


def test_a_picture_does_not_change() -> None:
    optimizer = stepped("adam", Hyperparameters(lr=0.1), np.ones((3, 3)))
    picture = optimizer.copy()
    before = {key: value.copy() for key, value in picture.values(np.ones(3), 1).items()}
    optimizer.step(np.full(3, 7.0))
    assert picture.updates_made == 3
    assert all(same_bits(v, before[k]) for k, v in picture.values(np.ones(3), 1).items())


def test_there_are_these_four() -> None:
    assert set(REFERENCES) <= set(OPTIMIZERS.names)  # others are held to their declaration
    with pytest.raises(KeyError):
        make_optimizer("sdg", np.zeros(1), Hyperparameters(lr=0.1))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.names))
def test_the_last_step_keeps_its_own_numbers_when_the_settings_change(name: str) -> None:
    parameters = np.linspace(-1, 1, 7)
    gradient = np.linspace(0.5, -0.3, 7)
    optimizer = make_optimizer(name, parameters, Hyperparameters(lr=0.1, momentum=0.5))
    optimizer.step(gradient)
    optimizer.step(gradient)
    before = optimizer.values(gradient, 2)
    optimizer.configure(Hyperparameters(lr=0.7, momentum=0.1, alpha=0.5, beta1=0.2, eps=0.1))
    after = optimizer.values(gradient, 2)
    assert {n: float(v) for n, v in after.items()} == {n: float(v) for n, v in before.items()}
    for operation in optimizer.operations():
        alone = float(operation.expression.evaluate(after))
        assert alone == pytest.approx(float(after[operation.symbol]), rel=1e-12)
