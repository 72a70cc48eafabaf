"""What determines a network: its cell, its sizes and the problem it is for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType

from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.network.layers import Layer, name_in_layer
from rnn_tui.engine.network.losses import SERIES, Problem
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Architecture:
    """The cell, the sizes and the problem of a network.

    Attributes:
        cell: name of the cell.
        activation: of the simple cell, "tanh" or "relu".
        features: D, numbers per input, or how many symbols there are.
        hidden: H, units of each layer.
        outputs: O, numbers per output, or how many classes there are.
        problem: what the network is for.
        layers: how many cells are stacked, at least 1.
    """

    cell: str
    activation: str
    features: int
    hidden: int
    outputs: int
    problem: Problem = SERIES
    layers: int = 1

    def unmasked(self) -> Architecture:
        """Return the architecture for windows of any length, where every timestep counts."""
        return replace(self, problem=replace(self.problem, topology=None, samples=None))

    def for_any_batch(self) -> Architecture:
        """Return the architecture for batches of any size; see `Problem.for_any_batch`."""
        return replace(self, problem=self.problem.for_any_batch())

    def make_cell(self) -> Cell:
        """Return the declaration of the cell."""
        return make_cell(self.cell, self.activation)

    def parameters(self, layers: Iterable[Layer] | None = None) -> tuple[ParameterSpec, ...]:
        """Return all parameters in order of storage: the layers' from the bottom up, the readout's.

        `layers` are those of `make_layers`, if they are at hand.
        """
        layers = layers or self.make_layers()
        cells = (layer.parameters(self.features, self.hidden) for layer in layers)
        return (*chain.from_iterable(cells), *self.readout(name_in_layer("h", self.layers)))

    def make_layers(self) -> tuple[Layer, ...]:
        """Return the declarations of all layers, from the bottom up."""
        cell = self.make_cell()
        return tuple(Layer(cell, k, self.layers) for k in range(1, self.layers + 1))

    def readout(self, h: str = "h") -> tuple[ParameterSpec, ...]:
        """Return the readout's parameters; `h`: name of the top layer's hidden state."""
        return (
            ParameterSpec("W_y", (self.hidden, self.outputs), h, "dy"),
            ParameterSpec("b_y", (self.outputs,), None, "dy"),
        )

    def parameter_count(self) -> int:
        """Return P, how many numbers there are to learn."""
        return sum(math.prod(spec.shape) for spec in self.parameters())


def views(specs: tuple[ParameterSpec, ...], flat: Array) -> Mapping[str, Array]:
    """Return views of a flat vector [P] by the names of `specs`, in their shapes."""
    result: dict[str, Array] = {}
    offset = 0
    for spec in specs:
        size = math.prod(spec.shape)
        result[spec.name] = flat[offset : offset + size].reshape(spec.shape)
        offset += size
    return MappingProxyType(result)


def architecture_of(settings: Settings, task: Task) -> Architecture:
    """Return the architecture that `settings` describe, for `task`."""
    samples = None if task.mask is None else tuple(map(tuple, task.mask.tolist()))
    problem = Problem(task.loss, task.symbols is not None, task.topology, samples, task.reduction)
    return replace(architecture_with(settings, task.features, task.outputs), problem=problem)


def architecture_with(settings: Settings, features: int, outputs: int) -> Architecture:
    """Return the architecture that `settings` describe, of any problem of this size.

    Args:
        settings: the settings.
        features: the size D of an input.
        outputs: the size O of an output.
    """
    return Architecture(
        settings.cell,
        settings.activation,
        features,
        settings.hidden,
        outputs,
        layers=settings.layers,
    )
