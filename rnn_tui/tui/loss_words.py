"""The words for a term of the loss: the mean has a division by N, the sum has none."""

from __future__ import annotations

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.session.snapshot import TaskInfo


def division(declaration: NetworkDeclaration) -> str:
    """Return what stands behind a term of the loss: "/N", or nothing where the terms are added."""
    return "/N" if declaration.problem.reduction == "mean" else ""


def term_words(task: TaskInfo, declaration: NetworkDeclaration) -> str:
    """Return a timestep's term of the loss: ``(y_t − target_t)²/N``."""
    term = "−log p_t[target]" if task.labels is not None else "(y_t − target_t)²"
    return term + division(declaration)
