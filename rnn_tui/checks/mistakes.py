"""What a mistake is to a guess: where it begins, what it changes, and how it is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from rnn_tui.checks.losses import LossFunction, loss_of
from rnn_tui.checks.reference import (
    NO_EDIT,
    LineEdit,
    NotTheirsError,
    ReferenceProblem,
    Run,
    run_forward,
    with_backward,
    with_loss,
)
from rnn_tui.checks.theirs import Theirs
from rnn_tui.checks.weight_gradients import tensor_gradient, with_derivatives, with_gradients
from rnn_tui.tensor_files.content import Array

Numbers = Mapping[str, Array]


class Stage(IntEnum):
    """Where in the computation a mistake begins."""

    FORWARD = 0
    LOSS = 1
    BACKWARD = 2
    GRADIENTS = 3
    RECORD = 4


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that somebody may have made.

    Attributes:
        stage: where it begins.
        what: the mistake in plain English, the beginning of a sentence.
        put_in: how it is put in: "with `dh = dh_y`".
        read: what the case becomes when it is read so.
        edit: other lines, of its stage.
        other: what stands in them in the place of what belongs there; "" where that is no name.
        derived: whether the gradients are those of the forward pass with the mistake, rather than
            of the right one.
        loss: another loss.
        times: timesteps that the gradients of weights are summed over, from 0; None: all.
        sample: the only one that they are summed over, from 0; None: all.
        written: what becomes of the numbers when they are written to the file.
        each_sample: whether it concerns each sample alone, so that a few samples show it.
    """

    stage: Stage
    what: str
    put_in: str = "with this"
    read: Callable[[ReferenceProblem], ReferenceProblem] | None = None
    edit: LineEdit = NO_EDIT
    other: str = ""
    derived: bool = False
    loss: LossFunction | None = None
    times: tuple[int, ...] | None = None
    sample: int | None = None
    written: Callable[[Numbers], Numbers] | None = None
    each_sample: bool = True


RIGHT = Mistake(Stage.FORWARD, "")


class Runner:
    """Runs a case with some mistakes put in, computing again only what they change."""

    def __init__(self, problem: ReferenceProblem, theirs: Theirs) -> None:
        self.problem, self.theirs = problem, theirs
        self._known: dict[tuple[int, ...], Run] = {}
        self._kept: list[Mistake] = []  # so that their identities stay theirs

    def keep(self, mistakes: Sequence[Mistake]) -> None:
        """Compute every stage with `mistakes` put in, and remember them for further mistakes."""
        self._kept += mistakes
        for last in (Stage.FORWARD, Stage.LOSS, Stage.BACKWARD, Stage.GRADIENTS):
            self._known[self._key(mistakes, last)] = self._run(mistakes, last, None)

    def numbers(self, mistakes: Sequence[Mistake], watched: bool = True) -> Numbers:
        """Return the numbers with `mistakes` put in.

        Args:
            mistakes: of different stages, in their order.
            watched: whether to give up as soon as a number is not theirs.

        Raises:
            NotTheirsError: a number is not theirs.
        """
        theirs = self.theirs if watched else None
        written = [mistake.written for mistake in mistakes if mistake.written]
        if written or theirs is None or any(m.derived for m in mistakes):
            numbers: Numbers = self._run(mistakes, Stage.GRADIENTS, theirs).numbers()
            for change in written:
                numbers = change(numbers)
            return numbers
        before = self._run(mistakes, Stage.LOSS, theirs)
        self._check_readout(before)
        run = self._from(before, mistakes, theirs)
        gradients: dict[str, Array] = {}
        for name in theirs.parameter_gradients:  # the smallest first
            gradients[name] = tensor_gradient(run, name)
            if not theirs.same(name, gradients[name]):
                raise NotTheirsError
        return run.numbers_by_time() | gradients

    def _from(self, before: Run, mistakes: Sequence[Mistake], theirs: Theirs) -> Run:
        """Return `before`, which has a loss, with the backward pass."""
        known = self._known.get(self._key(mistakes, Stage.BACKWARD))
        if known is not None:
            return known
        edits = [m.edit for m in mistakes if m.stage is Stage.BACKWARD]
        return with_backward(before, theirs, edits[0] if edits else NO_EDIT)

    def _check_readout(self, run: Run) -> None:
        """Compare the gradients that need no backward pass.

        Raises:
            NotTheirsError: they are not theirs.
        """
        dy = run.dy.reshape(-1, run.dy.shape[-1])
        if not self.theirs.same("grad.readout.bias", dy.sum(0)):
            raise NotTheirsError
        if self.theirs.has("grad.readout.weight"):
            h = np.concatenate([values["h"] for values in run.forward[-1]])
            if not self.theirs.same("grad.readout.weight", dy.T @ h):
                raise NotTheirsError

    def complete(self, mistakes: Sequence[Mistake]) -> Run:
        """Return the whole run with `mistakes` put in, which were kept."""
        return self._known[self._key(mistakes, Stage.GRADIENTS)]

    def reach(self, mistakes: Sequence[Mistake], last: Stage) -> None:
        """Run with `mistakes` put in up to the stage `last`.

        Raises:
            NotTheirsError: a number is not theirs.
        """
        self._run(mistakes, last, self.theirs)

    @staticmethod
    def _key(mistakes: Sequence[Mistake], last: Stage) -> tuple[int, ...]:
        return (int(last), *(id(m) for m in mistakes if m.stage <= last))

    def _run(self, mistakes: Sequence[Mistake], last: Stage, theirs: Theirs | None) -> Run:
        """Return the run up to the stage `last`."""
        known = self._known.get(self._key(mistakes, last))
        if known is not None:
            return known
        at = {mistake.stage: mistake for mistake in mistakes}
        forward = at.get(Stage.FORWARD, RIGHT)
        if last is Stage.FORWARD:
            problem = forward.read(self.problem) if forward.read else self.problem
            return run_forward(problem, theirs, forward.edit)
        before = self._run(mistakes, Stage(last - 1), theirs)
        mistake = at.get(last, RIGHT)
        if last is Stage.LOSS:
            loss = mistake.loss or loss_of
            return with_loss(before, *loss(before.problem, before.y), theirs)
        if forward.derived:
            return before if last is Stage.GRADIENTS else with_derivatives(before, forward.edit)
        if last is Stage.BACKWARD:
            return with_backward(before, theirs, mistake.edit)
        return with_gradients(before, mistake.edit, mistake.times, mistake.sample)


def said_of_layers(mistake: Mistake, layers: frozenset[int], count: int) -> Mistake:
    """Return `mistake`, which is one of lines, in `layers` of `count` only."""
    names = " and ".join(str(layer + 1) for layer in sorted(layers))
    edit = replace(mistake.edit, layers=layers)
    what, put_in = mistake.what, mistake.put_in
    if max(layers) + 1 < count:  # what comes from above is of a layer, not of the output
        what, put_in = (re.sub(r"\bdh_y\b", "dh_up", text) for text in (what, put_in))
    return replace(mistake, edit=edit, what=f"{what}, in layer {names} of {count}", put_in=put_in)


def said_of_times(mistake: Mistake, t: int) -> Mistake:
    """Return `mistake`, which is one of lines, at timestep `t` only, from 0."""
    edit = replace(mistake.edit, times=frozenset({t}))
    return replace(mistake, edit=edit, what=f"{mistake.what}, at t = {t + 1} only")
