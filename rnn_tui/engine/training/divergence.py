"""The first number of a run that is not finite (NaN or ±inf), and the exact search for it.

While running, the trainer looks at sums only: the loss, the gradient's norm, the parameters'. Once
one of them is not finite, these functions look through the window for where that began. They may
make NumPy warn of such numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first number that was not finite, and where it was computed.

    Attributes:
        stage: the pass.
        t: the timestep, 0 where the pass has none.
        tensor: what the number belongs to: the symbol of an operation, or a parameter's name.
        value: the number, NaN or ±inf.
    """

    stage: Pass
    t: int
    tensor: str
    value: float

    def __str__(self) -> str:
        place = f" at t={self.t}" if self.t else ""
        return f"{self.tensor} is {self.value} in {self.stage}{place}"


def in_forward_pass(network: Network, first: int = 1, last: int | None = None) -> Divergence | None:
    """Return the first number that is not finite in timesteps `first` to `last` (T) of the pass.

    The inputs count as its first numbers. The outputs are computed anew, as a run leaves them to
    the end of the pass.
    """
    network.readout()
    timesteps = range(first, (last or network.tape.steps) + 1)
    symbols = ("x_t", *_symbols(network.declaration.forward_operations))
    return _in_timesteps(network, Pass.FORWARD, timesteps, symbols)


def in_backward_pass(
    network: Network, first: int | None = None, last: int = 1
) -> Divergence | None:
    """Return the first number that is not finite in timesteps `first` (T) down to `last`."""
    timesteps = range(first or network.tape.steps, last - 1, -1)
    symbols = _symbols(network.declaration.backward_operations)
    return _in_timesteps(network, Pass.BACKWARD, timesteps, symbols)


def _symbols(operations: Iterable[Operation]) -> tuple[str, ...]:
    return tuple(operation.symbol for operation in operations)


def _in_timesteps(
    network: Network, stage: Pass, timesteps: range, symbols: Sequence[str]
) -> Divergence | None:
    """Return the first of the values called `symbols` that is not finite, timestep by timestep."""
    for t in timesteps:
        values = network.values(t)
        for symbol in symbols:
            value = _non_finite(values[symbol])
            if value is not None:
                return Divergence(stage, t, symbol, value)
    return None


def in_parameters(specs: tuple[ParameterSpec, ...], flat: Array) -> tuple[str, float] | None:
    """Return the first parameter that has an entry in `flat` [P] that is not finite, and the entry.

    `flat` may be any vector with an entry per parameter, such as an optimizer's memory.
    """
    for name, array in views(specs, flat).items():
        value = _non_finite(array)
        if value is not None:
            return name, value
    return None


def in_update(
    specs: tuple[ParameterSpec, ...], parameters: Array, memory: Mapping[str, Array]
) -> Divergence | None:
    """Return the first number that an update made non-finite, in the parameters or the memory.

    Args:
        specs: the network's parameters.
        parameters: [P], after the update.
        memory: the optimizer's vectors [P] after it, by name.
    """
    for name, array in (("", parameters), *memory.items()):
        if math.isfinite(array.dot(array)):
            continue
        if first := in_parameters(specs, array):
            tensor, value = first
            owner = f"optimizer memory {name} of {tensor}" if name else tensor
            return Divergence(Pass.UPDATE, 0, owner, value)
    return None


def _non_finite(array: Array) -> float | None:
    """Return the first entry that is not finite, None when all are."""
    if math.isfinite(array.sum()):  # the fastest: NaN and ±inf stay in a sum
        return None
    finite = np.isfinite(array)
    return None if finite.all() else float(array[~finite].flat[0])
