"""How much each input of a window matters to the one answer that the network gives."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.windows_evaluation import BATCH, WORK_WITHOUT_PAUSE
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.tasks.base import WindowArray


def influence_work(
    architecture: Architecture,
    parameters: Array,
    x: WindowArray,
    target: WindowArray,
    pins: Pins = (),
) -> Work[Array]:
    """Compute how the answer changes when one input is removed, for each timestep: [T].

    An input is removed by x_t = 0; for symbols, that is no symbol. All others stay as they are, and
    the state starts from zeros. With a the timestep where the loss counts,

        cross-entropy   p_a[class] − p_a[class] without x_t        from −1 to 1, > 0: x_t helped
        mse             max over outputs of |y_a − y_a without x_t|

    Args:
        architecture: as trained; its loss counts at a single timestep.
        parameters: [P], only read; they must not change until the work is done.
        x: inputs of the window, as `Task.next_window` fills them, [T, 1, D] or codes [T, 1].
        target: targets of the window, [T, 1, O] or codes [T, 1].
        pins: values held at a constant, with every input and without each.

    Raises:
        ValueError: the loss counts at several timesteps, or the window has another length.
    """
    topology = architecture.problem.topology
    if topology is None or sum(topology.counted) != 1:
        raise ValueError("influence is measured where the loss counts at one timestep")
    steps, at = len(x), topology.counted.index(True)
    batch = min(steps + 1, BATCH, max(WORK_WITHOUT_PAUSE // (steps * parameters.size), 1))
    network = Network(architecture.for_any_batch(), parameters, steps, batch)
    network.pins = pins
    shown = "p" if network.declaration.loss_function.classes else "y"
    outputs = np.empty((steps + 1, architecture.outputs), parameters.dtype)  # last: nothing removed
    for start in range(0, steps + 1, batch):
        yield Progress(start, steps + 1)
        removed = np.arange(start, start + batch)  # the timestep, by sample of the batch
        network.inputs[...] = x
        index = np.flatnonzero(removed < steps)
        network.inputs[removed[index], index] = -1 if architecture.problem.symbols else 0
        network.targets[...] = target
        network.encode()
        network.set_state(None)
        with np.errstate(all="ignore"):
            network.forward(1, steps)
            network.readout()
        part = outputs[start : start + batch]
        part[...] = network.tape[shown][at, : len(part)]
    if network.declaration.loss_function.classes:
        of_class = outputs[:, int(target[at, 0])]
        decrease: Array = of_class[-1] - of_class[:-1]
        return decrease
    change: Array = np.abs(outputs[-1] - outputs[:-1]).max(axis=1)
    return change
