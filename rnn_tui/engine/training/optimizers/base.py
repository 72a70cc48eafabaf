"""The base class of the optimizers. Each optimizer is one file and has PyTorch's formulas.

An optimizer keeps its memory (momentum, sums of squares; PyTorch says "state") as flat vectors
[P], one entry per parameter. `Optimizer.step` computes the change Δ from the clipped gradient and
adds it to the parameters. The values before the step are kept, so that the step can be shown, and
undone if it overflows.

To write a new optimizer, declare its `operations`: that is enough to train with it, step through it
and see it. `_compute_delta` may be overridden with the same arithmetic in place, which is faster.
Then add its line to `rnn_tui.registry`.

Sources: the documentation of torch.optim.SGD, Adagrad, RMSprop and Adam; Duchi et al. 2011
(Adagrad); Hinton's lecture 6e (RMSprop); Kingma & Ba 2015 (Adam); min-char-rnn for eps inside the
root.
"""

from __future__ import annotations

import copy as copying
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from rnn_tui.engine.core.expressions import Array, Expression, Negative, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """The hyperparameters of all optimizers; each optimizer uses its own. They have no units."""

    lr: float
    momentum: float = 0.0
    alpha: float = 0.99
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float | None = None  # None: the optimizer's `default_eps`
    eps_place: str = "outside"

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the hyperparameters among `settings`, which have the same names there."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})


def step_operation(symbol: str, title: str, expression: Expression) -> Operation:
    """Return the operation ``symbol = expression`` of a step."""
    return Operation(symbol, title, expression, row=symbol)


# The operations that most optimizers end with
RATE_TIMES_GRADIENT = step_operation("Δ", "change", Negative(Value("rate") * Value("g")))
NEW_PARAMETER = step_operation("p_new", "parameter after", Value("p") + Value("Δ"))


