"""On a slow link no picture is drawn that only fills lines, or has not the focus."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui.screen_support import LSTM, ProofSnapshotMaker, context

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_widget import LEFT_OUT, Panel
from rnn_tui.tui.panels import network
from rnn_tui.tui.panels.current_pass import panel as current_pass

SIZE = (78, 30)


@pytest.fixture(scope="module")
def maker() -> ProofSnapshotMaker:
    trainer = Trainer(LSTM)
    trainer.finish_update()
    return ProofSnapshotMaker(trainer)


@pytest.mark.parametrize("name", ["weights", "carpet"])
def test_a_picture_is_drawn_with_the_focus_alone(maker: ProofSnapshotMaker, name: str) -> None:
    panel, snapshot = Panel.registered(name), maker.proved()
    unfocused = replace(context(snapshot), slow_link=True)
    assert panel._filled(unfocused, *SIZE) == (LEFT_OUT,)
    for seen in (context(snapshot), replace(context(snapshot, panel=name), slow_link=True)):
        assert len(panel._filled(seen, *SIZE)) > 3


def test_an_update_has_one_row_of_changes_in_place_of_a_picture(maker: ProofSnapshotMaker) -> None:
    shown = context(maker.snapshot())
    whole = plain(current_pass.draw(shown, *SIZE))
    slow = plain(current_pass.draw(replace(shown, slow_link=True), *SIZE))
    assert slow.count("\n") < whole.count("\n") - 8
    assert "Δ of W_x" in slow
    assert "row 1" in slow


def test_no_number_stands_on_a_ground(maker: ProofSnapshotMaker) -> None:
    shown = context(maker.snapshot())

    def grounds(context: DrawContext) -> set[str]:
        roles = {role for line in network.draw(context, *SIZE) for _, role in line}
        return {role for role in roles if role.startswith("heat") or "-on-" in role}

    assert grounds(shown)
    assert not grounds(replace(shown, slow_link=True))
