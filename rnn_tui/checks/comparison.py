"""Compares somebody's numbers with ours, tensor by tensor, in the order of the computation.

The error of an entry is |a − b| / max(|a|, |b|, 10⁻³·max|tensor|), where the tensor is ours. Two
numbers agree up to an error of 10⁻⁷ in an array of float64, and of 10⁻³ in one of float32 or where
a weight, x, the target or a first state is float32. A loss counts as float32 beside any array of
theirs that is: it is what ``loss.item()`` gives. See `PRECISIONS` for half precision. Where
rounding alone leads further (`rnn_tui.checks.rounding`), the error is measured by more: by what
makes the rounding an error of just 10⁻⁷, or 10⁻³.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.checks.compute import GRADIENT, CheckError
from rnn_tui.checks.rounding import largest_magnitude, rounding_of
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.cells.base import Cell
from rnn_tui.layouts.torch_layout import network_names
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import Array, Shape

Index = tuple[int, ...]
"""An entry of a tensor in the shape that their file has, from 0."""

NO_ROUNDING = np.zeros((1, 1))
"""The rounding of numbers that agree without it."""

_BLOCK = 2**20  # entries that are compared at once, so that the memory has a bound


class Precision(NamedTuple):
    """How closely numbers of one kind can agree.

    Attributes:
        tolerance: the error up to which they do.
        floor: the part of the tensor's largest magnitude that is the least an error is measured by.
        step: the distance of neighbouring numbers near 0, which no error can be below.
    """

    tolerance: float
    floor: float = 1e-3
    step: float = 0.0


PRECISIONS = {
    "float64": Precision(1e-7),
    "float32": Precision(1e-3),
    "float16": Precision(0.05, 0.1, float(np.finfo(np.float16).smallest_subnormal)),
    "bfloat16": Precision(0.2, 0.1),
}
"""By the kind of numbers. Those in half precision may have been computed in it."""


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """One tensor of theirs beside ours.

    Attributes:
        name: in the case, such as "grad.h" or "grad.rnn.weight_hh_l0".
        max_relative_error: the largest error of an entry; infinite where only one is finite.
        entry: where it is.
        agrees: whether it is within the tolerance.
        tolerance: of this tensor.
    """

    name: str
    max_relative_error: float
    entry: Index
    agrees: bool
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first entry that differs, in the order of the computation.

    Forward by time, the loss, then backward by time, then the gradients of the parameters.

    Attributes:
        name: of its tensor.
        t: its timestep, from 1; None for the loss and for a parameter's gradient.
        entry: where it is in the tensor.
        theirs: their number.
        ours: our number.
        layer: of a state or its gradient, from 1; None for all else.
        sample: of what has a timestep, from 0.
        unit: of what has a timestep: which unit or output, from 0.
    """

    name: str
    t: int | None
    entry: Index
    theirs: float
    ours: float
    layer: int | None = None
    sample: int | None = None
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of somebody's numbers beside ours.

    Attributes:
        tolerance: the least error of those up to which the numbers of a tensor agree: each tensor
            has its own.
        loss: theirs and ours; theirs None if they gave none.
        tensors: every tensor that they gave, the loss too, in the order of the computation.
        first: the first entry that differs; None if all agree.
        differing: which entries differ, of each tensor that does not agree: [layers, T, B, units],
            of the layers that they gave; a tensor of fewer axes begins with axes of 1.
    """

    tolerance: float
    loss: tuple[float | None, float]
    tensors: tuple[TensorComparison, ...]
    first: FirstDifference | None
    differing: Mapping[str, NDArray[np.bool_]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def agrees(self) -> bool:
        """Whether all numbers agree."""
        return self.first is None

    def by_tolerance(self) -> dict[float, list[str]]:
        """Return the names of the tensors by their tolerance, the least first."""
        found: dict[float, list[str]] = {each.tolerance: [] for each in self.tensors}
        for each in self.tensors:
            found[each.tolerance].append(each.name)
        return dict(sorted(found.items()))

    def differs(self, name: str, place: Index = ()) -> bool:
        """Return whether an entry of the tensor `name` differs; `place` lacks leading zeros."""
        differing = self.differing.get(name)
        return differing is not None and bool(differing[(0,) * (4 - len(place)) + place])


# ---------------------------------------------------------------- comparing


def compare(case: Case, ours: Mapping[str, Array], tolerance: float | None = None) -> Comparison:
    """Compare the numbers that somebody computed for a case with ours.

    Args:
        case: the case.
        ours: of `rnn_tui.checks.compute.compute`: what they gave, the loss, and what
            `rnn_tui.checks.rounding` needs.
        tolerance: the error up to which two numbers agree; None: what suits their precision.

    Raises:
        CheckError: they gave none, or a tensor that the network lacks or of another shape.
    """
    check_theirs(case)
    names = [name for name in names_in_order(case) if name in case.theirs]
    found = [_Found.of(case, name, ours[name], tolerance, NO_ROUNDING) for name in names]
    if differing := [each.comparison.name for each in found if each.first is not None]:
        # It costs a pass of its own, which numbers that agree without it can do without.
        rounding = rounding_of(case, ours, {name: _kind(case, name) for name in differing})
        found = [
            each
            if each.first is None
            else _Found.of(case, name, ours[name], tolerance, rounding[name])
            for name, each in zip(names, found, strict=True)
        ]
    places = [each for each in found if each.first is not None]
    first = min(places, key=lambda each: each.rank, default=None)
    theirs = case.theirs.get(LOSS)
    return Comparison(
        min(each.comparison.tolerance for each in found),
        (None if theirs is None else float(theirs), float(ours[LOSS])),
        tuple(each.comparison for each in found),
        None if first is None else first.difference(),
        {each.comparison.name: each.differing for each in places if each.differing is not None},
    )


def names_in_order(case: Case) -> tuple[str, ...]:
    """Return the names of all that can be compared, in the order of the computation."""
    cell = make_cell(case.cell, case.activation)
    forward, backward = _states_in_order(cell)
    weights = network_names(case.cell, case.layers)
    passes = (
        *forward,
        OUTPUT,
        LOSS,
        f"{GRADIENT}{OUTPUT}",
        *(GRADIENT + each for each in backward),
    )
    return (*passes, *(GRADIENT + each for each in weights))


def _states_in_order(cell: Cell) -> tuple[list[str], list[str]]:
    """Return the cell's states in the order of a timestep, forward and backward."""
    forward = [each.symbol for each in cell.forward_operations]
    backward = [each.symbol for each in cell.backward_operations]
    return (
        sorted(cell.states, key=lambda state: forward.index(f"{state}_t")),
        sorted(cell.states, key=lambda state: backward.index(f"d{state}_t")),
    )


