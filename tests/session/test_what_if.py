"""What-ifs as the screen asks for them: made, compared with the branch left, kept, discarded."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.checkpoint.loading import load_run
from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Back,
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Save,
    Step,
    Swap,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panels import header
from rnn_tui.tui.panels.current_pass import timestep
from rnn_tui.tui.screens.what_if import listed_what_ifs

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


@pytest.mark.parametrize(
    ("made", "again"),
    [
        (("f_2[1] = 1",), "f_2[1] = 1"),
        (("f = 1",), "f_2[1:2] = 1"),
        (("f_2[1] = 1", "i = 0"), "f_2[1] = 1"),
        (("detach @3",), "detach @3"),
        (("W_h[1,2] = 0.5",), "W_h[1,2] = 0.5"),
        ((), "W_h *= 1"),
    ],
)
def test_what_is_so_already_is_no_what_if(
    session: Session, made: tuple[str, ...], again: str
) -> None:
    """Undoing it would change nothing, and there would be more what-ifs than take effect."""
    go_into_a_window(session, 4)
    for text in made:
        what_if(session, text)
    declaration = session.latest.window.declaration
    after = session.perform(Intervene(parse(again, declaration)))
    assert (after.what_if.texts if after.what_if else ()) == made
    assert after.notice is not None
    assert after.notice.text.startswith(f"'{again}': it is so already")


def test_another_value_in_its_place_is_one(session: Session) -> None:
    go_into_a_window(session, 4)
    texts = ("f = 1", "f_2[1] = 0", "f = 1", "W_h *= 2", "W_h *= 2", "f = 0", "f = 1")
    for text in texts:
        what_if(session, text)
    assert session.latest.what_if is not None
    assert session.latest.what_if.texts == texts
    listed = [each.origin.endswith("replaced since") for each in listed_what_ifs(session.latest)]
    assert listed == [True, True, True, False, False, True, False]


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


LIST = ("f = 1", "W_h *= 2", "h_3[1:2] = 0")


def list_of(session: Session, *texts: str) -> Snapshot:
    """Return the snapshot after several what-ifs, between which the run goes on."""
    for text in texts:
        snapshot = what_if(session, text)
        session.perform(Step(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 2))
    return snapshot


def test_several_are_compared_with_the_run_without_any_of_them(session: Session) -> None:
    go_into_a_window(session, 4)
    list_of(session, *LIST)
    plain = Trainer(SMALL)
    for stride in (Stride.PASS, Stride.PASS, Stride.PASS, Stride.TIMESTEP, Stride.UPDATE):
        there = session.perform(Step(stride))
        plain.advance_to(session.trainer.index)
        assert there.what_if is not None
        assert there.what_if.texts == LIST
        assert there.what_if.before is not None
        assert there.what_if.loss_before == plain.loss
        for t in range(1, SMALL.steps + 1):
            expected = plain.network.sample_window(0).values(t)
            found = there.what_if.before.values(t)
            for name in expected:
                np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_escape_undoes_them_one_after_the_other(session: Session) -> None:
    places = [go_into_a_window(session, 4)]
    for text in LIST:
        what_if(session, text)
        places.append(session.perform(Step(Stride.UPDATE, 3), Step(Stride.TIMESTEP, 1)))
    for before in places[-2::-1]:
        after = session.perform(Discard())
        assert after.cursor == before.cursor
        np.testing.assert_array_equal(after.optimizer.parameters, before.optimizer.parameters)
        assert after.pins == before.pins
    assert after.what_if is None
    notice = session.perform(Discard()).notice
    assert notice is not None
    assert notice.text == "there is no what-if"


def test_enter_keeps_all_of_them_and_says_so(session: Session) -> None:
    go_into_a_window(session, 4)
    list_of(session, *LIST)
    kept = session.perform(Keep())
    assert kept.what_if is None
    assert kept.notice is not None
    assert kept.notice.text == "kept 3 what-ifs: f = 1, W_h *= 2, h_3[1:2] = 0"
    assert kept.pins == ("f = 1", "h_3[1:2] = 0")


def test_back_across_them_and_forth_again_they_are_all_there(session: Session) -> None:
    go_into_a_window(session, 4)
    list_of(session, *LIST)
    there = session.perform(Step(Stride.UPDATE, 3))
    for update in (15, 13, 12, 0):
        back = session.perform(GoTo(update))
        assert back.what_if is not None
        assert back.what_if.texts == LIST
        assert len(back.pins) == (update > 12) + (update > 16)
        again = session.perform(GoTo(None))
        assert again.cursor == there.cursor
        np.testing.assert_array_equal(again.optimizer.parameters, there.optimizer.parameters)
        assert again.pins == there.pins
    changed = session.trainer.settings.with_(lr=0.5)
    base = session.trainer.settings
    gone = session.perform(GoTo(13), Configure(changed, base))
    assert gone.what_if is not None
    assert gone.what_if.texts == LIST[:1]
    assert gone.notice is not None
    assert gone.notice.text == "changed lr; 2 what-ifs, which lay ahead, are gone"


def test_a_file_has_what_is_tried_as_kept_and_says_so(session: Session, tmp_path: Path) -> None:
    go_into_a_window(session, 4)
    list_of(session, *LIST)
    path = tmp_path / "run.safetensors"
    saved = session.perform(Save(str(path)))
    assert saved.notice is not None
    assert saved.notice.text.endswith("at update 18, 3 what-ifs kept in it")
    assert saved.what_if is not None
    again = Session(load_run(path).trainer)
    assert again.latest.pins == saved.pins == ("f = 1", "h_3[1:2] = 0")
    assert again.latest.what_if is None
    both = [each.perform(Step(Stride.UPDATE, 4)) for each in (session, again)]
    first, second = (each.optimizer.parameters for each in both)
    assert first.tobytes() == second.tobytes()


def test_the_second_network_is_without_them_until_it_is_swapped_in() -> None:
    session = Session(Trainer(SMALL), versus=Versus("gru"))
    go_into_a_window(session, 4)
    before = list_of(session, "f = 1", "W_h *= 2")
    assert before.second_network is not None
    assert before.second_network.pins == ()
    swapped = session.perform(Swap())
    assert swapped.what_if is None
    assert swapped.second_network is not None
    assert swapped.second_network.pins == ("f = 1",)
    back = session.perform(Swap())
    assert back.what_if is not None
    assert back.what_if.texts == ("f = 1", "W_h *= 2")
    plain = Trainer(SMALL.with_(cell="gru"))
    plain.advance_to(session.trainer.index)
    second = session.second_network
    assert second is not None
    assert second.trainer.parameters.tobytes() == plain.parameters.tobytes()


def test_the_run_without_them_is_followed_in_slices(session: Session) -> None:
    go_into_a_window(session, 4)
    there = what_if(session, "f = 1").what_if
    assert there is not None
    assert there.behind == 0
    for command in (Step(Stride.UPDATE, 400),):
        session._handler.carry_out(command)
    while session._state.goal is not None:
        session._pacer.work(None)
    behind = []
    while not session._state.run.compared:
        session._pacer.work(None)
        what = session._builder.build().what_if
        assert what is not None
        assert (what.before is None) == (what.behind > 0)
        behind.append(what.behind)
    assert behind == sorted(behind, reverse=True)
    assert behind[-1] == 0
