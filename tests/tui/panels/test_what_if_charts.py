"""Around a what-if every curve keeps its colour, its glyphs and its place in the legend."""

from __future__ import annotations

import re

import pytest
from tui.screen_support import SMALL, context

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    ReleaseWhatIf,
    Step,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panels import gradient_chart, header, loss_chart

Look = tuple[str, tuple[str, ...], str]


def looks(snapshot: Snapshot) -> dict[str, list[Look]]:
    """Return name, glyphs and colour of each curve, in the order of the legend.

    The second network's name says which what-ifs it is without.
    """
    panels = {"loss": loss_chart, "gradients": gradient_chart}
    return {
        name: [
            (re.sub(r" without .*?(?=, smoothed|$)", "", each.labels[0]), each.sample, each.role)
            for each in panel.legend(context(snapshot))
        ]
        for name, panel in panels.items()
    }


def without_left(found: dict[str, list[Look]]) -> dict[str, list[Look]]:
    """Return the same without the curves of what was left."""
    return {
        name: [look for look in each if not look[0].startswith("before")]
        for name, each in found.items()
    }


def forks(snapshot: Snapshot) -> bool:
    return "fork" in plain(header.draw(context(snapshot), 120, 2))


@pytest.mark.parametrize("versus", [None, Versus("lstm")])
@pytest.mark.parametrize("forked", [False, True])
def test_no_curve_changes_its_look(versus: Versus | None, forked: bool) -> None:
    session = Session(Trainer(SMALL), versus=versus)
    session.perform(Step(Stride.UPDATE, 12))
    if forked:
        slower = session.trainer.settings.with_(lr=0.003)
        session.perform(GoTo(6), Configure(slower), Step(Stride.UPDATE, 6))
    before = session.perform(GoTo(8), Step(Stride.PASS, 4))
    expected = looks(before)
    declaration = session.trainer.network.declaration
    first, second = (parse(text, declaration) for text in ("h_2[1] = 0.5", "W_h *= 2"))
    tried = session.perform(Intervene(first))
    assert forks(before) == forks(tried) == forked
    # A future is left: its curve comes, and all others stay as they are.
    assert without_left(looks(tried)) == without_left(expected)
    left = [look for look in looks(tried)["loss"] if look[0].startswith("before")]
    assert [label for label, *_ in left] == [
        *["before lr 0.01 → 0.003, update 6"] * forked,
        "before h_2[1] = 0.5, update 8",
    ]
    assert len({sample for _, sample, _ in left}) == len(left)
    assert [look for look in expected["loss"] if look in left] == left[:-1]
    assert looks(session.perform(Intervene(second))) == looks(tried)
    assert looks(session.perform(Discard())) == looks(tried)
    discarded = session.perform(Discard())
    assert looks(discarded) == expected
    kept = session.perform(Intervene(first), Intervene(second), Keep())
    assert forks(kept)
    assert [without_left(looks(kept)), looks(kept)["loss"]] == [
        without_left(expected),
        looks(tried)["loss"],
    ]


def test_the_future_that_all_of_them_left_stays_when_the_first_is_released() -> None:
    session = Session(Trainer(SMALL))
    session.perform(Step(Stride.UPDATE, 12), GoTo(8), Step(Stride.PASS, 4))
    declaration = session.trainer.network.declaration
    first, second = (parse(text, declaration) for text in ("h_2[1] = 0.5", "W_h *= 2"))
    session.perform(Intervene(first), Intervene(second))
    (ghost,) = session.perform(ReleaseWhatIf(first)).timeline.ghosts
    assert ghost.label == "W_h *= 2"
    assert list(ghost.curve.update) == [9, 10, 11, 12]
    after = session.perform(ReleaseWhatIf(second))
    assert after.timeline.ghosts == ()
    assert after.timeline.forks == 0
