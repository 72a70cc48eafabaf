"""What numbers are of is said: the whole batch under a sample's heading, the what-ifs in force."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui.screen_support import SMALL, context, panels, text_of

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Intervene, Keep, Step, Swap, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.scope_words import second_network_words

BATCH = SMALL.with_(cell="lstm", batch=4)


def session_with(text: str, versus: Versus | None = None) -> Session:
    """Return a session after two updates, in which a what-if was kept."""
    session = Session(Trainer(BATCH), versus=versus)
    session.perform(Step(Stride.UPDATE, 2))
    change = parse(text, session.trainer.network.declaration)
    session.perform(Intervene(change), Keep())
    return session


def second_words(snapshot: Snapshot) -> str:
    assert snapshot.second_network is not None
    return second_network_words(snapshot, snapshot.second_network)


@pytest.mark.parametrize(
    ("passes", "words"),
    [
        (2, "L is of the whole batch; this sample's part of it: "),
        (3, "whole batch, this timestep "),
    ],
)
def test_under_the_heading_of_a_sample_the_whole_batch_is_named(passes: int, words: str) -> None:
    session = Session(Trainer(BATCH))
    session.perform(Step(Stride.TIMESTEP, 1 + SMALL.steps + 1 + 2 * (passes == 3)))
    looked_at = context(session.perform(replace(ViewRequest(), sample=1)))
    assert "sample 2 of 4" in current_pass.title(looked_at)[1]
    text = "\n".join(text_of(current_pass.draw(looked_at, 100, 60)))
    assert words in text
    if passes == 3:
        assert "‖Σ so far‖  whole batch" in text
    single = Session(Trainer(BATCH.with_(batch=1)))
    single.perform(Step(Stride.TIMESTEP, 1 + SMALL.steps + 1 + 2 * (passes == 3)))
    assert "whole batch" not in "\n".join(
        text_of(current_pass.draw(context(single.latest), 100, 60))
    )


def test_proofs_and_predictions_name_the_what_ifs_in_force() -> None:
    session = session_with("o = 0")
    proofs = frozenset({"map", "edge", "ledger", "gates", "jacobians"})
    snapshot = session.perform(ViewRequest(predictions=True, proofs=proofs))
    titles = {
        name: spec.title(context(snapshot))[1] for name, spec in panels("proof", "chart").items()
    }
    for name in ("map", "edge", "ledger", "proof"):
        assert titles[name].endswith("with o = 0"), name
    predictions = panels("chart")["predictions"]
    lines = text_of(predictions.draw(context(snapshot), 48, 8))
    assert (len(lines), lines[-1].strip()) == (8, "with o = 0")
    several = session.perform(Intervene(parse("f[1] = 1", snapshot.window.declaration)))
    assert panels("proof")["edge"].title(context(several))[1].endswith("with 2 held values")
    timed = session.perform(Intervene(parse("h_3[1] = 1", snapshot.window.declaration)))
    for width, words in (
        (80, "with o = 0, f[1] = 1 · without h_3[1] = 1: test data have no such timestep"),
        (48, "with o = 0, f[1] = 1 · without h_3[1] = 1"),
        (40, "with 2 held values · without h_3[1] = 1"),
    ):
        lines = text_of(predictions.draw(context(timed), width, 8))
        assert (len(lines), lines[-1].strip()) == (8, words)


def test_a_second_network_says_what_only_one_of_the_two_has() -> None:
    session = session_with("o = 0", Versus("gru"))
    assert second_words(session.latest) == "gru beside without o = 0"
    assert second_words(session.perform(Swap())) == "lstm beside with o = 0"
    session.perform(Swap())
    release = parse("release", session.trainer.network.declaration)
    assert second_words(session.perform(Intervene(release))) == "gru beside"
