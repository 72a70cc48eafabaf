"""The kernel of a whole network, made of its cells' kernels or of their declared operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.declared_kernel import DeclaredKernel
from rnn_tui.engine.network.layers import Layer, pinnable_symbols
from rnn_tui.engine.network.pins import Pin, Pins
from rnn_tui.engine.network.stacked_kernel import StackedKernel
from rnn_tui.engine.network.two_threads import (
    ThreadPair,
    TwoThreadKernel,
    splits_batch,
    splits_products,
)


def make_threads(declaration: NetworkDeclaration) -> ThreadPair | None:
    """Return two threads if the network is large enough for either use of them."""
    batch = declaration.batch
    if splits_batch(batch, declaration.gate_units) or splits_products(
        declaration.parameter_count, declaration.steps * batch
    ):
        return ThreadPair()
    return None


def make_kernel(
    declaration: NetworkDeclaration,
    flat: Array,
    parameters: Views,
    tape: Tape,
    threads: ThreadPair | None,
) -> Kernel:
    """Return the kernel of all layers, bound to `tape`.

    Args:
        declaration: of the network.
        flat: all parameters, [P].
        parameters: views of `flat` by name.
        tape: what the kernel reads and writes.
        threads: compute a large batch in halves, each with a kernel of its own.
    """
    if threads is None or not splits_batch(declaration.batch, declaration.gate_units):
        return _kernel_on(declaration, flat, parameters, tape)
    half = declaration.batch // 2
    upper = _kernel_on(declaration, flat, parameters, tape.batch_slice(slice(half)))
    lower = _kernel_on(declaration, flat, parameters, tape.batch_slice(slice(half, None)))
    return TwoThreadKernel(upper, lower, threads)


def _kernel_on(
    declaration: NetworkDeclaration, flat: Array, parameters: Views, tape: Tape
) -> Kernel:
    """Return the kernel of all layers for the samples on `tape`.

    It is made of the cell's own kernels, or of its declared operations where it has none.
    """

    def of_layer(layer: Layer) -> Kernel:
        weights = layer.cell_parameters(parameters)
        # As ``W``, the matrix that W_h is part of: the one that ends with the bias.
        for matrix in declaration.layer_weights[layer.number - 1]:
            if matrix.names[-1] == "b":
                weights["W"] = matrix.view(flat)
        kernel = declaration.cell.kernel(weights, layer.cell_tape(tape))
        return kernel or _declared_kernel(declaration, layer, parameters, tape)

    return _stack(declaration, of_layer, parameters, tape)


def make_declared_kernel(
    declaration: NetworkDeclaration, parameters: Views, tape: Tape, fast: Kernel, pins: Pins
) -> Kernel:
    """Return a kernel of all layers that evaluates the declared operations, with `pins` in force.

    It is bound to `parameters` and `tape`, as is the kernel `fast`.
    """

    def of_layer(layer: Layer) -> Kernel:
        return _declared_kernel(declaration, layer, parameters, tape, fast, pins)

    return _stack(declaration, of_layer, parameters, tape)


def _declared_kernel(
    declaration: NetworkDeclaration,
    layer: Layer,
    parameters: Views,
    tape: Tape,
    fast: Kernel | None = None,
    pins: Pins = (),
) -> Kernel:
    """Return the declared operations of one layer as a kernel; `fast` finishes its deltas."""
    cell = declaration.cell
    stored = [layer.stored_cell_values(parameters, tape, t) for t in range(1, tape.steps + 1)]
    factors = [spec.right for spec in cell.parameters(1, 1)]
    symbols = pinnable_symbols(layer)
    layer_pins = tuple(
        replace(pin, symbol=symbols[pin.symbol]) if isinstance(pin, Pin) else pin
        for pin in pins
        if not isinstance(pin, Pin) or pin.symbol in symbols
    )
    return DeclaredKernel(cell, fast, layer.cell_tape(tape), stored, factors, layer_pins)


def _stack(
    declaration: NetworkDeclaration,
    of_layer: Callable[[Layer], Kernel],
    parameters: Views,
    tape: Tape,
) -> Kernel:
    """Return the layers' kernels as one kernel."""
    kernels = [of_layer(layer) for layer in declaration.layers]
    if len(kernels) == 1:
        return kernels[0]
    return StackedKernel(declaration.layers, kernels, parameters, tape)
