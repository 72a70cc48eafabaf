"""RMSprop: Adagrad with a moving average of the squares (torch.optim.RMSprop).

Source: Hinton, Neural Networks for Machine Learning, lecture 6e, 2012.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import ONE, Array, Function, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import (
    NEW_PARAMETER,
    RATE_TIMES_GRADIENT,
    Optimizer,
    step_operation,
)


class RmsProp(Optimizer):
    """``v = α·v + (1−α)·g²``; ``Δ = −lr·g/(√v + eps)``."""

    name = "rmsprop"
    memory_names = ("v",)

    def operations(self) -> tuple[Operation, ...]:
        alpha, root = Value("α"), Function("√", Value("v"))
        mean = alpha * Value("v_old") + (ONE - alpha) * Square(Value("g"))
        return (
            step_operation("v", "mean of squares", mean),
            step_operation("rate", "effective rate", Value("lr") / (root + Value("eps"))),
            RATE_TIMES_GRADIENT,
            NEW_PARAMETER,
        )

    def constants(self) -> dict[str, float]:
        return {"α": self.last_hyperparameters.alpha}

    def _compute_delta(self, gradient: Array) -> None:
        v, v_old = self.memory["v"], self.memory_before["v"]
        scratch, number = self._scratch, self.parameters.dtype.type
        alpha = self.hyperparameters.alpha
        np.multiply(gradient, gradient, out=scratch)  # g²
        np.multiply(scratch, number(1 - alpha), out=scratch)  # (1−α)·g²
        np.multiply(v_old, number(alpha), out=v)  # α·v_old
        np.add(v, scratch, out=v)  # v = α·v_old + (1−α)·g²
        np.sqrt(v, out=scratch)  # √v
        np.add(scratch, self._eps, out=scratch)  # √v + eps
        np.divide(gradient, scratch, out=self.delta)  # g/(√v + eps)
        np.multiply(self.delta, self._minus_lr, out=self.delta)  # Δ = −lr·g/(√v + eps)
