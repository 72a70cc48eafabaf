"""Names and places of single parameters in the flat vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.parameters import ParameterSpec, block_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.symbols import quoted


@dataclass(frozen=True, slots=True)
class Tensor:
    """One parameter tensor: where it lies in the flat vector."""

    spec: ParameterSpec
    start: int
    stop: int

    @property
    def part(self) -> slice:
        """Its part of a flat vector."""
        return slice(self.start, self.stop)


def tensors(snapshot: Snapshot) -> tuple[Tensor, ...]:
    """All of them in order of storage."""
    found, start = [], 0
    for spec in snapshot.window.declaration.specs:
        stop = start + int(np.prod(spec.shape))
        found.append(Tensor(spec, start, stop))
        start = stop
    return tuple(found)


def tensor_of(snapshot: Snapshot, index: int) -> Tensor:
    """The tensor that the parameter at `index` belongs to."""
    return next(tensor for tensor in tensors(snapshot) if index < tensor.stop)


def parameter_name(snapshot: Snapshot, index: int) -> str:
    """The name of one parameter, counted from 1 within its gate: ``W_hf[3,7]``, ``b_f[7]``."""
    tensor = tensor_of(snapshot, index)
    place = np.unravel_index(index - tensor.start, tensor.spec.shape)
    width = tensor.spec.shape[-1] // len(tensor.spec.blocks)
    block, column = divmod(int(place[-1]), width)
    rows = ",".join(str(int(row) + 1) for row in place[:-1])
    inside = f"{rows},{column + 1}" if rows else str(column + 1)
    return f"{block_name(tensor.spec.name, tensor.spec.blocks[block])}[{inside}]"


def meaning(snapshot: Snapshot, index: int) -> str:
    """The symbol whose row of W_x, or the class whose entry of the readout, a parameter is."""
    tensor, subject = tensor_of(snapshot, index), snapshot.task
    place = np.unravel_index(index - tensor.start, tensor.spec.shape)
    if tensor.spec.name == "W_x" and subject.symbols is not None:
        return f" of {quoted(subject.symbols[int(place[0])])}"
    if tensor.spec.name in ("W_y", "b_y") and subject.labels is not None:
        return f" of {quoted(subject.labels[int(place[-1])])}"
    return ""
