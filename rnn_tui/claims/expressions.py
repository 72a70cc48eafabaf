"""Expressions and claims about a run, in the notation of the screen.

    norm(dh_1)/norm(dh_20)                                  a number
    norm(dh_1)/norm(dh_20) within 5% of 0.8^19              a claim
    dh_2[1] = dh_y_2[1] + dh_next_2[1] within 1e-12         a claim

Names are in `names`, functions in `functions` and `window_functions`. A text is read by a parser of
our own and worked out over the tree: nothing in it can run anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnn_tui.claims.checking import ClaimResult, check_tree
from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.evaluation import evaluate
from rnn_tui.claims.parser import parse_tree
from rnn_tui.claims.run_state import RunState, Values
from rnn_tui.claims.scope import Scope
from rnn_tui.claims.syntax import Node

__all__ = [
    "Claim",
    "ClaimError",
    "ClaimResult",
    "StateExpression",
    "parse_claim",
    "parse_expression",
]


@dataclass(frozen=True, slots=True)
class StateExpression:
    """An expression that has been read.

    Attributes:
        text: as it was written.
    """

    text: str
    _tree: Node = field(repr=False)

    def evaluate(self, state: RunState) -> float | Values:
        """Return the value: a number, or an array of float64.

        Raises:
            ClaimError: it has none here.
        """
        value = _evaluated(self._tree, state)
        return value if value.ndim else float(value)

    def number(self, state: RunState) -> float:
        """Return the value, which must be a single number.

        Raises:
            ClaimError: it has none here, or there are several.
        """
        value = _evaluated(self._tree, state)
        if value.size != 1:
            raise ClaimError(f"{self.text} is {value.size} numbers; a single one is expected")
        return float(value.reshape(()))


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that has been read.

    Attributes:
        text: as it was written.
    """

    text: str
    _tree: Node = field(repr=False)

    def check(self, state: RunState) -> ClaimResult:
        """Return whether it holds.

        Raises:
            ClaimError: something in it has no value here.
        """
        with np.errstate(all="ignore"):  # what is not finite is said
            return check_tree(self._tree, Scope(state, _Interpreter()))


class _Interpreter:
    """Works trees out; see `Interpreter`."""

    def evaluate(self, node: Node, scope: Scope) -> Values:
        """Return the value of an expression."""
        return evaluate(node, scope)

    def holds(self, node: Node, scope: Scope) -> bool:
        """Return whether a claim holds."""
        return check_tree(node, scope).holds


def _evaluated(tree: Node, state: RunState) -> Values:
    with np.errstate(all="ignore"):  # what is not finite is said
        return evaluate(tree, Scope(state, _Interpreter()))


def parse_expression(text: str) -> StateExpression:
    """Read an expression.

    Raises:
        ClaimError: `text` is none; one line.
    """
    return StateExpression(" ".join(text.split()), parse_tree(text, claim=False))


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Raises:
        ClaimError: `text` is none; one line.
    """
    return Claim(" ".join(text.split()), parse_tree(text, claim=True))
