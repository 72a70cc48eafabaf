"""Expressions: text with the right parentheses, and three readings of one tree that agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rnn_tui.engine.core.expressions import (
    ONE,
    TWO,
    Binary,
    Constant,
    Dot,
    Expression,
    Function,
    Negative,
    Products,
    Square,
    Token,
    UnitReader,
    Value,
    apply,
    sigmoid,
    tanh,
    total,
)

a, b, c, d = (Value(name) for name in "abcd")
inward, back = Dot("x", "W"), Dot("d", "V", transposed=True)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (a, "a"),
        (a + b * c, "a + b⊙c"),
        ((a + b) * c, "(a + b)⊙c"),
        (a * (b + c), "a⊙(b + c)"),
        (a * b * c, "a⊙b⊙c"),
        (a + b + c, "a + b + c"),
        (a - (b + c), "a − (b + c)"),
        (a - (b - c), "a − (b − c)"),
        (a - b - c, "a − b − c"),
        ((a - b) + c, "a − b + c"),
        (a / (b * c), "a/(b⊙c)"),
        (a / (b / c), "a/(b/c)"),
        (a / b / c, "a/b/c"),
        (a / (b + c), "a/(b + c)"),
        (a * b / c, "a⊙b/c"),
        (Negative(a * b), "−a⊙b"),
        (Negative(a + b), "−(a + b)"),
        (Negative(a) * b, "(−a)⊙b"),
        (a - Negative(b), "a − (−b)"),
        (a + Negative(b), "a + (−b)"),
        (a * Negative(b), "a⊙(−b)"),
        (Negative(Negative(a)), "−(−a)"),
        (a * (ONE - Square(a)), "a⊙(1 − a²)"),
        (a / Square(b), "a/(b²)"),
        (Function("√", a) + b, "√(a) + b"),
        (sigmoid(inward + b), "σ(x·W + b)"),
        (tanh(inward + back), "tanh(x·W + d·Vᵀ)"),
        (TWO * (a - b) / c, "2·(a − b)/c"),
        (total(a, b, c), "a + b + c"),
    ],
)
def test_text_has_the_parentheses_it_needs(expression: Expression, text: str) -> None:
    assert expression.text() == text


def test_symbols_come_once_and_in_order() -> None:
    assert (c * a + inward - c / Square(b)).symbols() == ("c", "a", "x", "W", "b")
    assert ONE.symbols() == ()


# Reading tokens: a small calculator that knows the usual rules of precedence and nothing of trees.

SYMBOLS = ("+", "−", "·", "/", "(", ")", "²")
FUNCTIONS = ("σ", "tanh", "relu", "step", "√")


class Calculator:
    """sum := ["−"] product {("+"|"−") product};  product := power {("·"|"/") power};
    power := atom ["²"];  atom := number | [function] "(" sum ")"."""

    def __init__(self, tokens: tuple[Token, ...], number: Any = float) -> None:
        self.number = number
        self.rest: list[Any] = []
        for token in tokens:
            if isinstance(token, Products):
                self.rest.append(number(token.total))
            else:
                self.rest += [number(token)] if isinstance(token, float) else self.split(token)

    def split(self, notation: str) -> list[Any]:
        """Split a piece of notation into symbols, function names and constants."""
        word, opened = notation.strip(), []
        if word.endswith("(") and len(word) > 1:
            word, opened = word[:-1], ["("]
        assert word in SYMBOLS + FUNCTIONS or word.isdecimal(), notation
        return [self.number(int(word)) if word.isdecimal() else word, *opened]

    def next_is(self, *symbols: str) -> bool:
        return bool(self.rest) and isinstance(self.rest[0], str) and self.rest[0] in symbols

    def result(self) -> Any:
        value = self.sum()
        assert not self.rest, f"left over: {self.rest}"
        return value

    def sum(self) -> Any:
        if self.next_is("−"):
            self.rest.pop(0)
            value = -self.product()
        else:
            value = self.product()
        while self.next_is("+", "−"):
            sign = self.rest.pop(0)
            term = self.product()
            value = value + term if sign == "+" else value - term
        return value

    def product(self) -> Any:
        value = self.power()
        while self.next_is("·", "/"):
            sign = self.rest.pop(0)
            factor = self.power()
            value = value * factor if sign == "·" else value / factor
        return value

    def power(self) -> Any:
        value = self.atom()
        if self.next_is("²"):
            self.rest.pop(0)
            value = value * value
        assert not self.next_is("²")
        return value

    def atom(self) -> Any:
        function = self.rest.pop(0) if self.next_is(*FUNCTIONS) else None
        if not self.next_is("("):
            value = self.rest.pop(0)
            assert function is None
            assert not isinstance(value, str), f"{value} where a number should be"
            return value
        self.rest.pop(0)
        value = self.sum()
        assert self.rest.pop(0) == ")"
        return self.call(function, value) if function else value

    def call(self, function: str, argument: Any) -> Any:
        if function == "relu":
            return max(argument, self.number(0))
        if function == "step":
            return self.number(int(argument > 0))
        exact = {"σ": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh, "√": math.sqrt}
        return exact[function](argument)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ((2.0, " − ", 3.0, " − ", 4.0), -5),
        ((2.0, " + ", 3.0, "·", -4.0), -10),
        (("−", 2.0, "·", 3.0, "²"), -18),
        (("(", "−", 2.0, ")", "²"), 4),
        ((8.0, "/", 2.0, "/", 2.0), 2),
        (("√(", 9.0, " + ", "7", ")", "·", "2"), 8),
        ((-3.0, "²"), 9),
    ],
)
def test_the_calculator_itself(tokens: tuple[Token, ...], expected: float) -> None:
    assert Calculator(tokens).result() == expected


SAMPLES, WIDTH, INPUTS = 2, 3, 4


def random_values(seed: int) -> dict[str, np.ndarray]:
    """Return small whole numbers as fractions, whose products are exact in every reading."""
    random = np.random.default_rng(seed)
    shapes = {
        **{"a": (SAMPLES, WIDTH), "b": (WIDTH,), "c": (SAMPLES, WIDTH), "n": ()},
        **{"x": (SAMPLES, INPUTS), "W": (INPUTS, WIDTH), "V": (WIDTH, INPUTS)},
        **{"u": (SAMPLES, 1), "U": (1, WIDTH)},
    }
    values = {}
    for name, shape in shapes.items():
        values[name] = np.empty(shape, object)
        for place in np.ndindex(shape):
            values[name][place] = Fraction(int(random.integers(-6, 7)))
    return values


values = st.integers(0, 1000).map(random_values)


class Whole(Constant):
    """A constant that stays a fraction when it is divided."""

    def evaluate(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.asarray(Fraction(self.number), object)


named = st.sampled_from(["a", "b", "c", "n"]).map(Value)
leaves = st.one_of(
    named,
    named.map(Square),
    st.integers(0, 3).map(Whole),
    st.sampled_from([Dot("x", "W"), Dot("x", "V", transposed=True), Dot("u", "U")]),
)


def larger(smaller: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operators = st.sampled_from([" + ", " − ", "⊙", "/"])
    return st.one_of(
        st.builds(Binary, operators, smaller, smaller),
        smaller.map(Negative),
        st.builds(Function, st.just("relu"), smaller),
    )


trees = st.recursive(leaves, larger, max_leaves=12)


def exactly(tree: Expression, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Evaluate in fractions: nothing is rounded, so a wrong parenthesis cannot hide."""
    try:
        result = tree.evaluate(values)
    except ZeroDivisionError:
        assume(False)
    return np.broadcast_to(np.asarray(result, object), (SAMPLES, WIDTH))


