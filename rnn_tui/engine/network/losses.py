"""Losses: what the outputs are measured by, at which timesteps, and the gradient that sets out.

==================  ===============================================  ===========================
``mse``             L = Σ (y − target)²/N                            dy_t = 2·(y_t − target_t)/N
``cross-entropy``   L = −Σ log p[class]/N, p_t = softmax(y_t), nats  dy_t = (p_t − target_t)/N
==================  ===============================================  ===========================

Sums go over the timesteps that count. N is how many numbers are summed: T′·B·O for ``mse`` (as
torch.nn.MSELoss), T′·B for ``cross-entropy`` (as torch.nn.CrossEntropyLoss), T′ of the T timesteps
counting. Where the loss does not count, dy_t is exactly 0.

Like a cell, a loss is declared as operations, from which come the screen's equations and the tests,
and computed fused, for the whole window at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from rnn_tui.engine.core.expressions import TWO, Array, Dot, Softmax, Value, Zeros
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.core.tape import ArraySpec, Tape
from rnn_tui.tasks.base import Topology

OUTPUT = Operation("y_t", "output", Dot("h_t", "W_y") + Value("b_y"), row="y_t")
TO_HIDDEN = Operation(
    "dh_y",
    "part that comes from y_t",
    Dot("dy_t", "W_y", transposed=True),
    row="y_t",
    column="through",
)
NOTHING = Operation(
    "dy_t", "the loss does not count here", Zeros("y_t"), row="y_t", column="gradient"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a network is for: what goes in, what its outputs are measured by, and when.

    Attributes:
        loss: "mse" or "cross-entropy".
        symbols: whether the inputs are symbols, given as codes.
        topology: of a window; None: inputs and loss at every timestep, however many there are.
    """

    loss: str = "mse"
    symbols: bool = False
    topology: Topology | None = None

    def counts(self, t: int) -> bool:
        """Whether the loss counts at timestep `t`, from 1."""
        return self.topology is None or self.topology.counted[t - 1]

    def mask(self, steps: int) -> tuple[bool, ...]:
        """Where the loss counts, [T].

        Raises:
            ValueError: the topology is one of another number of timesteps.
        """
        if self.topology is None:
            return (True,) * steps
        if len(self.topology.counted) != steps:
            lengths = f"{len(self.topology.counted)} timesteps, the window {steps}"
            raise ValueError(f"the topology has {lengths}")
        return self.topology.counted


SERIES = Problem()
"""Numbers in, numbers out, at every timestep."""


