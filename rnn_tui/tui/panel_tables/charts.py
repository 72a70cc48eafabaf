"""The numbers of the loss chart and of the gradient chart."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.training.history import RunCurve
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.loss_words import in_words
from rnn_tui.tui.number_format import count
from rnn_tui.tui.panel_tables.number_table import CellColumn, Tables, joined_at, known
from rnn_tui.tui.panels.gradient_chart import chart as gradient_chart
from rnn_tui.tui.scope_words import second_network_words

Part = tuple[str, CellColumn, CellColumn]


def loss(context: DrawContext) -> Tables:
    """Return losses and gradient norms by update; of a long run, of so many updates together."""
    snapshot = context.snapshot
    curve, words = snapshot.curve, in_words(snapshot)
    parts: list[Part] = [*_raw(curve, words)]
    parts.append((f"loss, smoothed ({words})", curve.update, curve.smoothed))
    norm = "gradient norm before clipping"
    parts.append((_of_several(norm, curve.stride), curve.update, curve.grad_norm))
    test = snapshot.test_losses
    parts.append((f"loss on test data ({words})", test.update, test.loss))
    if (second := snapshot.second_network) is not None:
        of_second = f"loss, smoothed, of {second_network_words(snapshot, second)}"
        parts.append((of_second, second.curve.update, second.curve.smoothed))
    for ghost in snapshot.timeline.ghosts:
        left = f"loss, smoothed, before {ghost.label} at update {count(ghost.update)}"
        parts.append((left, ghost.curve.update, ghost.curve.smoothed))
    table = joined_at("update", [part for part in parts if len(part[1])])
    return (table, *_baselines(snapshot)) if table.rows else ()


def _raw(curve: RunCurve, words: str) -> list[Part]:
    """Return the loss of each update; of buckets of several, the mean, lowest and highest."""
    if curve.stride == 1:
        return [(f"loss ({words})", curve.update, curve.loss)]
    which = f"of {count(curve.stride)} updates"
    return [
        (f"mean loss {which} ({words})", curve.update, curve.loss),
        (f"lowest loss {which}", curve.update, curve.low),
        (f"highest loss {which}", curve.update, curve.high),
    ]


def _of_several(what: str, stride: int) -> str:
    """Return what a column holds: means, where a row stands for several updates."""
    return what if stride == 1 else f"{what}, mean of {count(stride)} updates"


def _baselines(snapshot: Snapshot) -> Tables:
    """Return the losses that one compares with."""
    from rnn_tui.tui.panel_tables.number_table import one

    found = snapshot.baselines
    return one(
        {"baseline": [each.words for each in found], "loss": [each.loss for each in found]},
        "baselines",
    )


def gradients(context: DrawContext) -> Tables:
    """Return the sizes of gradients by timestep, as far as the backward pass has come."""
    chart = gradient_chart(context)
    parts = [(curve.label, curve.x, known(np.asarray(curve.y))) for curve in chart.curves]
    parts = [part for part in parts if any(value is not None for value in part[2])]
    return (joined_at("t", parts),) if parts else ()
