"""The words for a term of the loss: the mean has a division by N, the sum has none."""

from __future__ import annotations

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.session.snapshot import Snapshot, TaskInfo


def division(declaration: NetworkDeclaration) -> str:
    """Return what stands behind a term of the loss: "/N", or nothing where the terms are added."""
    return "/N" if declaration.problem.reduction == "mean" else ""


def loss_words(task: TaskInfo, declaration: NetworkDeclaration) -> str:
    """Return the loss as an equation: ``L = 1/N · Σ (y_t − target_t)²``."""
    named, mean = task.labels is not None, declaration.problem.reduction == "mean"
    term = "log p_t[target]" if named else "(y_t − target_t)²"
    return f"L = {'−' if named else ''}{'1/N · ' if mean else ''}Σ {term}"


def in_words(snapshot: Snapshot) -> str:
    """Return what the loss is: "the mean squared error"."""
    mean = snapshot.window.declaration.problem.reduction == "mean"
    if snapshot.task.labels is not None:
        return f"the {'mean' if mean else 'sum'} of −log p of the right class"
    return "the mean squared error" if mean else "the sum of the squared errors"


def term_words(task: TaskInfo, declaration: NetworkDeclaration) -> str:
    """Return a timestep's term of the loss: ``(y_t − target_t)²/N``."""
    term = "−log p_t[target]" if task.labels is not None else "(y_t − target_t)²"
    return term + division(declaration)