class Optimizer(ABC):
    """An optimizer of one flat parameter vector, which remembers its last step.

    Attributes:
        name: the value of the setting `optimizer` that chooses it.
        memory_names: names of the vectors that it keeps from step to step.
        parameters: [P], changed in place.
        parameters_before: [P], the parameters before the last step.
        delta: [P], Δ, the change that the last step made.
        memory: the vectors [P] that it keeps, by name.
        memory_before: those vectors before the last step.
        updates_made: number of updates it has made, t in the formulas.
        hyperparameters: those of the next step.
        eps: eps of the next step.
        last_hyperparameters: those of the last step.
        last_eps: eps of the last step.
    """

    name: str
    memory_names: tuple[str, ...] = ()

    def __init__(self, parameters: Array, hyperparameters: Hyperparameters) -> None:
        self.parameters = parameters
        self.delta = np.zeros_like(parameters)
        self.parameters_before = parameters.copy()
        self.memory = {name: np.zeros_like(parameters) for name in self.memory_names}
        self.memory_before = {name: array.copy() for name, array in self.memory.items()}
        self.updates_made = 0
        # What each vector holds: `copy` shares those that hold what they did before.
        start, zeros = object(), object()
        self._contents = {
            "parameters": start,
            "parameters_before": start,
            "delta": object(),
            "memory": zeros,
            "memory_before": zeros,
        }
        self._scratch = np.empty_like(parameters)
        self.configure(hyperparameters)
        self.last_hyperparameters, self.last_eps = self.hyperparameters, self.eps

    def configure(self, hyperparameters: Hyperparameters) -> None:
        """Use new hyperparameters from the next step on; the memory stays."""
        self.hyperparameters = hyperparameters
        eps = hyperparameters.eps
        self.eps = self.default_eps() if eps is None else eps
        number = self.parameters.dtype.type
        # 0-d arrays: NumPy takes longer to convert a number than to multiply a thousand of them.
        self._minus_lr = np.array(-number(hyperparameters.lr))
        self._eps = np.array(number(self.eps))

    def default_eps(self) -> float:
        """Return the eps to use if the settings do not give one."""
        return 1e-8

    def step(self, gradient: Array) -> None:
        """Add Δ to the parameters, in place. gradient: [P], clipped."""
        np.copyto(self.parameters_before, self.parameters)
        self.memory, self.memory_before = self.memory_before, self.memory
        self._contents = {
            "parameters": object(),
            "parameters_before": self._contents["parameters"],
            "delta": object(),
            "memory": object(),
            "memory_before": self._contents["memory"],
        }
        self.updates_made += 1
        self.last_hyperparameters, self.last_eps = self.hyperparameters, self.eps
        self._compute_delta(gradient)
        np.add(self.parameters, self.delta, out=self.parameters)

    def undo(self) -> None:
        """Undo the last step exactly; it cannot be called twice in a row."""
        np.copyto(self.parameters, self.parameters_before)
        self.memory, self.memory_before = self.memory_before, self.memory
        self.updates_made -= 1
        self._contents |= {
            "parameters": self._contents["parameters_before"],
            "memory": self._contents["memory_before"],
            "memory_before": object(),
        }

    def note_changed(self) -> None:
        """Note that somebody else wrote to the parameters or the memory; see `copy`."""
        names = ("parameters", "parameters_before", "memory")
        self._contents |= {name: object() for name in names}

    def copy(self, previous: Optimizer | None = None) -> Self:
        """Return a copy that later steps do not change.

        Args:
            previous: an earlier copy. The vectors that hold what they held then are shared with it,
                so neither may be written to.
        """
        known = {} if previous is None else previous._by_contents()
        result = copying.copy(self)
        result._contents = dict(self._contents)
        for name, contents in self._contents.items():
            if contents not in known:
                own = getattr(self, name)
                known[contents] = (
                    {each: array.copy() for each, array in own.items()}
                    if isinstance(own, dict)
                    else own.copy()
                )
            setattr(result, name, known[contents])
        return result

    def _by_contents(self) -> dict[object, Array | dict[str, Array]]:
        """Return the vectors by what they hold."""
        return {contents: getattr(self, name) for name, contents in self._contents.items()}

    @abstractmethod
    def operations(self) -> tuple[Operation, ...]:
        """Return the operations of the last step: each memory, an effective "rate", "Δ", "p_new".

        The expressions may read ``g`` (the gradient), ``p``, ``lr``, ``eps``, what `constants`
        returns, each memory before the step as ``NAME_old``, and results of earlier operations.
        """

    def constants(self) -> dict[str, float]:
        """Return the optimizer's own hyperparameters by the symbols that its operations use."""
        return {}

    def _compute_delta(self, gradient: Array) -> None:
        """Compute `memory` (from `memory_before`) and `delta`, here by the declared operations.

        Args:
            gradient: [P], clipped.
        """
        values = {"g": gradient, "p": self.parameters_before, **self._numbers()}
        values |= {f"{name}_old": array for name, array in self.memory_before.items()}
        for operation in self.operations():
            values[operation.symbol] = operation.expression.evaluate(values)
        np.copyto(self.delta, values["Δ"])
        for name, array in self.memory.items():
            np.copyto(array, values[name])

    def values(self, gradient: Array, index: int) -> dict[str, Array]:
        """Return every named number of the last step for the parameter at `index`.

        Args:
            gradient: [P], the gradient that was passed to `step`.
            index: index of the parameter in the flat vector.

        Returns:
            0-d arrays by symbol: all values that the operations read or write.
        """
        values: dict[str, Array] = {
            "g": gradient[index],
            "Δ": self.delta[index],
            "p": self.parameters_before[index],
            "p_new": self.parameters[index],
        }
        for name, array in self.memory.items():
            values[name] = array[index]
            values[f"{name}_old"] = self.memory_before[name][index]
        values |= self._numbers()
        with np.errstate(all="ignore"):  # an effective rate of lr/0 is inf, which is correct
            for operation in self.operations():
                if operation.symbol not in values:
                    values[operation.symbol] = operation.expression.evaluate(values)
        return {name: np.asarray(value) for name, value in values.items()}

    def _numbers(self) -> dict[str, Array]:
        """Return the last step's hyperparameters by symbol, as 0-d arrays of the run's dtype."""
        numbers = self.constants() | {"lr": self.last_hyperparameters.lr, "eps": self.last_eps}
        number = self.parameters.dtype.type
        return {name: np.asarray(number(value)) for name, value in numbers.items()}
