"""R: the run before a restart comes back exactly, until the next save."""

from __future__ import annotations

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    Continue,
    Restart,
    Save,
    SetSecondNetwork,
    Step,
    UndoStep,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=2, steps=3, num_points=60, noise=0.1)


def updates(count: int) -> Step:
    return Step(Stride.UPDATE, count)


def test_the_old_run_comes_back_exactly_and_goes_on_with_the_same_bits() -> None:
    session = Session(Trainer(SMALL), [parse("update=4")], versus=Versus("gru"))
    session.perform(updates(9), Back(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 2))
    session.perform(AddBreakpoint(parse("loss<0")))
    before = session.perform()
    trainer, second = session.trainer, session.second_network
    restarted = session.perform(Restart(SMALL.with_(hidden=3)), SetSecondNetwork(None), updates(5))
    assert restarted.notice is not None
    assert restarted.old_update == before.cursor.update
    assert session.trainer is not trainer
    assert restarted.cursor.update == 4  # its own breakpoints hold there
    after = session.perform(UndoStep())
    assert session.trainer is trainer
    assert session.second_network is second
    assert (after.settings, after.cursor, after.loss) == (SMALL, before.cursor, before.loss)
    assert after.timeline == before.timeline
    assert [str(each.breakpoint) for each in after.breakpoints] == ["nan", "update=4", "loss<0"]
    assert after.breakpoints == before.breakpoints
    assert after.second_network is not None
    session.perform(updates(11))
    plain = Trainer(SMALL)
    plain.run(session.trainer.updates)
    assert session.trainer.parameters.tobytes() == plain.parameters.tobytes()


def test_the_notice_after_a_restart_names_the_key() -> None:
    session = Session(Trainer(SMALL))
    snapshot = session.perform(updates(6), Restart())
    assert snapshot.notice is not None
    assert snapshot.notice.text == "restarted; R brings the old run back, at update 6"
    snapshot = session.perform(Restart(SMALL.with_(hidden=3)))
    assert snapshot.notice is not None
    assert snapshot.notice.text.startswith("restarted with hidden; R brings the old run back")


def test_a_second_time_it_goes_to_the_restarted_run_again() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart(), updates(2))
    assert session.perform(UndoStep()).cursor.update == 6
    assert session.perform(UndoStep()).cursor.update == 2
    assert session.perform(UndoStep()).cursor.update == 6


def test_without_a_restart_it_says_so() -> None:
    session = Session(Trainer(SMALL))
    snapshot = session.perform(updates(3), UndoStep())
    assert snapshot.notice is not None
    assert snapshot.notice.text.startswith("there is nothing to take back")
    assert snapshot.cursor.update == 3


def test_restarts_in_a_row_do_not_push_the_trained_run_out() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart(), Restart(), Restart())
    assert session.perform(UndoStep()).cursor.update == 6


def test_a_run_that_is_in_a_file_comes_back_too(tmp_path: object) -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Save(f"{tmp_path}/run"), Restart(), UndoStep())
    restarted = session.perform(Restart())
    assert restarted.old_update == 6
    assert restarted.notice is not None
    assert restarted.notice.text.endswith("at update 6")
    assert session.perform(Restart()).old_update == 6


def test_one_old_run_is_kept_at_most() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart(), updates(3), Restart())
    assert session.perform(UndoStep()).cursor.update == 3
    assert session.perform(UndoStep()).cursor.update == 0


def test_a_save_drops_it_and_says_so(tmp_path: object) -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart(), updates(1))
    snapshot = session.perform(Save(f"{tmp_path}/run"))
    assert snapshot.notice is not None
    assert snapshot.notice.text.endswith(", old run dropped")
    assert snapshot.old_update is None
    assert session.perform(UndoStep()).cursor.update == 1


def test_a_save_that_fails_drops_nothing(tmp_path: object) -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart(), Save(f"{tmp_path}/no/folder"))
    assert session.perform(UndoStep()).cursor.update == 6


def test_what_would_be_lost_counts_the_old_run_too() -> None:
    session = Session(Trainer(SMALL))
    snapshot = session.perform(updates(6), Restart(), updates(2))
    lost = [(each.update, each.of_old) for each in snapshot.at_risk]
    assert lost == [(2, False), (6, True)]
    assert all(each.seconds > 0 for each in snapshot.at_risk)
    snapshot = session.perform(UndoStep())
    assert [(each.update, each.of_old) for each in snapshot.at_risk] == [(6, False), (2, True)]


def test_it_pauses_a_run_under_way() -> None:
    session = Session(Trainer(SMALL))
    session.perform(updates(6), Restart())
    session._handler.carry_out(Continue())
    snapshot = session.perform(UndoStep())
    assert (snapshot.running, snapshot.cursor.update) == (False, 6)
