"""How much each input of a window matters to the one answer that is made of it."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.evaluation import LANES, LARGEST
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.tasks.base import WindowArray


def influence_work(
    architecture: Architecture, parameters: Array, x: WindowArray, target: WindowArray
) -> Work[Array]:
    """What the answer loses when one input is blanked, for each timestep t of a window: [T].

    Blanked is x_t = 0, for a symbol too: no symbol at all. All other inputs stay as they are and
    the state starts from zeros. With a the timestep that counts,

        cross-entropy   p_a[wanted] − p_a[wanted] without x_t      from −1 to 1, > 0: x_t helped
        mse             max over outputs of |y_a − y_a without x_t|

    Args:
        architecture: as trained; its loss counts at a single timestep.
        parameters: [P], only read; they must not change until the work is done.
        x: the window's inputs, as `Task.next_window` fills them, [T, 1, D] or codes [T, 1].
        target: likewise.

    Raises:
        ValueError: the loss counts at several timesteps, or the window has another length.
    """
    topology = architecture.problem.topology
    if topology is None or sum(topology.counted) != 1:
        raise ValueError("influence is measured where the loss counts at one timestep")
    steps, at = len(x), topology.counted.index(True)
    lanes = min(steps + 1, LANES, max(LARGEST // (steps * parameters.size), 1))
    network = Network(architecture, parameters, steps, lanes)
    shown = "p" if network.declaration.loss_function.classes else "y"
    outputs = np.empty((steps + 1, architecture.outputs), parameters.dtype)  # the last: all there
    for start in range(0, steps + 1, lanes):
        yield Progress(start, steps + 1)
        blanked = np.arange(start, start + lanes)  # which timestep, by lane
        network.inputs[...] = x
        lane = np.flatnonzero(blanked < steps)
        network.inputs[blanked[lane], lane] = -1 if architecture.problem.symbols else 0
        network.targets[...] = target
        network.encode()
        network.set_state(None)
        with np.errstate(all="ignore"):
            network.forward(1, steps)
            network.readout()
        some = outputs[start : start + lanes]
        some[...] = network.tape[shown][at, : len(some)]
    if network.declaration.loss_function.classes:
        wanted = outputs[:, int(target[at, 0])]
        drop: Array = wanted[-1] - wanted[:-1]
        return drop
    change: Array = np.abs(outputs[-1] - outputs[:-1]).max(axis=1)
    return change
