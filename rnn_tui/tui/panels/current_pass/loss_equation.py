"""LOSS: the loss as an equation, with what it is the mean or the sum of."""

from __future__ import annotations

import math

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.loss_words import loss_words
from rnn_tui.tui.number_format import NOT_FINITE, number, signed
from rnn_tui.tui.panels.current_pass.their_numbers import their_loss
from rnn_tui.tui.scope_words import WHOLE_BATCH


def loss_equation(snapshot: Snapshot, part: float, width: int) -> Lines:
    """Return the loss as an equation with N and, in a batch, the selected sample's `part` of it."""
    named, declaration = snapshot.task.labels is not None, snapshot.window.declaration
    mean, problem = declaration.problem.reduction == "mean", declaration.problem
    what = loss_words(snapshot.task, declaration)
    batch, outputs = snapshot.settings.batch, declaration.architecture.outputs
    steps = problem.count(declaration.steps, batch) if problem.samples else sum(declaration.mask)
    factors = [f"{steps} timestep{'s' * (steps > 1)}"]
    if problem.samples:
        factors[0] += f" of {batch} samples"
    elif batch > 1:
        factors += [f"{batch} samples"]
    factors += [f"{outputs} outputs"] if outputs > 1 and not named else []
    count = math.prod(int(factor.split()[0]) for factor in factors)
    name = "N =" if mean else "terms:"
    product = f" = {count}" if len(factors) > 1 else ""
    value: Line = ((f"= {_loss_now(snapshot)}", "strong"), *_loss_before(snapshot))
    value = (*value, *their_loss(snapshot))
    equation: Line = ((f" {what} ", "strong"), *value)
    short = "·".join(factor.split()[0] for factor in factors)
    counts: Line = ()
    for words in (" · ".join(factors) + product, short + product, str(count)):
        counts = ((f"   {name} {words}", "dim"),)
        if cell_width(equation) + cell_width(counts) <= width:
            break
    if batch == 1:
        return ((*equation, *counts),)
    of_sample = f" L is of the {WHOLE_BATCH}; this sample's part of it: {number(part)}"
    return ((*equation, *counts), ((of_sample, "dim"),))


def _loss_before(snapshot: Snapshot) -> Line:
    """Return the loss without what-ifs, and how far it has moved; empty where it is not known."""
    what_if = snapshot.what_if
    if what_if is None or not math.isfinite(what_if.loss_before):
        return ()
    moved = snapshot.loss - what_if.loss_before
    return ((f" was {number(what_if.loss_before)} ", "dim"), (f"Δ {signed(moved)}", "strong"))


def _loss_now(snapshot: Snapshot) -> str:
    """Return the loss of this window; after a divergence it is not a number."""
    return NOT_FINITE if snapshot.divergence is not None else number(snapshot.loss)
