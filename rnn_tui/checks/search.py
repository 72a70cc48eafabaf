"""Searches for the mistake that gives their numbers: one after another, the likeliest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.checks.line_mistakes import (
    both_ways,
    clipped,
    generated,
    named_backward,
    named_forward,
    named_gradients,
    resets,
    said_as_zero,
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
from rnn_tui.checks.reference import (
    NotTheirsError,
    ReferenceProblem,
    Run,
    few_samples,
    run_forward,
    with_backward,
)
from rnn_tui.checks.theirs import Theirs
from rnn_tui.checks.weight_gradients import tensor_gradient

MOST_AT_ONCE = 2  # mistakes in one guess, and guesses that are named if several fit
MOST_BEGINNINGS = 4  # mistakes that explain the first stage, to which another is added
FEW = 2  # samples that show whether all need to be computed
WORK_LIMIT = 2.0  # seconds, about
TIME_LIMIT = 15.0  # seconds, where the processor has much else to do
SECONDS_PER_STEP, SECONDS_PER_RUN, PRODUCTS_PER_SECOND = 60e-6, 0.5e-3, 4e9
LARGE = 0.02  # seconds of a run from which on not all mistakes can be tried

STAGE_NUMBERS = {
    Stage.FORWARD: ("h", "c", "output"),
    Stage.LOSS: ("loss", "grad.output"),
    Stage.BACKWARD: ("grad.h", "grad.c"),
}
# A mistake that does not fit: shapes that cannot be multiplied, names that a line does not have.
MISFITS = (NotTheirsError, ValueError, IndexError, NameError, TypeError, AttributeError, KeyError)


class TooMuchWorkError(Exception):
    """The search has done all the work that it may."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Mistakes that together give all of their numbers.

    Attributes:
        what: each in plain English.
        put_in: how the last is put in.
    """

    what: tuple[str, ...]
    put_in: str = "with this"


def _seconds_per_step(problem: ReferenceProblem, samples: int) -> float:
    """Return about how long one timestep of one layer takes."""
    gates, width = len(problem.program.gates), problem.hidden + problem.x.shape[-1]
    products = 3 * samples * gates * problem.hidden * width
    return SECONDS_PER_STEP + float(products) / PRODUCTS_PER_SECOND


def is_large(problem: ReferenceProblem) -> bool:
    """Return whether a run takes so long that not every mistake can be tried."""
    step = _seconds_per_step(problem, problem.batch)
    return step * problem.steps * problem.layers > LARGE


class Search:
    """Tries mistakes, the likeliest first.

    Attributes:
        found: the guesses so far.
    """

    def __init__(self, problem: ReferenceProblem, theirs: Theirs) -> None:
        self.problem, self.theirs = problem, theirs
        self.runner = Runner(problem, theirs)
        self.found: list[Explanation] = []
        self._few_theirs = theirs.few_samples(FEW) if problem.batch > 2 * FEW else None
        self.step = _seconds_per_step(problem, problem.batch)
        self._few_step = _seconds_per_step(problem, FEW)
        self._work = 0.0  # besides what the comparisons count
        self._deadline = time.monotonic() + TIME_LIMIT

    def solve(self, base: tuple[Mistake, ...]) -> None:
        """Find mistakes that give their numbers together with `base`.

        Raises:
            TooMuchWorkError: not all could be tried.
        """
        beginning = _Beginning(self, base)
        if beginning.solved_by_tensors():
            return
        for group in beginning.groups():
            for mistake in group:
                self._check_work()
                beginning.try_one(mistake)
            if self.found:
                return
        if len(base) + 1 >= MOST_AT_ONCE:
            return
        for mistake in beginning.progress[:MOST_BEGINNINGS]:
            self.solve((*base, mistake))
            if self.found:
                return

    def add(self, found: Explanation) -> None:
        """Add a guess to what was found."""
        if len(self.found) < MOST_AT_ONCE and all(found.what != each.what for each in self.found):
            self.found.append(found)

    def spend(self, seconds: float) -> None:
        """Count work."""
        self._work += seconds

    def _check_work(self) -> None:
        few = self._few_theirs.asked * self._few_step if self._few_theirs else 0.0
        done = self._work + self.theirs.asked * self.step + few
        if done > WORK_LIMIT or time.monotonic() > self._deadline:
            raise TooMuchWorkError

    def fits_few(self, few_run: Run | None, mistake: Mistake) -> bool:
        """Return whether the first samples with `mistake` put in may be theirs.

        Args:
            few_run: the first samples of the run that it is put into; None: all are few.
            mistake: of the forward or of the backward pass.
        """
        if few_run is None or self._few_theirs is None or not mistake.each_sample:
            return True
        try:
            if mistake.stage is Stage.BACKWARD:
                with_backward(few_run, self._few_theirs, mistake.edit)
            else:
                problem = few_run.problem
                problem = mistake.read(problem) if mistake.read else problem
                run_forward(problem, self._few_theirs, mistake.edit)
        except MISFITS:
            return False
        return True


class _Beginning:
    """The search from a computation with some mistakes put in, or none: for one more."""

    def __init__(self, search: Search, base: tuple[Mistake, ...]) -> None:
        self.search, self.base, self.theirs = search, base, search.theirs
        self.first = Stage(base[-1].stage + 1) if base else Stage.FORWARD
        search.runner.keep(base)
        self.run = search.runner.complete(base)
        self.problem = self.run.problem
        self.ours: Numbers = self.run.numbers()
        self.names = [n for n in self.theirs.numbers if not self.theirs.same(n, self.ours[n])]
        self.differing = self._first_differing()
        self.few = few_samples(self.run, FEW) if self.problem.batch > 2 * FEW else None
        self.progress: list[Mistake] = []

    def _first_differing(self) -> Stage:
        """Return the first stage of which they gave numbers that are not ours."""
        stages = (stage for stage, names in STAGE_NUMBERS.items() if {*names} & {*self.names})
        return next(stages, Stage.GRADIENTS)

    def solved_by_tensors(self) -> bool:
        """Look for what was done to single tensors; return whether nothing is left to find."""
        if not self.names:
            return True
        texts = [*explanations(self.run, self.theirs, self.ours)]
        for text in texts:
            if not any(text in other for other in texts if other != text):
                self.search.add(Explanation((*(m.what for m in self.base), text)))
        return bool(self.search.found)

    # ------------------------------------------------------------ one mistake

    def try_one(self, mistake: Mistake) -> None:
        """Put one more mistake in; add a guess if all numbers are theirs."""
        self.search.spend(SECONDS_PER_RUN)
        if mistake.stage is Stage.GRADIENTS:
            self._try_gradients(mistake)
        elif self._explains_stage(mistake):
            ways = both_ways(mistake) if mistake.stage is Stage.FORWARD else (mistake,)
            for way in ways:
                self._try_whole(way)
            if mistake.stage is self.differing:
                self.progress.append(mistake)

    def _explains_stage(self, mistake: Mistake) -> bool:
        """Return whether with `mistake` what they gave of its stage is theirs."""
        if mistake.stage is not Stage.LOSS and not self.search.fits_few(self.few, mistake):
            return False
        try:
            self.search.runner.reach((*self.base, mistake), mistake.stage)
        except MISFITS:
            return False
        return True

    def _try_whole(self, mistake: Mistake) -> None:
        try:
            numbers = self.search.runner.numbers((*self.base, mistake))
        except MISFITS:
            return
        self.search.spend(self.problem.steps * self.problem.layers * self.search.step)
        if self.theirs.all_same(numbers):
            self._add(mistake, mistake.what)

    def _try_gradients(self, mistake: Mistake) -> None:
        """Put a mistake in the gradients of weights in: into those that differ, smallest first."""
        smallest = sorted(self.names, key=lambda name: self.ours[name].size)
        if not all(self._same_gradient(name, mistake) for name in smallest):
            return
        given = self.theirs.parameter_gradients
        if all(self._same_gradient(name, mistake) for name in given if name not in smallest):
            self._add(mistake, mistake.what)
        else:
            self._add(mistake, f"{mistake.what}, in {' and '.join(self.names)} alone")

    def _same_gradient(self, name: str, mistake: Mistake) -> bool:
        if not name.startswith(("grad.rnn.", "grad.readout.")):
            return False
        try:
            gradient = tensor_gradient(self.run, name, mistake.edit, mistake.times, mistake.sample)
        except MISFITS:
            return False
        self.search.spend(self.ours[name].size * self.problem.steps * self.problem.batch / 4e9)
        return self.theirs.same(name, gradient)

    def _is_zero(self, mistake: Mistake, run: Run) -> bool:
        """Return whether what stands in the place of the right name is 0 wherever it is read."""
        if not mistake.other:
            return False
        steps = run.forward if mistake.stage is Stage.FORWARD else run.backward
        read = [
            values.get(mistake.other)
            for layer, of_layer in enumerate(steps)
            for t, values in enumerate(of_layer)
            if mistake.edit.holds(layer, t)
        ]
        return bool(read) and all(each is not None and not np.any(each) for each in read)

    def _add(self, mistake: Mistake, what: str) -> None:
        if self._is_zero(mistake, self.run):
            if self.search.found:  # it says the same as what was found: that something is 0
                return
            what = said_as_zero(replace(mistake, what=what))
            mistake = replace(mistake, put_in="with this")
        self.search.add(Explanation((*(m.what for m in self.base), what), mistake.put_in))

    # ------------------------------------------------------------ which mistakes

    def groups(self) -> Iterator[Iterable[Mistake]]:
        """Yield mistakes that can begin before what differs, those that say most first."""
        problem, first, differing = self.problem, self.first, self.differing
        forward = first <= Stage.FORWARD and not self._forward_is_right()
        loss, backward = (first <= stage <= differing for stage in (Stage.LOSS, Stage.BACKWARD))
        gradients = first <= Stage.GRADIENTS <= differing
        if loss:
            yield scaled_losses(problem, self.theirs, self.ours)
            yield named_losses(problem)
        if forward:
            yield inputs_read(problem)
            yield named_forward(problem)
            yield resets(problem, self._forward_times())
        if backward:
            yield generated(problem, Stage.BACKWARD)
            yield named_backward(problem)
            yield truncated(problem)
            yield clipped(problem, self._largest_backward())
        if gradients:
            yield named_gradients(problem)
            yield generated(problem, Stage.GRADIENTS)
        if forward:
            yield weights_read(problem)
            yield generated(problem, Stage.FORWARD)
            yield weights_read(problem, alone=True)
            yield self._in_one_layer(Stage.FORWARD, named_forward)
            yield self._at_one_timestep(Stage.FORWARD, self._forward_times())
        if backward:
            yield self._in_one_layer(Stage.BACKWARD, named_backward)
            yield self._at_one_timestep(Stage.BACKWARD, self._backward_times())
        if gradients:
            yield self._at_one_timestep(Stage.GRADIENTS, range(problem.steps))

    def _largest_backward(self) -> dict[str, float]:
        """Return the largest magnitudes of their gradients of states, and of their dh_next."""
        given = [name for name in STAGE_NUMBERS[Stage.BACKWARD] if self.theirs.has(name)]
        largest = {name[5:]: self.theirs.numbers[name] for name in given}
        if "h" in largest:
            theirs = largest["h"][-1] if largest["h"].ndim == 4 else largest["h"]
            from_output = [values["dh_y"] for values in self.run.backward[-1]]
            largest["dh_prev"] = theirs - np.asarray(from_output)
        return {name: float(abs(array).max()) for name, array in largest.items()}

    def _forward_is_right(self) -> bool:
        """Return whether what they gave shows that their forward pass has no mistake."""
        right = {"h", "output", "loss"} & {*self.theirs.numbers} - {*self.names}
        return self.differing is not Stage.FORWARD and bool(right)

    def _in_one_layer(
        self, stage: Stage, named: Callable[[ReferenceProblem], Iterable[Mistake]]
    ) -> Iterator[Mistake]:
        count = self.problem.layers
        for mistakes in (generated(self.problem, stage), named(self.problem)):
            for mistake in mistakes if count > 1 else ():
                for layer in range(count):
                    yield said_of_layers(mistake, frozenset({layer}), count)

    def _at_one_timestep(self, stage: Stage, times: Sequence[int]) -> Iterator[Mistake]:
        for mistake in generated(self.problem, stage) if self.problem.steps > 1 else ():
            for t in times:
                yield said_of_times(mistake, t)

    def _differing_times(self, names: Sequence[str]) -> list[int]:
        """Return the timesteps, from 0, where tensors of `names` are not theirs."""
        known = [name for name in names if name in self.names]
        return sorted(
            {t for name in known for t in self.theirs.differing_times(name, self.ours[name])}
        )

    def _forward_times(self) -> Sequence[int]:
        """Return the timesteps where a mistake may be that was made at one alone."""
        known = self._differing_times(STAGE_NUMBERS[Stage.FORWARD])
        return known[:1] or range(self.problem.steps)

    def _backward_times(self) -> Sequence[int]:
        names = [name for name in STAGE_NUMBERS[Stage.BACKWARD] if name in self.ours]
        if not all(map(self.theirs.has, names)):
            return range(self.problem.steps)
        if self.differing is not Stage.BACKWARD:
            return [0]  # all that was handed on is right
        last = self._differing_times(names)[-1]
        return [t for t in (last + 1, last) if t < self.problem.steps]
