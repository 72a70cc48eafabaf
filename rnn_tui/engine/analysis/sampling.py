"""Sampling from a network that predicts symbols: each symbol drawn is the next input.

    p = softmax(y/T)          T temperature; T → 0: the most probable symbol, always

Parameters are only read, and the caller passes the random generator, so training is not affected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.layers import Layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins, pins_of_timestep

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol by its code, and its probability at the temperature asked for."""

    code: int
    probability: float


def probabilities(y: Array, temperature: float = 1.0) -> Probabilities:
    """Return softmax(y/T) for outputs y [O], in float64, with the maximum subtracted first: [O].

    At T = 0 the largest output, the first of several that are equal, has probability 1. All are NaN
    if an output is not finite.

    Raises:
        ValueError: the temperature is negative or not finite.
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature {temperature}: must be finite and at least 0")
    outputs = y.astype(np.float64)
    largest = outputs.max()
    if not (np.isfinite(largest) and np.isfinite(outputs.min())):
        return np.full(outputs.shape, np.nan)
    if temperature == 0:
        certain = np.zeros(outputs.shape)
        certain[outputs.argmax()] = 1
        return certain
    with np.errstate(over="ignore"):  # −∞ at a tiny temperature: a probability of 0, as it should
        weights: Probabilities = np.exp((outputs - largest) / temperature)
    weights /= weights.sum()
    return weights


def draw(p: Probabilities, random: np.random.Generator) -> int:
    """Draw a code from the distribution p [O], by one uniform number (inversion)."""
    sums = p.cumsum()
    number = random.random() * sums[-1]
    if number >= sums[-1]:  # rounded up
        return int(np.flatnonzero(p)[-1])
    return int(sums.searchsorted(number, side="right"))


def most_probable(p: Probabilities, count: int) -> tuple[Symbol, ...]:
    """Return the `count` most probable symbols, in order; none where p [O] is NaN."""
    if math.isnan(p[0]):
        return ()
    order = np.argsort(-p, kind="stable")[:count]
    return tuple(Symbol(int(code), float(p[code])) for code in order)


@dataclass(frozen=True, slots=True, eq=False)
class SamplerPlace:
    """Where a sampler is in a text.

    Attributes:
        states: after the last symbol read, [1, H] by name.
        outputs: y then, [O].
        count: symbols read.
    """

    states: Mapping[str, Array]
    outputs: Array
    count: int


class SymbolSampler:
    """Reads symbols and continues them, one at a time.

    It is bound to a parameter vector, which it only reads. Its state is that after the last symbol
    read or drawn. The symbols read since `begin` are timesteps 1, 2, … for pins of one timestep.
    """

    def __init__(self, architecture: Architecture, parameters: Array) -> None:
        """Begin with a state of zeros, nothing read yet.

        Raises:
            ValueError: the network does not read and predict the same symbols.
        """
        problem = architecture.problem
        same = architecture.features == architecture.outputs
        if not (problem.symbols and problem.loss == "cross-entropy" and same):
            raise ValueError("only a network that predicts the symbols it reads can write")
        self._network = Network(architecture.unmasked(), parameters, 1, 1)
        self._count = 0  # symbols read
        self._pins: Pins = ()

    def begin(self, states: Mapping[str, Array] | None = None, pins: Pins = ()) -> None:
        """Forget what was read.

        Args:
            states: what to start from, [1, H] by name; None: zeros.
            pins: values held at a constant, while reading and writing.
        """
        self._network.set_state(states)
        self._count, self._pins = 0, pins

    def read(self, codes: Iterable[int]) -> None:
        """Compute one timestep for each of the symbols.

        Raises:
            ValueError: a code is none of the symbols'.
        """
        network, size = self._network, self._network.architecture.features
        with np.errstate(all="ignore"):  # a diverged network may be used, too
            for code in codes:
                if not 0 <= code < size:
                    raise ValueError(f"codes go from 0 to {size - 1}; there is {code}")
                if self._count:
                    network.carry_state()
                self._count += 1
                self._hold(pins_of_timestep(self._pins, self._count))
                network.inputs[0, 0] = code
                if network.kernel.reads_one_hot or network.pins:
                    network.encode()  # else the code is looked up, and no one-hot row needed
                network.forward(1, 1)
            network.readout()

    def _hold(self, pins: Pins) -> None:
        """Put the pins of the next timestep in force."""
        if pins != self._network.pins:
            self._network.pins = pins
            self._network.encode()  # clears an input that was pinned

    def outputs(self) -> Array:
        """Return a copy of y after what was read, [O].

        Raises:
            ValueError: nothing was read.
        """
        if not self._count:
            raise ValueError("nothing was read yet, so nothing follows")
        y: Array = self._network.tape["y"][0, 0].copy()
        return y

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the network, from the bottom up."""
        return self._network.layers

    def values(self) -> dict[str, Array]:
        """Return every named value after what was read, [1, …]; see `Network.values`."""
        with np.errstate(all="ignore"):
            return self._network.values(1)

    def place(self) -> SamplerPlace:
        """Return where it is, to come back to."""
        return SamplerPlace(self._network.state(1), self.outputs(), self._count)

    def go_back(self, place: SamplerPlace) -> None:
        """Read on from `place`; gates and the like are those of another place."""
        tape = self._network.tape
        for name, state in place.states.items():
            tape.states[name][-1] = state
        tape["y"][0, 0] = place.outputs
        self._count = place.count

    def sample(self, temperature: float, random: np.random.Generator) -> Iterator[Symbol]:
        """Yield what follows what was read, symbol by symbol, without end.

        It ends if the outputs are not finite.

        Raises:
            ValueError: nothing was read, or the temperature is negative or not finite.
        """
        while True:
            p = probabilities(self.outputs(), temperature)
            if math.isnan(p[0]):
                return
            code = draw(p, random)
            yield Symbol(code, float(p[code]))
            self.read((code,))