@given(trees, values)
def test_tokens_calculate_to_the_value(tree: Expression, values: dict[str, np.ndarray]) -> None:
    expected = exactly(tree, values)
    for sample in range(SAMPLES):
        for unit in range(WIDTH):
            tokens = tree.tokens(UnitReader(values, sample, unit))
            assert Calculator(tokens, Fraction).result() == expected[sample, unit]


@given(trees, values)
def test_text_calculates_to_the_value(tree: Expression, values: dict[str, np.ndarray]) -> None:
    """Each name and product of the equation is replaced by its number."""
    expected = exactly(tree, values)
    text = tree.text()
    products = {"x·W": ("x", values["W"]), "x·Vᵀ": ("x", values["V"].T), "u·U": ("u", values["U"])}
    for name, (vector, matrix) in products.items():
        text = text.replace(name, f"[{(values[vector] @ matrix)[1, 2]}]")
    for name in "abcn":
        number = np.broadcast_to(values[name], (SAMPLES, WIDTH))[1, 2]
        text = text.replace(name, f"[{number}]")
    assert Calculator(read(text), Fraction).result() == expected[1, 2]


def read(text: str) -> tuple[Token, ...]:
    """Split an equation's text into tokens; its numbers are in square brackets."""
    tokens: list[Token] = []
    while text := text.strip():
        if text.startswith("["):
            number, text = text[1:].split("]", 1)
            tokens.append(float(number))
            continue
        word = "relu(" if text.startswith("relu(") else text[0]
        tokens.append(word.replace("⊙", "·"))
        text = text[len(word) :]
    return tuple(tokens)


