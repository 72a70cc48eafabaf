"""A network: recurrent cells on top of each other and a linear readout, unrolled over one window.

    h_t, … = cell(x_t, h_<t-1>, …)        [B, H]
    y_t    = h_t·W_y + b_y                [B, O]

The input of the second cell is h_t of the first; see `rnn_tui.engine.network.layers`. `Problem`
says which loss is used, and at which timesteps; see `rnn_tui.engine.network.losses`.

All parameters live in one flat vector with named views, and so do their gradients. One update goes
through the methods in this order:

    inputs, targets, encode, set_state or carry_state   the window
    forward(1, T)                                       states and outputs
    loss()                                              the loss and dy
    backward(1, T)                                      gradients of states, then of all weights
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.held_kernel import HeldKernel
from rnn_tui.engine.network.kernels import make_declared_kernel, make_kernel, make_threads
from rnn_tui.engine.network.one_hot import OneHot
from rnn_tui.engine.network.pins import Pin, Pins, held_timesteps, pins_of_timestep
from rnn_tui.engine.network.sample_window import SampleWindow, named_values
from rnn_tui.engine.network.window_products import InputProducts, Readout, WeightGradients


class Network:
    """An architecture bound to a parameter vector, and the tape of one window.

    Another network may be bound to the same vector with a window of its own, for instance to
    evaluate while this one trains. Timesteps count from 1.

    Attributes:
        declaration: names, shapes and operations; nothing of it changes.
        architecture, cell, layers, specs, states: those of the declaration.
        flat: all parameters, [P].
        parameters: views of `flat` by name.
        gradient: the gradient of all parameters, [P].
        gradients: views of `gradient` by name.
        tape: all arrays of the window.
        kernel: computes the layers' timesteps on the tape; `pins` decide which one.
        loss_kernel: computes the loss and dy from the outputs on the tape.
    """

    def __init__(self, architecture: Architecture, flat: Array, steps: int, batch: int) -> None:
        """Bind to `flat` [P], for windows of `steps` timesteps and `batch` samples.

        Raises:
            ValueError: the architecture's problem is one for windows of another length.
        """
        declaration = NetworkDeclaration(architecture, steps, batch, flat.dtype)
        self.declaration = declaration
        self.architecture, self.cell = architecture, declaration.cell
        self.layers, self.specs = declaration.layers, declaration.specs
        self.states = declaration.states

        # Memory
        self.flat = flat
        self.parameters = views(self.specs, flat)
        self.gradient = np.zeros_like(flat)
        self.gradients = views(self.specs, self.gradient)
        self.tape = tape = declaration.make_tape()

        # What computes on it: made in any order, each from its arguments alone
        threads = make_threads(declaration)
        self._fast_kernel = make_kernel(declaration, flat, self.parameters, tape, threads)
        self._input_products = InputProducts(self.parameters, tape)
        self._readout = Readout(declaration, flat, tape)
        self.loss_kernel = declaration.loss_function.kernel(
            tape, declaration.counted, declaration.term_count
        )
        self._weight_gradients = WeightGradients(declaration, self.gradient, tape, threads)
        symbols, classes = declaration.problem.symbols, declaration.loss_function.classes
        self._symbols = OneHot(tape["codes"], tape["x"]) if symbols else None
        self._classes = OneHot(tape["classes"], tape["target"]) if classes else None
        self._carried = [(tape.states[name][0], tape.states[name][-1]) for name in self.states]

        # What changes between windows
        self.kernel: Kernel = self._fast_kernel
        self._pins: Pins = ()
        self._inputs_pinned = False  # True if pins have overwritten x on the tape

    # Interventions

    @property
    def pins(self) -> Pins:
        """Values held at a constant and paths cut; set them between two windows.

        Any pin but one on x_t evaluates the declared operations where it holds, and backward, which
        is slower than the fast kernel.
        """
        return self._pins

    @pins.setter
    def pins(self, pins: Pins) -> None:
        if pins == self._pins:
            return
        self._pins = pins
        self.kernel = self._fast_kernel
        if any(not isinstance(pin, Pin) or pin.symbol != "x_t" for pin in pins):
            free = make_declared_kernel(
                self.declaration, self.parameters, self.tape, self._fast_kernel, ()
            )
            held = held_timesteps(pins, self.tape.steps)
            own, tape = self.declared_kernel(), self.tape
            self.kernel = HeldKernel(self._fast_kernel, free, own, tape, held, self._put_constants)

    def _put_constants(self, t: int) -> None:
        """Write the constants of the pins at timestep `t` to the tape."""
        values = self.values(t)
        for pin in pins_of_timestep(self._pins, t):
            if isinstance(pin, Pin) and pin.symbol != "x_t":
                values[pin.symbol][..., pin.units] = pin.value

    def declared_kernel(self) -> Kernel:
        """Return the cells' declared operations as a kernel, with the pins in force."""
        return make_declared_kernel(
            self.declaration, self.parameters, self.tape, self._fast_kernel, self._pins
        )

    # The window

    @property
    def inputs(self) -> Array:
        """The window's inputs, to be written to: [T, B, D], or codes [T, B] of symbols.

        `encode` comes next.
        """
        return self.tape["x" if self._symbols is None else "codes"]

    @property
    def targets(self) -> Array:
        """The window's targets, to be written to: [T, B, O], or codes [T, B] of classes."""
        return self.tape["target" if self._classes is None else "classes"]

    def encode(self) -> None:
        """Make one-hot rows of the codes in `inputs` and `targets`, and put pinned inputs in place.

        Raises:
            ValueError: a code is out of range.
        """
        if self._classes is not None:
            self._classes.update()
        if self._symbols is not None:
            if self._inputs_pinned:
                self._symbols.clear()
            self._symbols.update()
        self._inputs_pinned = False
        for pin in self._pins:
            if isinstance(pin, Pin) and pin.symbol == "x_t":
                at = slice(None) if pin.t is None else slice(pin.t - 1, pin.t)
                self.tape["x"][at, :, pin.units] = pin.value
                self._inputs_pinned = True

    def set_state(self, states: Mapping[str, Array] | None) -> None:
        """Begin the window with `states`, [B, H] by name; None: zeros."""
        for name, array in self.tape.states.items():
            if name in self.states:
                array[0] = 0 if states is None else states[name]

    def carry_state(self) -> None:
        """Begin the window with the states that the one before ended with."""
        for beginning, end in self._carried:
            beginning[...] = end

    def state(self, t: int) -> dict[str, Array]:
        """Return copies of the states [B, H] after timestep `t`; 0 is the window's beginning."""
        return {name: self.tape.states[name][t].copy() for name in self.states}

    # Forward, loss, backward

    def forward(self, first: int, last: int) -> None:
        """Compute the states of timesteps `first` … `last`, in that order.

        Before timestep 1, x_t·W_x + b is computed for all timesteps where the kernel wants it.

        Raises:
            ValueError: these are no timesteps of the window in this order.
        """
        if not 1 <= first <= last <= self.tape.steps:
            raise ValueError(self._not_timesteps("forward", first, last))
        if first == 1:
            self._input_products.compute(one_hot=not self._inputs_pinned)
            self.kernel.begin_forward()
        self.kernel.forward(first, last)

    def readout(self) -> None:
        """Compute y_t = h_t·W_y + b_y of the whole window; with cross-entropy softmax(y) too.

        May be called early and again: rows of timesteps not yet computed are meaningless.
        """
        self._readout.forward()
        self.loss_kernel.prepare_outputs()

    def loss(self) -> float:
        """Compute the outputs, the loss over the timesteps that count, and its gradient dy.

        Returns:
            the loss; see `rnn_tui.engine.network.losses`.
        """
        self.readout()
        return self.loss_kernel.loss()

    def backward(self, first: int, last: int) -> None:
        """Compute the gradients of timesteps `last` … `first`, in that order.

        Before timestep T, the part of ∂L/∂h_t that comes from y_t is computed for all timesteps;
        after timestep 1 the gradients of the weights are, summed over the whole window.

        Raises:
            ValueError: these are no timesteps of the window, `first` the smaller one.
        """
        if not 1 <= first <= last <= self.tape.steps:
            raise ValueError(self._not_timesteps("backward", first, last))
        if last == self.tape.steps:
            self._readout.backward()
            self.kernel.begin_backward()
        self.kernel.backward(first, last)
        if first == 1:
            self.kernel.finish_deltas()
            self._weight_gradients.compute(one_hot=not self._inputs_pinned)

    def _not_timesteps(self, method: str, first: int, last: int) -> str:
        """Return what is wrong with the arguments of `forward` or `backward`."""
        steps = self.tape.steps
        return f"{method}({first}, {last}): timesteps are 1 ≤ first ≤ last ≤ {steps} in both passes"

    # Reading

    def values(self, t: int) -> dict[str, Array]:
        """Return every named value at timestep `t`, of the whole batch; see `named_values`."""
        return named_values(self.declaration, self.parameters, self.tape, t, self._pins)

    def sample_window(self, sample: int, parameters: Array | None = None) -> SampleWindow:
        """Return a copy of one sample of the batch as it is now.

        Args:
            sample: which one, from 0.
            parameters: a copy [P] of those that the window is computed with, where there is one.
        """
        flat = self.flat.copy() if parameters is None else parameters
        tape = self.tape.sample(sample)
        return SampleWindow(self.declaration, views(self.specs, flat), tape, self._pins, sample)
