"""Divergence: the first non-finite number (NaN or ±inf) of a run, and the exact search for it.

While running, the trainer checks sums only: the loss, the gradient's norm and the parameters' norm.
Once one of them is non-finite, the functions below search the window for the first non-finite
number, in the order of computation. NumPy may warn while they run; callers silence it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass, Schedule


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first non-finite number of a run, and where it was computed.

    Attributes:
        stage: the pass.
        t: the timestep; 0 if the pass has no timesteps.
        tensor: the tensor that the number is an entry of: the symbol of an operation, or a
            parameter's name.
        value: the number, NaN or ±inf.
    """

    stage: Pass
    t: int
    tensor: str
    value: float

    @property
    def name(self) -> str:
        """The tensor with its time: ``dh_6``."""
        return value_name(self.tensor, self.t) if self.t else self.tensor

    def __str__(self) -> str:
        place = f" at t={self.t}" if self.t else ""
        return f"{self.name} is {self.value} in {self.stage}{place}"


def find_nonfinite_between(
    network: Network, schedule: Schedule, before: int, position: int
) -> Divergence | None:
    """Return the first non-finite number of the timesteps between two positions in one pass."""
    stage, t = schedule.pass_at(position)
    if stage is Pass.FORWARD:
        return find_nonfinite_in_forward_pass(network, schedule.pass_at(before)[1] + 1, t)
    if stage is Pass.BACKWARD:
        first = schedule.pass_at(before)[1] - 1 if before > schedule.loss else None
        return find_nonfinite_in_backward_pass(network, first, t)
    return None


def find_nonfinite_in_forward_pass(
    network: Network, first: int = 1, last: int | None = None
) -> Divergence | None:
    """Return the first non-finite number of the forward pass, in timesteps `first` to `last`.

    The inputs x_t are searched as well, before the operations. The outputs y_t are computed here,
    because a run computes them only after the last timestep.

    Args:
        network: the network, with the window on its tape.
        first: the first timestep to search.
        last: the last timestep to search; None for T.
    """
    network.readout()
    timesteps = range(first, (last or network.tape.steps) + 1)
    symbols = ("x_t", *_symbols(network.declaration.forward_operations))
    return _find_nonfinite_in_timesteps(network, Pass.FORWARD, timesteps, symbols)


def find_nonfinite_in_backward_pass(
    network: Network, first: int | None = None, last: int = 1
) -> Divergence | None:
    """Return the first non-finite number of the backward pass, in timesteps `first` to `last`.

    Args:
        network: the network, with the window on its tape.
        first: the timestep to begin with, as the pass goes from T down to 1; None for T.
        last: the last timestep to search, at most `first`.
    """
    timesteps = range(first or network.tape.steps, last - 1, -1)
    symbols = _symbols(network.declaration.backward_operations)
    return _find_nonfinite_in_timesteps(network, Pass.BACKWARD, timesteps, symbols)


def _symbols(operations: Iterable[Operation]) -> tuple[str, ...]:
    return tuple(operation.symbol for operation in operations)


def _find_nonfinite_in_timesteps(
    network: Network, stage: Pass, timesteps: range, symbols: Sequence[str]
) -> Divergence | None:
    """Return the first non-finite value among those called `symbols`, timestep by timestep."""
    for t in timesteps:
        values = network.values(t)
        for symbol in symbols:
            value = _first_nonfinite(values[symbol])
            if value is not None:
                return Divergence(stage, t, symbol, value)
    return None


def find_nonfinite_in_parameters(
    specs: tuple[ParameterSpec, ...], flat: Array
) -> tuple[str, float] | None:
    """Return the name of the first parameter with a non-finite entry, and that entry.

    Args:
        specs: the network's parameters.
        flat: [P], the parameters or any vector with one entry per parameter, such as an
            optimizer's memory.
    """
    for name, array in views(specs, flat).items():
        value = _first_nonfinite(array)
        if value is not None:
            return name, value
    return None


def find_nonfinite_in_update(
    specs: tuple[ParameterSpec, ...], parameters: Array, memory: Mapping[str, Array]
) -> Divergence | None:
    """Return the first non-finite number after an update, in the parameters or the memory.

    Args:
        specs: the network's parameters.
        parameters: [P], after the update.
        memory: the optimizer's vectors [P] after the update, by name.
    """
    for name, array in (("", parameters), *memory.items()):
        if math.isfinite(array.dot(array)):
            continue
        if first := find_nonfinite_in_parameters(specs, array):
            tensor, value = first
            owner = f"optimizer memory {name} of {tensor}" if name else tensor
            return Divergence(Pass.UPDATE, 0, owner, value)
    return None


def _first_nonfinite(array: Array) -> float | None:
    """Return the first non-finite entry; None if all are finite."""
    if math.isfinite(array.sum()):  # the fastest check: NaN and ±inf stay in a sum
        return None
    finite = np.isfinite(array)
    return None if finite.all() else float(array[~finite].flat[0])
