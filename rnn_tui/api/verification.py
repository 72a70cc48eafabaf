"""`verify`: the gradient of the backward pass beside numeric derivatives of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.trainer import Trainer
from rnn_tui.engine.analysis.gradient_check import gradient_check_work, tensor_indices
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.scratch_network import GradientRecord, copy_window
from rnn_tui.layouts.torch_layout import tensors_of


@dataclass(frozen=True, slots=True)
class WorstEntry:
    """The entry of the gradient whose difference is largest relative to what rounding can do.

    Attributes:
        name: the tensor in PyTorch's names, as in `Trainer.gradients`.
        entry: its indices there, from 0.
        backward: by the backward pass.
        numeric: from the loss alone.
        relative_error: |backward − numeric| / max(|backward|, |numeric|); 0 where both are 0.
        tolerance: of |backward − numeric|: what rounding can do in both.
    """

    name: str
    entry: tuple[int, ...]
    backward: float
    numeric: float
    relative_error: float
    tolerance: float

    def __str__(self) -> str:
        where = f"{self.name}[{', '.join(map(str, self.entry))}]"
        numbers = f"{self.backward:.9g} backward, {self.numeric:.9g} numeric"
        return f"{where}: {numbers}, relative error {self.relative_error:.1e}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. It is true if all entries agree.

    Attributes:
        agrees: whether all entries that were compared are within their tolerance.
        method: the numeric method and its step.
        checked: how many entries were compared.
        set_aside: how many were not, as a relu's kink is so near that there may be no derivative.
        worst: the worst entry; None if none could be compared.
    """

    agrees: bool
    method: str
    checked: int
    set_aside: int
    worst: WorstEntry | None

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        verdict = "agrees" if self.agrees else "differs" if self.worst else "cannot be checked"
        aside = f", {self.set_aside:,} set aside at a kink" if self.set_aside else ""
        worst = f"; worst {self.worst}" if self.worst else ""
        return f"{verdict}: {self.checked:,} entries by the {self.method}{aside}{worst}"


def verify(trainer: Trainer, most: int | None = None) -> Verification:
    """Compare the gradient with numeric derivatives, entry by entry.

    The derivatives come from forward passes alone, of the same window and the same weights: by the
    complex step where all is smooth (nothing is subtracted, so it is exact but for rounding), by
    central differences where relu has a kink. The tolerance follows from the rounding of both.

    It is about the window that the trainer is at; before the first one it is the first one, and
    before the backward pass is complete the gradient is computed on a copy. The trainer stays where
    it is. Each entry takes a forward pass, a large network many.

    Args:
        trainer: the trainer.
        most: entries of each tensor that are checked at most, evenly spaced; None: all.

    Returns:
        The verdict with the worst entry; ``assert verify(trainer)`` is a test.

    Raises:
        TypeError: `trainer` is none.
        ValueError: `most` is below 1.
        FloatingPointError: a number of the window is not finite.
    """
    if not isinstance(trainer, Trainer):
        raise TypeError(f"verify takes a rnn_tui.Trainer, not {type(trainer).__name__}")
    if most is not None and most < 1:
        raise ValueError(f"most must be at least 1, or None for all, not {most}")
    engine = trainer._engine
    if engine.divergence is not None:
        raise FloatingPointError(f"there is no gradient to verify: {trainer.not_finite}")
    with one_thread(), np.errstate(all="ignore"):
        record = _record(trainer)
        names = [spec.name for spec in engine.network.specs]
        chosen = np.concatenate([tensor_indices(record, name, most) for name in names])
        check = complete(gradient_check_work(record, chosen))
    worst = None
    if check.worst is not None:
        name, entry = _place(record.architecture, int(check.indices[check.worst]))
        worst = WorstEntry(
            name,
            entry,
            float(check.analytic[check.worst]),
            float(check.numeric[check.worst]),
            float(check.relative[check.worst]),
            float(check.tolerance[check.worst]),
        )
    aside = int(check.kinks.sum())
    return Verification(
        check.verdict == "agrees", check.method, len(check.indices) - aside, aside, worst
    )


def _record(trainer: Trainer) -> GradientRecord:
    """Return the window that a trainer is at, with its gradient."""
    window = trainer._window.complete()
    network, gradient = window.network, window.network.gradient.copy()
    data = copy_window(network)
    return GradientRecord(network.architecture, window.flat.copy(), data, gradient, network.pins)


def _place(architecture: Architecture, index: int) -> tuple[str, tuple[int, ...]]:
    """Return where entry `index` of our vector is among PyTorch's tensors."""
    numbers: npt.NDArray[Any] = np.arange(1.0, architecture.parameter_count() + 1)
    for name, tensor in tensors_of(architecture, numbers).items():
        found = np.argwhere(tensor == index + 1)
        if len(found):
            return name, tuple(int(k) for k in found[0])
    raise AssertionError(f"no tensor has parameter {index}")
