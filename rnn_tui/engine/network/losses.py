"""Losses: how far the outputs are from the targets, and the gradient that this begins with.

==================  ===============================================  ===========================
``mse``             L = Σ (y − target)²/N                            dy_t = 2·(y_t − target_t)/N
``cross-entropy``   L = −Σ log p[class]/N, p_t = softmax(y_t), nats  dy_t = (p_t − target_t)/N
==================  ===============================================  ===========================

Sums go over what counts: of some timesteps all samples, or at each timestep some of the samples. N
is how many numbers are summed: O for ``mse`` (as torch.nn.MSELoss) and 1 for ``cross-entropy`` (as
torch.nn.CrossEntropyLoss) for each timestep of a sample that counts. With the reduction "sum" N is
1, and the equations have no division. Where the loss does not count, dy_t is exactly 0.

Like a cell, a loss is declared as operations, which the screen shows and the tests evaluate; a
kernel computes the same for the whole window at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import TWO, Array, Dot, Expression, Softmax, Value, Zeros
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.tape import ArraySpec, Tape
from rnn_tui.tasks.base import BoolArray, Topology

OUTPUT = Operation("y_t", "output", Dot("h_t", "W_y") + Value("b_y"), row="y_t")
TO_HIDDEN = Operation(
    "dh_y",
    "part that comes from y_t",
    Dot("dy_t", "W_y", transposed=True),
    row="y_t",
    column="through",
)
NOT_COUNTED = Operation(
    "dy_t", "the loss does not count here", Zeros("y_t"), row="y_t", column="gradient"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a network is for: the kind of its inputs, its loss, and the timesteps where it counts.

    Attributes:
        loss: "mse" or "cross-entropy".
        symbols: True if the inputs are symbols, stored as codes.
        topology: at which timesteps of a window there are inputs, and where the loss counts; None:
            at every timestep, however many there are.
        samples: for each of the T timesteps, for each of the B samples of a window whether the loss
            counts; None: for all samples where it counts at all.
        reduction: "mean" over what counts, or "sum" of it.
    """

    loss: str = "mse"
    symbols: bool = False
    topology: Topology | None = None
    samples: tuple[tuple[bool, ...], ...] | None = None
    reduction: str = "mean"

    def counts(self, t: int, sample: int | None = None) -> bool:
        """Return True if the loss counts at timestep `t`, from 1, for a sample, from 0; or for any.

        `sample`: None for any.
        """
        if sample is not None and self.samples is not None:
            return self.samples[t - 1][sample]
        return self.topology is None or self.topology.counted[t - 1]

    def differs(self, t: int) -> bool:
        """Return True if the loss counts for some samples at timestep `t`, and not for others."""
        return self.samples is not None and len(set(self.samples[t - 1])) > 1

    def for_any_batch(self) -> Problem:
        """Return the problem for batches of any size: what counts for a sample counts for all.

        The loss is the mean, as a sum would grow with the batch.
        """
        return replace(self, samples=None, reduction="mean")

    def mask(self, steps: int) -> tuple[bool, ...]:
        """Return for each of T = `steps` timesteps True if the loss counts there.

        Raises:
            ValueError: the topology is that of a window of another length.
        """
        if self.topology is None:
            return (True,) * steps
        if len(self.topology.counted) != steps:
            lengths = f"{len(self.topology.counted)} timesteps, the window {steps}"
            raise ValueError(f"the topology has {lengths}")
        return self.topology.counted

    def sample_mask(self, steps: int, batch: int) -> BoolArray:
        """Return where the loss counts, for each of T = `steps` timesteps and B = `batch` samples.

        Raises:
            ValueError: it is known for windows of another length or batch.
        """
        mask = np.array(self.mask(steps))
        if self.samples is None:
            return np.broadcast_to(mask[:, None], (steps, batch))
        result = np.array(self.samples, bool)
        if result.shape != (steps, batch) or (result & ~mask[:, None]).any():
            raise ValueError(f"the mask is {result.shape}, or not that of the topology")
        return result

    def count(self, steps: int, batch: int) -> int:
        """Return how often the loss counts in windows of T = `steps` and B = `batch`."""
        if self.samples is None:
            return sum(self.mask(steps)) * batch
        return sum(map(sum, self.samples))


SERIES = Problem()
"""Numbers in, numbers out, at every timestep."""


