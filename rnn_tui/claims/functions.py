"""The functions of expressions. `FUNCTIONS` declares them; docs/lessons.md is made of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.claims import window_functions as window
from rnn_tui.claims.entries import reduced
from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.names import Form
from rnn_tui.claims.run_state import Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import Call
from rnn_tui.engine.analysis.spectra import spectral_norm, spectral_radius


@dataclass(frozen=True, slots=True)
class NumberFunction:
    """A function of values.

    Attributes:
        form: how it is written.
        meaning: what it is.
        compute: from the values of its arguments.
        most: how many arguments it has at most.
        least: at least.
    """

    form: str
    meaning: str
    compute: Callable[..., Values]
    most: int = 1
    least: int = 1


def _each(function: Callable[[Values], Values]) -> Callable[[Values], Values]:
    """Return a function of each entry that warns of nothing."""

    def compute(values: Values) -> Values:
        with np.errstate(all="ignore"):
            return np.asarray(function(values))

    return compute


def _sigmoid(values: Values) -> Values:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))


def _norm(values: Values) -> Values:
    """Return the root of the sum of squares, which neither overflows nor vanishes on the way."""
    largest = np.max(np.abs(values), initial=0.0)
    if not largest or not np.isfinite(largest):
        return np.asarray(largest, np.float64)
    return np.asarray(largest * np.sqrt(np.sum((values / largest) ** 2)))


def _norms(values: Values) -> Values:
    """Return the norm at each timestep."""
    if not values.ndim:
        raise ClaimError("norms is of something over time: norms(dh), without a time")
    return np.array([_norm(each) for each in values])


def _place(which: Callable[[Values], np.intp]) -> Callable[[Values], Values]:
    """Return a function that says which entry of a list it is, from 1."""

    def compute(values: Values) -> Values:
        if values.ndim != 1:
            raise ClaimError("argmax and argmin are of a list of numbers, such as norms(dh)")
        if np.isnan(values).any():
            raise ClaimError("there is a value that is not a number in it")
        return np.array(float(which(values)) + 1)

    return compute


def _several(function: str) -> Callable[..., Values]:
    """Return sum, max and so on, of all entries of one argument or of several numbers."""

    def compute(*values: Values) -> Values:
        entries = np.concatenate([each.reshape(-1) for each in values])
        if not entries.size:
            raise ClaimError(f"{function} of nothing")
        return reduced(function, entries)

    return compute


def _dot(left: Values, right: Values) -> Values:
    if left.shape[-1:] != right.shape[-1:] or not left.ndim:
        raise ClaimError("dot is of two vectors of one length: dot(h_1, W_h[:,2])")
    return np.asarray(np.sum(left * right, axis=-1))


def _matrix(function: Callable[[Values], float], square: bool) -> Callable[[Values], Values]:
    """Return a function of a matrix."""

    def compute(matrix: Values) -> Values:
        if matrix.ndim != 2 or (square and matrix.shape[0] != matrix.shape[1]):
            raise ClaimError(f"a {'square ' * square}matrix is expected, such as W_h or W_hf")
        return np.array(function(matrix))

    return compute


def _singular(matrix: Values) -> Values:
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ClaimError("a matrix of finite numbers is expected, such as W_h or W_hf")
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), np.float64)


FUNCTIONS: Mapping[str, NumberFunction] = {
    "norm": NumberFunction("norm(x)  ‖x‖", "root of the sum of squares of all entries", _norm),
    "norms": NumberFunction(
        "norms(dh)", "the norm at each timestep, over units and samples", _norms
    ),
    "abs": NumberFunction("abs(x)", "without its sign", _each(np.abs)),
    "sign": NumberFunction("sign(x)", "−1, 0 or 1", _each(np.sign)),
    "sqrt": NumberFunction("sqrt(x)  √x", "square root", _each(np.sqrt)),
    "exp": NumberFunction("exp(x)", "e to the power of x", _each(np.exp)),
    "ln": NumberFunction("ln(x)", "natural logarithm; log is the same", _each(np.log)),
    "log": NumberFunction("log(x)", "natural logarithm", _each(np.log)),
    "log10": NumberFunction("log10(x)", "decimal logarithm", _each(np.log10)),
    "tanh": NumberFunction("tanh(x)", "hyperbolic tangent", _each(np.tanh)),
    "sigmoid": NumberFunction("sigmoid(x)", "1/(1 + exp(−x))", _each(_sigmoid)),
    "relu": NumberFunction(
        "relu(x)", "x, or 0 where it is negative", _each(lambda x: np.maximum(x, 0))
    ),
    "sin": NumberFunction("sin(x)", "sine", _each(np.sin)),
    "cos": NumberFunction("cos(x)", "cosine", _each(np.cos)),
    "round": NumberFunction("round(x)", "the nearest whole number", _each(np.round)),
    "sum": NumberFunction("sum(x)", "of all entries", _several("sum"), 9),
    "prod": NumberFunction("prod(x)", "the product of all entries", _several("prod"), 9),
    "mean": NumberFunction("mean(x)", "of all entries", _several("mean"), 9),
    "max": NumberFunction("max(x)  max(a, b)", "the largest entry", _several("max"), 9),
    "min": NumberFunction("min(x)  min(a, b)", "the smallest entry", _several("min"), 9),
    "argmax": NumberFunction(
        "argmax(norms(dh))",
        "which of them is the largest, from 1: here a timestep",
        _place(np.argmax),
    ),
    "argmin": NumberFunction("argmin(norms(dh))", "which is the smallest", _place(np.argmin)),
    "size": NumberFunction("size(W_h)", "the number of entries", lambda x: np.array(float(x.size))),
    "dot": NumberFunction("dot(h_1, W_h[:,2])", "the sum of products of the entries", _dot, 2, 2),
    "radius": NumberFunction(
        "radius(W_h)",
        "the spectral radius max |λ| of a square matrix",
        _matrix(spectral_radius, square=True),
    ),
    "spectral": NumberFunction(
        "spectral(W_h)", "the largest singular value ‖W_h‖₂", _matrix(spectral_norm, square=False)
    ),
    "singular": NumberFunction(
        "singular(W_h)", "all singular values, the largest first", _singular
    ),
}

OVER_TIME = (
    Form("sum over t (dh_t[1])", "over all timesteps; likewise prod, mean, max and min"),
    Form("prod over t from 2 to 20 (f_t[1])", "over some of them"),
    Form("first t where norm(dh_t) > 1", "a timestep; last t where …, with from 2 to 20 too"),
    Form("count t where h_t[1] > 0", "at how many timesteps"),
)


def call(node: Call, scope: Scope) -> Values:
    """Return the value of a function.

    Raises:
        ClaimError: there is no such function, or it has no value here.
    """
    of_place = window.of_place(node.function, scope.state)
    if of_place is not None:
        return of_place(node, scope)
    if node.function not in FUNCTIONS:
        raise ClaimError(_unknown(node, scope))
    return call_of_numbers(node, [scope.evaluate(each) for each in node.arguments])


def call_of_numbers(node: Call, arguments: Sequence[Values]) -> Values:
    """Return the value of one of `FUNCTIONS`.

    Raises:
        ClaimError: it has none for these arguments.
    """
    function = FUNCTIONS[node.function]
    if not function.least <= len(arguments) <= function.most:
        raise ClaimError(f"{node.text}: it is written {function.form.split('  ')[0]}")
    try:
        return function.compute(*arguments)
    except ClaimError as error:
        raise ClaimError(f"{node.text}: {error}") from None
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        raise ClaimError(f"{node.text} cannot be calculated") from None


def _unknown(node: Call, scope: Scope) -> str:
    """Return that there is no such function."""
    if node.function in scope.state.reader.symbols and len(node.arguments) == 1:
        return f"{node.text}: a time is written {node.function}_7, a unit {node.function}_7[3]"
    names = [*FUNCTIONS, *window.FUNCTIONS]
    near = difflib.get_close_matches(node.function, names, 2, 0.6)
    rest = f"near it are {', '.join(near)}" if near else "docs/expressions.md has them all"
    return f"there is no function {node.function}; {rest}"
