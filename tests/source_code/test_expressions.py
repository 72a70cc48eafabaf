import ast
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.core.expressions import (
    ONE,
    TWO,
    Array,
    Dot,
    Expression,
    Function,
    Negative,
    Square,
    Value,
    tanh,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.training.optimizers import make_optimizer
from rnn_tui.engine.training.optimizers.base import Hyperparameters
from rnn_tui.registry import CELLS, OPTIMIZERS
from rnn_tui.source_code.dialects import NUMPY, TORCH
from rnn_tui.source_code.expressions import numpy_text, statement, torch_text
from rnn_tui.source_code.names import called, code_name

a, b, c = Value("a_t"), Value("b"), Value("c_<t-1>")


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("h_t", "h"),
        ("h_<t-1>", "h_prev"),
        ("dh2_<t-1>", "dh2_prev"),
        ("da_f", "da_f"),
        ("da_t", "da"),
        ("dh_next", "dh_next"),
        ("W2_xf", "W2_xf"),
        ("b_hn", "b_hn"),
        ("tanh(c2_t)", "tanh_c2"),
        ("target_t", "target"),
        ("√(1−β₂ⁿ)", "correction2"),
    ],
)
def test_values_have_names_of_their_own_in_code(symbol: str, name: str) -> None:
    assert code_name(symbol) == name


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Dot("x_t", "W_xf") + Dot("h_<t-1>", "W_hf") + b, "x @ W_xf + h_prev @ W_hf + b"),
        (Dot("da_f", "W_hf", transposed=True), "da_f @ W_hf.T"),
        (a * Dot("x_t", "W"), "a * (x @ W)"),
        (Dot("x_t", "W") * a, "(x @ W) * a"),
        (a * (b * (ONE - b)), "a * (b * (1 - b))"),
        (a * b * (ONE - b), "a * b * (1 - b)"),
        (a - (b - c), "a - (b - c_prev)"),
        (a + (b + c), "a + (b + c_prev)"),
        (a / (b * c), "a / (b * c_prev)"),
        (TWO * (a - b) / c, "2 * (a - b) / c_prev"),
        (Negative(a * b), "-a * b"),
        (Negative(a + b), "-(a + b)"),
        (a + Negative(b), "a + (-b)"),
        (ONE - Square(a), "1 - a**2"),
        (ONE - Square(Value("tanh(c_t)")), "1 - np.tanh(c) ** 2"),
        (a * tanh(b + c), "a * np.tanh(b + c_prev)"),
        (a * Function("step", b), "a * (b > 0)"),
        (Function("step", b + c), "((b + c_prev) > 0)"),
        (Function("√", a + b), "np.sqrt(a + b)"),
    ],
)
def test_an_expression_is_code_with_the_parentheses_it_needs(
    expression: Expression, text: str
) -> None:
    assert numpy_text(expression) == text
    assert torch_text(expression) == text.replace("np.", "torch.")


def _declared_operations() -> Iterator[Operation]:
    """Yield the operations of all cells in two layers, of both losses, and of all optimizers."""
    for cell in CELLS.names:
        for activation, loss in (("tanh", "mse"), ("relu", "cross-entropy")):
            problem = Problem(loss, symbols=False, topology=None)
            architecture = Architecture(cell, activation, 3, 3, 3, problem, layers=2)
            declaration = NetworkDeclaration(architecture, 4, 3, np.float64)
            yield from (*declaration.forward_operations, *declaration.backward_operations)
    for optimizer in OPTIMIZERS.names:
        for eps_place in ("outside", "inside"):
            hyperparameters = Hyperparameters(lr=0.1, eps_place=eps_place)
            yield from make_optimizer(optimizer, np.zeros(3), hyperparameters).operations()


def _sigmoid(array: Array) -> Array:
    result: Array = 0.5 + 0.5 * np.tanh(0.5 * array)
    return result


def _softmax(array: Array) -> Array:
    powers = np.exp(array - array.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def test_the_code_of_every_declared_operation_computes_the_same_bits() -> None:
    random, operations = np.random.default_rng(1), dict.fromkeys(_declared_operations())
    for operation in operations:
        symbols = {"y_t", "dh_t", "dh2_t"}  # the shapes of what is declared to be 0
        symbols |= {
            call[1] if (call := called(name)) else name for name in operation.expression.symbols()
        }
        # All are square, so that every product has a meaning.
        values = {name: random.uniform(0.1, 2, (3, 3)) for name in sorted(symbols)}
        scope: dict[str, Any] = {code_name(name): array for name, array in values.items()}
        values |= {f"tanh({name})": np.tanh(array) for name, array in values.items()}
        scope |= {"np": np, "sigmoid": _sigmoid, "softmax": _softmax}
        exec(statement(operation, NUMPY), scope)
        expected = operation.expression.evaluate(values)
        np.testing.assert_array_equal(scope[code_name(operation.symbol)], expected)
        ast.parse(statement(operation, TORCH))
    assert len(operations) > 100
