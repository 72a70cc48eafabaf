"""Everything about a network that is known before it has any memory.

An architecture, the size of a window and a precision determine the names and shapes of all
parameters and arrays, the operations of one timestep, and what the loss is averaged over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import renamed
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.tape import ArraySpec, Tape, common_arrays, gate_parts, readout_arrays
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.losses import LOSSES
from rnn_tui.engine.network.merged_weights import MergedWeights, merge_weights


class NetworkDeclaration:
    """What the layers and the loss of a network declare, put together.

    Attributes:
        architecture: what it is made from.
        steps: T, the timesteps of a window.
        batch: B, the samples of a window.
        dtype: precision of all parameters and arrays.
        problem: what the network is for.
        loss_function: what its outputs are measured by.
        layers: the cell by the names of each layer, from the bottom up.
        cell: the cell by its own names, the same in all layers.
        gate_units: G·H, the units of all its gates together.
        specs: all parameters, in the order of the flat vector.
        parameter_count: P, the length of the flat vector.
        states: names of what is carried from timestep to timestep, in all layers.
        rows: lines of the timestep panel.
        cell_forward_operations: operations of all layers at one timestep, forward, in order.
        cell_backward_operations: the same backward: the top layer comes first.
        readout_operations: operations that follow the layers' at one timestep, forward.
        mask: [T], True at the timesteps where the loss counts for some sample.
        counted: [T, B], True where it counts.
        term_count: N, the number of terms that the loss is the mean of; 1 where it is their sum.
        layer_weights: for each layer, its parameters merged into as few matrices as possible.
        readout_weights: W_y and b_y as one matrix.
    """

    def __init__(
        self, architecture: Architecture, steps: int, batch: int, dtype: npt.DTypeLike
    ) -> None:
        """Declare a network for windows of `steps` timesteps and `batch` samples.

        Raises:
            ValueError: the problem is one for windows of another length.
        """
        self.architecture, self.steps, self.batch = architecture, steps, batch
        self.dtype = np.dtype(dtype)
        self.problem = architecture.problem
        self.loss_function = loss_function = LOSSES[self.problem.loss](self.problem.reduction)
        self.layers = layers = architecture.make_layers()
        self.cell = layers[0].cell
        self.gate_units = len(self.cell.blocks) * architecture.hidden
        self.specs = architecture.parameters(layers)
        self.parameter_count = sum(math.prod(spec.shape) for spec in self.specs)
        self.states = tuple(chain.from_iterable(layer.states for layer in layers))
        self.rows = (*chain.from_iterable(layer.rows for layer in layers), *loss_function.rows)
        self.cell_forward_operations = tuple(
            chain.from_iterable(layer.forward_operations for layer in layers)
        )
        self.cell_backward_operations = tuple(
            chain.from_iterable(layer.backward_operations for layer in reversed(layers))
        )
        self.readout_operations = self._readout_operations()
        self.mask = self.problem.mask(steps)
        self.counted = self.problem.sample_mask(steps, batch)
        count = self.problem.count(steps, batch)
        self.term_count = loss_function.term_count(count, architecture.outputs)
        *self.layer_weights, (self.readout_weights,) = self._merged_weights()

    def _readout_operations(self) -> tuple[Operation, ...]:
        """Return the loss's forward operations, reading the top layer's h_t by its name."""
        operations, top = self.loss_function.forward_operations, self.layers[-1]
        if len(self.layers) == 1:
            return operations
        names = {"h_t": top.name("h_t")}
        return tuple(
            replace(each, expression=renamed(each.expression, lambda name: names.get(name, name)))
            for each in operations
        )

    def _merged_weights(self) -> Iterator[tuple[MergedWeights, ...]]:
        """Yield the matrices of each layer, by the cell's own names, then that of the readout."""
        start, hidden = 0, self.architecture.hidden
        for layer in self.layers:
            first = layer.number == 1
            specs = self.cell.parameters(self.architecture.features if first else hidden, hidden)
            yield merge_weights(specs, start, separate_inputs=first and self.problem.symbols)
            start += sum(math.prod(spec.shape) for spec in specs)
        yield merge_weights(self.architecture.readout(), start)

    @property
    def forward_operations(self) -> tuple[Operation, ...]:
        """Operations of one timestep, forward, in order."""
        return self.cell_forward_operations + self.readout_operations

    @property
    def backward_operations(self) -> tuple[Operation, ...]:
        """Operations of one timestep where the loss counts, backward, in order."""
        return self.loss_function.backward_operations(True) + self.cell_backward_operations

    def backward_operations_at(self, t: int, sample: int | None = None) -> tuple[Operation, ...]:
        """Return the backward operations of timestep `t`.

        There are always as many; where the loss does not count, dy_t is declared to be 0. Where it
        counts for some samples alone, the operation of the whole batch has a mask.

        Args:
            t: the timestep, from 1.
            sample: for one sample, from 0; None: for the whole batch.
        """
        differs = sample is None and self.problem.differs(t)
        counts = None if differs else self.problem.counts(t, sample)
        return self.loss_function.backward_operations(counts) + self.cell_backward_operations

    def make_tape(self) -> Tape:
        """Allocate the arrays of one window; all are 0, but for the ones that biases multiply."""
        tape = Tape(self.steps, self.batch, self.arrays(), self.dtype)
        for layer in self.layers:
            tape[layer.name("one")][...] = 1
        return tape

    def arrays(self) -> tuple[ArraySpec, ...]:
        """Return the specs of all arrays on the tape."""
        hidden, outputs = self.architecture.hidden, self.architecture.outputs
        arrays = self._first_layer_arrays() + readout_arrays(outputs)
        arrays += self.loss_function.arrays(outputs)
        for layer in self.layers[1:]:
            arrays += layer.renamed_arrays(common_arrays(hidden, hidden) + self.cell.arrays(hidden))
        return arrays

    def _first_layer_arrays(self) -> tuple[ArraySpec, ...]:
        """Return the specs of the first layer's arrays; only it may read symbols."""
        hidden, symbols = self.architecture.hidden, self.problem.symbols
        arrays = common_arrays(self.architecture.features, hidden, separate_inputs=symbols)
        arrays = self.layers[0].renamed_arrays(arrays + self.cell.arrays(hidden))
        if symbols:
            parts = gate_parts("ax_", self.cell.blocks, hidden) if self.cell.split else ()
            width = next(spec.shape[1] for spec in self.specs if spec.name == "W_x")
            products = ArraySpec("ax", width, parts=parts, split=self.cell.split)
            arrays += (ArraySpec("codes", 1, codes=True),)
            arrays += () if any(spec.name == "ax" for spec in arrays) else (products,)
        return arrays
