"""The optimizers: one file each; `rnn_tui.registry` has a line for each."""

from __future__ import annotations

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.optimizers.base import Hyperparameters, Optimizer
from rnn_tui.registry import OPTIMIZERS


def optimizer_class(name: str) -> type[Optimizer]:
    """Return the class of the optimizer called `name`.

    Raises:
        KeyError: there is no such optimizer.
    """
    kind: type[Optimizer] = OPTIMIZERS.load(name)
    return kind


def make_optimizer(name: str, parameters: Array, hyperparameters: Hyperparameters) -> Optimizer:
    """Return the optimizer called `name`, its memory empty; parameters: [P], changed in place.

    Raises:
        KeyError: there is no such optimizer.
    """
    return optimizer_class(name)(parameters, hyperparameters)