@pytest.mark.parametrize("function", ["σ", "tanh", "√"])
def test_functions_in_tokens(function: str) -> None:
    numbers = {"a": np.array([[0.3, 1.7], [2.5, 0.01]])}
    tree = Function(function, a * a + a) / (ONE + a)
    result = tree.evaluate(numbers)
    for sample in range(2):
        for unit in range(2):
            tokens = tree.tokens(UnitReader(numbers, sample, unit))
            number = Calculator(tokens).result()
            assert number == pytest.approx(result[sample, unit], rel=1e-14)


def test_sigma_is_the_logistic_function_and_cannot_overflow() -> None:
    argument = np.linspace(-30, 30, 601)
    expected = 1 / (1 + np.exp(-argument))
    assert np.abs(apply("σ", argument) - expected).max() <= np.finfo(float).eps
    with np.errstate(all="raise"):
        for dtype in (np.float32, np.float64):
            extreme = np.array([-np.inf, np.finfo(dtype).min, np.finfo(dtype).max, np.inf], dtype)
            assert np.array_equal(apply("σ", extreme), [0, 0, 1, 1])


def test_step_is_the_slope_of_relu_with_none_at_the_kink() -> None:
    argument = np.array([-1.0, -0.0, 0.0, 1e-300, 2.0])
    assert np.array_equal(apply("relu", argument), [0, 0, 0, 1e-300, 2])
    assert np.array_equal(apply("step", argument), [0, 0, 0, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_that_of_the_values(dtype: type[np.floating[Any]]) -> None:
    numbers = {"a": np.ones((2, 2), dtype), "b": np.ones(2, dtype)}
    for function in FUNCTIONS:
        tree = Function(function, TWO * a - b) / (ONE + Square(a))
        assert tree.evaluate(numbers).dtype == dtype


def test_a_narrower_value_answers_for_every_unit() -> None:
    numbers = {"a": np.array([[1.0, 2.0, 3.0]]), "n": np.array(7.0), "y": np.array([[4.0]])}
    reader = UnitReader(numbers, 0, 2)
    assert [reader.number(name) for name in ("a", "n", "y")] == [3.0, 7.0, 4.0]


def factors(node: Dot, numbers: Mapping[str, np.ndarray], unit: int) -> list[tuple[float, float]]:
    """Both factors of every term of a product; they add up to its total."""
    [token] = node.tokens(UnitReader(numbers, 0, unit))
    assert isinstance(token, Products)
    assert token.total == token.products().sum() == node.evaluate(numbers)[0, unit]
    assert len(token.entries) == len(token.left)
    return [*zip(token.left.tolist(), token.right.tolist(), strict=True)]


def test_a_dot_shows_both_factors_of_every_term() -> None:
    numbers = {"x": np.array([[2.0]]), "W": np.array([[3.0, 5.0]])}
    assert factors(Dot("x", "W"), numbers, 1) == [(2, 5)]
    numbers = {"x": np.array([[2.0, 1.0]]), "W": np.array([[3.0, 5.0], [1.0, 4.0]])}
    assert factors(Dot("x", "W"), numbers, 1) == [(2, 5), (1, 4)]
    assert factors(Dot("x", "W", transposed=True), numbers, 1) == [(2, 1), (1, 4)]


def test_a_dot_with_a_symbol_shows_the_weight_it_picks_and_with_none_all() -> None:
    numbers = {"x": np.array([[0.0, 1.0]]), "W": np.array([[3.0, 5.0], [7.0, 9.0]])}
    assert factors(Dot("x", "W"), numbers, 0) == [(1, 7)]
    assert factors(Dot("x", "W", transposed=True), numbers, 0) == [(1, 5)]
    assert factors(Dot("x", "W"), {**numbers, "x": np.zeros((1, 2))}, 1) == [(0, 5), (0, 9)]


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(KeyError):
        apply("sin", np.zeros(1))