class LossKernel(ABC):
    """The fused computation of a loss over a window: from ``y`` on the tape to ``dy``.

    Attributes:
        term_count: N.
    """

    def __init__(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> None:
        self.term_count = term_count
        self.y, self.dy = tape.flat("y"), tape.flat("dy")  # [T·B, O]
        self.rows = np.flatnonzero(np.repeat(mask, tape.batch))  # of [T·B, …], those that count
        self.gaps = _gaps(mask, tape.batch)  # the others

    def outputs(self) -> None:
        """What is made of y before anything is measured; may be called early and again."""
        return

    @abstractmethod
    def loss(self) -> float:
        """The loss of y; dy becomes its gradient. `outputs` has been called."""

    @abstractmethod
    def summed(self, slope: Array) -> float:
        """Σ of the magnitudes that dL/dp is summed from when dy/dp is `slope` [T·B, O]."""

    @abstractmethod
    def magnitude(self, outputs: Array) -> float:
        """What the loss is made of before anything cancels, |y| being made of `outputs` [T·B, O].

        Real numbers.
        """


def _gaps(mask: tuple[bool, ...], batch: int) -> tuple[slice, ...]:
    """The runs of rows of [T·B, …] that do not count."""
    found, row = [], 0
    for counts, run in groupby(mask):
        end = row + batch * sum(1 for _ in run)
        if not counts:
            found.append(slice(row, end))
        row = end
    return tuple(found)


class Loss(ABC):
    """A loss: its declaration and the way to its kernel. The target is ``target_t``, [B, O].

    Attributes:
        classes: whether the targets are classes, given as codes; then target_t is one-hot.
        rows: lines of the timestep panel, ``y_t`` first.
        forward_operations: from ``h_t`` to what is measured.
        gradient: ``dy_t`` where the loss counts.
    """

    name: str
    classes: bool
    rows: tuple[Row, ...]
    forward_operations: tuple[Operation, ...]
    gradient: Operation

    def backward_operations(self, counts: bool) -> tuple[Operation, ...]:
        """From the loss to ``dh_y``, at a timestep where it counts or does not."""
        return (self.gradient if counts else NOTHING, TO_HIDDEN)

    def term_count(self, mask: tuple[bool, ...], batch: int, outputs: int) -> int:
        """Return N for windows of `batch` samples and `outputs` outputs; `mask`: see `kernel`."""
        return sum(mask) * batch * self.terms(outputs)

    @abstractmethod
    def terms(self, outputs: int) -> int:
        """Return how many terms the `outputs` of one timestep and sample add to the sum."""

    @abstractmethod
    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        """Arrays it needs on the tape beside the common ones."""

    @abstractmethod
    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        """Its own values at timestep `t` by name, views of the tape."""

    @abstractmethod
    def kernel(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> LossKernel:
        """Return its kernel, bound to `tape`; `mask` [T]: where the loss counts."""


class SquaredError(Loss):
    """Mean squared error over every output element that counts."""

    name = "mse"
    classes = False
    rows = (Row("y_t", "output"),)
    forward_operations = (OUTPUT,)
    gradient = Operation(
        "dy_t",
        "gradient of the loss",
        TWO * (Value("y_t") - Value("target_t")) / Value("N"),
        row="y_t",
        column="gradient",
    )

    def terms(self, outputs: int) -> int:
        return outputs

    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        return ()

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {}

    def kernel(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> LossKernel:
        return SquaredErrorKernel(tape, mask, term_count)


class SquaredErrorKernel(LossKernel):
    """One difference, one product, one dot product."""

    def __init__(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> None:
        super().__init__(tape, mask, term_count)
        self.target = tape.flat("target")  # [T·B, O]
        self.error = np.empty_like(self.y)
        self.error_line = self.error.reshape(-1)
        self.slope = np.asarray(2 / self.term_count, tape.dtype)

    def loss(self) -> float:
        np.subtract(self.y, self.target, out=self.error)
        for gap in self.gaps:
            self.error[gap] = 0
        np.multiply(self.error, self.slope, out=self.dy)
        return self.error_line.dot(self.error_line).item() / self.term_count  # type: ignore[no-any-return]

    def summed(self, slope: Array) -> float:
        return float(np.sum(np.abs(self.dy) * np.abs(slope)))

    def magnitude(self, outputs: Array) -> float:
        """The mean of (|y| + |target|)² over what counts."""
        terms = (outputs + np.abs(self.target))[self.rows]
        return float(np.mean(terms * terms))


class CrossEntropy(Loss):
    """Mean over what counts of −log p[class], p = softmax(y) with the maximum subtracted first."""

    name = "cross-entropy"
    classes = True
    rows = (Row("y_t", "output"), Row("p_t", "probability", (0.0, 1.0)))
    forward_operations = (
        OUTPUT,
        Operation("p_t", "probability", Softmax("y_t"), row="p_t"),
    )
    gradient = Operation(
        "dy_t",
        "gradient of the loss",
        (Value("p_t") - Value("target_t")) / Value("N"),
        row="y_t",
        column="gradient",
    )

    def terms(self, outputs: int) -> int:
        return 1

    def arrays(self, outputs: int) -> tuple[ArraySpec, ...]:
        return (ArraySpec("p", outputs), ArraySpec("classes", 1, codes=True))

    def values(self, tape: Tape, t: int) -> dict[str, Array]:
        return {"p_t": tape["p"][t - 1]}

    def kernel(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> LossKernel:
        return CrossEntropyKernel(tape, mask, term_count)


class CrossEntropyKernel(LossKernel):
    """The target is never multiplied: what belongs to its class is picked out."""

    def __init__(self, tape: Tape, mask: tuple[bool, ...], term_count: int) -> None:
        super().__init__(tape, mask, term_count)
        self.p = tape.flat("p")  # [T·B, O]
        self.classes = tape["classes"].reshape(-1)  # [T·B]
        rows, width = self.y.shape
        self.largest = np.empty((rows, 1), tape.dtype)
        self.sums = np.empty((rows, 1), tape.dtype)
        self.slope = np.asarray(1 / self.term_count, tape.dtype)
        self.offsets = self.rows * width  # of what counts, in an array of T·B·O entries
        self.y_line, self.dy_line = self.y.reshape(-1), self.dy.reshape(-1)
        self.every = not self.gaps

    def outputs(self) -> None:
        np.max(self.y, axis=1, keepdims=True, out=self.largest)
        np.subtract(self.y, self.largest, out=self.p)
        np.exp(self.p, out=self.p)
        np.sum(self.p, axis=1, keepdims=True, out=self.sums)
        np.divide(self.p, self.sums, out=self.p)

    def _targets(self) -> Array:
        """Where the classes' entries are in an array of T·B·O, for the rows that count."""
        classes = self.classes if self.every else self.classes[self.rows]
        places: Array = self.offsets + classes
        return places

    def loss(self) -> float:
        """−log p = log Σ e^(y − max) + max − y of the class."""
        places = self._targets()
        losses = np.log(self.sums)
        losses += self.largest
        rows = losses[:, 0] if self.every else losses[self.rows, 0]
        np.copyto(self.dy, self.p)
        self.dy_line[places] -= 1
        np.multiply(self.dy, self.slope, out=self.dy)
        for gap in self.gaps:
            self.dy[gap] = 0
        return (rows - self.y_line[places]).sum().item() / self.term_count  # type: ignore[no-any-return]

    def summed(self, slope: Array) -> float:
        """Each sample's Σ p·|dy/dp| and the rates of its largest output and of its class."""
        rates = np.abs(slope)[self.rows]
        terms = np.abs(self.p)[self.rows] * rates
        return float(terms.sum() + 3 * rates.max(axis=1).sum()) / self.term_count

    def magnitude(self, outputs: Array) -> float:
        """The mean of twice the largest |y|, and log O."""
        largest = outputs[self.rows].max(axis=1)
        return float(np.mean(2 * largest + np.log(outputs.shape[1])))


LOSSES: Mapping[str, Loss] = {loss.name: loss for loss in (SquaredError(), CrossEntropy())}
