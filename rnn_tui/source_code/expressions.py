"""Expressions as code: the same tree that is shown and evaluated, in NumPy's or PyTorch's words.

Rows are vectors in both, ``x @ W_xf + h_prev @ W_hf + b_f``, so names and shapes are those of the
equations. Evaluated, the code rounds as the expression does: it keeps the order of operations.
``sigmoid`` and ``softmax`` of NumPy are functions that a page of code defines.
"""

from __future__ import annotations

from collections.abc import Callable

from rnn_tui.engine.core.expressions import (
    Binary,
    Constant,
    Dot,
    Expression,
    Function,
    Negative,
    Softmax,
    Square,
    Value,
    Zeros,
)
from rnn_tui.engine.core.operations import Operation
from rnn_tui.source_code.dialects import NUMPY, TORCH, Dialect
from rnn_tui.source_code.names import called, code_name

Naming = Callable[[str], str]
"""Gives the name in code of a value."""

# From what binds loosest. In Python `@` binds like `*`, which misleads: here it is in parentheses
# within a product.
_SUM, _DOT, _PRODUCT, _SIGN, _POWER, _PRIMARY = range(6)
_SIGNS = {" + ": " + ", " − ": " - ", "⊙": " * ", "/": " / "}

_Code = tuple[str, int]
"""Code and how tightly it binds."""


def code_text(expression: Expression, dialect: Dialect, name_of: Naming = code_name) -> str:
    """Return an expression as code of `dialect`, without parentheses around the whole.

    Args:
        expression: over named values.
        dialect: `NUMPY` or `TORCH`.
        name_of: gives the name in code of a value.

    Raises:
        TypeError: it contains an unknown kind of expression.
    """
    return _code(expression, dialect, name_of)[0]


def numpy_text(expression: Expression, name_of: Naming = code_name) -> str:
    """Return an expression as code of NumPy; see `code_text`."""
    return code_text(expression, NUMPY, name_of)


def torch_text(expression: Expression, name_of: Naming = code_name) -> str:
    """Return an expression as code of PyTorch; see `code_text`."""
    return code_text(expression, TORCH, name_of)


def statement(operation: Operation, dialect: Dialect, name_of: Naming = code_name) -> str:
    """Return an operation as one line of code: ``c = f * c_prev + i * g``."""
    return f"{name_of(operation.symbol)} = {code_text(operation.expression, dialect, name_of)}"


def _code(node: Expression, dialect: Dialect, name_of: Naming) -> _Code:
    """Return code and how tightly it binds; see `code_text`."""

    def within(inner: Expression, lowest: int) -> str:
        code, precedence = _code(inner, dialect, name_of)
        return code if precedence >= lowest else f"({code})"

    match node:
        case Value(name):
            return _value(name, dialect, name_of)
        case Constant(number):
            return str(number), _PRIMARY
        case Dot(vector, matrix, transposed):
            transpose = ".T" if transposed else ""
            return f"{name_of(vector)} @ {name_of(matrix)}{transpose}", _DOT
        case Binary(operator, left, right):
            added = operator in (" + ", " − ")
            first = within(left, _SUM if added else _PRODUCT)
            # A right side of the same precedence is in parentheses: Python groups from the left.
            second = within(right, _DOT if added else _SIGN)
            return f"{first}{_SIGNS[operator]}{second}", _SUM if added else _PRODUCT
        case Square(value):
            base = within(value, _PRIMARY)
            return f"{base}{'**' if base.isidentifier() else ' ** '}2", _POWER
        case Negative(argument):
            # −(a·b) and (−a)·b are the same number, bit for bit.
            return f"-{within(argument, _DOT)}", _SUM
        case Function(name, argument):
            inner = _code(argument, dialect, name_of)[0]
            if name == "step" and not inner.isidentifier():
                inner = f"({inner})"
            return dialect.functions[name].format(inner), _PRIMARY
        case Softmax(name):
            return dialect.softmax.format(name_of(name)), _PRIMARY
        case Zeros(like):
            return f"{dialect.module}.zeros_like({name_of(like)})", _PRIMARY
    raise TypeError(f"there is no code for {type(node).__name__}")


def _value(name: str, dialect: Dialect, name_of: Naming) -> _Code:
    """Return the code of a value; what an equation calls ``tanh(c_t)`` is computed again."""
    call = called(name)
    if call is None or call[0] not in dialect.functions:
        return name_of(name), _PRIMARY
    return dialect.functions[call[0]].format(name_of(call[1])), _PRIMARY