def _kind(case: Case, name: str) -> str:
    """Return what kind of numbers a tensor of theirs was computed in: "float32" or "float64"."""
    own = [n for n, a in case.theirs.items() if n not in case.narrow and a.dtype == np.float32]
    if case.dtype == np.float32 or case.single or name in own:
        return "float32"
    return "float32" if name == LOSS and own else "float64"


def precision_of(case: Case, name: str) -> Precision:
    """Return how closely a tensor of theirs can agree."""
    kind = "bfloat16" if name in case.narrow else case.theirs[name].dtype.name
    known = PRECISIONS.get(kind, PRECISIONS["float64"])
    return max(known, PRECISIONS[_kind(case, name)])


def relative_errors(theirs: Array, ours: Array, least: Array | float, step: float = 0.0) -> Array:
    """Return the errors of all entries, float64; infinite where only one of both is finite.

    Args:
        theirs: their numbers.
        ours: ours, in the same shape.
        least: what an error is measured by at least; it broadcasts to the tensors.
        step: a difference that is none.
    """
    a, b = theirs.astype(np.float64), ours.astype(np.float64)
    with np.errstate(all="ignore"):
        difference = np.maximum(np.abs(a - b) - step, 0.0)
        size = np.maximum(np.abs(a), np.abs(b))
        errors = difference / np.maximum(size, least)
    errors[(a == b) | (np.isnan(a) & np.isnan(b)) | (difference == 0)] = 0.0
    errors[~np.isfinite(errors)] = np.inf
    return errors


