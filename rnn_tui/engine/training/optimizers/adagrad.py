"""Adagrad."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array, Function, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import _CHANGE, _RATE_TIMES_GRADIENT, Optimizer, _step


class Adagrad(Optimizer):
    """``s += g²``; ``Δ = −lr·g/(√s + eps)``, or with eps inside ``−lr·g/√(s + eps)``."""

    name = "adagrad"
    memory_names = ("s",)

    def own_eps(self) -> float:
        return 1e-8 if self.hyperparameters.eps_place == "inside" else 1e-10

    def _change(self, gradient: Array) -> None:
        memory, delta = self.memory["s"], self.delta  # few arrays, as they fill the cache
        np.multiply(gradient, gradient, memory)
        np.add(self.memory_before["s"], memory, memory)
        if self.hyperparameters.eps_place == "inside":
            np.add(memory, self._eps, delta)
            np.sqrt(delta, delta)
        else:
            np.sqrt(memory, delta)
            np.add(delta, self._eps, delta)
        np.divide(gradient, delta, delta)
        np.multiply(delta, self._minus_lr, delta)

    def operations(self) -> tuple[Operation, ...]:
        memory, eps = Value("s"), Value("eps")
        inside = self.used.eps_place == "inside"
        root = Function("√", memory + eps) if inside else Function("√", memory) + eps
        return (
            _step("s", "sum of squares", Value("s_old") + Square(Value("g"))),
            _step("rate", "effective rate", Value("lr") / root),
            _RATE_TIMES_GRADIENT,
            _CHANGE,
        )
