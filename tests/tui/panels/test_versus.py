"""Two networks on one screen: names, parameter counts, losses and gradients of both."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from tui.screen_support import SMALL, SnapshotMaker, context, text_of, title_text

from rnn_tui.engine.time_travel.places import Place
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import SecondNetwork
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.panels import gradient_chart as gradients
from rnn_tui.tui.panels import header
from rnn_tui.tui.panels import loss_chart as loss


def beside(updates: int, steps: int, cell: str = "lstm") -> Snapshot:
    """Return a snapshot of an rnn and a second network, both at the same place."""
    trainer, rival = Trainer(SMALL), SecondNetwork.fresh(SMALL.with_(cell=cell, hidden=2))
    trainer.run(updates)
    for _ in range(steps):
        trainer.step()
    rival.follow(Place(trainer.index, 10**6), np.inf)
    return replace(SnapshotMaker(trainer).snapshot(), second_network=rival.view(trainer.index))


@pytest.mark.parametrize("width", [80, 120])
def test_the_header_names_both_with_their_parameters_and_losses(width: int) -> None:
    snapshot = beside(30, 0)
    assert snapshot.second_network is not None
    first, second = text_of(header.draw(context(snapshot), width, 2))
    assert "rnn 4 · 29 parameters vs lstm 2 · 35 parameters" in first
    losses = f"loss {snapshot.loss:.3g} +vs {snapshot.second_network.loss:.3g} ·"
    assert re.search(losses, second)
    assert max(map(len, (first, second))) <= width


def test_the_header_says_how_far_it_is_behind_or_where_it_diverged() -> None:
    snapshot = beside(30, 0)
    assert snapshot.second_network is not None
    late = replace(snapshot, second_network=replace(snapshot.second_network, behind=1200))
    assert "(1,200 behind)" in text_of(header.draw(context(late), 80, 2))[1]
    rival = SecondNetwork.fresh(SMALL.with_(cell="gru"))
    rival.trainer.network.parameters["W_y"][...] = 3e38
    rival.follow(Place(snapshot.cursor.update * 100, 10**6), np.inf)
    bad = replace(snapshot, second_network=rival.view(10**6))
    assert "vs diverged at 0" in text_of(header.draw(context(bad), 80, 2))[1]


@pytest.mark.parametrize("width", [36, 40, 47, 60, 80, 120])
def test_no_value_of_a_legend_is_cut(width: int) -> None:
    shown = context(beside(30, 0))
    values = [entry.values for entry in loss.legend(shown) if entry.has_value]
    title = title_text(loss.PANEL, shown, width)
    assert values
    assert len(title.split("\n")[0]) == width
    for forms in values:
        assert any(re.search(rf" {re.escape(form)}( |$)", title) for form in forms), title


@pytest.mark.parametrize("width", [80, 47])
def test_the_charts_name_the_other_network(width: int) -> None:
    snapshot = beside(30, 0)
    losses = title_text(loss.PANEL, context(snapshot), width)
    assert re.search(r"⠒ lstm( beside,)? smooth(ed)? \d", losses)
    assert re.search(r"⠶⠶? smooth(ed)? \d", losses)
    assert "⠒ lstm" in title_text(gradients.PANEL, context(beside(3, 13)), width)


def test_gradients_of_another_place_are_not_drawn() -> None:
    snapshot = beside(3, 13)
    assert snapshot.second_network is not None
    late = replace(snapshot, second_network=replace(snapshot.second_network, behind=2))
    assert "beside" not in title_text(gradients.PANEL, context(late), 80)
