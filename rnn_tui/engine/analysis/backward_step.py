"""One timestep of the backward pass, for many gradients at once.

It is linear in the gradients that arrive. So the cell's declared operations are evaluated along one
more axis in front: exactly, for every cell, and without a change to the tape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.pins import NO_PINS, TimestepPins


def backward_step(
    operations: Sequence[Operation],
    values: Mapping[str, Array],
    entering: Array,
    arriving: Mapping[str, Array],
    pins: TimestepPins = NO_PINS,
) -> dict[str, Array]:
    """Evaluate one timestep backward for R gradients.

    Args:
        operations: `NetworkDeclaration.cell_backward_operations`.
        values: the timestep's forward values [B, …] and the parameters, by name.
        entering: ``dh_y``, what comes from y_t, [R, B, H] or what broadcasts to it.
        arriving: for each state ``s``, ``ds_next`` from timestep t+1, [R, B, H].
        pins: their effect on this timestep.

    Returns:
        `values` with ``dh_t``, … and for each state ``ds_<t-1>``, [R, B, H].
    """
    known = dict(values)
    known["dh_y"] = entering
    known |= {f"d{state}_next": array for state, array in arriving.items()}
    pins.evaluate_backward(operations, known)
    return known
