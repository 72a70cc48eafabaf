"""One sample's window, frozen, and the values at a timestep by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.pins import Pins, pins_at


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """One sample's tape and the parameters that made it: copies that nothing else writes to.

    `declaration` is that of the whole batch; `pins` are those that were in force; `sample` is its
    number in the batch, from 0.
    """

    declaration: NetworkDeclaration
    parameters: Mapping[str, Array]
    tape: Tape  # [T, 1, …]
    pins: Pins = ()
    sample: int = 0

    @property
    def counted(self) -> tuple[bool, ...]:
        """Where the loss counts for this sample, [T]."""
        return tuple(self.declaration.counted[:, self.sample].tolist())

    def backward_operations_at(self, t: int) -> tuple[Operation, ...]:
        """Return the backward operations of timestep `t` for this sample."""
        return self.declaration.backward_operations_at(t, self.sample)

    def values(self, t: int) -> dict[str, Array]:
        """Return every named value at timestep `t`, [1, …]; see `named_values`."""
        return named_values(
            self.declaration, self.parameters, self.tape, t, self.pins, sample=self.sample
        )


def named_values(
    declaration: NetworkDeclaration,
    parameters: Mapping[str, Array],
    tape: Tape,
    t: int,
    pins: Pins = (),
    *,
    sample: int | None = None,
) -> dict[str, Array]:
    """Return every named value at timestep `t`: parameters by gate, states, gates and gradients.

    Values that no kernel stores are evaluated from their declaration; so is the gradient of a
    pinned value, as the tape only has what flows on from it, which is 0. At timesteps that the
    cursor has not reached yet, values are left over from the window before.

    `sample`: the one that `tape` is of, from 0; None: `tape` is that of the whole batch. Then
    ``mask_t`` is 1 for the samples whose loss counts, where it does not for all.
    """
    values = forward_values(declaration, parameters, tape, t, pins)
    pinned = pins_at(pins, declaration.cell_backward_operations, t)
    if sample is None and declaration.problem.differs(t):
        counted = declaration.counted[t - 1, :, None].astype(tape.dtype)  # [B, 1]
        values["mask_t"] = np.broadcast_to(counted, values["y_t"].shape)
    with np.errstate(all="ignore"):  # after a divergence these may overflow; the caller checks
        read = dict(values)
        for operation in declaration.backward_operations_at(t, sample):
            if (symbol := operation.symbol) not in values or symbol in pinned.blocked:
                values[symbol] = operation.expression.evaluate(read)
            read[symbol] = pinned.block_gradient(symbol, values[symbol])
    return values


def forward_values(
    declaration: NetworkDeclaration,
    parameters: Mapping[str, Array],
    tape: Tape,
    t: int,
    pins: Pins = (),
) -> dict[str, Array]:
    """Return what `named_values` does without evaluating any gradient that is not on the tape."""
    values = stored_values(declaration, parameters, tape, t)
    pinned = pins_at(pins, declaration.cell_backward_operations, t)
    with np.errstate(all="ignore"):  # see `named_values`
        for operation in declaration.forward_operations:
            if (symbol := operation.symbol) not in values:
                values[symbol] = pinned.put_constants(symbol, operation.expression.evaluate(values))
    return values


def stored_values(
    declaration: NetworkDeclaration, parameters: Mapping[str, Array], tape: Tape, t: int
) -> dict[str, Array]:
    """Return those values at timestep `t` that are parameters or views of the tape, by name."""
    k = t - 1
    values: dict[str, Array] = {"N": np.asarray(declaration.term_count, tape.dtype)}
    for layer in declaration.layers:
        values.update(layer.stored_values(parameters, tape, t))
    values |= {
        "W_y": parameters["W_y"],
        "b_y": parameters["b_y"],
        "y_t": tape["y"][k],
        "target_t": tape["target"][k],
        "dy_t": tape["dy"][k],
    }
    values.update(declaration.loss_function.values(tape, t))
    return values
