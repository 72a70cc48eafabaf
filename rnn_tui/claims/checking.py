"""Whether a claim holds, and the two numbers that decide it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.claims.entries import number_of, timesteps
from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.run_state import Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import Always, Compared, Joined, Negated, Node, Not, Number
from rnn_tui.number_text import MINUS, number


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What became of a claim.

    Attributes:
        holds: whether it holds.
        left: the left side of the comparison that decided it; of several entries the worst.
        right: the right side.
        words: both in words: ``norm(dh_1) is 0.1342, 0.5 is 0.5``.
        finite: whether all numbers are that it was decided by; with others no claim holds.
    """

    holds: bool
    left: float
    right: float
    words: str
    finite: bool = True


def check_tree(node: Node, scope: Scope) -> ClaimResult:
    """Check a claim.

    Raises:
        ClaimError: something in it has no value here.
    """
    match node:
        case Compared():
            return _compared(node, scope)
        case Joined(_, "and", claims):
            return _first_that(False, claims, scope)
        case Joined(_, _, claims):
            return _first_that(True, claims, scope)
        case Not(_, claim):
            found = check_tree(claim, scope)
            return replace(found, holds=found.finite and not found.holds)
        case Always():
            return _always(node, scope)
    raise ClaimError(f"{node.text} is a number, not a claim")


def _first_that(wanted: bool, claims: tuple[Node, ...], scope: Scope) -> ClaimResult:
    """Return the first result that decides, or the last one with the words of all."""
    found: list[ClaimResult] = []
    for claim in claims:
        result = check_tree(claim, scope)
        if result.holds is wanted:
            return result
        found.append(result)
    words = dict.fromkeys(part for each in found for part in each.words.split("; "))
    finite = all(each.finite for each in found)
    return ClaimResult(not wanted, found[-1].left, found[-1].right, "; ".join(words), finite)


def _always(node: Always, scope: Scope) -> ClaimResult:
    """Check a claim at every timestep of a range."""
    result = None
    for t in timesteps(node.first, node.last, scope):
        result = check_tree(node.claim, scope.at(t))
        if not result.holds:
            return replace(result, words=f"at t={t} {result.words}")
    if result is None:
        raise ClaimError(f"{node.text}: there is no timestep in this range")
    return result


def _compared(node: Compared, scope: Scope) -> ClaimResult:
    """Compare two values, entry by entry."""
    left, right = scope.evaluate(node.left), scope.evaluate(node.right)
    try:
        left, right = np.broadcast_arrays(left, right)
    except ValueError:
        shapes = f"{list(left.shape)} and {list(right.shape)}"
        raise ClaimError(f"{node.text}: {shapes} cannot be compared") from None
    allowed = _allowed(node, right, scope)
    with np.errstate(all="ignore"):
        distance = np.abs(left - right)
        finite = np.isfinite(left) & np.isfinite(right)
        met = finite & _met(node, left, right, distance, allowed)
    worst = _worst(node, left, right, distance, allowed, met)
    one, two = float(left.flat[worst]), float(right.flat[worst])
    words = _words(node, one, two, left.size, worst)
    return ClaimResult(bool(met.all()), one, two, words, bool(finite.all()))


def _allowed(node: Compared, right: Values, scope: Scope) -> Values:
    """Return how far apart both sides may be."""
    if node.tolerance is None:
        return np.zeros(())
    value = number_of(node.tolerance, scope)
    if not value >= 0:
        raise ClaimError(f"{node.text}: a tolerance is at least 0")
    is_share = isinstance(node.tolerance, Number) and node.tolerance.percent
    with np.errstate(all="ignore"):
        return value * np.abs(right) if is_share else np.array(value)


def _met(
    node: Compared, left: Values, right: Values, distance: Values, allowed: Values
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return for each entry whether the comparison holds, if both sides are finite."""
    match node.comparison:
        case "<":
            return np.asarray(left < right)
        case "<=":
            return np.asarray(left <= right)
        case ">":
            return np.asarray(left > right)
        case ">=":
            return np.asarray(left >= right)
        case "!=":
            return np.asarray(left != right)
        case _:
            return np.asarray(distance <= allowed)


def _worst(
    node: Compared,
    left: Values,
    right: Values,
    distance: Values,
    allowed: Values,
    met: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> int:
    """Return which entry decides: the worst of those that fail, or of all."""
    if left.size == 0:
        raise ClaimError(f"{node.text}: there is nothing to compare")
    with np.errstate(all="ignore"):
        if node.comparison in ("<", "<="):
            excess = left - right
        elif node.comparison in (">", ">="):
            excess = right - left
        elif node.comparison == "!=":
            excess = -distance
        else:
            excess = distance - allowed
    excess = np.nan_to_num(excess, nan=np.inf, posinf=np.inf, neginf=-np.inf)
    if not met.all():
        excess = np.where(met, -np.inf, excess)
    return int(np.argmax(excess))


def _words(node: Compared, left: float, right: float, size: int, worst: int) -> str:
    """Return both sides in words."""
    of = f" (of {size} entries, number {worst + 1})" if size > 1 else ""
    sides = [_side(each, value) for each, value in ((node.left, left), (node.right, right))]
    shown = sorted(dict.fromkeys(side for side in sides if side), key=lambda s: s[:8] == "against ")
    words = f"{', '.join(shown) or number(left)}{of}"
    if node.comparison == "=" and right and np.isfinite(left) and np.isfinite(right):
        apart = abs(left / right - 1)
        words += f", {number(100 * apart, 3)} % apart" if apart else ", equal"
    return words


def _side(node: Node, value: float) -> str:
    """Return one side with its value; nothing of a plain number."""
    if isinstance(node, Number) or (isinstance(node, Negated) and isinstance(node.inner, Number)):
        return f"against {node.text}" if np.isfinite(value) else ""
    shown = number(value) if np.isfinite(value) else f"{value}".replace("-", MINUS)
    return f"{node.text} is {shown}"
