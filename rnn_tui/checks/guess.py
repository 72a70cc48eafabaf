"""Guesses what mistake gives just their numbers: one that, put into ours, makes all of them.

The reference of `rnn_tui.checks.reference` is run with one mistake after another put in. A mistake
is proposed only if all that they gave comes out, the numbers that differ from ours and those that
do not. If no single mistake does it, pairs are tried: one that explains the first stage that
differs, and another after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import Comparison
from rnn_tui.checks.line_mistakes import (
    both_ways,
    generated,
    named_backward,
    named_forward,
    named_gradients,
    truncated,
)
from rnn_tui.checks.loss_mistakes import named_losses, scaled_losses
from rnn_tui.checks.mistakes import (
    Mistake,
    Numbers,
    Runner,
    Stage,
    said_of_layers,
    said_of_times,
)
from rnn_tui.checks.reading_mistakes import inputs_read, weights_read
from rnn_tui.checks.record_mistakes import explanations
from rnn_tui.checks.reference import NotTheirsError, ReferenceProblem, problem_of
from rnn_tui.checks.theirs import Theirs

MOST_AT_ONCE = 2  # mistakes in one guess, and guesses that are named if several fit
WORK_LIMIT = 2.0  # roughly seconds
SECONDS_PER_LINE_SET, PRODUCTS_PER_SECOND = 60e-6, 4e9

STAGE_NUMBERS = {
    Stage.FORWARD: ("h", "c", "output"),
    Stage.LOSS: ("loss", "grad.output"),
    Stage.BACKWARD: ("grad.h", "grad.c"),
}
# What makes of their numbers ours only where it was really computed otherwise.
WRONG_INPUT = (ValueError, IndexError, NameError, TypeError, AttributeError, KeyError)


class TooMuchWorkError(Exception):
    """The search has done all the work that it may."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Mistakes that together give all of their numbers.

    Attributes:
        what: each in plain English.
        put_in: how the last is put in.
    """

    what: tuple[str, ...]
    put_in: str = "with this"


def guess(case: Case, comparison: Comparison) -> str | None:
    """Return in one or two sentences what mistake gives just their numbers; None if none is found.

    Args:
        case: with their numbers.
        comparison: of their numbers with ours.
    """
    problem = problem_of(case)
    if comparison.first is None or problem is None or not _finite(case):
        return None
    theirs = Theirs(case, comparison.tolerance)
    with np.errstate(all="ignore"):
        search = Search(problem, theirs)
        try:
            found = search.solve((), Stage.FORWARD)
        except TooMuchWorkError:
            found = search.found
    return _sentence(found, len(theirs.numbers)) if found else None


def size_limit_note(case: Case) -> str | None:
    """Return a sentence if `case` is too large for every mistake to be tried; otherwise None."""
    problem = problem_of(case)
    if problem is None or _seconds_per_step(problem) * problem.steps * problem.layers < 0.02:
        return None
    return (
        "Not every mistake can be tried on so large a case; "
        "with fewer samples, timesteps or hidden units a guess is likelier."
    )


def _finite(case: Case) -> bool:
    return all(bool(np.all(np.isfinite(array))) for array in case.theirs.values())


def _sentence(found: Sequence[Guess], count: int) -> str:
    numbers = "their number is" if count == 1 else f"all {count} tensors are"
    first = found[0]
    whole = "; and ".join(first.what)
    if whole[1].isalpha() or whole[1] == " ":  # not h0
        whole = whole[0].upper() + whole[1:]
    put_in = first.put_in if len(first.what) == 1 else "with both"
    theirs = "reproduced" if count == 1 else "theirs"
    text = f"{whole}: {put_in} {numbers} {theirs}."
    if len(found) > 1:
        text += f" So they are if {'; and '.join(found[1].what)}."
    return text


def _seconds_per_step(problem: ReferenceProblem) -> float:
    """Return about how long one timestep of one layer takes."""
    gates, width = len(problem.program.gates), problem.hidden + problem.x.shape[-1]
    products = 3 * problem.batch * gates * problem.hidden * width
    return float(SECONDS_PER_LINE_SET + products / PRODUCTS_PER_SECOND)


class Search:
    """Tries mistakes, the likeliest first.

    Attributes:
        found: the guesses so far.
    """

    def __init__(self, problem: ReferenceProblem, theirs: Theirs) -> None:
        self.problem, self.theirs = problem, theirs
        self.runner = Runner(problem, theirs)
        self.found: list[Guess] = []
        self._step_cost = _seconds_per_step(problem)

    def solve(self, base: tuple[Mistake, ...], first: Stage) -> list[Guess]:
        """Return guesses that are `base` and one more mistake, or more if one is not enough.

        Args:
            base: mistakes that are in already.
            first: the first stage where another may be.
        """
        self.runner.keep(base)
        ours = self.runner.numbers(base, watched=False)
        differing = self._first_differing(ours)
        if self.theirs.all_same(ours) or (
            differing is Stage.GRADIENTS and self._explain(base, ours)
        ):
            return self.found
        progress: list[Mistake] = []
        for group in self._groups(base, ours, first, differing):
            for mistake in group:
                self._check_work()
                numbers = self._try(base, mistake)
                if numbers is not None and self._holds(base, mistake, ours, numbers):
                    continue
                if mistake.stage is differing and self._explains_stage(base, mistake):
                    progress.append(mistake)
            if self.found:
                return self.found
        if differing is not Stage.GRADIENTS:
            self._explain(base, ours)
        if len(base) + 1 < MOST_AT_ONCE and not self.found:
            for mistake in progress[:4]:
                self.solve((*base, mistake), Stage(mistake.stage + 1))
        return self.found

    def _explain(self, base: tuple[Mistake, ...], ours: Numbers) -> bool:
        """Look for what was done to single tensors; return whether it was found."""
        for text in explanations(self.runner.complete(base), self.theirs, ours):
            self._add(Guess((*(m.what for m in base), text)))
        return bool(self.found)

    def _check_work(self) -> None:
        done = self.theirs.asked * self._step_cost + self.runner.runs * 1e-3
        if done > WORK_LIMIT:
            raise TooMuchWorkError

    def _try(self, base: tuple[Mistake, ...], mistake: Mistake) -> Numbers | None:
        try:
            return self.runner.numbers((*base, mistake), watched=mistake.stage < Stage.GRADIENTS)
        except (NotTheirsError, *WRONG_INPUT):
            return None

    def _holds(
        self, base: tuple[Mistake, ...], mistake: Mistake, ours: Numbers, numbers: Numbers
    ) -> bool:
        """Return whether with `mistake` all numbers are theirs; it is added to what was found."""
        what = (*(m.what for m in base), mistake.what)
        if self.theirs.all_same(numbers):
            self._add(Guess(what, mistake.put_in))
            return True
        if mistake.stage is not Stage.GRADIENTS:
            return False
        names = [name for name in self.theirs.numbers if not self.theirs.same(name, ours[name])]
        if names and all(self.theirs.same(name, numbers[name]) for name in names):
            where = f"{what[-1]}, in {' and '.join(names)} alone"
            self._add(Guess((*what[:-1], where), mistake.put_in))
            return True
        return False

    def _add(self, found: Guess) -> None:
        if len(self.found) < MOST_AT_ONCE:
            self.found.append(found)

    def _first_differing(self, ours: Numbers) -> Stage:
        """Return the first stage of which they gave numbers that are not `ours`."""
        for stage, names in STAGE_NUMBERS.items():
            if not all(self.theirs.same(name, ours[name]) for name in names if name in ours):
                return stage
        return Stage.GRADIENTS

    def _explains_stage(self, base: tuple[Mistake, ...], mistake: Mistake) -> bool:
        """Return whether with `mistake` the numbers of its stage are theirs."""
        if mistake.stage is Stage.GRADIENTS:
            return False
        try:
            self.runner.reach((*base, mistake), mistake.stage)
        except (NotTheirsError, *WRONG_INPUT):
            return False
        return True

    def _groups(
        self, base: tuple[Mistake, ...], ours: Numbers, first: Stage, differing: Stage
    ) -> Iterator[Iterator[Mistake]]:
        """Yield mistakes that can begin before what differs, those that say most first."""
        problem, given = self.problem, self.theirs.has
        forward_right = differing > Stage.FORWARD and any(map(given, ("h", "output", "loss")))
        if (
            first <= Stage.FORWARD
            and not (forward_right and differing is not Stage.LOSS)
            and not (forward_right and any(map(given, ("h", "output"))))
        ):
            yield from self._forward(ours)
        if first <= Stage.LOSS <= differing:
            yield scaled_losses(problem, self.theirs, ours)
            yield named_losses(problem)
        if first <= Stage.BACKWARD <= differing:
            yield generated(problem, Stage.BACKWARD)
            yield named_backward(problem)
            yield truncated(problem)
        if first <= Stage.GRADIENTS <= differing:
            yield named_gradients(problem)
            yield generated(problem, Stage.GRADIENTS)
        if first <= Stage.BACKWARD <= differing:
            yield self._in_one_layer(Stage.BACKWARD)
            yield self._at_one_timestep(Stage.BACKWARD, self._backward_times(ours, differing))
        if first <= Stage.GRADIENTS <= differing:
            yield self._at_one_timestep(Stage.GRADIENTS, range(problem.steps))

    def _forward(self, ours: Numbers) -> Iterator[Iterator[Mistake]]:
        problem = self.problem
        yield inputs_read(problem)
        yield weights_read(problem)
        yield (way for mistake in named_forward(problem) for way in both_ways(mistake))
        yield (way for mistake in generated(problem, Stage.FORWARD) for way in both_ways(mistake))
        yield (way for mistake in self._in_one_layer(Stage.FORWARD) for way in both_ways(mistake))
        first = self._differing_times(ours, ("h", "c", "output"))[:1] or range(problem.steps)
        at_one = self._at_one_timestep(Stage.FORWARD, first)
        yield (way for mistake in at_one for way in both_ways(mistake))

    def _differing_times(self, ours: Numbers, names: Sequence[str]) -> list[int]:
        """Return the timesteps, from 0, where tensors of `names` are not theirs."""
        known = [name for name in names if name in ours]
        return sorted({t for name in known for t in self.theirs.differing_times(name, ours[name])})

    def _backward_times(self, ours: Numbers, differing: Stage) -> Sequence[int]:
        """Return the timesteps where a mistake may be that was made at one alone."""
        names = [name for name in STAGE_NUMBERS[Stage.BACKWARD] if name in ours]
        if not all(map(self.theirs.has, names)):
            return range(self.problem.steps)
        if differing is not Stage.BACKWARD:
            return [0]  # all that was handed on is right
        last = self._differing_times(ours, names)[-1]
        return [t for t in (last + 1, last) if t < self.problem.steps]

    def _in_one_layer(self, stage: Stage) -> Iterator[Mistake]:
        count = self.problem.layers
        if count == 1:
            return
        named = {Stage.FORWARD: named_forward, Stage.BACKWARD: named_backward}[stage]
        for mistakes in (generated, named):
            for mistake in (
                generated(self.problem, stage) if mistakes is generated else named(self.problem)
            ):
                for layer in range(count):
                    yield said_of_layers(mistake, frozenset({layer}), count)

    def _at_one_timestep(self, stage: Stage, times: Sequence[int]) -> Iterator[Mistake]:
        if self.problem.steps == 1:
            return
        for mistake in generated(self.problem, stage):
            for t in times:
                yield said_of_times(mistake, t)
