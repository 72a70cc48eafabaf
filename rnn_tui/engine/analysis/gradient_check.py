"""The gradient check: entries compared with numeric derivatives from forward passes alone.

Smooth cells: the complex step, ∂L/∂p = Im L(p + iε)/ε with ε = 1e-200 in complex128. Nothing is
subtracted, so nothing is lost (Squire and Trapp 1998). Cells with a kink: central differences,
∂L/∂p = (L(p + ε) − L(p − ε))/2ε in float64, with ε = ∛(2⁻⁵²)·max(1, |p|); where a pre-activation
changes sign between p − 2ε and p + 2ε, the entry is set aside, as there may be no derivative.

Where a path of the gradient is cut, the states before the cut are held constant while a parameter
changes: what is left is the gradient that the network is trained with. Losses before the cut feel
the change all the same.

The verdict's tolerance is not chosen, it is the sum of what three sources of rounding can do:

1. the analytic gradient's own, measured: the gradient is computed again for the same parameters in
   float32 and in float64; the largest difference within the parameter's tensor, times eps/eps of
   float32 (so for a float32 network as it is). Where both are wrong alike, this hides nothing;
2. σ, tanh and their slopes (1 − h²) are differences of numbers near 1, wrong by eps however small
   they are, and by eps·|a| through the rounding of a; they multiply the gradient of the states. So
   eps·q·Σ_{t,b} max(|left|, 1)·max|ds_t|, where left is the factor of ParameterSpec (for the
   readout max|dy_t| in place of max|ds_t|), and q the largest of 1, all states and all
   |x|·|W_x| + |h|·|W_h| + |b|, and with peepholes the largest |c|·|p| of each;
3. the numeric method's, see `_ComplexStep` and `_CentralDifferences`.

These are what rounding does on average, as it is random; of many entries the worst is some times as
far off. So the sum is taken `SPREAD` times. A right gradient came to a quarter of that at most, in
700 random networks with all their entries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.layers import layer_number
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut
from rnn_tui.engine.network.scratch_network import GradientRecord, scratch_network

TINY = 1e-200
EPS = float(np.finfo(np.float64).eps)
STEP = EPS ** (1 / 3)  # where truncation and rounding of a central difference are alike
SPREAD = 8.0
EPS32 = float(np.finfo(np.float32).eps)
Verdict = Literal["agrees", "differs", "cannot be checked"]


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The result of a gradient check of N entries. Arrays are [N] float64.

    Attributes:
        method: the numeric method and its step.
        indices: [N] int, of the entries in the flat vector of parameters.
        analytic: by backpropagation.
        numeric: by the numeric method.
        relative: |analytic − numeric| / max(|analytic|, |numeric|), 0 where both are 0.
        tolerance: of |analytic − numeric|.
        kinks: [N] bool, the entries set aside.
        worst: position in `indices` of the entry whose difference is largest relative to its
            tolerance; None where nothing could be compared.
        verdict: on all entries together.
    """

    method: str
    indices: Array
    analytic: Array
    numeric: Array
    relative: Array
    tolerance: Array
    kinks: Array
    worst: int | None
    verdict: Verdict


def tensor_indices(record: GradientRecord, name: str, most: int | None = None) -> Array:
    """Return the indices of the parameter `name` in the flat vector; at most `most`, evenly spaced.

    Raises:
        KeyError: there is no such parameter.
    """
    specs = record.architecture.parameters()
    numbers = np.arange(record.parameters.size)
    indices = views(specs, numbers)[name].reshape(-1)
    if most is None or indices.size <= most:
        return indices
    chosen: Array = indices[np.linspace(0, indices.size - 1, most).round().astype(int)]
    return chosen


def gradient_check_work(
    record: GradientRecord, indices: Sequence[int] | Array
) -> Work[GradientCheck]:
    """Check entries `indices` of the gradient; a part of the work is one of them.

    Before the first part the gradient is computed again, a timestep at a time; meanwhile 0 parts
    are done. The work can be given up at any time: it keeps no resources.
    """
    chosen = np.asarray(indices, int).reshape(-1)
    nothing_yet = Progress(0, len(chosen))
    with np.errstate(all="ignore"):
        method = _method(record)
        finite = np.isfinite(record.gradient).all() and np.isfinite(method.magnitude)
    noise = np.zeros(record.parameters.shape)
    if finite:
        noise = yield from _noise(record, nothing_yet)
    numeric, error = np.full(chosen.shape, np.nan), np.zeros(chosen.shape)
    kinks = np.zeros(chosen.shape, bool)
    for n, index in enumerate(chosen if finite else ()):
        with np.errstate(all="ignore"):
            numeric[n], error[n], kinks[n] = method.derivative(int(index))
        yield Progress(n + 1, len(chosen))
    return _judge(record, method.name, chosen, numeric, SPREAD * (error + noise[chosen]), kinks)


