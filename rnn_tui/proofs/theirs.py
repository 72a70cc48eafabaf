"""Somebody's own numbers, from a case file, beside ours: which agree, and the first that does not.

It is about the file alone: the network that the file describes, with the file's weights. So it
stays the same wherever the run is, and whatever has become of its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread
from typing import ClassVar, TypeVar

import numpy as np

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.checks.checked_case import compare_case
from rnn_tui.checks.comparison import (
    Comparison,
    FirstDifference,
    has_timesteps,
    is_gradient,
    name_in_file,
)
from rnn_tui.checks.compute import GRADIENT, CheckError, architecture_of_case
from rnn_tui.checks.guess import guess
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.torch_layout import gradients_of
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest

T = TypeVar("T")
_PART = 0.002  # seconds that a part of the work waits


@dataclass(frozen=True, slots=True)
class PlaceInRun:
    """Where a number of theirs is computed in the first window of a run on the case.

    Attributes:
        stage: the pass.
        t: the timestep, from 1; 0 for the loss.
        symbol: what is computed there; "" for the loss, and for a parameter's gradient, which is
            complete at the end of the pass.
        parameter: the entry of the gradient, as an index into the flat vector; None for all else.
    """

    stage: Pass
    t: int
    symbol: str = ""
    parameter: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TheirsReport:
    """Theirs beside ours.

    Attributes:
        comparison: tensor by tensor.
        names: how the file spells the tensors' names.
        place: where the first number that differs is computed; None if all agree.
    """

    comparison: Comparison
    names: Mapping[str, str]
    place: PlaceInRun | None


@dataclass(frozen=True, slots=True)
class Guess:
    """What kind of mistake gives just these numbers, in a sentence; None if none is known."""

    words: str | None


@dataclass(frozen=True, slots=True)
class TheirsProof(Proof):
    """The comparison of `case`; None where the run is on none."""

    words: ClassVar[str] = "comparing theirs with ours"
    needs_window: ClassVar[bool] = False
    of_window: ClassVar[bool] = False
    case: Case | None = None

    @classmethod
    def at(cls, selected: Selected) -> TheirsProof:
        return cls()

    def at_place(self, trainer: Trainer) -> TheirsProof:
        return TheirsProof(case_of(trainer))

    def work(self, window: WindowUnderTest) -> Work[TheirsReport | Refusal]:
        case = self.case
        if case is None:
            return Refusal("This run is on no case file: rnn-tui FILE.safetensors opens one.")
        try:
            comparison = yield from _in_thread(lambda: compare_case(case))
        except CheckError as error:
            return Refusal(f"{case.name or 'The case'}: {error}.")
        names = {each.name: name_in_file(case, each.name) for each in comparison.tensors}
        place = None if comparison.first is None else place_in_run(case, comparison.first)
        return TheirsReport(comparison, names, place)


@dataclass(frozen=True, slots=True)
class GuessProof(Proof):
    """What kind of mistake gives just the numbers of `case`: a sentence, or None."""

    words: ClassVar[str] = "looking for the mistake"
    needs_window: ClassVar[bool] = False
    of_window: ClassVar[bool] = False
    case: Case | None = None

    @classmethod
    def at(cls, selected: Selected) -> GuessProof:
        return cls()

    def at_place(self, trainer: Trainer) -> GuessProof:
        return GuessProof(case_of(trainer))

    def work(self, window: WindowUnderTest) -> Work[Guess | Refusal]:
        """Guess in a thread of its own: it computes the case many times over."""
        case = self.case
        if case is None:
            return Refusal("This run is on no case file.")
        try:
            comparison = yield from _in_thread(lambda: compare_case(case))
        except CheckError:
            return Guess(None)
        if comparison.agrees:
            return Guess(None)
        return Guess((yield from _in_thread(lambda: guess(case, comparison))))


def case_of(trainer: Trainer) -> Case | None:
    """Return the case that a run is on; None where it is on none."""
    kept = trainer.task.kept()
    return kept if isinstance(kept, Case) else None


def _in_thread(compute: Callable[[], T]) -> Work[T]:
    """Compute something in a thread, in parts that wait for it."""
    results, errors = list[T](), list[Exception]()

    def run() -> None:
        try:
            results.append(compute())
        except Exception as error:  # raised again where the work is done
            errors.append(error)

    thread = Thread(target=run, name="theirs", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_PART)
        yield Progress(0, 1)
    if errors:
        raise errors[0]
    return results[0]


def place_in_run(case: Case, first: FirstDifference) -> PlaceInRun:
    """Return where a number that differs is computed."""
    if first.name == LOSS:
        return PlaceInRun(Pass.LOSS, 0)
    symbol, stage = first.name.removeprefix(GRADIENT), Pass.FORWARD
    if is_gradient(first.name):
        stage = Pass.BACKWARD
    if not has_timesteps(first.name):
        return PlaceInRun(stage, 1, parameter=parameter_of(case, symbol, first.entry))
    mark = "d" if stage is Pass.BACKWARD else ""
    if symbol == OUTPUT:
        return PlaceInRun(stage, first.t or 1, f"{mark}y_t")
    return PlaceInRun(stage, first.t or 1, name_in_layer(f"{mark}{symbol}_t", first.layer or 1))


def parameter_of(case: Case, weight: str, entry: tuple[int, ...]) -> int:
    """Return the entry of our parameter vector whose gradient is that of a weight's entry."""
    architecture = architecture_of_case(case)
    numbers = np.arange(architecture.parameter_count(), dtype=np.float64)
    return int(gradients_of(architecture, numbers)[weight][entry])
