"""The origin of the first value that was not finite; found at once, without the prover."""

from __future__ import annotations

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin, find_operation, trace_inputs
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer


def bad_value_origin(trainer: Trainer) -> BadValueOrigin | None:
    """Return the inputs of the first value that was not finite.

    Returns:
        None where there is no such value or no operation of a timestep made it.
    """
    divergence = trainer.divergence
    if divergence is None or not divergence.t:
        return None
    backward = divergence.stage is Pass.BACKWARD
    operation = find_operation(trainer.network, divergence.tensor, divergence.t, backward)
    if operation is None:
        return None
    return trace_inputs(trainer.network, operation, divergence.t)