class LossKernel(ABC):
    """The computation of a loss over a whole window, from ``y`` on the tape to ``dy``.

    Attributes:
        term_count: N.
        y, dy: outputs and their gradient, views of the tape, [T·B, O].
        counted_rows: indices of the rows of [T·B, …] where the loss counts.
        uncounted_rows: the other rows, as slices or indices.
    """

    def __init__(self, tape: Tape, counted: BoolArray, term_count: int) -> None:
        self.term_count = term_count
        self.y, self.dy = tape.flat("y"), tape.flat("dy")
        self.counted_rows = np.flatnonzero(counted)
        self.uncounted_rows = _uncounted_rows(counted)

    def prepare_outputs(self) -> None:
        """Compute what is shown of y besides y, such as probabilities; may be called repeatedly."""
        return

    @abstractmethod
    def loss(self) -> float:
        """Return the loss of y and write its gradient to dy, after `prepare_outputs`."""

    @abstractmethod
    def derivative_magnitude(self, slope: Array) -> float:
        """Return Σ of the magnitudes that dL/dp is summed from when dy/dp is `slope` [T·B, O]."""

    @abstractmethod
    def loss_magnitude(self, outputs: Array) -> float:
        """Return how large the loss would be if none of its terms cancelled each other.

        Args:
            outputs: such a bound for each |y|, real numbers [T·B, O].
        """


def _uncounted_rows(counted: BoolArray) -> tuple[slice | npt.NDArray[np.intp], ...]:
    """Return the rows of [T·B, …] that do not count; `counted` is [T, B].

    They are runs where all samples of a timestep are alike, else one array of indices.
    """
    every, some = np.all(counted, axis=1), np.any(counted, axis=1)
    if np.any(every != some):
        return (np.flatnonzero(~counted),)
    runs, row = [], 0
    for counts, run in groupby(every):
        end = row + counted.shape[1] * sum(1 for _ in run)
        if not counts:
            runs.append(slice(row, end))
        row = end
    return tuple(runs)


class Loss(ABC):
    """A loss: its declaration and its kernel. The target is ``target_t``, [B, O].

    Attributes:
        name: what users call it.
        reduction: "mean" over what counts, or "sum" of it.
        classes: True if the targets are classes, stored as codes; then target_t is one-hot.
        rows: lines of the timestep panel, ``y_t`` first.
        forward_operations: operations from ``h_t`` to what is compared with the target.
        gradient: the operation of ``dy_t`` where the loss counts.
        gradient_by_sample: the same for a batch in which some samples count; ``mask_t`` is 1 for
            those and 0 for the others.
    """

    name: str
    classes: bool
    rows: tuple[Row, ...]
    forward_operations: tuple[Operation, ...]

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction
        slope = self.slope()
        self.gradient = Operation(
            "dy_t",
            "gradient of the loss",
            slope / Value("N") if reduction == "mean" else slope,
            row="y_t",
            column="gradient",
        )
        self.gradient_by_sample = replace(
            self.gradient, expression=Value("mask_t") * self.gradient.expression
        )

    def backward_operations(self, counts: bool | None) -> tuple[Operation, ...]:
        """Return the operations from the loss to ``dh_y``.

        `counts`: True for a timestep where the loss counts; None where it does for some samples of
        the batch.
        """
        if counts is None:
            return (self.gradient_by_sample, TO_HIDDEN)
        return (self.gradient if counts else NOT_COUNTED, TO_HIDDEN)

    def term_count(self, count: int, outputs: int) -> int:
        """Return N for windows with `outputs` outputs; `count`: see `Problem.count`."""
        return count * self.terms(outputs) if self.reduction == "mean" else 1

    @abstractmethod
    def slope(self) -> Expression:
        """Return the derivative of a term of the sum with respect to ``y_t``."""

    @abstractmethod
    def terms(self, outputs: int) -> int:
        """Return how many terms the `outputs` of one timestep and sample add to the sum."""

    @abstractmethod
    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        """Return the arrays it needs on the tape besides the common ones, for O = `outputs`."""

    @abstractmethod
    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        """Return its own values at timestep `t` by name, views of the tape."""

    @abstractmethod
    def kernel(self, tape: Tape, counted: BoolArray, term_count: int) -> LossKernel:
        """Return its kernel, bound to `tape`; `counted` [T, B]: where the loss counts."""


class SquaredError(Loss):
    """Squared error: the mean over every output element that counts, or the sum."""

    name = "mse"
    classes = False
    rows = (Row("y_t", "output"),)
    forward_operations = (OUTPUT,)

    def slope(self) -> Expression:
        return TWO * (Value("y_t") - Value("target_t"))

    def terms(self, outputs: int) -> int:
        return outputs

    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        return ()

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {}

    def kernel(self, tape: Tape, counted: BoolArray, term_count: int) -> LossKernel:
        return SquaredErrorKernel(tape, counted, term_count)


