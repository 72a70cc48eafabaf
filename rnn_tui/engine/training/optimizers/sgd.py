"""Stochastic gradient descent with momentum (torch.optim.SGD)."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array, Negative, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import NEW_PARAMETER, Optimizer, step_operation


class Sgd(Optimizer):
    """``buf = μ·buf + g``, the first one ``buf = g``; ``Δ = −lr·buf``."""

    name = "sgd"
    memory_names = ("buf",)

    def operations(self) -> tuple[Operation, ...]:
        return (
            step_operation("buf", "velocity", Value("μ") * Value("buf_old") + Value("g")),
            step_operation("rate", "effective rate", Value("lr")),
            step_operation("Δ", "change", Negative(Value("rate") * Value("buf"))),
            NEW_PARAMETER,
        )

    def constants(self) -> dict[str, float]:
        return {"μ": self.last_hyperparameters.momentum}

    def _compute_delta(self, gradient: Array) -> None:
        buf, buf_old = self.memory["buf"], self.memory_before["buf"]
        momentum = self.parameters.dtype.type(self.hyperparameters.momentum)
        # The buffer starts at zero, so the first one is g, as in PyTorch, which copies g.
        np.multiply(buf_old, momentum, out=buf)  # μ·buf_old
        np.add(buf, gradient, out=buf)  # buf = μ·buf_old + g
        np.multiply(buf, self._minus_lr, out=self.delta)  # Δ = −lr·buf
