"""Adam: momentum and a learning rate for each parameter, both corrected for their start at 0.

Source: Kingma & Ba 2015, as torch.optim.Adam computes it.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import ONE, Array, Function, Negative, Square, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import NEW_PARAMETER, Optimizer, step_operation


class Adam(Optimizer):
    """``Δ = −(lr/(1−β₁ⁿ))·m/(√v/√(1−β₂ⁿ) + eps)``.

    ``m = β₁m + (1−β₁)g``, ``v = β₂v + (1−β₂)g²``, at the n-th step.
    """

    name = "adam"
    memory_names = ("m", "v")

    def operations(self) -> tuple[Operation, ...]:
        g, beta1, beta2 = Value("g"), Value("β₁"), Value("β₂")
        mean = beta1 * Value("m_old") + (ONE - beta1) * g
        mean_of_squares = beta2 * Value("v_old") + (ONE - beta2) * Square(g)
        root = Function("√", Value("v")) / Value("√(1−β₂ⁿ)") + Value("eps")
        return (
            step_operation("m", "mean", mean),
            step_operation("v", "mean of squares", mean_of_squares),
            step_operation("rate", "effective rate", Value("lr") / Value("(1−β₁ⁿ)") / root),
            step_operation("Δ", "change", Negative(Value("rate") * Value("m"))),
            NEW_PARAMETER,
        )

    def constants(self) -> dict[str, float]:
        first, second = self._corrections() if self.updates_made else (1.0, 1.0)
        beta1, beta2 = self.last_hyperparameters.beta1, self.last_hyperparameters.beta2
        return {"β₁": beta1, "β₂": beta2, "(1−β₁ⁿ)": first, "√(1−β₂ⁿ)": second}

    def _corrections(self) -> tuple[float, float]:
        """Return 1 − β₁ⁿ and √(1 − β₂ⁿ) of the last step."""
        beta1, beta2 = self.last_hyperparameters.beta1, self.last_hyperparameters.beta2
        return 1 - beta1**self.updates_made, (1 - beta2**self.updates_made) ** 0.5

    def _compute_delta(self, gradient: Array) -> None:
        m, m_old = self.memory["m"], self.memory_before["m"]
        v, v_old = self.memory["v"], self.memory_before["v"]
        delta, scratch = self.delta, self._scratch
        number = self.parameters.dtype.type
        beta1, beta2 = self.hyperparameters.beta1, self.hyperparameters.beta2
        first, second = self._corrections()
        np.multiply(m_old, number(beta1), out=m)  # β₁·m_old
        np.multiply(gradient, number(1 - beta1), out=scratch)  # (1−β₁)·g
        np.add(m, scratch, out=m)  # m = β₁·m_old + (1−β₁)·g
        np.multiply(gradient, gradient, out=scratch)  # g²
        np.multiply(scratch, number(1 - beta2), out=scratch)  # (1−β₂)·g²
        np.multiply(v_old, number(beta2), out=v)  # β₂·v_old
        np.add(v, scratch, out=v)  # v = β₂·v_old + (1−β₂)·g²
        np.sqrt(v, out=scratch)  # √v
        np.divide(scratch, number(second), out=scratch)  # √v/√(1−β₂ⁿ)
        np.add(scratch, self._eps, out=scratch)  # √v/√(1−β₂ⁿ) + eps
        np.divide(m, scratch, out=delta)  # m/(√v/√(1−β₂ⁿ) + eps)
        np.multiply(delta, number(-self.hyperparameters.lr / first), out=delta)  # Δ
