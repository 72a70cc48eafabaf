"""What an expression is about: a state, and the timestep that t stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from rnn_tui.claims.run_state import RunState, Values
from rnn_tui.claims.syntax import Node


class Interpreter(Protocol):
    """Works trees out."""

    def evaluate(self, node: Node, scope: Scope) -> Values:
        """Return the value of an expression; of a number an array without axes."""

    def holds(self, node: Node, scope: Scope) -> bool:
        """Return whether a claim holds."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is about.

    Attributes:
        state: the state of the run.
        interpreter: works out what the expression consists of.
        t: the timestep that t stands for; None outside of what is over t.
    """

    state: RunState
    interpreter: Interpreter
    t: int | None = None

    def evaluate(self, node: Node) -> Values:
        """Return the value of an expression; of a number an array without axes.

        Raises:
            ClaimError: it has none here.
        """
        return self.interpreter.evaluate(node, self)

    def holds(self, node: Node) -> bool:
        """Return whether a claim holds.

        Raises:
            ClaimError: something in it has no value here.
        """
        return self.interpreter.holds(node, self)

    def at(self, t: int) -> Scope:
        """Return the same at a timestep."""
        return replace(self, t=t)

    def of(self, of_second: bool) -> Scope:
        """Return the same, or that of the second network."""
        return replace(self, state=self.state.second) if of_second else self