class SquaredErrorKernel(LossKernel):
    """The squared error by one difference, one product and one dot product."""

    def __init__(self, tape: Tape, counted: BoolArray, term_count: int) -> None:
        super().__init__(tape, counted, term_count)
        self.target = tape.flat("target")  # [T·B, O]
        self.error = np.empty_like(self.y)
        self.error_line = self.error.reshape(-1)
        self.slope = np.asarray(2 / self.term_count, tape.dtype)

    def loss(self) -> float:
        np.subtract(self.y, self.target, out=self.error)
        for rows in self.uncounted_rows:
            self.error[rows] = 0
        np.multiply(self.error, self.slope, out=self.dy)
        total: float = self.error_line.dot(self.error_line).item()
        return total / self.term_count

    def derivative_magnitude(self, slope: Array) -> float:
        return float(np.sum(np.abs(self.dy) * np.abs(slope)))

    def loss_magnitude(self, outputs: Array) -> float:
        """Return Σ (|y| + |target|)²/N over what counts."""
        terms = (outputs + np.abs(self.target))[self.counted_rows]
        return float(np.sum(terms * terms)) / self.term_count


class CrossEntropy(Loss):
    """−log p[class] over what counts, p = softmax(y) with the maximum subtracted first."""

    name = "cross-entropy"
    classes = True
    rows = (Row("y_t", "output"), Row("p_t", "probability", (0.0, 1.0)))
    forward_operations = (
        OUTPUT,
        Operation("p_t", "probability", Softmax("y_t"), row="p_t"),
    )

    def slope(self) -> Expression:
        return Value("p_t") - Value("target_t")

    def terms(self, outputs: int) -> int:
        return 1

    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        return (ArraySpec("p", outputs), ArraySpec("classes", 1, codes=True))

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {"p_t": tape["p"][t - 1]}

    def kernel(self, tape: Tape, counted: BoolArray, term_count: int) -> LossKernel:
        return CrossEntropyKernel(tape, counted, term_count)


class CrossEntropyKernel(LossKernel):
    """The cross-entropy from the codes of the classes: no product with one-hot rows."""

    def __init__(self, tape: Tape, counted: BoolArray, term_count: int) -> None:
        super().__init__(tape, counted, term_count)
        self.p = tape.flat("p")  # [T·B, O]
        self.classes = tape["classes"].reshape(-1)  # [T·B]
        rows, width = self.y.shape
        self.largest = np.empty((rows, 1), tape.dtype)
        self.sums = np.empty((rows, 1), tape.dtype)
        self.slope = np.asarray(1 / self.term_count, tape.dtype)
        self.offsets = self.counted_rows * width  # of what counts, in an array of T·B·O entries
        self.y_line, self.dy_line = self.y.reshape(-1), self.dy.reshape(-1)
        self.all_count = not self.uncounted_rows

    def prepare_outputs(self) -> None:
        np.max(self.y, axis=1, keepdims=True, out=self.largest)
        np.subtract(self.y, self.largest, out=self.p)
        np.exp(self.p, out=self.p)
        np.sum(self.p, axis=1, keepdims=True, out=self.sums)
        np.divide(self.p, self.sums, out=self.p)

    def _targets(self) -> Array:
        """Return the indices of the classes' entries in an array of T·B·O, where rows count."""
        classes = self.classes if self.all_count else self.classes[self.counted_rows]
        indices: Array = self.offsets + classes
        return indices

    def loss(self) -> float:
        """Return Σ/N of −log p = log Σ e^(y − max) + max − y of the class."""
        targets = self._targets()
        log_sums = np.log(self.sums)
        log_sums += self.largest
        counted = log_sums[:, 0] if self.all_count else log_sums[self.counted_rows, 0]
        np.copyto(self.dy, self.p)
        self.dy_line[targets] -= 1
        np.multiply(self.dy, self.slope, out=self.dy)
        for rows in self.uncounted_rows:
            self.dy[rows] = 0
        total: float = (counted - self.y_line[targets]).sum().item()
        return total / self.term_count

    def derivative_magnitude(self, slope: Array) -> float:
        """Return Σ over rows of Σ_o p·|dy/dp|, and thrice its largest |dy/dp|, over N.

        The largest stands for the slopes of the largest output and of the class.
        """
        rates = np.abs(slope)[self.counted_rows]
        terms = np.abs(self.p)[self.counted_rows] * rates
        return float(terms.sum() + 3 * rates.max(axis=1).sum()) / self.term_count

    def loss_magnitude(self, outputs: Array) -> float:
        """Return Σ/N over what counts of twice the largest |y|, plus log O."""
        largest = outputs[self.counted_rows].max(axis=1)
        return float(np.sum(2 * largest + np.log(outputs.shape[1]))) / self.term_count


LOSSES: Mapping[str, type[Loss]] = {kind.name: kind for kind in (SquaredError, CrossEntropy)}
