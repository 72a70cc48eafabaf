"""Names of single parameters, and the ranges of the tensors in the flat vector [P]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.parameters import ParameterSpec, block_name
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.symbols import quoted


@dataclass(frozen=True, slots=True)
class TensorRange:
    """One parameter tensor and its range in the flat vector.

    Attributes:
        spec: its name, shape and gates.
        start: the index of its first entry.
        stop: the index after its last entry.
    """

    spec: ParameterSpec
    start: int
    stop: int

    @property
    def part(self) -> slice:
        """The slice of a flat vector that is this tensor."""
        return slice(self.start, self.stop)


def tensors(snapshot: Snapshot) -> tuple[TensorRange, ...]:
    """Return the ranges of all tensors, in order of storage."""
    ranges, start = [], 0
    for spec in snapshot.window.declaration.specs:
        stop = start + int(np.prod(spec.shape))
        ranges.append(TensorRange(spec, start, stop))
        start = stop
    return tuple(ranges)


def tensor_of(snapshot: Snapshot, index: int) -> TensorRange:
    """Return the tensor that has the parameter at `index`."""
    return next(tensor for tensor in tensors(snapshot) if index < tensor.stop)


def parameter_name(snapshot: Snapshot, index: int) -> str:
    """Return a parameter's name, indices from 1 within its gate: ``W_hf[3,7]``, ``b_f[7]``."""
    tensor = tensor_of(snapshot, index)
    place = np.unravel_index(index - tensor.start, tensor.spec.shape)
    width = tensor.spec.shape[-1] // len(tensor.spec.blocks)
    block, column = divmod(int(place[-1]), width)
    entry = (*(int(row) + 1 for row in place[:-1]), column + 1)
    return value_name(block_name(tensor.spec.name, tensor.spec.blocks[block]), None, *entry)


def is_parameter(snapshot: Snapshot, name: str) -> bool:
    """Return whether `name` is that of a parameter or of a gate's block of one."""
    return any(
        name in (spec.name, *(block_name(spec.name, block) for block in spec.blocks))
        for spec in snapshot.window.declaration.specs
    )


def symbol_of_parameter(snapshot: Snapshot, index: int) -> str:
    """Return the symbol or class that a parameter belongs to, as " of 't'"; "" if none.

    A row of W_x belongs to a symbol, a column of W_y and an entry of b_y to a class.
    """
    tensor, task = tensor_of(snapshot, index), snapshot.task
    place = np.unravel_index(index - tensor.start, tensor.spec.shape)
    if tensor.spec.name == "W_x" and task.symbols is not None:
        return f" of {quoted(task.symbols[int(place[0])])}"
    if tensor.spec.name in ("W_y", "b_y") and task.labels is not None:
        return f" of {quoted(task.labels[int(place[-1])])}"
    return ""
