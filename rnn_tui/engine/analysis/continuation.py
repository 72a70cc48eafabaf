"""How a network continues a series: from many of its rows at once, each output the next input.

It is what a forecast and its interval are made of. Parameters are only read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.stretches import stretches

CHUNK_STEPS = 256  # timesteps computed at once, so that memory does not grow with the series
States = Mapping[str, Array]


class SeriesReader:
    """Reads a series from a state of zeros and remembers the states after some of its rows.

    Attributes:
        outputs: [N, O] the outputs after each row; that of row k predicts row k + 1.
        states: by name, [M, H] after each of the rows asked for.
    """

    def __init__(self, architecture: Architecture, parameters: Array, pins: Pins = ()) -> None:
        """Read nothing yet; `pins` are held along the series."""
        self._network = Network(architecture.unmasked(), parameters, CHUNK_STEPS, 1)
        self._network.pins = pins
        self._outputs = architecture.outputs
        self.outputs: Array = np.empty((0, architecture.outputs))
        self.states: dict[str, Array] = {}

    def read_work(self, inputs: Array, rows: Sequence[int]) -> Work[None]:
        """Read all rows [N, D], in the network's units.

        Args:
            inputs: the rows.
            rows: those after which states are kept, rising, counted from 0.
        """
        network, count = self._network, len(inputs)
        tape, wanted = network.tape, np.asarray(rows, dtype=np.intp)
        outputs = np.empty((count, self._outputs))
        kept: dict[str, list[Array]] = {name: [] for name in network.states}
        network.set_state(None)
        for start in range(0, count, tape.steps):
            size = min(tape.steps, count - start)
            tape["x"][:size, 0] = inputs[start : start + size]
            network.encode()
            for first, last in stretches(network.declaration, size):
                yield Progress(start, count)
                with np.errstate(all="ignore"):
                    network.forward(first, last)
            with np.errstate(all="ignore"):
                network.readout()
            outputs[start : start + size] = tape["y"][:size, 0]
            here = wanted[(wanted >= start) & (wanted < start + size)] - start
            for name, arrays in kept.items():
                arrays.append(tape.states[name][here + 1, 0].copy())
            for name in network.states:  # a chunk may end before the tape does
                tape.states[name][0] = tape.states[name][size]
        self.outputs = outputs
        self.states = {name: np.concatenate(arrays) for name, arrays in kept.items() if arrays}


def continue_work(
    architecture: Architecture,
    parameters: Array,
    states: States,
    first: Array,
    fed_back: Sequence[int],
    horizon: int,
    pins: Pins = (),
) -> Work[Array]:
    """Continue a series from M places, each output the next input; the outputs, [horizon, M, O].

    Args:
        architecture: the network's sizes.
        parameters: its parameters, [P].
        states: by name, [M, H] at each place.
        first: [M, O] the outputs there, which are the first ones of the result.
        fed_back: for each input the output that it is, [D].
        horizon: how many steps, at least 1.
        pins: values held at a constant.
    """
    places = len(first)
    network = Network(architecture.unmasked(), parameters, 1, places)
    network.pins = pins
    network.set_state(states)
    outputs = np.empty((horizon, *first.shape))
    outputs[0] = first
    for k in range(1, horizon):
        network.inputs[0] = outputs[k - 1][:, fed_back]
        with np.errstate(all="ignore"):
            network.encode()
            network.forward(1, 1)
            network.readout()
            network.carry_state()
        outputs[k] = network.tape["y"][0]
        yield Progress(k, horizon)
    return outputs