def _judge(
    record: GradientRecord,
    method: str,
    indices: Array,
    numeric: Array,
    tolerance: Array,
    kinks: Array,
) -> GradientCheck:
    """Compare the entries; see `GradientCheck` for the arguments, [N] each."""
    analytic = record.gradient[indices].astype(np.float64)
    with np.errstate(all="ignore"):
        difference = np.abs(analytic - numeric)
        larger = np.maximum(np.abs(analytic), np.abs(numeric))
        relative = np.where(difference == 0, 0.0, difference / larger)
        excess = np.where(difference == 0, 0.0, difference / tolerance)
    usable = np.isfinite(numeric) & np.isfinite(analytic) & ~kinks
    worst = int(np.argmax(np.where(usable, excess, -1.0))) if usable.any() else None
    verdict: Verdict = "cannot be checked"
    if worst is not None:
        verdict = "agrees" if excess[worst] <= 1 else "differs"
    return GradientCheck(
        method, indices, analytic, numeric, relative, tolerance, kinks, worst, verdict
    )


# The analytic gradient's own rounding


def _noise(record: GradientRecord, nothing_yet: Progress) -> Work[Array]:
    """Compute how much rounding can change each entry: points 1 and 2 above, [P] float64."""
    narrow = yield from _both_passes(record, np.float32, nothing_yet)
    wide = yield from _both_passes(record, np.float64, nothing_yet)
    eps = float(np.finfo(record.parameters.dtype).eps)
    with np.errstate(all="ignore"):
        difference = np.abs(narrow.gradient - wide.gradient) * ((eps + EPS) / EPS32)
    # Where float32 overflows there is nothing to measure.
    noise = np.where(np.isfinite(difference), difference, 0.0)
    largest = _largest_magnitude(wide)
    for spec, part in zip(wide.specs, views(wide.specs, noise).values(), strict=True):
        part[...] = part.max() + eps * largest * _gradient_sum(wide, spec)
    return noise


def _gradient_sum(network: Network, spec: ParameterSpec) -> float:
    """Return Σ_{t,b} max(|left|, 1)·max|ds_t| of point 2; the backward pass is done."""
    tape = network.tape
    left = np.ones(1)
    if spec.left is not None:
        left = np.maximum(np.abs(tape.flat(spec.left)).max(axis=1), 1.0)  # [T·B]
    layer = network.layers[layer_number(spec.name) - 1]
    names = ["dy"] if spec.right == "dy" else [layer.name(f"d{s}") for s in network.cell.states]
    gradients = [np.abs(tape[name]).max(axis=2).reshape(-1) for name in names]  # [T·B] each
    return float(np.sum(left * np.max(gradients, axis=0)))


def _largest_magnitude(network: Network) -> float:
    """Return q of point 2."""
    largest = 1.0
    for layer in network.layers:
        tape, weights = layer.cell_tape(network.tape), layer.cell_parameters(network.parameters)
        inward = np.abs(tape.flat("x")) @ np.abs(weights["W_x"]) + np.abs(weights["b"])
        for spec in layer.specs:
            if spec.left == "h_prev":  # its columns are the first of W_x's
                columns = inward[:, : weights[spec.name].shape[1]]  # [T·B, G·H]
                columns += np.abs(tape.flat("h_prev")) @ np.abs(weights[spec.name])
            elif spec.left is not None and spec.elementwise:
                inward += (np.abs(tape.flat(spec.left)) * np.abs(weights[spec.name])).max()
        states = (tape[name] for name in network.cell.states)
        largest = max(largest, *(float(np.abs(array).max()) for array in (inward, *states)))
    return largest


def _both_passes(
    record: GradientRecord, dtype: type[np.generic], nothing_yet: Progress
) -> Work[Network]:
    """Compute both passes of the window in precision `dtype`, a timestep at a time."""
    with np.errstate(all="ignore"):
        network = _scratch(record, dtype)
    steps = range(1, network.tape.steps + 1)
    for t in steps:
        with np.errstate(all="ignore"):
            network.forward(t, t)
        yield nothing_yet
    with np.errstate(all="ignore"):
        network.loss()
    for t in reversed(steps):
        with np.errstate(all="ignore"):
            network.backward(t, t)
        yield nothing_yet
    return network


def _scratch(record: GradientRecord, dtype: type[np.generic]) -> Network:
    """Return a network for the recorded window in precision `dtype`."""
    return scratch_network(
        record.architecture, record.parameters, record.window, dtype, record.pins
    )


# The numeric methods


def _method(record: GradientRecord) -> _Method:
    """Return the numeric method that suits the cell."""
    smooth = record.architecture.make_cell().smooth
    return _ComplexStep(record) if smooth else _CentralDifferences(record)


