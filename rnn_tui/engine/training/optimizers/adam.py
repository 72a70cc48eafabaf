"""Adam."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import ONE, Array, Function, Negative, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import _CHANGE, Optimizer, _step


class Adam(Optimizer):
    """``m = β₁m + (1−β₁)g``, ``v = β₂v + (1−β₂)g²``;
    ``Δ = −(lr/(1−β₁ᵗ))·m/(√v/√(1−β₂ᵗ) + eps)``."""

    name = "adam"
    memory_names = ("m", "v")

    def _corrections(self) -> tuple[float, float]:
        """1 − β₁ᵗ and √(1 − β₂ᵗ) of the last step."""
        first = 1 - self.used.beta1**self.count
        return first, (1 - self.used.beta2**self.count) ** 0.5

    def _change(self, gradient: Array) -> None:
        mean, square, scratch = self.memory["m"], self.memory["v"], self._scratch
        number = self.parameters.dtype.type
        beta1, beta2 = self.hyperparameters.beta1, self.hyperparameters.beta2
        first, second = self._corrections()
        np.multiply(self.memory_before["m"], number(beta1), out=mean)
        np.multiply(gradient, number(1 - beta1), out=scratch)
        np.add(mean, scratch, out=mean)
        np.multiply(gradient, gradient, out=scratch)
        np.multiply(scratch, number(1 - beta2), out=scratch)
        np.multiply(self.memory_before["v"], number(beta2), out=square)
        np.add(square, scratch, out=square)
        np.sqrt(square, out=scratch)
        np.divide(scratch, number(second), out=scratch)
        np.add(scratch, self._eps, out=scratch)
        np.divide(mean, scratch, out=self.delta)
        np.multiply(self.delta, number(-self.hyperparameters.lr / first), out=self.delta)

    def operations(self) -> tuple[Operation, ...]:
        one_minus = {name: ONE - Value(name) for name in ("β₁", "β₂")}
        root = Function("√", Value("v")) / Value("√(1−β₂ᵗ)") + Value("eps")
        return (
            _step("m", "mean", Value("β₁") * Value("m_old") + one_minus["β₁"] * Value("g")),
            _step(
                "v",
                "mean of squares",
                Value("β₂") * Value("v_old") + one_minus["β₂"] * Square(Value("g")),
            ),
            _step("rate", "effective rate", Value("lr") / Value("(1−β₁ᵗ)") / root),
            _step("Δ", "change", Negative(Value("rate") * Value("m"))),
            _CHANGE,
        )

    def _constants(self) -> dict[str, float]:
        first, second = self._corrections() if self.count else (1.0, 1.0)
        beta1, beta2 = self.used.beta1, self.used.beta2
        return {"β₁": beta1, "β₂": beta2, "(1−β₁ᵗ)": first, "√(1−β₂ᵗ)": second}
