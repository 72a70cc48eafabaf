"""Works a tree out for the state of a run: a number or an array, always in float64."""

from __future__ import annotations

import numpy as np

from rnn_tui.claims.entries import chosen, reduced, shape_words, timesteps
from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.functions import FUNCTIONS, call, call_of_numbers
from rnn_tui.claims.names import look_up
from rnn_tui.claims.run_state import Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import (
    Call,
    Chain,
    Name,
    Negated,
    Node,
    Number,
    OverTime,
    Power,
    TimeSearch,
)

_MOST_ENTRIES = 50_000_000  # of an array that is made by calculating


def evaluate(node: Node, scope: Scope) -> Values:
    """Return the value of an expression; of a number an array without axes.

    Raises:
        ClaimError: it has none here.
    """
    match node:
        case Number(_, value):
            return np.array(value)
        case Name():
            return chosen(node, look_up(scope.of(node.of_second).state, node.name, scope.t), scope)
        case Negated(_, inner):
            return -evaluate(inner, scope)
        case Chain():
            return _chain(node, scope)
        case Power(text, base, exponent):
            return calculated("^", evaluate(base, scope), evaluate(exponent, scope), text)
        case Call():
            return call(node, scope.of(node.of_second))
        case OverTime():
            return _over_time(node, scope)
        case TimeSearch():
            return _search(node, scope)
    raise ClaimError(f"{node.text} is a claim, not a number")


def _chain(node: Chain, scope: Scope) -> Values:
    """Work out a sum or a product."""
    result = evaluate(node.first, scope)
    for sign, operand in node.rest:
        result = calculated(sign, result, evaluate(operand, scope), node.text)
    return result


def calculated(sign: str, left: Values, right: Values, text: str) -> Values:
    """Calculate with two values, entry by entry."""
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise ClaimError(
            f"{text}: {shape_words(left)} and {shape_words(right)} do not go together"
        ) from None
    if np.prod(shape, dtype=np.float64) > _MOST_ENTRIES:
        raise ClaimError(f"{text} has too many entries")
    with np.errstate(all="ignore"):
        match sign:
            case "+":
                result = left + right
            case "-":
                result = left - right
            case "*":
                result = left * right
            case "/":
                result = left / right
            case _:
                result = np.power(left, right)
    return np.asarray(result)


def _over_time(node: OverTime, scope: Scope) -> Values:
    """Work out ``prod over t …``."""
    times = timesteps(node.first, node.last, scope)
    if not times:
        if node.function in ("sum", "prod"):
            return np.array(1.0 if node.function == "prod" else 0.0)
        raise ClaimError(f"{node.text}: there is no timestep in this range")
    values = np.stack([evaluate(node.body, scope.at(t)) for t in times])
    return reduced(node.function, values, 0)


def _search(node: TimeSearch, scope: Scope) -> Values:
    """Work out ``first t where …``."""
    times = timesteps(node.first, node.last, scope)
    if node.which == "count":
        return np.array(float(sum(scope.at(t).holds(node.claim) for t in times)))
    for t in reversed(list(times)) if node.which == "last" else times:
        if scope.at(t).holds(node.claim):
            return np.array(float(t))
    raise ClaimError(f"{node.text}: at no timestep")


def evaluate_numbers(node: Node) -> float:
    """Return the value of an expression of numbers alone, which needs no run.

    Raises:
        ClaimError: there is something else in it, or several numbers.
    """
    with np.errstate(all="ignore"):
        value = _of_numbers(node)
    if value.size != 1:
        raise ClaimError(f"{node.text} is no single number")
    return float(value.reshape(()))


def _of_numbers(node: Node) -> Values:
    """Work out an expression of numbers."""
    match node:
        case Number(_, value):
            return np.array(value)
        case Name(_, "pi" | "π", None, None, False):
            return np.array(np.pi)
        case Name(_, "e", None, None, False):
            return np.array(np.e)
        case Negated(_, inner):
            return -_of_numbers(inner)
        case Chain(text, first, rest):
            result = _of_numbers(first)
            for sign, operand in rest:
                result = calculated(sign, result, _of_numbers(operand), text)
            return result
        case Power(text, base, exponent):
            return calculated("^", _of_numbers(base), _of_numbers(exponent), text)
        case Call(_, function, arguments) if function in FUNCTIONS:
            return call_of_numbers(node, [_of_numbers(each) for each in arguments])
    raise ClaimError(f"{node.text} is no number")