class _Method(ABC):
    """The loss as a function of one parameter, on a network allocated once.

    Attributes:
        name: the method and its step, as the screen shows them.
        magnitude: how large the loss would be if nothing cancelled (`LossKernel.loss_magnitude`),
            with Σ|h|·|W_y| + |b_y| for the size of an output.
        roundings: how many roundings, one after the other, lead to the loss. As they are random,
            their sum grows with the root of their number (Higham and Mary 2019).
    """

    name: str

    def __init__(self, record: GradientRecord, dtype: type[np.generic]) -> None:
        self.network = _scratch(record, dtype)
        self.cuts = sorted({cut.t for cut in record.pins if isinstance(cut, Cut) and cut.t > 1})
        self.held: list[dict[str, Array]] = []  # the states before each cut
        self.after_states = _after_states(self.network)
        network, tape = self.network, self.network.tape
        self.base = self.loss()
        self.held = [self.network.state(t - 1) for t in self.cuts]
        h = tape.flat(network.layers[-1].name("h"))
        outputs = np.abs(h) @ np.abs(network.parameters["W_y"])  # [T·B, O]
        outputs += np.abs(network.parameters["b_y"])
        self.magnitude = network.loss_kernel.loss_magnitude(outputs)
        hidden, layers = network.architecture.hidden, len(network.layers)
        depth = tape["x"].shape[2] + hidden + 1 + (layers - 1) * (2 * hidden + 1)
        self.roundings = tape.steps * depth + tape["y"].size

    def loss(self, index: int = 0) -> complex:
        """Compute the loss after a change of parameter `index`.

        Parameters from `after_states` on do not change the states, which are then not computed.
        The states before a cut are held at what they are without a change.
        """
        if index < self.after_states:
            self.forward()
        return self.network.loss()

    def forward(self) -> None:
        """Compute the states of the window; what follows a cut reads those before it as held."""
        network, tape, first = self.network, self.network.tape, 1
        changed = []
        for t, states in zip(self.cuts, self.held, strict=False):  # none yet for `base`
            network.forward(first, t - 1)
            changed.append(network.state(t - 1))
            for name, held in states.items():
                tape.states[name][t - 1] = held
            first = t
        network.forward(first, tape.steps)
        for t, states in zip(self.cuts, changed, strict=False):
            for name, state in states.items():  # for the outputs of that timestep
                tape.states[name][t - 1] = state

    @abstractmethod
    def derivative(self, index: int) -> tuple[float, float, bool]:
        """Compute ∂L/∂p of parameter `index`.

        Returns:
            the derivative, how large its error may be, and True if there is a kink nearby.
        """


def _after_states(network: Network) -> int:
    """Return the index from which on parameters are the readout's and change outputs only."""
    sizes = [int(np.prod(spec.shape)) for spec in network.specs if spec.right != "dy"]
    return sum(sizes)


class _ComplexStep(_Method):
    """No truncation (ε² is 0) and no subtraction; rounding: eps·√roundings of what is summed.

    What is summed is bounded by the derivatives of the loss's terms taken one by one, for the mean
    squared error Σ|dy|·|∂y/∂p| (`LossKernel.derivative_magnitude`), computed with the derivative.
    """

    def __init__(self, record: GradientRecord) -> None:
        super().__init__(record, np.complex128)
        self.name = f"complex step, ε = {TINY:.0e}"

    def derivative(self, index: int) -> tuple[float, float, bool]:
        network, flat = self.network, self.network.flat
        value = flat[index]
        flat[index] = value + TINY * 1j
        derivative = self.loss(index).imag / TINY
        terms = network.loss_kernel.derivative_magnitude(network.tape.flat("y").imag / TINY)
        flat[index] = value
        if index < self.after_states:
            self._make_states_real()
        return derivative, EPS * self.roundings**0.5 * terms, False

    def _make_states_real(self) -> None:
        """Set the imaginary part of the states to 0, as the readout's parameters need it."""
        for array in self.network.tape.states.values():
            array.imag = 0.0


class _CentralDifferences(_Method):
    """Central differences of the loss, with four evaluations per parameter.

    Truncation: no more than the change from ε to 2ε (it is a third of that). Rounding:
    eps·√roundings·magnitude/ε.
    """

    def __init__(self, record: GradientRecord) -> None:
        super().__init__(record, np.float64)
        self.name = f"central differences, ε = {STEP:.1e}·max(1, |p|)"

    def derivative(self, index: int) -> tuple[float, float, bool]:
        flat = self.network.flat
        value = float(flat[index])
        step = STEP * max(1.0, abs(value))
        losses, signs = [], []
        pre_activations = [layer.name("a") for layer in self.network.layers]
        for factor in (-2, -1, 1, 2):
            flat[index] = value + factor * step
            losses.append(self.loss(index).real)
            signs.append(np.stack([self.network.tape[name] > 0 for name in pre_activations]))
        flat[index] = value
        if index < self.after_states:
            self.forward()
        near, far = (losses[2] - losses[1]) / (2 * step), (losses[3] - losses[0]) / (4 * step)
        rounding = EPS * self.roundings**0.5 * self.magnitude / step
        kink = any(not np.array_equal(signs[0], other) for other in signs[1:])
        return near, abs(far - near) + rounding, kink
