"""Mistakes in the loss and in the gradient that it begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from rnn_tui.checks.autodiff import sigmoid
from rnn_tui.checks.factors import factor_texts, is_round, nearness
from rnn_tui.checks.losses import LossAndGradient, LossFunction, loss_of, scaled, softmax
from rnn_tui.checks.mistakes import Mistake, Numbers, Stage
from rnn_tui.checks.reading_mistakes import folded, moved, unfolded, with_target
from rnn_tui.checks.reference import ReferenceProblem
from rnn_tui.checks.theirs import Theirs
from rnn_tui.tensor_files.content import Array

Reading = Callable[[ReferenceProblem], ReferenceProblem]


def _loss(what: str, function: LossFunction) -> Mistake:
    return Mistake(Stage.LOSS, what, loss=function)


def ratio(theirs: Theirs, ours: Numbers, name: str) -> float | None:
    """Return theirs over ours at the largest entry of `name`; None where there is none."""
    if name not in theirs.numbers or name not in ours:
        return None
    a, b = theirs.numbers[name], ours[name]
    if name in ("grad.h", "grad.c", "h", "c") and a.ndim < b.ndim:
        b = b[-1]
    if a.shape != b.shape or not b.size:
        return None
    place = np.unravel_index(int(np.argmax(np.abs(b))), b.shape)
    return float(a[place] / b[place]) if b[place] else None


def scaled_losses(problem: ReferenceProblem, theirs: Theirs, ours: Numbers) -> Iterator[Mistake]:
    """Yield the factors that their loss and their gradient have, if they mean something."""
    of_loss = ratio(theirs, ours, "loss")
    gradients = ("grad.output", "grad.readout.bias", "grad.readout.weight", "grad.h")
    ratios = (ratio(theirs, ours, name) for name in (*gradients, *theirs.parameter_gradients))
    of_gradient = next((each for each in ratios if each is not None), None)
    same = (
        of_loss is None
        or of_gradient is None
        or np.isclose(of_loss, of_gradient, rtol=nearness(theirs.tolerance), atol=0)
    )
    a = 1.0 if of_loss is None else of_loss
    b = 1.0 if of_gradient is None else of_gradient
    if same:
        factor = a if of_gradient is None else b
        subject = "their loss and its gradient are" if theirs.has("loss") else "their gradient is"
        for text in _factor_texts(problem, factor, theirs.tolerance):
            function = scaled(factor, factor)
            yield _loss(f"{subject} {text}", function)
        return
    in_loss = _factor_texts(problem, a, theirs.tolerance)
    right = nearness(theirs.tolerance)
    if abs(a - 1) <= right:
        in_loss = ["right"]
    in_gradient = _factor_texts(problem, b, theirs.tolerance)
    if abs(b - 1) <= right:
        in_gradient = ["right"]
    elif problem.loss == "mse" and abs(b - 0.5) <= right:
        in_gradient = ["halved: the factor 2 of the squared error is forgotten in dy"]
    for one in in_loss[:2]:
        for other in in_gradient[:2]:
            what = f"their loss is {one}, its gradient (dy) is {other}"
            if one == "right":
                what = f"their gradient of the loss (dy) is {other}; the loss itself is right"
            yield _loss(what, scaled(a, b))


def _factor_texts(problem: ReferenceProblem, factor: float, tolerance: float) -> list[str]:
    if abs(factor - 1) <= nearness(tolerance) or not np.isfinite(factor):
        return []
    if problem.loss == "cross-entropy" and abs(factor * np.log(2) - 1) <= nearness(tolerance):
        return ["in bits, not nats (log2)"]
    texts = factor_texts(problem, factor, tolerance, problem.terms)
    if not texts and is_round(factor, tolerance):
        texts = [f"{factor:.3g} times the right ones"]
    return texts


def _three_ways(what: str, wrong: LossFunction) -> Iterator[Mistake]:
    """Yield a mistake of the loss and of its gradient, and of one alone."""

    def gradient_alone(problem: ReferenceProblem, y: Array) -> LossAndGradient:
        return loss_of(problem, y)[0], wrong(problem, y)[1]

    def loss_alone(problem: ReferenceProblem, y: Array) -> LossAndGradient:
        return wrong(problem, y)[0], loss_of(problem, y)[1]

    yield _loss(what, wrong)
    yield _loss(f"{what}, in the gradient of the loss (dy) alone", gradient_alone)
    yield _loss(f"{what}, in the loss alone", loss_alone)


def named_losses(problem: ReferenceProblem) -> Iterator[Mistake]:
    """Yield other losses and targets read otherwise."""
    for what, read in _other_targets(problem):
        yield from _three_ways(what, _loss_of_reading(read))
    special = _squared_error_mistakes if problem.loss == "mse" else _cross_entropy_mistakes
    for what, function in special():
        yield from _three_ways(what, function)


def _loss_of_reading(read: Reading) -> LossFunction:
    return lambda problem, y: loss_of(read(problem), y)


def _counted(mask: Callable[[Array], Array], terms: bool) -> Reading:
    """Return a reading in which only what `mask` leaves counts; `terms`: N is less, too."""

    def read(p: ReferenceProblem) -> ReferenceProblem:
        left = mask(p.mask)
        share = left.sum() / max(p.mask.sum(), 1)
        return replace(p, mask=left, terms=p.terms * share if terms and p.terms != 1 else p.terms)

    return read


def _one_after_the_other(first: Reading, second: Reading) -> Reading:
    return lambda problem: second(first(problem))


def _only(index: tuple[slice, ...]) -> Callable[[Array], Array]:
    def mask(array: Array) -> Array:
        kept = np.zeros_like(array)
        kept[index] = array[index]
        return kept

    return mask


def _other_targets(problem: ReferenceProblem) -> Iterator[tuple[str, Reading]]:
    every = slice(None)
    steps, batch = problem.steps, problem.batch
    for shift, name in ((-1, "target_<t+1>"), (1, "target_<t-1>")):
        for around, words in (
            (False, "zero beyond the window"),
            (True, "the window's ends joined"),
        ):
            yield (
                f"off by one target: y_t is compared with {name}, {words}",
                with_target(partial(moved, shift=shift, around=around)),
            )
        inside = _only((slice(None, -1) if shift < 0 else slice(1, None), every))
        for terms, words in ((True, "with a smaller N"), (False, "N unchanged")):
            yield (
                f"off by one target: y_t is compared with {name}, one timestep fewer, {words}",
                _one_after_the_other(
                    with_target(partial(moved, shift=shift, around=False)), _counted(inside, terms)
                ),
            )
    yield "time is reversed in the target", lambda p: replace(p, target=p.target[::-1])
    for change in (folded, unfolded):
        yield (
            "the target is reshaped between batch and time where it should be transposed",
            with_target(change),
        )
    parts: list[tuple[str, tuple[slice, ...]]] = []
    if steps > 1:
        parts.append(("only the last timestep counts", (slice(-1, None), every)))
        parts.append(("only the first timestep counts", (slice(0, 1), every)))
        parts.append(("the first timestep is left out", (slice(1, None), every)))
        parts.append(("the last timestep is left out", (slice(None, -1), every)))
    if batch > 1:
        parts += [
            (f"the batch is not summed: only sample {b + 1} counts", (every, slice(b, b + 1)))
            for b in range(batch)
        ]
    for what, index in parts:
        yield f"{what} in the loss", _counted(_only(index), True)
        yield f"{what} in the loss, N unchanged", _counted(_only(index), False)
    if not problem.mask.all():
        yield "the mask is ignored, N unchanged", lambda p: replace(p, mask=np.ones_like(p.mask))
        every_term = problem.mask.size * problem.terms / max(problem.mask.sum(), 1)
        yield (
            "the mask is ignored",
            lambda p: replace(
                p, mask=np.ones_like(p.mask), terms=every_term if p.terms != 1 else 1.0
            ),
        )
    for shift in (1, -1) if problem.loss == "cross-entropy" else ():
        yield (
            "off by one: the classes are counted otherwise",
            with_target(partial(np.roll, shift=shift, axis=-1)),
        )


def _squared_error_mistakes() -> Iterator[tuple[str, LossFunction]]:
    def root(p: ReferenceProblem, y: Array) -> LossAndGradient:
        loss, dy = loss_of(p, y)
        return float(np.sqrt(loss)), dy / (2 * np.sqrt(loss))

    def absolute(p: ReferenceProblem, y: Array) -> LossAndGradient:
        error = p.mask * (y - p.target)
        return float(np.abs(error).sum() / p.terms), np.sign(error) / p.terms

    def squared(p: ReferenceProblem, y: Array) -> LossAndGradient:
        error = p.mask * (y - p.target)
        return loss_of(p, y)[0], 2 * error**2 / p.terms

    def unsubtracted(p: ReferenceProblem, y: Array) -> LossAndGradient:
        return loss_of(p, y)[0], 2 * p.mask * y / p.terms

    yield "the root of the mean squared error is taken", root
    yield "the error is absolute, not squared", absolute
    yield "their dy is the square itself, not its derivative", squared
    yield "the target is not subtracted", unsubtracted


def _cross_entropy_mistakes() -> Iterator[tuple[str, LossFunction]]:
    def forgotten(p: ReferenceProblem, y: Array) -> LossAndGradient:
        return -float((p.mask * p.target * y).sum() / p.terms), p.mask * (y - p.target) / p.terms

    def over(axis: int) -> LossFunction:
        def function(p: ReferenceProblem, y: Array) -> LossAndGradient:
            q = softmax(y, axis)
            loss = -(p.mask * np.log(np.where(p.target > 0, q, 1.0))).sum() / p.terms
            return float(loss), p.mask * (q - p.target) / p.terms

        return function

    def twice(p: ReferenceProblem, y: Array) -> LossAndGradient:
        q = softmax(y)
        loss, dq = loss_of(p, q)
        return loss, q * (dq - (dq * q).sum(-1, keepdims=True))

    def twice_plain(p: ReferenceProblem, y: Array) -> LossAndGradient:
        return loss_of(p, softmax(y))

    def by_sigmoid(p: ReferenceProblem, y: Array) -> LossAndGradient:
        q = sigmoid(y)
        both = p.target * np.log(q) + (1 - p.target) * np.log(1 - q)
        return -float((p.mask * both).sum() / p.terms), p.mask * (q - p.target) / p.terms

    def unsubtracted(p: ReferenceProblem, y: Array) -> LossAndGradient:
        return loss_of(p, y)[0], p.mask * softmax(y) / p.terms

    def chosen_alone(p: ReferenceProblem, y: Array) -> LossAndGradient:
        loss, dy = loss_of(p, y)
        return loss, dy * p.target

    def by_probability(p: ReferenceProblem, y: Array) -> LossAndGradient:
        return loss_of(p, y)[0], -p.mask * p.target / softmax(y) / p.terms

    yield "the softmax is forgotten: dy is y − target", forgotten
    yield "softmax is taken twice", twice
    yield "softmax is taken twice, the gradient is that of one", twice_plain
    yield "softmax is taken over the batch, not over the classes", over(1)
    yield "softmax is taken over time, not over the classes", over(0)
    yield "sigmoid stands for softmax", by_sigmoid
    yield "the target is not subtracted from the probabilities", unsubtracted
    yield "dy is that of the right class alone", chosen_alone
    yield "dy is −1/p: the derivative of the softmax is missing", by_probability
