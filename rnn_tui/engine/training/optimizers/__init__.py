"""The optimizers: one file each."""

from __future__ import annotations

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.optimizers.adagrad import Adagrad
from rnn_tui.engine.training.optimizers.adam import Adam
from rnn_tui.engine.training.optimizers.base import Hyperparameters, Optimizer
from rnn_tui.engine.training.optimizers.rmsprop import RmsProp
from rnn_tui.engine.training.optimizers.sgd import Sgd

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (Sgd, Adagrad, RmsProp, Adam)}


def make_optimizer(name: str, parameters: Array, hyperparameters: Hyperparameters) -> Optimizer:
    """The optimizer called `name`, with an empty memory.

    Raises:
        KeyError: there is no such optimizer.
    """
    return OPTIMIZERS[name](parameters, hyperparameters)
