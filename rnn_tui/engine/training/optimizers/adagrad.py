"""Adagrad: a learning rate for each parameter that can only decrease (torch.optim.Adagrad).

Source: Duchi, Hazan & Singer 2011; min-char-rnn for eps inside the root.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array, Function, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import (
    NEW_PARAMETER,
    RATE_TIMES_GRADIENT,
    Optimizer,
    step_operation,
)


class Adagrad(Optimizer):
    """``s += g²``; ``Δ = −lr·g/(√s + eps)``, or with eps inside ``−lr·g/√(s + eps)``."""

    name = "adagrad"
    memory_names = ("s",)

    def default_eps(self) -> float:
        return 1e-8 if self.hyperparameters.eps_place == "inside" else 1e-10

    def operations(self) -> tuple[Operation, ...]:
        s, eps = Value("s"), Value("eps")
        inside = self.last_hyperparameters.eps_place == "inside"
        root = Function("√", s + eps) if inside else Function("√", s) + eps
        return (
            step_operation("s", "sum of squares", Value("s_old") + Square(Value("g"))),
            step_operation("rate", "effective rate", Value("lr") / root),
            RATE_TIMES_GRADIENT,
            NEW_PARAMETER,
        )

    def _compute_delta(self, gradient: Array) -> None:
        s, s_old = self.memory["s"], self.memory_before["s"]
        delta = self.delta  # also holds the root, so that fewer arrays compete for the cache
        np.multiply(gradient, gradient, s)  # g²
        np.add(s_old, s, s)  # s = s_old + g²
        if self.hyperparameters.eps_place == "inside":
            np.add(s, self._eps, delta)  # s + eps
            np.sqrt(delta, delta)  # √(s + eps)
        else:
            np.sqrt(s, delta)  # √s
            np.add(delta, self._eps, delta)  # √s + eps
        np.divide(gradient, delta, delta)  # g/(√s + eps)
        np.multiply(delta, self._minus_lr, delta)  # Δ = −lr·g/(√s + eps)
