"""The numbers of the equation that is shown, and what a timestep adds to loss and gradients."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample
from rnn_tui.engine.core.expressions import Products, UnitReader
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_tables.number_table import Cell, NumberTable, Tables, one
from rnn_tui.tui.panels.current_pass.timestep_view import selected_operation
from rnn_tui.tui.parameter_names import parameter_name, tensors


def equation(context: DrawContext) -> Tables:
    """Return the terms of the equation's products, and the timestep's shares."""
    snapshot, t = context.snapshot, context.snapshot.t
    if not (snapshot.backward_revealed(t) or snapshot.forward_revealed(t)):
        return ()
    return (*_terms(context, t), *_shares(context), *_loss(snapshot, t))


def _terms(context: DrawContext, t: int) -> Tables:
    """Return the numbers of the selected unit's equation; of a product, each term."""
    operation = selected_operation(context)
    values = context.snapshot.window.values(t)
    with np.errstate(all="ignore"):
        tokens = operation.expression.tokens(UnitReader(values, 0, context.selection.unit))
    rows: list[tuple[str, Cell, Cell, Cell, Cell]] = []
    for token in tokens:
        if isinstance(token, float):
            rows.append(("number in the equation", None, token, None, None))
        if isinstance(token, Products):
            transposed = "ᵀ" if token.transposed else ""
            product = f"{value_name(token.vector, t)}·{token.matrix}{transposed}"
            with np.errstate(all="ignore"):
                products = token.products()
            terms = zip(token.entries, token.left, token.right, products, strict=True)
            rows += [(product, int(k) + 1, left, right, each) for k, left, right, each in terms]
    return one(
        {
            "part": [row[0] for row in rows],
            "k": [row[1] for row in rows],
            "number or left factor": [row[2] for row in rows],
            "right factor": [row[3] for row in rows],
            "term": [row[4] for row in rows],
        },
        "equation",
    )


def _shares(context: DrawContext) -> Tables:
    """Return what the timestep adds to the gradient of each tensor and of the selected entry."""
    snapshot, index = context.snapshot, context.selection.parameter
    found = snapshot.contributions
    if found is None or not snapshot.backward_complete(found.t):
        return ()
    each, so_far = found.contribution, found.running_sum
    every = tensors(snapshot)
    name = f"d{parameter_name(snapshot, index)}"
    shares: list[Cell] = [norm(each[tensor.part]) for tensor in every]
    sums: list[Cell] = [norm(so_far[tensor.part]) for tensor in every]
    return one(
        {
            "of": [*(f"‖d{tensor.spec.name}‖" for tensor in every), name],
            f"share of t={found.t}": [*shares, each[index]],
            f"sum of t={snapshot.steps} … {found.t}": [*sums, so_far[index]],
        },
        "shares",
    )


def _loss(snapshot: Snapshot, t: int) -> Tables:
    """Return what the timestep adds to the loss, once its output is computed."""
    if not snapshot.window.counted[t - 1] or not snapshot.forward_complete(t):
        return ()
    part = float(loss_of_sample(snapshot.window)[t - 1])
    return (NumberTable({"t": [t], "part of the loss": [part]}, "loss"),)
