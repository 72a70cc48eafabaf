"""RMSprop."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import ONE, Array, Function, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import _CHANGE, _RATE_TIMES_GRADIENT, Optimizer, _step


class RmsProp(Optimizer):
    """``v = α·v + (1−α)·g²``; ``Δ = −lr·g/(√v + eps)``."""

    name = "rmsprop"
    memory_names = ("v",)

    def _change(self, gradient: Array) -> None:
        memory, scratch = self.memory["v"], self._scratch
        number = self.parameters.dtype.type
        np.multiply(gradient, gradient, out=scratch)
        np.multiply(scratch, number(1 - self.hyperparameters.alpha), out=scratch)
        np.multiply(self.memory_before["v"], number(self.hyperparameters.alpha), out=memory)
        np.add(memory, scratch, out=memory)
        np.sqrt(memory, out=scratch)
        np.add(scratch, self._eps, out=scratch)
        np.divide(gradient, scratch, out=self.delta)
        np.multiply(self.delta, self._minus_lr, out=self.delta)

    def operations(self) -> tuple[Operation, ...]:
        alpha = Value("α")
        square = (ONE - alpha) * Square(Value("g"))
        return (
            _step("v", "mean of squares", alpha * Value("v_old") + square),
            _step(
                "rate", "effective rate", Value("lr") / (Function("√", Value("v")) + Value("eps"))
            ),
            _RATE_TIMES_GRADIENT,
            _CHANGE,
        )

    def _constants(self) -> dict[str, float]:
        return {"α": self.used.alpha}
