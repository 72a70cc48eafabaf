"""Optimizers: flat vector operations in PyTorch's formulas, each declared as an expression too.

Every optimizer keeps its memory (momentum, sums of squares) as flat vectors beside the parameters.
`step` computes the change Δ from the (clipped) gradient and adds it to the parameters; what the
memory was before is kept, so that the step can be shown, and taken back when it overflows.

Sources: the documentation of torch.optim.SGD, Adagrad, RMSprop and Adam; Duchi et al. 2011
(Adagrad); Hinton's lecture 6e (RMSprop); Kingma & Ba 2015 (Adam); min-char-rnn for eps inside the
root.
"""

from __future__ import annotations

import copy as copying
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from rnn_tui.engine.core.expressions import Array, Expression, Negative, Value
from rnn_tui.engine.core.operations import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """What an optimizer may be told; each uses what it knows. Unitless throughout."""

    lr: float
    momentum: float = 0.0
    alpha: float = 0.99
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float | None = None  # None: the optimizer's own
    eps_place: str = "outside"


def _step(symbol: str, title: str, expression: Expression) -> Operation:
    return Operation(symbol, title, expression, row=symbol)


class Optimizer(ABC):
    """Base: `memory` by name, `count` of steps taken, Δ of the last one."""

    name: str
    memory_names: tuple[str, ...] = ()
    default_eps = 1e-8

    def __init__(self, parameters: Array, hyperparameters: Hyperparameters) -> None:
        self.parameters = parameters  # [P]
        self.delta = np.zeros_like(parameters)  # [P], the last change of the parameters
        self.before = parameters.copy()  # [P], parameters before it
        self.memory = {name: np.zeros_like(parameters) for name in self.memory_names}
        self.memory_before = {name: array.copy() for name, array in self.memory.items()}
        self.count = 0
        self._scratch = np.empty_like(parameters)
        self.configure(hyperparameters)
        self.used, self.eps_used = self.hyperparameters, self.eps  # by the last step

    def configure(self, hyperparameters: Hyperparameters) -> None:
        """New hyperparameters from the next step on; the memory stays."""
        self.hyperparameters = hyperparameters
        given = hyperparameters.eps
        self.eps = self.own_eps() if given is None else given
        number = self.parameters.dtype.type
        # Arrays: turning a number into one takes longer than multiplying a thousand of them.
        self._minus_lr = np.array(-number(hyperparameters.lr))
        self._eps = np.array(number(self.eps))

    def own_eps(self) -> float:
        """The eps used when none is given."""
        return self.default_eps

    def step(self, gradient: Array) -> None:
        """Add Δ to the parameters, in place. gradient: [P]."""
        np.copyto(self.before, self.parameters)
        self.memory, self.memory_before = self.memory_before, self.memory
        self.count += 1
        self.used, self.eps_used = self.hyperparameters, self.eps
        self._change(gradient)
        np.add(self.parameters, self.delta, out=self.parameters)

    def undo(self) -> None:
        """Take the last step back, exactly. Only once."""
        np.copyto(self.parameters, self.before)
        self.memory, self.memory_before = self.memory_before, self.memory
        self.count -= 1

    def copy(self) -> Self:
        """A copy that later steps do not change."""
        result = copying.copy(self)
        result.parameters = self.parameters.copy()
        result.delta, result.before = self.delta.copy(), self.before.copy()
        result.memory = {name: array.copy() for name, array in self.memory.items()}
        result.memory_before = {name: a.copy() for name, a in self.memory_before.items()}
        return result

    @abstractmethod
    def _change(self, gradient: Array) -> None:
        """Fill `memory` from `memory_before`, and `delta`."""

    @abstractmethod
    def operations(self) -> tuple[Operation, ...]:
        """The step for one parameter, declared: memory, effective rate, Δ and the sum."""

    def values(self, gradient: Array, index: int) -> dict[str, Array]:
        """Named numbers (0-d arrays) of the last step for the parameter at `index`."""
        values: dict[str, Array] = {
            "g": gradient[index],
            "Δ": self.delta[index],
            "p": self.before[index],
            "p_new": self.parameters[index],
        }
        for name, array in self.memory.items():
            values[name] = array[index]
            values[f"{name}_old"] = self.memory_before[name][index]
        numbers = self._constants() | {"lr": self.used.lr, "eps": self.eps_used}
        number = self.parameters.dtype.type
        values |= {name: np.asarray(number(value)) for name, value in numbers.items()}
        with np.errstate(all="ignore"):  # an effective rate of lr/0 is inf, and no mistake
            for operation in self.operations():
                if operation.symbol not in values:
                    values[operation.symbol] = operation.expression.evaluate(values)
        return {name: np.asarray(value) for name, value in values.items()}

    def _constants(self) -> dict[str, float]:
        """Its own hyperparameters by the name the operations use."""
        return {}


_CHANGE = _step("p_new", "parameter after", Value("p") + Value("Δ"))
_RATE_TIMES_GRADIENT = _step("Δ", "change", Negative(Value("rate") * Value("g")))
