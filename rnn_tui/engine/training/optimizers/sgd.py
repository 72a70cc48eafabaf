"""Stochastic gradient descent with momentum."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array, Negative, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import _CHANGE, Optimizer, _step


class Sgd(Optimizer):
    """First buf = g; ``buf = μ·buf + g``; ``Δ = −lr·buf``."""

    name = "sgd"
    memory_names = ("buf",)

    def _change(self, gradient: Array) -> None:
        before, buffer = self.memory_before["buf"], self.memory["buf"]
        # A buffer of zeros makes the first one g, as PyTorch's clone of g does.
        np.multiply(before, self.parameters.dtype.type(self.hyperparameters.momentum), out=buffer)
        np.add(buffer, gradient, out=buffer)
        np.multiply(buffer, self._minus_lr, out=self.delta)

    def operations(self) -> tuple[Operation, ...]:
        return (
            _step("buf", "velocity", Value("μ") * Value("buf_old") + Value("g")),
            _step("rate", "effective rate", Value("lr")),
            _step("Δ", "change", Negative(Value("rate") * Value("buf"))),
            _CHANGE,
        )

    def _constants(self) -> dict[str, float]:
        return {"μ": self.used.momentum}