@dataclass(frozen=True, slots=True)
class _Found:
    """What comparing one tensor found. Places are (layer, t, sample, unit), all from 0."""

    case: Case
    comparison: TensorComparison
    ours: Array
    first: Index | None
    differing: NDArray[np.bool_] | None = None

    @classmethod
    def of(
        cls, case: Case, name: str, ours: Array, tolerance: float | None, rounding: Array
    ) -> _Found:
        """Compare the tensor called `name` with ours of the case's shape; see `compare`.

        `rounding`: how far rounding alone may change an entry, of `rounding_of`.
        """
        theirs, precision = case.theirs[name], precision_of(case, name)
        allowed = precision.tolerance if tolerance is None else tolerance
        if theirs.ndim < ours.ndim:
            ours, rounding = ours[-1], rounding[-1:]  # the top layer alone
        a, b = _four_dimensions(name, theirs), _four_dimensions(name, ours)
        least = np.maximum(
            precision.floor * largest_magnitude(ours), rounding / precision.tolerance
        )
        least = np.broadcast_to(least, a.shape[:2])[..., None, None]
        steps = max(1, _BLOCK // max(1, a[0, 0].size))
        backward = name.startswith(GRADIENT)
        worst = -1.0
        place: Index = (0, 0, 0, 0)
        first: Index | None = None
        differing: NDArray[np.bool_] | None = None
        for layer in range(len(a)):
            of_layer: Index | None = None
            for start in range(0, a.shape[1], steps):
                part = layer, slice(start, start + steps)
                errors = relative_errors(a[part], b[part], least[part], precision.step)
                if (highest := float(errors.max(initial=-1.0))) > worst:
                    t, *rest = _index(errors.argmax(), errors.shape)
                    worst, place = highest, (layer, start + t, *rest)
                if highest <= allowed:
                    continue
                differs = errors > allowed
                if differing is None:
                    differing = np.zeros(a.shape, bool)
                differing[part] = differs
                if backward or of_layer is None:
                    times = np.flatnonzero(differs.any(axis=(1, 2)))
                    t = int(times[-1 if backward else 0])
                    of_layer = layer, start + t, *_index(differs[t].argmax(), differs[t].shape)
            first = _earlier(first, of_layer, backward)
        tensor = TensorComparison(
            name,
            max(worst, 0.0),
            _index_in_file(case, name, place),
            first is None,
            allowed,
        )
        return cls(case, tensor, b, first, differing)

    @property
    def timed(self) -> bool:
        """Whether the tensor has timesteps."""
        return has_timesteps(self.comparison.name)

    @property
    def rank(self) -> tuple[int, ...]:
        """Where the first difference stands in the order of the computation."""
        assert self.first is not None
        name = self.comparison.name
        order = names_in_order(self.case).index(name)
        if not self.timed:
            return (1 if name == LOSS else 3, order)
        _, t, _, _ = self.first
        layer = self.case.layers + 1 if self.layer is None else self.layer
        return (2, -t, -layer, order) if name.startswith(GRADIENT) else (0, t, layer, order)

    @property
    def layer(self) -> int | None:
        """The layer of the first difference, from 1; None for what belongs to none."""
        name = self.comparison.name
        if self.first is None or not self.timed or name.removeprefix(GRADIENT) == OUTPUT:
            return None
        return self.case.layers - len(self.ours) + self.first[0] + 1

    def difference(self) -> FirstDifference:
        """Return the first difference, with both numbers."""
        assert self.first is not None
        name = self.comparison.name
        _, t, sample, unit = self.first
        theirs = _four_dimensions(name, self.case.theirs[name])[self.first]
        return FirstDifference(
            name,
            t + 1 if self.timed else None,
            _index_in_file(self.case, name, self.first),
            float(theirs),
            float(self.ours[self.first]),
            self.layer,
            sample if self.timed else None,
            unit if self.timed else None,
        )


def _earlier(
    first: Index | None,
    other: Index | None,
    backward: bool,
) -> Index | None:
    """Return which of two differences of one tensor is computed first; `other` is a layer above."""
    if first is None or other is None:
        return first or other
    if backward:
        return other if other[1] >= first[1] else first
    return other if other[1] < first[1] else first


def _index(flat: np.intp, shape: Shape) -> Index:
    return tuple(int(each) for each in np.unravel_index(flat, shape))


# ---------------------------------------------------------------- shapes


def has_timesteps(name: str) -> bool:
    """Return whether a tensor of theirs has a number for each timestep."""
    return name != LOSS and "." not in name.removeprefix(GRADIENT)


def is_gradient(name: str) -> bool:
    """Return whether a tensor of theirs belongs to the backward pass."""
    return name.startswith(GRADIENT)


def check_theirs(case: Case) -> None:
    """Check that there is something to compare, and that all of it has the network's shapes.

    Raises:
        CheckError: see above.
    """
    if not case.theirs:
        raise CheckError(
            "it holds no numbers of yours to check; store loss, output, h, c, grad.output, grad.h, "
            "grad.c or the gradient of a weight (grad. before its name) beside x and target"
        )
    known = names_in_order(case)
    for name, array in case.theirs.items():
        if name not in known:
            raise CheckError(f"its tensor {quote(name)} is none of a network of cell {case.cell}")
        if array.shape not in (shapes := _shapes(case, name)):
            wanted = " or ".join(str([*_in_file(case, name, shape)]) for shape in shapes)
            shown = [*_in_file(case, name, array.shape)]
            name = name_in_file(case, name)
            raise CheckError(f"its tensor {quote(name)} has the shape {shown}; it must be {wanted}")


def _shapes(case: Case, name: str) -> tuple[Shape, ...]:
    """Return the shapes that a tensor of theirs may have in a case."""
    if name == LOSS:
        return ((),)
    symbol = name.removeprefix(GRADIENT)
    if not has_timesteps(name):
        return (case.weights[symbol].shape,)
    if symbol == OUTPUT:
        return ((case.steps, case.batch, case.outputs),)
    top = (case.steps, case.batch, case.hidden)
    return ((case.layers, *top), top)


def _four_dimensions(name: str, array: Array) -> Array:
    """Return a tensor as [layers, timesteps, samples or rows, columns]."""
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def shape_in_file(case: Case, name: str) -> Shape:
    """Return the shape that a tensor of theirs has in the file."""
    return _in_file(case, name, case.theirs[name].shape)


def _index_in_file(case: Case, name: str, place: Index) -> Index:
    """Return a place (layer, t, sample, unit) as an entry of the tensor of the file."""
    return _in_file(case, name, place[4 - case.theirs[name].ndim :])


def _in_file(case: Case, name: str, shape: Index) -> Index:
    """Return a shape or an entry of a tensor of a case in the order of the file's axes."""
    if not (case.batch_first and has_timesteps(name)) or len(shape) < 3:
        return shape
    *layer, t, sample, unit = shape
    return (*layer, sample, t, unit)


def name_in_file(case: Case, name: str) -> str:
    """Return how the file spells the name of a tensor; of a gradient as of its weight."""
    if name in case.spelling or not name.startswith(GRADIENT):
        return case.spelling.get(name, name)
    weight = name.removeprefix(GRADIENT)
    return GRADIENT + case.spelling.get(weight, weight)
