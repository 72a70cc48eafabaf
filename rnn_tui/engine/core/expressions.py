"""Small expressions: one tree that is the equation, its plain evaluation and its live numbers.

A cell or an optimizer declares every operation once, as an expression over named values. From that
one tree come the equation's text (`text`), the slow, plain evaluation (`evaluate`) that the fused
kernels are tested against, and the numbers of one unit (`tokens`) that the equation panel shows.
What is shown therefore cannot drift from what is declared, nor what is declared from what is
computed.

Values are named; a vector value is an array ``[B, W]`` (batch, width), a weight ``[W, V]``, a bias
``[V]``. A token is either a piece of notation (``str``) or a number (``float``) of the unit looked
at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Values = Mapping[str, Array]
Token = str | float

SIGN, SUM, PRODUCT, ATOM = 0, 1, 2, 3  # how tightly an expression binds


@dataclass(frozen=True, slots=True, eq=False)
class UnitReader:
    """Where to look for numbers: which named values, which sample of the batch, which unit."""

    values: Values
    sample: int
    unit: int

    def number(self, name: str) -> float:
        """The value `name` of the unit looked at; narrower vectors answer with their last entry."""
        array = self.values[name]
        if array.ndim == 0:
            return float(array)
        row = array[self.sample] if array.ndim > 1 else array
        return float(row[min(self.unit, row.shape[0] - 1)])


class Expression(ABC):
    """A node of an equation. Combine with ``+ - * /``; ``*`` is elementwise (⊙)."""

    @property
    def binds(self) -> int:
        """How tightly it binds: SIGN, SUM, PRODUCT or ATOM."""
        return ATOM

    @abstractmethod
    def text(self) -> str:
        """The equation in symbols."""

    @abstractmethod
    def evaluate(self, values: Values) -> Array:
        """The whole array, computed plainly, in the precision of `values`."""

    @abstractmethod
    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        """The equation with the numbers of one unit in place of the symbols."""

    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """Names this expression reads, in order of appearance, each once."""

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
    """A named value, read as it is."""

    name: str

    def text(self) -> str:
        return self.name

    def evaluate(self, values: Values) -> Array:
        return values[self.name]

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return (look.number(self.name),)

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

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return (str(self.number),)

    def symbols(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Dot(Expression):
    """Row vector times matrix, ``v·W`` (or ``v·Wᵀ``): [B, W]·[W, V] → [B, V].

    Where the vector has a single entry, or a single one that is not 0 (a symbol as a one-hot row),
    both factors are shown; otherwise the sum of products, which is the number that is used.
    """

    vector: str
    matrix: str
    transposed: bool = False

    @property
    def binds(self) -> int:
        return PRODUCT

    def text(self) -> str:
        return f"{self.vector}·{self.matrix}{'ᵀ' if self.transposed else ''}"

    def _matrix(self, values: Values) -> Array:
        return values[self.matrix].T if self.transposed else values[self.matrix]

    def evaluate(self, values: Values) -> Array:
        product: Array = values[self.vector] @ self._matrix(values)
        return product

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        row = look.values[self.vector][look.sample]  # [W]
        matrix = self._matrix(look.values)
        column = matrix[:, min(look.unit, matrix.shape[1] - 1)]  # [W]
        terms = np.flatnonzero(row) if row.shape[0] > 1 else np.zeros(1, np.intp)
        if len(terms) == 1:
            return (float(row[terms[0]]), "·", float(column[terms[0]]))
        return (float(row @ column),)

    def symbols(self) -> tuple[str, ...]:
        return (self.vector, self.matrix)


def _merge(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _enclose_text(node: Expression, loosest: int) -> str:
    return node.text() if node.binds >= loosest else f"({node.text()})"


def _enclose(node: Expression, loosest: int, look: UnitReader) -> tuple[Token, ...]:
    tokens = node.tokens(look)
    return tokens if node.binds >= loosest else ("(", *tokens, ")")


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """Two expressions joined by ``+``, ``−``, ``⊙`` or ``/``."""

    operator: str
    left: Expression
    right: Expression

    @property
    def binds(self) -> int:
        return SUM if self.operator in (" + ", " − ") else PRODUCT

    def _loosest(self) -> tuple[int, int]:
        """How loosely the two sides may bind without parentheses."""
        right = ATOM if self.operator == "/" else self.binds
        return self.binds, PRODUCT if self.operator == " − " else right

    def text(self) -> str:
        left, right = self._loosest()
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

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        left, right = self._loosest()
        sign = "·" if self.operator == "⊙" else self.operator
        return (*_enclose(self.left, left, look), sign, *_enclose(self.right, right, look))

    def symbols(self) -> tuple[str, ...]:
        return _merge(self.left.symbols(), self.right.symbols())


@dataclass(frozen=True, slots=True)
class Square(Expression):
    """The square of a named value."""

    value: Value

    @property
    def binds(self) -> int:
        return PRODUCT

    def text(self) -> str:
        return f"{self.value.text()}²"

    def evaluate(self, values: Values) -> Array:
        array = self.value.evaluate(values)
        result: Array = array * array
        return result

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return (*self.value.tokens(look), "²")

    def symbols(self) -> tuple[str, ...]:
        return self.value.symbols()


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """The negative of a product or a value."""

    argument: Expression

    @property
    def binds(self) -> int:
        return SIGN  # no two signs side by side: a + (−b)

    def text(self) -> str:
        return f"−{_enclose_text(self.argument, PRODUCT)}"

    def evaluate(self, values: Values) -> Array:
        result: Array = -self.argument.evaluate(values)
        return result

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return ("−", *_enclose(self.argument, PRODUCT, look))

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

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return (f"{self.name}(", *self.argument.tokens(look), ")")

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

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        """One entry's power and the sum of all: ``e^(1.25 − 3.10)/1.32``."""
        row = look.values[self.name][look.sample]  # [O]
        largest = row.max()
        powers = float(np.exp(row - largest).sum())
        return ("e^(", look.number(self.name), " − ", float(largest), ")/", powers)

    def symbols(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Zeros(Expression):
    """Exactly 0, in the shape of a named value that it does not depend on."""

    like: str

    def text(self) -> str:
        return "0"

    def evaluate(self, values: Values) -> Array:
        return np.zeros_like(values[self.like])

    def tokens(self, look: UnitReader) -> tuple[Token, ...]:
        return ("0",)

    def symbols(self) -> tuple[str, ...]:
        return ()


def renamed(node: Expression, name: Callable[[str], str]) -> Expression:
    """The same equation of values that are called otherwise; `name` gives the new name.

    Raises:
        TypeError: `node` is of a kind that is not known here.
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
    """The function `name` of an array, entry by entry.

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
    """σ(a) = 1/(1 + e^−a)."""
    return Function("σ", argument)


def tanh(argument: Expression) -> Expression:
    """The hyperbolic tangent."""
    return Function("tanh", argument)


def total(*terms: Expression) -> Expression:
    """The sum of `terms`, left to right."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


ONE = Constant(1)
TWO = Constant(2)
