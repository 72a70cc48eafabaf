"""The losses of the reference, right and with a mistake, and what they are scaled by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn_tui.checks.reference import ReferenceProblem
from rnn_tui.tensor_files.content import Array

LossAndGradient = tuple[float, Array]
LossFunction = Callable[[ReferenceProblem, Array], LossAndGradient]


def softmax(y: Array, axis: int = -1) -> Array:
    """Return the probabilities of the scores `y`."""
    e = np.exp(y - y.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def squared_error(problem: ReferenceProblem, y: Array) -> LossAndGradient:
    """Return the loss "mse" and dL/dy."""
    error = problem.mask * (y - problem.target)
    return float((error**2).sum() / problem.terms), 2 * error / problem.terms


def cross_entropy(problem: ReferenceProblem, y: Array) -> LossAndGradient:
    """Return the loss "cross-entropy" and dL/dy."""
    p = softmax(y)
    chosen = np.where(problem.target > 0, p, 1.0)
    loss = -(problem.mask * np.log(chosen)).sum() / problem.terms
    return float(loss), problem.mask * (p - problem.target) / problem.terms


def loss_of(problem: ReferenceProblem, y: Array) -> LossAndGradient:
    """Return the loss of `problem` and its gradient, as they should be."""
    function = squared_error if problem.loss == "mse" else cross_entropy
    return function(problem, y)


def scaled(of_loss: float, of_gradient: float) -> LossFunction:
    """Return the right loss, and its gradient, by these factors."""

    def function(problem: ReferenceProblem, y: Array) -> LossAndGradient:
        loss, dy = loss_of(problem, y)
        return loss * of_loss, dy * of_gradient

    return function
