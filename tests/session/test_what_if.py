"""What-ifs as the screen asks for them: made, compared with the branch left, kept, discarded."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Back, Configure, Discard, GoTo, Intervene, Keep, Step
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panels import header
from rnn_tui.tui.panels.current_pass import timestep

SMALL = Settings(cell="lstm", hidden=4, steps=5, num_points=60)


@pytest.fixture
def session() -> Session:
    return Session(Trainer(SMALL))


def what_if(session: Session, text: str) -> Snapshot:
    """Return the snapshot after this what-if."""
    snapshot = session.perform(Intervene(parse(text, session.latest.window.declaration)))
    assert snapshot.what_if is not None
    return snapshot


def go_into_a_window(session: Session, steps: int) -> Snapshot:
    """Return the snapshot after 12 updates and so many schedule steps."""
    return session.perform(Step(Stride.UPDATE, 12), Step(Stride.TIMESTEP, steps))


def test_a_held_gate_is_shown_with_what_it_was(session: Session) -> None:
    before = go_into_a_window(session, 4)
    there = what_if(session, "f = 1")
    assert there.cursor == before.cursor
    assert there.what_if is not None
    assert there.what_if.before is not None
    t = there.cursor.t
    was = before.window.values(t)
    for name in [operation.symbol for operation in before.forward_revealed(t)]:
        np.testing.assert_array_equal(there.what_if.before.values(t)[name], was[name])
    assert (there.window.values(t)["f_t"] == 1).all()
    scene = DrawContext(there, Selection())
    assert "what if f = 1" in plain(header.draw(scene, 80, 2))
    shown = plain(timestep.draw(scene, 80, 14))
    assert "was" in shown
    assert "Δ" in shown


def test_discard_is_as_if_it_had_never_been(session: Session) -> None:
    before = go_into_a_window(session, 4)
    what_if(session, "W_h = 0")
    session.perform(Step(Stride.UPDATE, 3))
    back = session.perform(Discard())
    assert back.cursor == before.cursor
    np.testing.assert_array_equal(back.optimizer.parameters, before.optimizer.parameters)
    done = slice(back.cursor.t + 1)  # what lies ahead is left over from before
    np.testing.assert_array_equal(back.window.tape["h"][done], before.window.tape["h"][done])
    assert back.timeline.ghosts == ()


def test_what_is_kept_is_part_of_the_timeline(session: Session) -> None:
    go_into_a_window(session, 4)
    what_if(session, "detach @3")
    kept = session.perform(Keep())
    assert kept.pins == ("detach @3",)
    earlier = session.perform(Back(Stride.UPDATE, 3))
    assert earlier.cursor.update == 10
    assert earlier.pins == ()
    again = session.perform(GoTo(None))
    assert (again.cursor, again.pins) == (kept.cursor, kept.pins)


def test_a_held_value_is_never_shown_with_an_equation_that_gives_another(session: Session) -> None:
    go_into_a_window(session, 4)
    what_if(session, "f = 0.5")
    for _ in range(8):
        snapshot = session.perform(Step(Stride.TIMESTEP))
        if not snapshot.cursor.t:
            continue
        count = len(snapshot.window.declaration.backward_operations)
        for operation in range(count):
            lines = plain(
                timestep.draw(DrawContext(snapshot, Selection(operation=operation)), 100, 14)
            )
            if re.search(r"\bf_\d+\[1\] = σ\(", lines):
                raise AssertionError(lines)
        assert snapshot.cursor.update >= 12


def test_a_what_if_that_does_not_fit_is_refused_and_changes_nothing(session: Session) -> None:
    before = go_into_a_window(session, 4)
    other = Trainer(SMALL.with_(hidden=9))
    after = session.perform(Intervene(parse("f[9] = 1", other.network.declaration)))
    assert after.notice is not None
    assert after.notice.error
    assert after.what_if is None
    assert after.cursor == before.cursor


def test_without_it_the_live_changes_since_are_made_too(session: Session) -> None:
    """So that the comparison is about the what-if alone."""
    before = session.perform(Step(Stride.UPDATE, 3))
    session.perform(Configure(SMALL.with_(optimizer="adam")))  # at the start of its window
    session.perform(Step(Stride.TIMESTEP, 4))
    what_if(session, "f = 1")
    session.perform(Step(Stride.UPDATE, 2), Configure(SMALL.with_(optimizer="adam", lr=0.3)))
    there = session.perform(Step(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 3))
    assert there.what_if is not None
    assert there.what_if.before is not None
    plain = Trainer(SMALL)
    plain.run(before.cursor.update)
    plain.configure(SMALL.with_(optimizer="adam"))
    plain.run(2)
    plain.configure(SMALL.with_(optimizer="adam", lr=0.3))
    plain.advance_to(session.trainer.index)
    t = there.cursor.t
    for name, value in plain.network.sample_window(0).values(t).items():
        np.testing.assert_array_equal(there.what_if.before.values(t)[name], value, err_msg=name)
