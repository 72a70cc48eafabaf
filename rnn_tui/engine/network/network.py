"""A network: recurrent cells on top of each other and a linear readout, unrolled over one window.

    h_t, … = cell(x_t, h_<t-1>, …)        [B, H]
    y_t    = h_t·W_y + b_y                [B, O]

The second cell takes h_t for its input; see `rnn_tui.engine.network.layers`.

What y_t is measured by, and at which timesteps, says the `Problem`; see
`rnn_tui.engine.network.losses`.

All parameters live in one flat vector with named views, and so do their gradients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array, renamed
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.tape import ArraySpec, Tape, common_arrays, gate_parts, readout_arrays
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.declared_kernel import DeclaredKernel
from rnn_tui.engine.network.layers import Layer, declared_pins
from rnn_tui.engine.network.losses import LOSSES
from rnn_tui.engine.network.one_hot import DENSE_WORK, OneHot, ScatterAdd, look_up
from rnn_tui.engine.network.pins import Pin, Pins, pins_at
from rnn_tui.engine.network.stacked_kernel import StackedKernel
from rnn_tui.engine.network.two_threads import ThreadPair, TwoThreadKernel, heavy, worthwhile
from rnn_tui.engine.network.weight_gradients import (
    MANY,
    MergedWeights,
    Product,
    columns,
    merged,
    multiply_with_dot,
    multiply_with_matmul,
    split_work,
)


class Network:
    """An architecture bound to a parameter vector, and the tape of one window.

    Another network may be bound to the same vector with a window of its own, for instance to
    evaluate while this one trains. Timesteps count from 1.

    Attributes:
        cell: the cell's declaration, by its own names; `layers` have it by theirs.
        states: what is carried from timestep to timestep, in all layers.
        state_forward, state_backward: operations of all layers at one timestep, in order, without
            the readout; `readout_forward` are those of the readout, forward.
        rows: lines of the timestep panel.
    """

    def __init__(self, architecture: Architecture, flat: Array, steps: int, batch: int) -> None:
        self.architecture = architecture
        self.layers = architecture.make_layers()
        self.cell = self.layers[0].cell  # the same in all of them
        self.problem = architecture.problem
        self.measure = LOSSES[self.problem.loss]
        self.specs = architecture.parameters()
        self.flat = flat
        self.parameters = views(self.specs, flat)
        self.gradient = np.zeros_like(flat)
        self.gradients = views(self.specs, self.gradient)
        self.tape = Tape(steps, batch, self._arrays(), flat.dtype)
        for layer in self.layers:
            self.tape[layer.name("one")][...] = 1
        self._matrices, self._readout = self._as_matrices()
        self._declare()
        width = len(self.cell.blocks) * architecture.hidden
        halved = worthwhile(batch, width)
        self._pair = ThreadPair() if halved or heavy(flat.size, steps * batch) else None
        self._fused = self._make_kernel(self._pair if halved else None)
        self.kernel = self._fused
        self._pins: Pins = ()
        self._overwritten = False  # whether inputs are held in place of the window's own
        self.loss_kernel = self.measure.kernel(self.tape, self.problem.mask(steps))
        self.counted = self.loss_kernel.counted  # N
        self._symbols = self._classes = None
        if self.problem.symbols:
            self._symbols = OneHot(self.tape["codes"], self.tape["x"])
        if self.measure.classes:
            self._classes = OneHot(self.tape["classes"], self.tape["target"])
        self._bind()

    def _arrays(self) -> tuple[ArraySpec, ...]:
        """What there is on the tape."""
        hidden, outputs = self.architecture.hidden, self.architecture.outputs
        arrays = self._first_arrays() + readout_arrays(outputs) + self.measure.arrays(outputs)
        for layer in self.layers[1:]:
            arrays += layer.named(common_arrays(hidden, hidden) + self.cell.arrays(hidden))
        return arrays

    def _first_arrays(self) -> tuple[ArraySpec, ...]:
        """Those of the first layer, which reads numbers or symbols."""
        hidden, symbols = self.architecture.hidden, self.problem.symbols
        arrays = common_arrays(self.architecture.features, hidden, separate_inputs=symbols)
        arrays = self.layers[0].named(arrays + self.cell.arrays(hidden))
        if symbols:
            parts = gate_parts("ax_", self.cell.blocks, hidden) if self.cell.split else ()
            width = self.parameters["W_x"].shape[1]
            products = ArraySpec("ax", width, parts=parts, split=self.cell.split)
            arrays += (ArraySpec("codes", 1, codes=True),)
            arrays += () if any(spec.name == "ax" for spec in arrays) else (products,)
        return arrays

    def _as_matrices(self) -> tuple[list[tuple[MergedWeights, ...]], MergedWeights]:
        """The matrices of each layer, with the cell's plain names, and the readout's."""
        found, start, width = [], 0, self.architecture.features
        for layer in self.layers:
            specs = self.cell.parameters(width, self.architecture.hidden)
            apart = self.problem.symbols and layer.number == 1
            found.append(merged(specs, start, apart))
            start += sum(math.prod(matrix.shape) for matrix in found[-1])
            width = self.architecture.hidden
        (readout,) = merged(self.architecture.readout(), start)
        return found, readout

    def _declare(self) -> None:
        """What all layers declare, put together once."""
        below, above = self.layers, tuple(reversed(self.layers))
        self.states = tuple(state for layer in below for state in layer.states)
        self.state_forward = tuple(chain.from_iterable(each.forward_operations for each in below))
        self.state_backward = tuple(chain.from_iterable(each.backward_operations for each in above))
        self.rows = tuple(chain.from_iterable(each.rows for each in below)) + self.measure.rows
        self.readout_forward = self.measure.forward_operations
        if len(below) > 1:
            names = {"h_t": above[0].name("h_t")}
            self.readout_forward = tuple(
                replace(each, expression=renamed(each.expression, lambda n: names.get(n, n)))
                for each in self.readout_forward
            )

    def _bind(self) -> None:
        """Views of whole sequences as [T·B, …] rows, made once."""
        tape = self.tape
        many = tape.steps * tape.batch >= MANY or any(map(tape.is_split, tape.names))
        self._multiply = multiply_with_matmul if many else multiply_with_dot
        self._carried = [(tape.states[name][0], tape.states[name][-1]) for name in self.states]
        self._x, self._y = tape.flat("x"), tape.flat("y")
        self._inputs: list[tuple[Array, ...]] = []  # ax, and the columns of W_x and b it is made of
        if "ax" in tape.names:
            self._inputs = columns(tape, "ax", self.parameters["W_x"], self.parameters["b"])
        self._dy, self._dh_y = tape.flat("dy"), tape.flat("dh_y")
        self._W_yT = self.parameters["W_y"].T
        self._products: list[Product] = []
        self._elementwise: list[Product] = []
        for layer, matrices in zip(self.layers, self._matrices, strict=True):
            mine = layer.tape(tape)
            for matrix in matrices:
                left, products = matrix.left(mine), self._products
                if matrix.elementwise:
                    products = self._elementwise
                else:
                    left = left.T
                for right, into in columns(mine, matrix.right, matrix.of(self.gradient)):
                    products.append((left, right, into))
        self._scatter = self._scatter_add()
        readout = self._readout
        self._h = readout.left(self.layers[-1].tape(tape))  # [T·B, H+1]
        self._W = readout.of(self.flat)  # [H+1, O]
        self._outputs: list[Product] = [(self._h, self._W, self._y)]
        self._products.append((self._h.T, self._dy, readout.of(self.gradient)))

    def _scatter_add(self) -> ScatterAdd | None:
        """For symbols, the gradient of W_x, where that is faster than the product it replaces."""
        gradient = self.gradients["W_x"]  # [D, G·H]
        rows = self.tape.steps * self.tape.batch
        if not self.problem.symbols or rows * gradient.size <= DENSE_WORK:
            return None
        right = next(spec.right for spec in self.specs if spec.name == "W_x")
        pairs = columns(self.tape, right, gradient)
        return ScatterAdd(self.tape["codes"].reshape(-1), [(d, sums) for d, sums in pairs])

    def _make_kernel(self, pair: ThreadPair | None) -> Kernel:
        """The fused kernel, or with a pair two of them for the halves of a large batch."""
        tape, half = self.tape, self.tape.batch // 2
        if pair is None:
            return self._kernel_on(tape)
        upper = self._kernel_on(tape.batch_slice(slice(half)))
        lower = self._kernel_on(tape.batch_slice(slice(half, None)))
        return TwoThreadKernel(upper, lower, pair)

    def _kernel_on(self, tape: Tape) -> Kernel:
        """The kernel of all layers for some of the samples: fused where the cell has one."""
        return self._stacked([self._layer_kernel(layer, tape) for layer in self.layers], tape)

    def _layer_kernel(self, layer: Layer, tape: Tape) -> Kernel:
        """Return the fused kernel of one layer, or its declared operations if it has none."""
        fused = self.cell.kernel(self._with_matrix(layer), layer.tape(tape))
        return fused or self._declared(layer, tape, (), None)

    def _stacked(self, kernels: Sequence[Kernel], tape: Tape) -> Kernel:
        """The layers' kernels as one."""
        if len(kernels) == 1:
            return kernels[0]
        return StackedKernel(self.layers, kernels, self.parameters, tape)

    def _with_matrix(self, layer: Layer) -> dict[str, Array]:
        """A layer's parameters by plain name, and as ``W`` the matrix that W_h is part of."""
        weights = layer.weights(self.parameters)
        matrices = self._matrices[layer.number - 1]
        found = {matrix.names[-1]: matrix.of(self.flat) for matrix in matrices}
        return {**weights, "W": found.get("b", weights["b"])}

    # What is held and cut

    @property
    def pins(self) -> Pins:
        """Values held at a constant and paths cut; set them between two windows.

        With any but those of inputs, the declared operations take the place of the fused kernel.
        """
        return self._pins

    @pins.setter
    def pins(self, pins: Pins) -> None:
        if pins == self._pins:
            return
        self._pins = pins
        self.kernel = self._fused
        if any(not isinstance(pin, Pin) or pin.symbol != "x_t" for pin in pins):
            self.kernel = self.declared_kernel()

    def declared_kernel(self) -> Kernel:
        """The cells' declared operations as a kernel, with the pins in force."""
        return self._stacked(
            [self._declared(layer, self.tape, self._pins, self._fused) for layer in self.layers],
            self.tape,
        )

    def _declared(self, layer: Layer, tape: Tape, pins: Pins, fused: Kernel | None) -> Kernel:
        """Return a layer's declared operations as a kernel; `fused` finishes its deltas."""
        steps = range(1, tape.steps + 1)
        stored = [layer.stored(self.parameters, tape, t) for t in steps]
        symbols = declared_pins(layer)
        own_pins = tuple(
            replace(pin, symbol=symbols[pin.symbol]) if isinstance(pin, Pin) else pin
            for pin in pins
            if not isinstance(pin, Pin) or pin.symbol in symbols
        )
        factors = [spec.right for spec in self.cell.parameters(1, 1)]
        return DeclaredKernel(self.cell, fused, layer.tape(tape), stored, factors, own_pins)

    # The window

    @property
    def inputs(self) -> Array:
        """Where the window's inputs are put, [T, B, D]; of symbols their codes [T, B].

        `encode` comes next.
        """
        return self.tape["codes" if self.problem.symbols else "x"]

    @property
    def targets(self) -> Array:
        """Where its targets are put, [T, B, O]; of classes their codes [T, B]."""
        return self.tape["classes" if self.measure.classes else "target"]

    def encode(self) -> None:
        """Put on the tape what follows from `inputs` and `targets`, and the inputs that are held.

        Raises:
            ValueError: a code is out of range.
        """
        if self._classes is not None:
            self._classes.update()
        if self._symbols is not None:
            if self._overwritten:
                self._symbols.clear()
            self._symbols.update()
        self._overwritten = False
        for pin in self._pins:
            if isinstance(pin, Pin) and pin.symbol == "x_t":
                at = slice(None) if pin.t is None else slice(pin.t - 1, pin.t)
                self.tape["x"][at, :, pin.part] = pin.value
                self._overwritten = True

    # Forward

    def set_state(self, states: Mapping[str, Array] | None) -> None:
        """The state [B, H] the window begins with; None: zeros."""
        for name, array in self.tape.states.items():
            if name in self.states:
                array[0] = 0 if states is None else states[name]

    def carry_state(self) -> None:
        """The window begins with the state the one before ended with."""
        for beginning, end in self._carried:
            beginning[...] = end

    def state(self, t: int) -> dict[str, Array]:
        """Copies of the states [B, H] after timestep `t`; 0 is the window's beginning."""
        return {name: self.tape.states[name][t].copy() for name in self.states}

    def forward(self, first: int, last: int) -> None:
        """Timesteps `first` … `last`; the window's input products are made at the first of all."""
        if first == 1:
            self._project()
            self.kernel.begin_forward()
        self.kernel.forward(first, last)

    def _project(self) -> None:
        """ax = x·W_x + b of the whole window, for kernels that do not multiply x themselves."""
        for ax, W_x, b in self._inputs:
            if self._symbols is None or self._overwritten:
                self._multiply([(self._x, W_x, ax)])
            else:
                look_up(self._symbols.codes, W_x, ax)
            np.add(ax, b, ax)

    def readout(self) -> None:
        """y_t = h_t·W_y + b_y for the whole window in one product, and what the loss makes of it.

        May be called early and again: rows of timesteps not yet computed are meaningless.
        """
        self._multiply(self._outputs)
        self.loss_kernel.outputs()

    # Loss and backward

    def loss(self) -> float:
        """The loss over what counts, and its gradient dy; see `rnn_tui.engine.network.losses`."""
        self.readout()
        return self.loss_kernel.loss()

    def backward(self, first: int, last: int) -> None:
        """Timesteps `last` … `first`; at the last, what enters from the loss is spread to all h.

        At the first, the weight gradients are summed by one product each.
        """
        if last == self.tape.steps:
            self._dy.dot(self._W_yT, self._dh_y)
            self.kernel.begin_backward()
        self.kernel.backward(first, last)
        if first == 1:
            self.kernel.finish_deltas()
            self._sum_shares()

    def _sum_shares(self) -> None:
        """The gradients of all parameters: one product over time for each matrix."""
        scatter = None if self._overwritten else self._scatter
        # W_x comes first and, of symbols, alone: see `merged`.
        products = self._products[0 if scatter is None else len(scatter.pairs) :]
        if self._pair is None:
            self._multiply(products)
        else:
            first, second = split_work(products)
            self._pair.run(
                lambda: multiply_with_matmul(second), lambda: multiply_with_matmul(first)
            )
        for left, right, into in self._elementwise:
            np.einsum("nh,nh->h", left, right, out=into)
        if scatter is not None:
            scatter()

    # What the declaration says of this tape

    @property
    def forward_operations(self) -> tuple[Operation, ...]:
        """Operations of one timestep, forward, in order."""
        return self.state_forward + self.readout_forward

    @property
    def backward_operations(self) -> tuple[Operation, ...]:
        """Operations of one timestep where the loss counts, backward, in order."""
        return self.measure.backward_operations(True) + self.state_backward

    def backward_operations_at(self, t: int) -> tuple[Operation, ...]:
        """Those of timestep `t`: as many, but where the loss does not count dy_t is declared 0."""
        counts = self.problem.counts(t)
        return self.measure.backward_operations(counts) + self.state_backward

    def values(self, t: int) -> dict[str, Array]:
        """Every named value at timestep `t`, of the whole batch; see `named_values`."""
        return named_values(self, self.parameters, self.tape, t, self._pins)

    def sample_window(self, sample: int) -> SampleWindow:
        """What one sample of the batch looks like now: copies that nothing else writes to."""
        parameters = views(self.specs, self.flat.copy())
        return SampleWindow(self, parameters, self.tape.sample(sample), self._pins)


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """One sample's tape and the parameters that made it, frozen."""

    network: Network  # for its declaration only
    parameters: Mapping[str, Array]
    tape: Tape  # [T, 1, …]
    pins: Pins = ()  # that were in force

    def values(self, t: int) -> dict[str, Array]:
        """Every named value at timestep `t`, [1, …]; see `named_values`."""
        return named_values(self.network, self.parameters, self.tape, t, self.pins)


