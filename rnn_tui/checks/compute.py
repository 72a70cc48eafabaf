"""Computes a case: our own numbers for somebody's network and batch, in float64.

They come from the engine's network, with the cell's own kernel, as everything on the screen does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.files.limits import memory_limit, over_limit
from rnn_tui.layouts.torch_layout import gradients_of, parameters_of
from rnn_tui.tasks.base import Topology
from rnn_tui.tensor_files.content import Array, Shape

GRADIENT = "grad."
"""What the name of a gradient begins with."""

WINDOW_MEMORY = 2**31
"""Bytes of windows that are computed together; of one sample it may be more."""

_VIEWS = 900  # bytes of the views that a kernel keeps for each gate and timestep; measured
_VECTORS = 4  # [P]: parameters, gradient, its sum over parts of the batch, the tensors made of it


class CheckError(ValueError):
    """Why a case cannot be checked; the message is one line."""


def compute(
    case: Case,
    wanted: Callable[[str], bool] = lambda name: True,
    dtype: npt.DTypeLike = np.float64,
) -> dict[str, Array]:
    """Compute the numbers of a case.

    Args:
        case: with its weights.
        wanted: whether an array of this name is kept; the loss always is.
        dtype: the precision that is computed in; what is returned is float64.

    Returns:
        by the names of `Case.theirs`: the loss [], the outputs [T, B, O], the states of all layers
        [L, T, B, H], ∂L/∂y_t and the whole ∂L/∂h_t (∂L/∂c_t) in the same shapes, and the gradients
        of all weights. Time comes first, as in the case.

    Raises:
        CheckError: the case has no weights, or takes more memory than it may.
    """
    if not case.weights:
        raise CheckError("it has no weights, so nothing says what its numbers should be")
    architecture = architecture_of_case(case)
    flat = parameters_of(architecture, case.weights, dtype)
    loss, gradient = 0.0, np.zeros(flat.shape)
    arrays = _empty_arrays(case, architecture, wanted)
    parts = _parts(case, architecture)
    for samples in parts:
        network = _network(case, samples, flat, whole=len(parts) == 1)
        loss += _run(network, counts=bool(case.mask[:, samples].any()))
        gradient += network.gradient
        for name, array in arrays.items():
            _copy(network, name, array, samples)
    if len(parts) > 1 and (divisor := case_divisor(case)) != 1:
        loss /= divisor
        for total in (gradient, *(arrays[n] for n in arrays if n.startswith(GRADIENT))):
            total /= divisor
    gradients = {f"{GRADIENT}{n}": a for n, a in gradients_of(architecture, gradient).items()}
    kept = {name: array for name, array in gradients.items() if wanted(name)}
    return {LOSS: np.array(loss), **arrays, **kept}


def case_divisor(case: Case) -> int:
    """Return what the sum over all that counts is divided by to make the loss."""
    return case.term_count if case.reduction == "mean" else 1


def architecture_of_case(case: Case) -> Architecture:
    """Return what determines the network of a case, and its loss over the whole batch."""
    return _architecture(case, case.mask, case.reduction)


def _architecture(case: Case, mask: npt.NDArray[np.bool_], reduction: str) -> Architecture:
    """Return the network of a case for samples where the loss counts at `mask` [T, B]."""
    counted: npt.NDArray[np.bool_] = np.any(mask, axis=1)
    topology, samples = None, None
    if counted.any() and not mask.all():
        topology = Topology((True,) * len(mask), tuple(map(bool, counted)))
        samples = tuple(tuple(map(bool, row)) for row in mask)
    problem = Problem(case.loss, case.symbols, topology, samples, reduction)
    sizes = case.features, case.hidden, case.outputs
    return Architecture(case.cell, case.activation, *sizes, problem, case.layers)


def _parts(case: Case, architecture: Architecture) -> list[slice]:
    """Divide the batch into parts that are computed one after the other, in bounded memory.

    Raises:
        CheckError: one sample alone takes more memory than a run may.
    """
    declaration = NetworkDeclaration(architecture, case.steps, case.batch, np.float64)
    numbers = sum(spec.width * (case.steps + spec.state) for spec in declaration.arrays())
    numbers += case.steps * declaration.gate_units * case.layers  # that kernels keep besides
    sample = 8 * numbers
    fixed = case.steps * case.layers * len(declaration.cell.blocks) * _VIEWS
    fixed += _VECTORS * 8 * declaration.parameter_count
    needed, limit = fixed + sample, memory_limit()
    if needed > limit:
        raise CheckError(f"a network and a window of its size need {over_limit(needed, limit)}")
    together = max(1, min(WINDOW_MEMORY, limit - fixed) // sample)
    return [slice(k, min(k + together, case.batch)) for k in range(0, case.batch, together)]


def _network(case: Case, samples: slice, flat: Array, *, whole: bool) -> Network:
    """Return a network with some samples of a case as its window; nothing is computed yet.

    Args:
        case: the case.
        samples: which of the batch.
        flat: the parameters [P].
        whole: whether these are all; if not, its loss is a sum.
    """
    mask = case.mask[:, samples]
    architecture = _architecture(case, mask, case.reduction if whole else "sum")
    network = Network(architecture, flat, *mask.shape)
    network.inputs[...] = case.x[:, samples]
    counts = mask.reshape(*mask.shape, *(1,) * (case.target.ndim - 2))
    network.targets[...] = np.where(counts, case.target[:, samples], 0)
    network.encode()
    network.set_state(
        {
            name_in_layer(state, layer + 1): (
                case.start[state][layer, samples] if state in case.start else np.zeros(())
            )
            for layer in range(case.layers)
            for state in network.cell.states
        }
    )
    return network


def _run(network: Network, *, counts: bool) -> float:
    """Compute both passes and return the loss; `counts`: whether any output is part of it."""
    with np.errstate(all="ignore"):  # what overflows is found when it is compared
        network.forward(1, network.tape.steps)
        if not counts:
            network.readout()
            return 0.0
        loss = network.loss()
        network.backward(1, network.tape.steps)
    return loss


def _empty_arrays(
    case: Case, architecture: Architecture, wanted: Callable[[str], bool]
) -> dict[str, Array]:
    """Return zeros for all outputs and states, and for their gradients, that are wanted."""
    hidden = (case.layers, case.steps, case.batch, case.hidden)
    shapes: dict[str, Shape] = dict.fromkeys(architecture.make_cell().states, hidden)
    shapes |= {OUTPUT: (case.steps, case.batch, case.outputs)}
    shapes |= {f"{GRADIENT}{name}": shape for name, shape in shapes.items()}
    return {name: np.zeros(shape) for name, shape in shapes.items() if wanted(name)}


def _copy(network: Network, name: str, out: Array, samples: slice) -> None:
    """Write to `out`, at its `samples`, the outputs or states called `name`, or their gradients."""
    symbol, tape = name.removeprefix(GRADIENT), network.tape
    mark = "d" if name != symbol else ""
    if symbol == OUTPUT:
        out[:, samples] = tape[f"{mark}y"]
        return
    for layer, array in zip(network.layers, out, strict=True):
        values = tape[layer.name(f"{mark}{symbol}")]
        array[:, samples] = values if mark else values[1:]
