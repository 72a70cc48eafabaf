"""The loss chart: raw is what was measured, however long the run; forks say what was changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tui.screen_support import SMALL, context, snapshot_after, text_of

from rnn_tui.engine.time_travel.branches import Ghost
from rnn_tui.engine.training.history import BUCKETS, History
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.charts.chart_view import ChartView
from rnn_tui.tui.panels import loss_chart


def with_losses(losses: np.ndarray) -> Snapshot:
    history = History()
    for loss in losses.tolist():
        history.append(loss, 1.0)
    return replace(snapshot_after(SMALL), curve=history.curve())


@pytest.mark.parametrize("updates", [BUCKETS - 1, BUCKETS, 5 * BUCKETS])
def test_the_lowest_and_the_highest_loss_are_drawn_as_they_were(updates: int) -> None:
    losses = np.exp(np.random.default_rng(0).normal(size=updates))
    losses[[300, 700]] = 9e-4, 4e3  # spikes are never hidden
    snapshot = with_losses(losses)
    raw = next(c for c in loss_chart.chart(context(snapshot)).curves if c.role == "raw")
    stride = snapshot.curve.stride
    whole = losses[: updates - updates % stride]
    assert (raw.y.min(), raw.y.max()) == (whole.min(), whole.max())
    assert np.isin(raw.y, losses).all()  # no point is a mean
    assert raw.label == "raw" if stride == 1 else raw.label.startswith("raw, range of ")


def test_the_cursor_reads_the_range() -> None:
    losses = np.tile([1.0, 3.0], BUCKETS)
    looked_at = context(with_losses(losses), panel="loss").selection
    one = replace(
        context(with_losses(losses)),
        selection=looked_at.looking("loss", ChartView(cursor=600.0)),
    )
    (entry,) = [each for each in loss_chart.legend(one) if each.role == "raw"]
    assert entry.values[0] == "1…3"
    assert loss_chart.title(one)[0] == "loss at updates 597–600, raw: lowest…highest"


def test_a_future_that_was_left_is_named_by_what_was_changed() -> None:
    snapshot = with_losses(np.ones(50))
    ghosts = tuple(
        Ghost(label, update, snapshot.curve.after(update))
        for label, update in (("lr 0.01 → 0.05", 20), ("lr 0.05 → 0.1", 30))
    )
    forked = replace(snapshot, timeline=replace(snapshot.timeline, ghosts=ghosts))
    labels = {each.label for each in loss_chart.chart(context(forked)).curves}
    assert {"before lr 0.01 → 0.05, update 20", "before lr 0.05 → 0.1, update 30"} <= labels
    drawn = "\n".join(text_of(loss_chart.draw(context(forked), 100, 12)))
    assert drawn
