"""Equations as expression trees, which can be shown, evaluated, and filled with numbers.

A cell or an optimizer declares every operation once, as an expression over named values. From that
one tree come the equation's text (`text`), the slow, plain evaluation (`evaluate`) that the fused
kernels are tested against, and the numbers of one unit (`tokens`) that the equation panel shows.
So the equation on the screen, its declaration and its computation cannot disagree.

Values are named; a vector value is an array ``[B, W]`` (batch, width), a weight ``[W, V]``, a bias
``[V]``. A token is a piece of notation (``str``), a number (``float``) of the selected unit, or a
sum of products (`Products`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Values = Mapping[str, Array]

# Precedence of an expression: an operand of a lower one than its place asks for gets parentheses.
NEGATION, ADDITION, MULTIPLICATION, PRIMARY = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class UnitReader:
    """Reads the numbers of one unit of one sample of the batch from named values."""

    values: Values
    sample: int
    unit: int

    def number(self, name: str) -> float:
        """Return the selected unit's entry of the value `name`.

        Of a vector [B, W] or [W] that has fewer entries, its last one.
        """
        array = self.values[name]
        if array.ndim == 0:
            return float(array)
        row = array[self.sample] if array.ndim > 1 else array
        return float(row[min(self.unit, row.shape[0] - 1)])


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """The sum of products that is one entry of ``v·W``: the factors of each, as they are used.

    Where v is the row of a symbol, one 1 among zeros, that one is all.

    Attributes:
        vector: the name of v.
        matrix: the name of W.
        transposed: it is ``v·Wᵀ``.
        entries: the indices into v, from 0: [K].
        left: entries of v: [K].
        right: the entries of W that they are multiplied with: [K].
        total: their sum, as it is computed.
        largest_first: the order of the terms by magnitude: [K].
    """

    vector: str
    matrix: str
    transposed: bool
    entries: Array
    left: Array
    right: Array
    total: float
    largest_first: Array = field(init=False)

    def __post_init__(self) -> None:
        """Sort the terms; NaN comes first, equal ones stay in order."""
        with np.errstate(all="ignore"):
            terms = np.abs(self.products())
        order = np.argsort(np.where(np.isnan(terms), -np.inf, -terms), kind="stable")
        object.__setattr__(self, "largest_first", order)

    def products(self) -> Array:
        """Return the terms, [K] float64."""
        terms: Array = self.left.astype(np.float64) * self.right.astype(np.float64)
        return terms


Token = str | float | Products


class Expression(ABC):
    """A node of an equation. Combine with ``+ - * /``; ``*`` is elementwise (⊙)."""

    @property
    def precedence(self) -> int:
        """NEGATION, ADDITION, MULTIPLICATION or PRIMARY, which never needs parentheses."""
        return PRIMARY

    @abstractmethod
    def text(self) -> str:
        """Return the equation in symbols."""

    @abstractmethod
    def evaluate(self, values: Values) -> Array:
        """Return the whole array, computed plainly, in the precision of `values`."""

    @abstractmethod
    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        """Return the equation with the numbers of one unit in place of the symbols."""

    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """Return the names of the values it reads, in order of appearance, each once."""

    def __add__(self, other: Expression) -> Expression:
        return Binary(" + ", self, other)

    def __sub__(self, other: Expression) -> Expression:
        return Binary(" − ", self, other)

    def __mul__(self, other: Expression) -> Expression:
        return Binary("⊙", self, other)

    def __truediv__(self, other: Expression) -> Expression:
        return Binary("/", self, other)


@dataclass(frozen=True, slots=True)
class Value(Expression):
    """A named value."""

    name: str

    def text(self) -> str:
        return self.name

    def evaluate(self, values: Values) -> Array:
        return values[self.name]

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return (reader.number(self.name),)

    def symbols(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A number that is part of the equation itself, such as the 1 of ``1 − h²``."""

    number: int

    def text(self) -> str:
        return str(self.number)

    def evaluate(self, values: Values) -> Array:
        return np.asarray(self.number, dtype=next(iter(values.values())).dtype)

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return (str(self.number),)

    def symbols(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Dot(Expression):
    """Row vector times matrix, ``v·W`` (or ``v·Wᵀ``): [B, W]·[W, V] → [B, V].

    Its token is the sum of products.
    """

    vector: str
    matrix: str
    transposed: bool = False

    @property
    def precedence(self) -> int:
        return MULTIPLICATION

    def text(self) -> str:
        return f"{self.vector}·{self.matrix}{'ᵀ' if self.transposed else ''}"

    def _matrix(self, values: Values) -> Array:
        return values[self.matrix].T if self.transposed else values[self.matrix]

    def evaluate(self, values: Values) -> Array:
        product: Array = values[self.vector] @ self._matrix(values)
        return product

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        row = reader.values[self.vector][reader.sample]  # [W]
        matrix = self._matrix(reader.values)
        column = matrix[:, min(reader.unit, matrix.shape[1] - 1)]  # [W]
        entries = np.flatnonzero(row)
        if len(entries) != 1 or row[entries[0]] != 1:
            entries = np.arange(row.shape[0])
        left, right = row[entries], column[entries]
        total = float(row @ column)
        return (Products(self.vector, self.matrix, self.transposed, entries, left, right, total),)

    def symbols(self) -> tuple[str, ...]:
        return (self.vector, self.matrix)


def _merge(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _enclose_text(node: Expression, lowest: int) -> str:
    return node.text() if node.precedence >= lowest else f"({node.text()})"


def _enclose(node: Expression, lowest: int, reader: UnitReader) -> tuple[Token, ...]:
    tokens = node.tokens(reader)
    return tokens if node.precedence >= lowest else ("(", *tokens, ")")


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """Two expressions joined by ``+``, ``−``, ``⊙`` or ``/``."""

    operator: str
    left: Expression
    right: Expression

    @property
    def precedence(self) -> int:
        return ADDITION if self.operator in (" + ", " − ") else MULTIPLICATION

    def _lowest_precedences(self) -> tuple[int, int]:
        """Return the lowest precedence that each side may have without parentheses."""
        right = PRIMARY if self.operator == "/" else self.precedence
        return self.precedence, MULTIPLICATION if self.operator == " − " else right

    def text(self) -> str:
        left, right = self._lowest_precedences()
        scalar = self.operator == "⊙" and isinstance(self.left, Constant)
        joined = f"{_enclose_text(self.left, left)}{'·' if scalar else self.operator}"
        return joined + _enclose_text(self.right, right)

    def evaluate(self, values: Values) -> Array:
        left, right = self.left.evaluate(values), self.right.evaluate(values)
        result: Array
        match self.operator:
            case " + ":
                result = left + right
            case " − ":
                result = left - right
            case "⊙":
                result = left * right
            case _:
                result = left / right
        return result

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        left, right = self._lowest_precedences()
        sign = "·" if self.operator == "⊙" else self.operator
        return (*_enclose(self.left, left, reader), sign, *_enclose(self.right, right, reader))

    def symbols(self) -> tuple[str, ...]:
        return _merge(self.left.symbols(), self.right.symbols())


@dataclass(frozen=True, slots=True)
class Square(Expression):
    """The square of a named value."""

    value: Value

    @property
    def precedence(self) -> int:
        return MULTIPLICATION

    def text(self) -> str:
        return f"{self.value.text()}²"

    def evaluate(self, values: Values) -> Array:
        array = self.value.evaluate(values)
        result: Array = array * array
        return result

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return (*self.value.tokens(reader), "²")

    def symbols(self) -> tuple[str, ...]:
        return self.value.symbols()


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """The negative of a product or a value."""

    argument: Expression

    @property
    def precedence(self) -> int:
        return NEGATION  # a + (−b): no two signs follow each other

    def text(self) -> str:
        return f"−{_enclose_text(self.argument, MULTIPLICATION)}"

    def evaluate(self, values: Values) -> Array:
        result: Array = -self.argument.evaluate(values)
        return result

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return ("−", *_enclose(self.argument, MULTIPLICATION, reader))

    def symbols(self) -> tuple[str, ...]:
        return self.argument.symbols()


@dataclass(frozen=True, slots=True)
class Function(Expression):
    """A function of one argument: σ, tanh, relu, step (the slope of relu) or √."""

    name: str
    argument: Expression

    def text(self) -> str:
        return f"{self.name}({self.argument.text()})"

    def evaluate(self, values: Values) -> Array:
        return apply(self.name, self.argument.evaluate(values))

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return (f"{self.name}(", *self.argument.tokens(reader), ")")

    def symbols(self) -> tuple[str, ...]:
        return self.argument.symbols()


@dataclass(frozen=True, slots=True)
class Softmax(Expression):
    """e^v/Σ e^v over the entries of a named vector, the largest subtracted first: [B, O]."""

    name: str

    def text(self) -> str:
        return f"softmax({self.name})"

    def evaluate(self, values: Values) -> Array:
        array = values[self.name]
        powers = np.exp(array - array.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True)
        return result

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        """Return one entry's power and the sum of all: ``e^(1.25 − 3.10)/1.32``."""
        row = reader.values[self.name][reader.sample]  # [O]
        largest = row.max()
        powers = float(np.exp(row - largest).sum())
        return ("e^(", reader.number(self.name), " − ", float(largest), ")/", powers)

    def symbols(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Zeros(Expression):
    """Exactly 0, with the shape of a named value."""

    like: str

    def text(self) -> str:
        return "0"

    def evaluate(self, values: Values) -> Array:
        return np.zeros_like(values[self.like])

    def tokens(self, reader: UnitReader) -> tuple[Token, ...]:
        return ("0",)

    def symbols(self) -> tuple[str, ...]:
        return ()


def renamed(node: Expression, name: Callable[[str], str]) -> Expression:
    """Return the equation `node` with every value renamed.

    Args:
        name: gives the new name of a value.

    Raises:
        TypeError: `node` contains an unknown kind of expression.
    """
    match node:
        case Value(old):
            return Value(name(old))
        case Constant():
            return node
        case Dot(vector, matrix, transposed):
            return Dot(name(vector), name(matrix), transposed)
        case Binary(operator, left, right):
            return Binary(operator, renamed(left, name), renamed(right, name))
        case Square(value):
            return Square(Value(name(value.name)))
        case Negative(argument):
            return Negative(renamed(argument, name))
        case Function(function, argument):
            return Function(function, renamed(argument, name))
        case Softmax(old):
            return Softmax(name(old))
        case Zeros(like):
            return Zeros(name(like))
    raise TypeError(f"cannot rename {type(node).__name__}")


def apply(name: str, argument: Array) -> Array:
    """Apply the function `name` to an array, entry by entry.

    σ(a) = 1/(1 + e^−a) is computed as ½ + ½·tanh(a/2), which cannot overflow.

    Raises:
        KeyError: no such function.
    """
    return _FUNCTIONS[name](argument)


def _sigma(argument: Array) -> Array:
    half = argument.dtype.type(0.5)
    result: Array = half + half * np.tanh(half * argument)
    return result


def _step(argument: Array) -> Array:
    result: Array = (argument > 0).astype(argument.dtype)
    return result


_FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "σ": _sigma,
    "tanh": np.tanh,
    "relu": lambda argument: np.maximum(argument, 0),
    "step": _step,
    "√": np.sqrt,
}


def sigmoid(argument: Expression) -> Expression:
    """Return the expression σ(a) = 1/(1 + e^−a)."""
    return Function("σ", argument)


def tanh(argument: Expression) -> Expression:
    """Return the expression tanh(a)."""
    return Function("tanh", argument)


def total(*terms: Expression) -> Expression:
    """Return the expression of the sum of `terms`, left to right."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


ONE = Constant(1)
TWO = Constant(2)