def named_values(
    network: Network, parameters: Mapping[str, Array], tape: Tape, t: int, pins: Pins = ()
) -> dict[str, Array]:
    """Every named value at timestep `t`: parameters by block, states, gates and gradients.

    What the kernel never stores is evaluated from its declaration, and so is the gradient of what
    is held, as nothing of it flows on. Values of places the cursor has not reached yet are left
    over from the window before.
    """
    values = stored_values(network, parameters, tape, t)
    held = pins_at(pins, network.state_backward, t)
    with np.errstate(all="ignore"):  # near a divergence these may overflow; whoever asks looks
        for operation in network.forward_operations:
            if (symbol := operation.symbol) not in values:
                values[symbol] = held.hold(symbol, operation.expression.evaluate(values))
        read = dict(values)
        for operation in network.backward_operations_at(t):
            if (symbol := operation.symbol) not in values or symbol in held.stopped:
                values[symbol] = operation.expression.evaluate(read)
            read[symbol] = held.through(symbol, values[symbol])
    return values


def stored_values(
    network: Network, parameters: Mapping[str, Array], tape: Tape, t: int
) -> dict[str, Array]:
    """Those of the values at timestep `t` that are parameters or views of the tape, by name."""
    k = t - 1
    values: dict[str, Array] = {"N": np.asarray(network.counted, tape.dtype)}
    for layer in network.layers:
        values.update(layer.values(parameters, tape, t))
    values |= {
        "W_y": parameters["W_y"],
        "b_y": parameters["b_y"],
        "y_t": tape["y"][k],
        "target_t": tape["target"][k],
        "dy_t": tape["dy"][k],
    }
    values.update(network.measure.values(tape, t))
    return values
