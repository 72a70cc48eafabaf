"""Optimizers: flat vector operations in PyTorch's formulas, each declared as an expression too.

Every optimizer keeps its memory (momentum, sums of squares) as flat vectors beside the parameters.
`step` computes the change Δ from the (clipped) gradient and adds it to the parameters; what the
memory was before is kept, so that the step can be shown, and taken back when it overflows.

Sources: the documentation of torch.optim.SGD, Adagrad, RMSprop and Adam; Duchi et al. 2011
(Adagrad); Hinton's lecture 6e (RMSprop); Kingma & Ba 2015 (Adam); min-char-rnn for eps inside the
root.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np

from rnn_tui.engine.cells.base import Operation
from rnn_tui.engine.expressions import ONE, Array, Expression, Function, Negative, Square, Value


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

    def picture(self) -> Self:
        """A copy that later steps do not change."""
        picture = copy(self)
        picture.parameters = self.parameters.copy()
        picture.delta, picture.before = self.delta.copy(), self.before.copy()
        picture.memory = {name: array.copy() for name, array in self.memory.items()}
        picture.memory_before = {name: a.copy() for name, a in self.memory_before.items()}
        return picture

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


OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (Sgd, Adagrad, RmsProp, Adam)}


def make_optimizer(name: str, parameters: Array, hyperparameters: Hyperparameters) -> Optimizer:
    """The optimizer called `name`, with an empty memory.

    Raises:
        KeyError: there is no such optimizer.
    """
    return OPTIMIZERS[name](parameters, hyperparameters)
